"""The site's own speech, kept up to its settings: names of codes, apologies with a name, words of routes.

Runs in the worker, looks every few seconds, speaks only what changed, and tells the dialer what is new.
"""

from __future__ import annotations

import contextlib
import logging

from appliance import ipc
from appliance.audio import site_prompts
from appliance.dialer import messages as dialer
from appliance.settings import Home
from appliance.store import incoming, incoming_routes, projects, result_codes, users
from appliance.store.models import Project
from appliance.store.open import Store

log = logging.getLogger("worker")


class SiteSpeech:
    """Makes missing prompts; remembers what it asked for last, so that a quiet look costs nothing."""

    def __init__(self, store: Store, home: Home) -> None:
        self._store = store
        self._home = home
        self._last: dict[str, str] = {}

    def refresh(self) -> bool:
        """Make and remove prompts until they are as the settings say; whether anything was done."""
        texts = wanted(self._store)
        if texts == self._last:
            return False
        failed = site_prompts.ensure(self._home, texts)
        if failed:
            log.warning("%d prompts could not be spoken: %s", len(failed), next(iter(failed.values())))
        self._last = texts  # what failed is tried again when settings change or the worker restarts
        _tell_dialer(self._home)
        return True


def wanted(store: Store) -> dict[str, str]:
    """Prompt name to text, of every project and incoming route in use in the box."""
    texts: dict[str, str] = {}
    for tenant in users.tenants(store):
        for project in projects.every(store, tenant.id, with_inactive=False):
            texts |= _of_project(store, project)
    return texts | incoming.prompts(incoming_routes.routes(store))


def _of_project(store: Store, project: Project) -> dict[str, str]:
    texts = {
        site_prompts.code_name(project.id, code.code): code.name
        for code in result_codes.every(store, project.tenant_id, project.id)
        if code.kind != "system" and code.is_on_phone
    }
    if project.apology.strip():
        texts[site_prompts.apology_name(project.id)] = project.apology.strip()
    return texts


def _tell_dialer(home: Home) -> None:
    with contextlib.suppress(ipc.PeerGone, ipc.Refused):
        client = ipc.BlockingClient(home.socket("dialer"), dialer.Union, name="worker")
        try:
            client.request(dialer.Reload("projects"))
        finally:
            client.close()
