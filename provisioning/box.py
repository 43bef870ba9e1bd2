"""The box as the set-up changes it: reads back what is present, does one step at a time.

Everything it needs is handed in: files, programs, the clock.  Each step is idempotent and leaves a line in
the journal before and after.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from appliance import rights
from appliance import settings as site
from appliance.errors import YobirinError
from appliance.files import write_atomically
from appliance.settings import Home
from appliance.supervisor_client import SupervisorClient
from provisioning import authority, hardware
from provisioning.box_files import BoxFiles
from provisioning.commands import Commands
from provisioning.crypt import Crypt
from provisioning.journal import Entry, Journal
from provisioning.messages import (
    Apply,
    Present,
    Restart,
    SetCertificate,
    SetManager,
    SetPin,
    SetRecovery,
    SetSeat,
    SetTenant,
    Step,
    WriteFile,
)
from provisioning.pin import Pin
from provisioning.plan import digest, mark, step_words

STAYS: Final = frozenset({"setup", "console"})
"""Programs that a restart leaves running: it is asked for through them."""

RELOAD_PAGE: Final = ("systemctl", "reload", "nginx")


def version() -> str:
    """The product's version; a checkout that is not installed has none."""
    try:
        return metadata.version("yobirin")
    except metadata.PackageNotFoundError:
        return "checkout"


class Box:
    """One box.  `now` is wall-clock seconds."""

    def __init__(self, home: Home, commands: Commands, *, files: BoxFiles, now: Callable[[], float]) -> None:
        self.home = home
        self.pin = Pin(home)
        self.journal = Journal(home)
        self._commands = commands
        self._files = files
        self._crypt = Crypt(home, commands)
        self._now = now

    # --- reading ---------------------------------------------------------------------------------------

    def present(self, nonce: str, secret: str) -> Present:
        """What is on the box; `secret` is what this connection logged in with."""
        web = self.settings().web
        is_own = (self.home.root / web.certificate).exists() and not authority.is_ours(self.home, web)
        return Present(
            version=version(),
            host_name=socket.gethostname(),
            files=self._files.digests(),
            is_pin_set=self.pin.is_set(),
            pin_mark=mark(secret, nonce) if self.pin.is_set() else "",
            certificate=digest((self.home.root / web.certificate).read_text("ascii")) if is_own else "",
            authority=self.authority(),
            has_crypt=bool(self._crypt.device()),
            recovery_mark=self._crypt.recovery_mark(),
            has_key_stick=bool(self._crypt.stick()),
            disks=hardware.disks(),
            card=hardware.card(),
            needs_restart=self._restart_mark().exists(),
            unfinished=self.journal.unfinished(),
            **self._people(nonce),
        )

    def settings(self) -> site.Settings:
        """The site file, or the defaults where it cannot be read: the set-up is what puts it right."""
        with contextlib.suppress(YobirinError):
            return site.load(self.home)
        return site.Settings()

    def authority(self) -> str:
        """The fingerprint of the appliance's authority, '' before there is one."""
        if not authority.authority_file(self.home).exists():
            return ""
        return authority.fingerprint(authority.ensure_authority(self.home, name=""))

    def ensure_certificates(self) -> bool:
        """Make or renew what is due; True where the page must read it again."""
        settings = self.settings()
        names = (settings.phones.address, socket.gethostname())
        try:
            return authority.ensure_leaf(self.home, settings.web, site_name=settings.site_name, names=names)
        finally:
            rights.mend(self.home)

    def refresh(self) -> None:
        """After a restore: rights of what came back, the page's certificate, and its new authority."""
        rights.mend(self.home)
        self.ensure_certificates()
        self._commands.run(*RELOAD_PAGE)

    def _people(self, nonce: str) -> dict[str, Any]:
        from appliance.store import projects, users  # when first asked for: the store takes 10 MB
        from provisioning import people

        with people.opened(self.home) as store:
            tenants = users.tenants(store)
            if not tenants:
                return {"seats": people.seats_present(store, nonce)}
            tenant_id = tenants[0].id
            found = projects.every(store, tenant_id)
            callers = [projects.callers(store, tenant_id, project.id) for project in found]
            return {
                "tenants": tuple((tenant.entry_code, tenant.name) for tenant in tenants),
                "projects": tuple(project.name for project in found),
                "callers": tuple(caller.number for each in callers for caller in each),
                "managers": people.managers(store, tenant_id),
                "seats": people.seats_present(store, nonce),
            }

    # --- changing --------------------------------------------------------------------------------------

    def apply(self, wanted: Apply) -> str:
        """Do one step; a note for people.  Raises YobirinError, and then nothing of the step stands."""
        what = step_words(wanted.step).en
        self._note(wanted, what, "begun")
        if not isinstance(wanted.step, SetPin | SetRecovery | Restart):
            self._mark_restart()
        try:
            note = self._do(wanted.step)
        except YobirinError as error:
            self._note(wanted, what, "failed", error.what)
            raise
        finally:
            rights.mend(self.home)
        self._note(wanted, what, "done", note)
        return note

    def _do(self, step: Step) -> str:
        if isinstance(step, WriteFile):
            return self._write(step)
        if isinstance(step, SetCertificate):
            return self._certificate(step)
        if isinstance(step, Restart):
            return self.restart(step)
        if isinstance(step, SetPin):
            self.pin.set(step.pin)
        elif isinstance(step, SetRecovery):
            self._crypt.set_recovery(step.passphrase)
        else:
            self._person(step)
        return ""

    def _person(self, step: SetTenant | SetManager | SetSeat) -> None:
        from provisioning import people

        at = int(self._now() * 1000)
        with people.opened(self.home) as store:
            if isinstance(step, SetTenant):
                people.set_tenant(store, step, at=at)
            elif isinstance(step, SetManager):
                people.set_manager(store, step, at=at)
            else:
                people.set_seat(store, step)

    def _write(self, step: WriteFile) -> str:
        note = self._files.write(step.name, step.text)
        if step.name == "site" and self.ensure_certificates():
            self._commands.run(*RELOAD_PAGE)
        return note

    def _certificate(self, step: SetCertificate) -> str:
        web = self.settings().web
        if step.chain:
            authority.install_own(self.home, web, step.chain.encode(), step.key.encode())
        else:
            authority.remove_own(self.home, web)
            self.ensure_certificates()
        self._commands.run(*RELOAD_PAGE)
        return ""

    def restart(self, step: Restart) -> str:
        """Restart the processes, or the whole box.  Without supervisord there is nothing to restart."""
        if step.what != "processes":
            self._commands.run(
                "systemctl", "--no-block", "poweroff" if step.what == "power_off" else "reboot"
            )
            return ""
        self._restart_mark().unlink(missing_ok=True)
        client = SupervisorClient(self.home)
        try:
            for name in sorted(client.programs().keys() - STAYS):
                client.restart(name)
        except YobirinError as error:
            return f"Not restarted: {error.what}"
        return ""

    def _mark_restart(self) -> None:
        """By a new file: others may have put a link in its place."""
        write_atomically(self._restart_mark(), b"", mode=0o600)

    def _restart_mark(self) -> Path:
        """In the run directory, which does not outlive a start of the box: then all is in force anyway."""
        return self.home.run / "setup-restart"

    def _note(self, wanted: Apply, what: str, state: Any, said: str = "") -> None:
        entry = Entry(at=self._now(), what=what, state=state, step=wanted.at, steps=wanted.of, said=said)
        self.journal.add(entry)
