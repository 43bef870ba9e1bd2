"""What the privileged set-up does for the console and the laptop: a fixed list of verbs behind the PIN.

One verb at a time; each connection must log in itself.  No verb takes a path, a command or a shell word.
"""

from __future__ import annotations

import os
import shutil
import socket
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from appliance.backup import key as backup_key
from appliance.errors import BadInput
from appliance.settings import Home
from appliance.supervisor_client import SupervisorClient
from provisioning import backup_access, messages, reset, stick, support_bundle, verify
from provisioning.box import Box, version
from provisioning.box_files import BOX, BoxFiles
from provisioning.commands import Commands
from provisioning.network_trial import NetworkTrial
from provisioning.pin import remaining_s

if TYPE_CHECKING:
    from provisioning.restoring import Restoring, Supervisor

OPEN_S: Final = 1_800.0  # a log-in without a request lasts half an hour
LOG_LINES_MAX: Final = 400
LOG_BYTES: Final = 65_536
BUNDLE_NAME: Final = "support.tar.gz"
WHILE_RESTORING: Final = (messages.ReadRestore, messages.ReadProcesses, messages.ReadLog, messages.LogOut)
CONSOLE_GROUP: Final = "yobirin-console"


class NotLoggedIn(BadInput):
    """This connection has not given the PIN."""


class Session:
    """One connection: what it logged in with, and until when that holds."""

    def __init__(self) -> None:
        self.secret = ""
        self.until = 0.0
        self.found = messages.Backups(found=())
        self.found_by: tuple[messages.BackupPlace, str, bytes] = ("usb", "", b"")  # place, target, key


class SetupService:
    """All verbs of one box.  `monotonic` and `wall` are seconds."""

    def __init__(
        self,
        home: Home,
        commands: Commands,
        *,
        box_directory: Path = BOX,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        settle_s: float = verify.SETTLE_S,
        supervisor: Supervisor | None = None,
    ) -> None:
        self._home = home
        self._commands = commands
        self._box_directory = box_directory
        self._files = BoxFiles(home, commands, box=box_directory)
        self.box = Box(home, commands, files=self._files, now=wall)
        self.trial = NetworkTrial(home, self._files)
        self._supervisor = supervisor or SupervisorClient(home)
        self._restoring: Restoring | None = None
        self._monotonic = monotonic
        self._wall = wall
        self._settle_s = settle_s
        self._lock = threading.Lock()

    def handle(self, session: Session, request: Any) -> Any:
        """The answer to one request.  Raises YobirinError; nothing is half done."""
        with self._lock:
            if isinstance(request, messages.Hail):
                return self._hail()
            if isinstance(request, messages.LogIn):
                return self._log_in(session, request)
            self._check_open(session)
            return self._verb(session, request)

    @property
    def is_busy(self) -> bool:
        """Whether a verb is at work now."""
        return self._lock.locked()

    def tick(self) -> None:
        """About once a second: a trial that nobody confirmed goes back."""
        with self._lock:
            self.trial.revert_if_due(self._monotonic())

    def renew(self) -> bool:
        """Once a day: certificates that are due; True where the page has a new one.  Raises YobirinError."""
        with self._lock:
            return not self._is_restoring() and self.box.ensure_certificates()

    def _hail(self) -> messages.Hailed:
        kept = self.box.pin.kept()
        return messages.Hailed(
            version=version(),
            host_name=socket.gethostname(),
            wants="pin" if kept.kind == "pin" else "code",
            wait_s=remaining_s(kept, self._wall()),
        )

    def _log_in(self, session: Session, request: messages.LogIn) -> messages.Opened:
        kept = self.box.pin.check(request.secret, self._wall())
        session.secret = request.secret
        session.until = self._monotonic() + OPEN_S
        return messages.Opened(is_code=kept.kind == "code", is_blank=self._is_blank())

    def _is_blank(self) -> bool:
        """Whether a backup may be brought here."""
        from appliance.backup.restore import refuse_data  # when first asked for: the store takes 10 MB

        if self._is_restoring():
            return True
        try:
            refuse_data(self._home)
        except BadInput:
            return False
        return True

    def _check_open(self, session: Session) -> None:
        if self._monotonic() >= session.until:
            raise NotLoggedIn("Not logged in.", remedy="Give the PIN.")
        session.until = self._monotonic() + OPEN_S

    def _verb(self, session: Session, request: Any) -> Any:
        if isinstance(request, messages.LogOut):
            session.until = 0.0
            return None
        if self._is_restoring() and not isinstance(request, WHILE_RESTORING):
            raise BadInput("A restore is running.", remedy="Wait until it is done.")
        verbs: dict[type, Callable[[Session, Any], Any]] = {
            messages.Read: self._read,
            messages.Apply: self._apply,
            messages.Verify: self._verify,
            messages.TryNetwork: self._try_network,
            messages.KeepNetwork: self._keep_network,
            messages.RescueAccess: self._rescue,
            messages.MakeBundle: self._make_bundle,
            messages.CopyBundle: self._copy_bundle,
            messages.ReadProcesses: self._read_processes,
            messages.ReadLog: self._read_log,
            messages.ReadBackup: self._read_backup,
            messages.FactoryReset: self._factory_reset,
            messages.FindBackups: self._find_backups,
            messages.RestoreBackup: self._restore_backup,
            messages.ReadRestore: lambda _session, _request: self.restoring().progress(),
        }
        return verbs[type(request)](session, request)

    def _read(self, session: Session, request: messages.Read) -> messages.Present:
        return self.box.present(request.nonce, session.secret)

    def _apply(self, session: Session, request: messages.Apply) -> messages.Applied:
        note = self.box.apply(request)
        if isinstance(request.step, messages.SetPin):
            session.secret = request.step.pin
        return messages.Applied(note=note)

    def _verify(self, _session: Session, _request: messages.Verify) -> messages.Findings:
        return messages.Findings(
            found=verify.findings(self._home, self.box.settings(), self._commands, settle_s=self._settle_s)
        )

    def _try_network(self, _session: Session, request: messages.TryNetwork) -> messages.NetworkTried:
        seconds = self.trial.begin(request.address, request.gateway, self._monotonic())
        return messages.NetworkTried(seconds=seconds)

    def _keep_network(self, _session: Session, _request: messages.KeepNetwork) -> messages.Applied:
        address = self.trial.keep()
        self.box.ensure_certificates()
        self.box.restart(messages.Restart())
        return messages.Applied(note=address)

    def _rescue(self, _session: Session, _request: messages.RescueAccess) -> messages.Applied:
        return messages.Applied(note=self._files.write("nft", ""))

    def _bundle(self) -> Path:
        """In the run directory: memory, gone at the next start, and the console may read it."""
        return self._home.run / BUNDLE_NAME

    def _make_bundle(self, _session: Session, _request: messages.MakeBundle) -> messages.Bundle:
        path = self._bundle()
        content = support_bundle.make(self._home, self._commands, path)
        let_console_read(path)
        return messages.Bundle(path=str(path), size=path.stat().st_size, content=content)

    def _copy_bundle(self, _session: Session, _request: messages.CopyBundle) -> messages.Applied:
        if not is_ours(self._bundle()):
            raise BadInput("There is no bundle yet.", remedy="Make one first.")
        return messages.Applied(note=stick.copy(self._bundle(), self._commands))

    def _read_processes(self, _session: Session, _request: Any) -> messages.Processes:
        programs = SupervisorClient(self._home).programs()
        return messages.Processes(states=tuple((name, each.state) for name, each in sorted(programs.items())))

    def _read_log(self, _session: Session, request: messages.ReadLog) -> messages.LogLines:
        known = {path.stem: path for path in self._home.logs.glob("*.log")}
        if request.name not in known:
            raise BadInput(
                "There is no such log.", remedy=f"One of {', '.join(sorted(known)) or 'none yet'}."
            )
        with known[request.name].open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - LOG_BYTES))
            text = file.read(LOG_BYTES).decode("utf-8", "replace")
        lines = text.splitlines()[-max(1, min(request.lines, LOG_LINES_MAX)) :]
        return messages.LogLines(lines=tuple(line[:500] for line in lines))

    def _read_backup(self, _session: Session, _request: Any) -> messages.BackupAccess:
        return backup_access.read(self._home, self.box.settings().backup, at=int(self._wall() * 1000))

    def restoring(self) -> Restoring:
        """Who restores; made when first asked for: the store takes 10 MB."""
        if self._restoring is None:
            from provisioning.restoring import Restoring

            self._restoring = Restoring(self._home, self._commands, self._supervisor, after=self.box.refresh)
        return self._restoring

    def _is_restoring(self) -> bool:
        return self._restoring is not None and self._restoring.is_busy

    def _find_backups(self, session: Session, request: messages.FindBackups) -> messages.Backups:
        target = self.box.settings().backup.target
        session.found_by = (request.place, target, backup_key.spoken(request.key))
        session.found = messages.Backups(found=())
        session.found = self.restoring().find(*session.found_by)
        return session.found

    def _restore_backup(self, session: Session, request: messages.RestoreBackup) -> messages.RestoreProgress:
        if not 1 <= request.number <= len(session.found.found):
            raise BadInput("There is no such backup.", remedy="Choose one of the list.")
        chosen = session.found.found[request.number - 1]
        return self.restoring().begin(*session.found_by, chosen.stamp)

    def _factory_reset(self, _session: Session, request: messages.FactoryReset) -> None:
        reset.factory_reset(
            self._home, self._commands, box=self._box_directory, confirmation=request.confirmation
        )


def is_ours(path: Path) -> bool:
    """Whether a plain file is there that we made: in the run directory others make files and links too."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()


def let_console_read(path: Path) -> None:
    """Give a file or socket to the console's group, where the box has one."""
    if os.geteuid() == 0:
        try:
            shutil.chown(path, group=CONSOLE_GROUP)
        except LookupError:
            return  # a home on a PC: one user for all
        path.chmod(0o660 if path.is_socket() else 0o640)
