"""The dialer process: builds machine, trunk, desk, media and board, and runs one loop until SIGTERM.

The composition root: everything is made here, with keyword arguments, and nowhere else.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from typing import Any, Final, get_args

from appliance.clock import Clock, SystemClock
from appliance.dialer import outputs
from appliance.dialer.machine import Machine
from appliance.dialer.messages import Figures
from appliance.dialer.shell import Shell
from appliance.dialer.shell_board import BoardServer
from appliance.dialer.shell_callers import CallerNames
from appliance.dialer.shell_desk import Desk
from appliance.dialer.shell_disk import DiskWatch
from appliance.dialer.shell_flight import InputRecorder
from appliance.dialer.shell_lines import Lines
from appliance.dialer.shell_media import Media
from appliance.dialer.shell_preview import Preview
from appliance.dialer.shell_requests import Requests
from appliance.dialer.shell_sums import Sums
from appliance.dialer.shell_try import ChannelTests
from appliance.heartbeat import Heartbeat
from appliance.pri_card.flight import FlightRecorder
from appliance.pri_card.pri_trunk import PriTrunk, open_trunk
from appliance.pri_card.trunk import Congested, SpanState
from appliance.settings import Home, Settings
from appliance.store.open import Store, open_store

log = logging.getLogger("dialer")

CLOCK_LOOK_S: Final = 1.0
CLOCK_STEP_S: Final = 0.25  # NTP slews less than this a second; more is a step that rules must know of
POLL_S: Final = 0.01
LAST_WORDS_S: Final = 1.0  # what calls are told at the end goes out


def run(home: Home, settings: Settings) -> None:
    """Dial until told to stop.  Raises DeviceError, StoreError, SettingsError where it cannot begin."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    store = open_store(home)
    try:
        asyncio.run(Dialer(home, settings, store, SystemClock()).serve())
    finally:
        store.close()


class Dialer:
    """All parts of the process."""

    def __init__(self, home: Home, settings: Settings, store: Store, clock: Clock) -> None:
        self._home = home
        self._settings = settings
        self._store = store
        self._clock = clock

    async def serve(self) -> None:
        """Build, run until SIGTERM or SIGINT, end in order."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        trunk, recorder = self._open_lines()
        self._build(trunk)
        tasks = [
            loop.create_task(work)
            for work in (
                self._media.phones.run(),
                self._media.audio.run(),
                self._flush(recorder),
                self._watch_clock(),
                self._disk.run(),
            )
        ]
        try:
            await self._desk.start(await self._media.standing())
            self._media.set_accounts(self._desk.accounts())
            tasks += [loop.create_task(self._board.run()), loop.create_task(self._desk.watch())]
            self._shell.poll()
            await self._until(stop, tasks)
        finally:
            await self._end(tasks, trunk, recorder)

    def _open_lines(self) -> tuple[PriTrunk, FlightRecorder]:
        return open_trunk(
            self._settings,
            self._home,
            gate=lambda call_id, now: self._shell.gate(call_id, now),
            now=self._clock.monotonic(),
            wall=self._clock.wall,
        )

    def _build(self, trunk: PriTrunk) -> None:
        machine = Machine(service_code=self._settings.phones.service_code)
        self._shell = Shell(
            machine=machine, trunk=trunk, clock=self._clock, on_turn=Heartbeat(self._home, "dialer").beat
        )
        self._sums = Sums(self._shell)
        self._inputs = InputRecorder(
            self._home.trace,
            bytes_max=self._settings.limits.trace_bytes_max,
            is_secret=machine.is_secret,
        )
        self._shell.listen(self._inputs.record)
        self._desk = Desk(self._shell, self._store, alarm=self._alarm)
        self._shell.listen(self._desk.note)
        self._media = Media(
            self._shell,
            self._home,
            begin_recording=self._desk.begin_recording,
            end_recording=self._desk.end_recording,
            alarm=self._alarm,
        )
        lines = Lines(self._settings.spans, machine.calls, machine.legs, machine.callers)
        self._shell.watch(SpanState, lines.note)
        self._shell.watch(Congested, lambda event: lines.note_slot(event.span, event.slot_s))
        self._board = BoardServer(
            self._shell,
            self._home,
            board=machine.board,
            lines=lines,
            figures=self._figures,
            reload=self._reload,
            preview=Preview(self._shell, machine, self._desk).take,
            try_channel=ChannelTests(self._shell, self._store, self._media.audio.request).run,
            requests=Requests(self._shell, machine),
            name_caller=CallerNames(self._shell, machine, self._desk).name,
        )
        self._disk = DiskWatch(
            self._shell,
            self._home.directory("data"),
            least=self._settings.limits.disk_free_min_bytes,
            alarm=self._alarm,
        )
        self._shell.check(get_args(outputs.Any_))

    async def _until(self, stop: asyncio.Event, tasks: list[asyncio.Task[Any]]) -> None:
        """Wait for the signal; a part that fails ends the process, and supervisord starts it again."""
        stopping = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def _end(self, tasks: list[asyncio.Task[Any]], trunk: PriTrunk, recorder: FlightRecorder) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._shell.stop()
        await self._release_lines(trunk)
        self._desk.stop()
        self._inputs.write(self._inputs.take())
        trunk.close()
        recorder.close()
        log.info("stopped")

    async def _release_lines(self, trunk: PriTrunk) -> None:
        """Let nobody sit in silence until the exchange gives the link up (Q.931 T309: up to 90 s).

        The machine is not told: its attempts end as a crash would end them, and the next start asks for the
        codes that are owed.
        """
        deadline = self._clock.monotonic() + LAST_WORDS_S
        trunk.clear_all(self._clock.monotonic())
        while trunk.has_calls and self._clock.monotonic() < deadline:
            trunk.poll(self._clock.monotonic())
            await asyncio.sleep(POLL_S)

    async def _flush(self, recorder: FlightRecorder) -> None:
        """Both flight recorders reach the disk once a second."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(CLOCK_LOOK_S)
            recorder.flush(self._clock.monotonic())
            await loop.run_in_executor(None, self._inputs.write, self._inputs.take())

    async def _watch_clock(self) -> None:
        """Tell the machine when the wall clock was set: calling hours and days depend on it."""
        offset = self._clock.wall() - self._clock.monotonic()
        while True:
            await asyncio.sleep(CLOCK_LOOK_S)
            now = self._clock.wall() - self._clock.monotonic()
            if abs(now - offset) > CLOCK_STEP_S:
                log.warning("the wall clock moved by %.1f s", now - offset)
                self._shell.feed(self._desk.wall_clock())
            offset = now

    async def _reload(self, what: str) -> None:
        await self._desk.reload(what)
        if what in ("seats", "all"):
            self._media.set_accounts(self._desk.accounts())

    def _alarm(self, name: str, is_on: bool, what: str) -> None:
        self._board.alarm(name, is_on, what)

    def _figures(self) -> Figures:
        return self._sums.figures(
            answer_to_packet_ms=self._media.answer_to_packet_ms.values(),
            setup_slot_error_ms=self._shell.slot_errors_ms.values(),
            events_to_disk_ms=self._desk.lags_ms(),
            lost_events=self._desk.lost_events,
        )
