"""Brings a backup onto this box while it knows no tenant: finds what there is, restores in its own thread.

The programs stand still meanwhile, but for set-up and console.  The recovery key stays in memory; nothing of
it is written anywhere.  Nothing is restored over data: `appliance.backup.restore` refuses.
"""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, Protocol

from appliance.backup import manifest as manifests
from appliance.backup.manifest import Manifest
from appliance.backup.nightly import opened_target
from appliance.backup.restore import refuse_data, restore
from appliance.backup.run import read
from appliance.backup.seal import BadSeal
from appliance.backup.target import Target
from appliance.errors import BadInput, DeviceError, YobirinError
from appliance.settings import Home
from appliance.supervisor_client import Program
from provisioning import stick
from provisioning.box import STAYS
from provisioning.commands import Commands
from provisioning.generate import BACKUP_PLACE
from provisioning.messages import BackupPlace, Backups, FoundBackup, RestoreProgress

SHOWN_MAX: Final = 9  # one key each in the menu
STOP_S: Final = 60.0
LOOK_S: Final = 0.2
DOWN: Final = frozenset({"STOPPED", "EXITED", "FATAL", "UNKNOWN"})
MOUNTED: Final = Path(BACKUP_PLACE)

log = logging.getLogger("setup")


class Supervisor(Protocol):
    """What of supervisord is needed; all raise SupervisorGone."""

    def programs(self) -> Mapping[str, Program]: ...

    def stop(self, name: str) -> None: ...

    def start(self, name: str) -> None: ...


class Restoring:
    """At most one restore at a time.  `after` puts in force what came back, before the programs start."""

    def __init__(
        self,
        home: Home,
        commands: Commands,
        supervisor: Supervisor,
        *,
        after: Callable[[], None],
        mounted: Path = MOUNTED,
        blocks: Path = stick.BLOCKS,
    ) -> None:
        self._home = home
        self._commands = commands
        self._supervisor = supervisor
        self._after = after
        self._mounted = mounted
        self._blocks = blocks
        self._progress = RestoreProgress(state="none")
        self._thread: threading.Thread | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a restore is at work."""
        return self._progress.state == "working"

    def progress(self) -> RestoreProgress:
        """How the one at work stands, or how the last one ended."""
        return self._progress

    def find(self, place: BackupPlace, target: str, key: bytes) -> Backups:
        """The newest backups that this key opens, newest first.  Raises YobirinError: no disk, other key."""
        self._refuse_data()
        with self._opened(place, target) as opened:
            names = list(manifests.manifests(opened.names(manifests.FOLDER)))[::-1]
            found, refusal = [], None
            for name in names:
                try:
                    found.append(_found(name, read(opened, key, name)))
                except BadSeal as error:
                    refusal = error  # another box's may lie beside
                if len(found) == SHOWN_MAX:
                    break
        if not found:
            raise refusal or BadInput("There is no backup.", remedy="Plug in the disk it was made on.")
        return Backups(found=tuple(found))

    def begin(self, place: BackupPlace, target: str, key: bytes, stamp: str) -> RestoreProgress:
        """Start; the rest is told by `progress`.  Raises BadInput: data is here, one is at work."""
        if self.is_busy:
            raise BadInput("A restore is running.", remedy="Wait until it is done.")
        self._refuse_data()
        self._progress = RestoreProgress(state="working")
        self._thread = threading.Thread(
            target=self._run, args=(place, target, key, stamp), name="restore", daemon=True
        )
        self._thread.start()
        return self._progress

    def _refuse_data(self) -> None:
        try:
            refuse_data(self._home)
        except BadInput as error:
            raise BadInput(
                "A restore is for a blank box, and this one holds data.",
                remedy="Factory reset (menu 9) first.",
            ) from error

    def join(self, timeout_s: float) -> None:
        """Wait for the one at work."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self, place: BackupPlace, target: str, key: bytes, stamp: str) -> None:
        ended = RestoreProgress(state="failed")
        stopped: list[str] = []
        try:
            stopped = self._stop_programs()
            with self._opened(place, target) as opened:
                made = restore(self._home, opened, key, until=stamp, say=self._say)
            ended = RestoreProgress(state="done", share=1.0, note=made.site_name)
        except YobirinError as error:
            ended = RestoreProgress(state="failed", note=f"{error.what} {error.remedy}".strip())
        except Exception as error:  # the root of the thread
            log.exception("the restore failed")
            ended = RestoreProgress(state="failed", note=f"{type(error).__name__}: {error}")
        for follow in (self._after, lambda: self._start_programs(stopped)):
            try:
                follow()
            except Exception as error:  # the root of the thread: a certificate's fault keeps no program down
                log.exception("after the restore")
                note = f"{ended.note} {error}".strip()
                ended = RestoreProgress(state="failed", share=ended.share, note=note)
        log.info("restore: %s %s", ended.state, ended.note)
        self._progress = ended

    def _say(self, _what: str, share: float) -> None:
        self._progress = RestoreProgress(state="working", share=share)

    def _stop_programs(self) -> list[str]:
        """Nobody may have the database open.  The names of those that ran; where one stays, all go on."""
        names = sorted(
            name
            for name, program in self._supervisor.programs().items()
            if name not in STAYS and program.state not in DOWN
        )
        for name in names:
            self._supervisor.stop(name)
        until = time.monotonic() + STOP_S
        while up := [name for name in names if self._supervisor.programs()[name].state not in DOWN]:
            if time.monotonic() > until:
                self._start_programs(names)
                raise DeviceError(f"{', '.join(up)} did not stop.", remedy="Restart the box, then repeat.")
            time.sleep(LOOK_S)
        return names

    def _start_programs(self, names: list[str]) -> None:
        for name in names:
            self._supervisor.start(name)

    @contextlib.contextmanager
    def _opened(self, place: BackupPlace, target: str) -> Iterator[Target]:
        if place == "site":
            if not target:
                raise BadInput(
                    "The site names no backup target.", remedy="Run yobirin-provision --before-restore first."
                )
            with opened_target(target, self._home) as opened:
                yield opened
            return
        with self._disk() as directory, opened_target(str(directory), self._home) as opened:
            yield opened

    @contextlib.contextmanager
    def _disk(self) -> Iterator[Path]:
        """The disk's directory: where the image has mounted it already, else mounted for reading alone."""
        if (self._mounted / manifests.FOLDER).is_dir():
            yield self._mounted
            return
        made = Path(tempfile.mkdtemp(prefix="yobirin-restore-"))
        try:
            self._mount(made)
            try:
                yield made
            finally:
                self._commands.run("umount", "-l", str(made))
        finally:
            with contextlib.suppress(OSError):  # never more than the empty directory
                os.rmdir(made)

    def _mount(self, directory: Path) -> None:
        """Mount the first disk that holds backups.  Raises BadInput."""
        for device in self._candidates():
            ran = self._commands.run("mount", "-o", "ro,nosuid,nodev,noexec", device, str(directory))
            if ran.is_good and (directory / manifests.FOLDER).is_dir():
                return
            if ran.is_good:
                self._commands.run("umount", str(directory))
        raise BadInput("There is no USB disk with backups.", remedy="Plug it in, wait a moment, then repeat.")

    def _candidates(self) -> list[str]:
        """Partitions with the label first, then those of removable disks; never the key stick."""
        ask = ("blkid", "-c", "/dev/null", "-o", "device", "-t")
        labelled = [
            device
            for label in stick.BACKUP_LABELS
            for device in self._commands.run(*ask, f"LABEL={label}").said.split()
        ]
        others = [
            device
            for device in stick.partitions(self._blocks)
            if device not in labelled and stick.label(device, self._commands) not in stick.KEPT
        ]
        return [*labelled, *others]


def _found(name: str, made: Manifest) -> FoundBackup:
    stamp = name.rsplit("/", 1)[1].removesuffix(manifests.ENDING)
    recordings = sum(not kept.is_sealed for kept in made.files)
    return FoundBackup(stamp=stamp, at=made.at, site_name=made.site_name, recordings=recordings)
