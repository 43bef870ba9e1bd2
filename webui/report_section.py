"""What the section 報告メール of a project's settings shows; report_mail.py takes its form."""

from __future__ import annotations

from typing import Any

from appliance.store import report_mail, users
from webui.ask import Ask


def section(ask: Ask, project_id: int) -> dict[str, Any]:
    """What the settings' section shows."""
    store = ask.services.store
    return {
        "setting": report_mail.get(store, ask.tenant_id, project_id),
        "chosen": frozenset(report_mail.recipients(store, ask.tenant_id, project_id)),
        "people": users.every(store, ask.tenant_id),
        "has_relay": bool(ask.services.settings.mail.relay),
    }
