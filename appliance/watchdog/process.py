"""The watchdog process: looks once a second, pets the hardware, and climbs the ladder of `policy.py`.

Runs beside supervisord under systemd, as nothing can watch its own parent.  `run` blocks until SIGTERM,
which is an ordered stop: only then the hardware is disarmed.
"""

from __future__ import annotations

import logging
import signal
import threading
from pathlib import Path
from typing import Final

from appliance.clock import Clock, SystemClock
from appliance.errors import DeviceError
from appliance.settings import Home, Settings
from appliance.watchdog import boot_reason, device, journal, messages, real_time
from appliance.watchdog.device import AbsentDevice, Device
from appliance.watchdog.journal import Clerk, Entry, What
from appliance.watchdog.policy import LOOK_EVERY_S, Policy, Rung, Step
from appliance.watchdog.senses import Senses

log = logging.getLogger("watchdog")

STATUS_EVERY_S: Final = 2.0
LAST_WORD_S: Final = 5.0  # for the book to reach the disk before a reset; a hung disk gets no more
OPEN_AGAIN_S: Final = 60.0
STEPS_SHOWN: Final = 20
STACK_BYTES: Final = 512 * 1024  # locked in memory, and four threads need little
BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
WHAT: Final[dict[Rung, What]] = {Rung.ONE: "restart_one", Rung.ALL: "restart_all", Rung.RESET: "reset"}


def run(home: Home, settings: Settings) -> None:
    """Watch until SIGTERM or SIGINT.  A missing device is told; processes are watched all the same."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.stack_size(STACK_BYTES)
    senses = Senses(home)
    try:
        watchdog = Watchdog(home, settings, senses=senses, clerk=Clerk(home), clock=SystemClock())
        real_time.take()
        watchdog.watch(stop)
    finally:
        senses.close()


class Watchdog:
    """The loop."""

    def __init__(self, home: Home, settings: Settings, *, senses: Senses, clerk: Clerk, clock: Clock) -> None:
        self._home = home
        self._settings = settings.watchdog
        self._senses = senses
        self._clerk = clerk
        self._clock = clock
        self._boot = BOOT_ID.read_text(encoding="ascii").strip()
        self._fault = ""
        self._device: Device = AbsentDevice(timeout_s=self._settings.timeout_s)
        entries = journal.read(
            home
        )  # before the time runs: at this moment a slow disk must not reset the box
        self._open()
        self._restarted = boot_reason.explain(entries, boot=self._boot, boot_status=self._boot_status())
        log.info("%s", self._restarted.en)
        before = journal.resets_in_a_row([entry for entry in entries if entry.boot != self._boot])
        self._policy = Policy(now=clock.monotonic(), resets_before=before)
        self._steps: list[messages.Step] = []
        self._has_given_up = False
        self._status_due = self._open_due = 0.0
        self._write("started", detail=self._restarted.why)

    def watch(self, stop: threading.Event) -> None:
        """Look and pet until `stop`; a box that is being let go stays so."""
        try:
            while not stop.wait(LOOK_EVERY_S):
                self.look()
        finally:
            if stop.is_set() and self._policy.is_petting:
                self._end()

    def look(self) -> None:
        """One turn: pet first, then see what is to be done."""
        now = self._clock.monotonic()
        if self._policy.is_petting:
            self._pet(now)
        for step in self._policy.look(now, self._senses.seen(now)):
            self._take(step)
        if self._policy.is_settled(now):
            self._write("settled")
        if self._policy.has_given_up and not self._has_given_up:
            self._write("given_up", detail="resets in a row did not help")
        self._has_given_up = self._policy.has_given_up
        if now >= self._status_due:
            self._status_due = now + STATUS_EVERY_S
            self._clerk.write(self.status(now))

    def status(self, now: float) -> messages.Status:
        """What the rest of the box may know."""
        return messages.Status(
            beat_at=now,
            device=self._device.name,
            is_petting=self._policy.is_petting and bool(self._device.name),
            timeout_s=self._device.timeout_s,
            restarted=self._restarted,
            fault=self._fault,
            has_given_up=self._policy.has_given_up,
            ill=tuple(messages.Ill(each.check, each.for_s, each.detail) for each in self._policy.ill),
            steps=tuple(self._steps[-STEPS_SHOWN:]),
        )

    def _take(self, step: Step) -> None:
        log.warning("%s: %s, %s", WHAT[step.rung], step.check, step.detail)
        self._steps.append(messages.Step(self._wall_ms(), WHAT[step.rung], step.check, step.detail))
        self._write(WHAT[step.rung], step.check, step.for_s, step.detail)
        if step.rung is Rung.RESET:
            self._clerk.write(self.status(self._clock.monotonic()))
            self._clerk.flush(LAST_WORD_S)
        else:
            self._senses.carry_out(step)

    def _end(self) -> None:
        self._write("ordered")
        self._clerk.flush(LAST_WORD_S)
        try:
            self._device.disarm()
        except DeviceError as error:
            log.error("%s", error)

    # --- the device -------------------------------------------------------------------------------------

    def _open(self) -> None:
        try:
            self._device = device.open_device(self._settings, self._home)
            self._fault = ""
        except DeviceError as error:
            if not self._fault:
                log.error("%s", error)
            self._fault = str(error)

    def _boot_status(self) -> int:
        try:
            return self._device.boot_status()
        except DeviceError as error:
            log.warning("%s", error)
            return 0

    def _pet(self, now: float) -> None:
        if self._fault and now >= self._open_due:
            self._open_due = now + OPEN_AGAIN_S
            self._open()
        try:
            self._device.pet()
        except DeviceError as error:
            log.error("%s", error)
            self._device.close()
            self._fault = str(error)
            self._device = AbsentDevice(timeout_s=self._settings.timeout_s)
            self._write("device_lost", detail=error.what)

    def _write(self, what: What, check: str = "", for_s: float = 0.0, detail: str = "") -> None:
        self._clerk.write(Entry(self._wall_ms(), self._boot, what, check, round(for_s), detail))

    def _wall_ms(self) -> int:
        return int(self._clock.wall() * 1000)
