"""The `monitor` process: runs the checks, keeps alarms, ballast, lamps and mails, and serves what it knows.

The composition root.  One asyncio loop that never waits for a disk, a network or a check: those have threads.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections import deque
from typing import Any, Final

from appliance import ipc
from appliance.clock import Clock, SystemClock
from appliance.errors import BadInput, YobirinError
from appliance.gpio_leds.keeper import LampKeeper
from appliance.gpio_leds.messages import Event as PanelEvent
from appliance.heartbeat import Heartbeat
from appliance.monitoring import board, books, front_panel, letters, messages, post, words
from appliance.monitoring.alarm import Change
from appliance.monitoring.ballast import Ballast
from appliance.monitoring.box import Box
from appliance.monitoring.days import AliveTimes
from appliance.monitoring.plugin import Status
from appliance.monitoring.runner import Runner
from appliance.monitoring.stuck import StuckChannels
from appliance.monitoring.syslog import open_syslog
from appliance.monitoring.table import CHECKS
from appliance.monitoring.watch import Watch
from appliance.settings import Home, Settings

log = logging.getLogger("monitor")

TURN_S: Final = 0.2
PUBLISH_EVERY_S: Final = 5.0
LOOK_EVERY_S: Final = 1.0  # at the free space
BOARD_EVERY_S: Final = 2.0
SAMPLE_EVERY_S: Final = 300.0
FIRST_SAMPLE_S: Final = 8.0  # by then every check has run once
BOARD_TIMEOUT_S: Final = 3.0
ALIVE_LOOK_S: Final = 30.0
LOCATED_S: Final = 900.0  # long enough to walk to the rack

LEVELS: Final = {
    Status.OK: logging.INFO,
    Status.WARNING: logging.WARNING,
    Status.UNKNOWN: logging.WARNING,
    Status.CRITICAL: logging.ERROR,
}


def run(home: Home, settings: Settings) -> None:
    """Watch until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    asyncio.run(Monitor(home, settings, SystemClock()).serve())


class Monitor:
    """All parts of the process."""

    def __init__(self, home: Home, settings: Settings, clock: Clock) -> None:
        self._home, self._settings, self._clock = home, settings, clock
        self._started_at = clock.wall()
        self._watch = Watch(CHECKS, interval_s=settings.monitor.interval_s, now=clock.monotonic())
        self._runner = Runner(Box(home, settings))
        self._ballast = Ballast(home, least=settings.limits.disk_free_min_bytes)
        relay = post.relay_of(settings.mail, home=home, site=settings.site_name)
        self._post = post.Post(home, relay, wall=clock.wall)
        self._books = books.Books(home, wall=clock.wall, on_letters=self._post.wake)
        self._alive = AliveTimes(settings.monitor.alive_hour, settings.time_zone)
        self._stuck = StuckChannels()
        self._spans: tuple[board.Span, ...] | None = None
        self._history: deque[messages.AlarmEvent] = deque(maxlen=books.HISTORY_SHOWN)
        self._seq = 0
        self._located_until = 0.0
        self._syslog = open_syslog(settings.site_name)
        self._lamps = LampKeeper(settings.lamps, home=home, on_event=self._panel_event)
        self._address = _address(settings)
        self._server = ipc.Server(
            home.socket("monitor"),
            messages.Union,
            name="monitor",
            on_request=self._answer,
            on_connect=lambda peer: peer.send(self.health()),
        )

    async def serve(self) -> None:
        """Watch until told to stop."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        heartbeat = Heartbeat(self._home, "monitor")
        await loop.run_in_executor(None, self._remember)
        self._books.start()
        self._post.start()
        await self._server.start()
        tasks = [loop.create_task(work) for work in (self._turns(heartbeat), *self._slow_turns())]
        stopping = loop.create_task(stop.wait())
        done, _ = await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
        await self._end(tasks)
        heartbeat.end()
        for task in done:
            task.result()

    def _slow_turns(self) -> tuple[Any, ...]:
        return (
            self._every(PUBLISH_EVERY_S, self._publish),
            self._every(LOOK_EVERY_S, self._ballast.tend, in_thread=True),
            self._every(BOARD_EVERY_S, self._look_at_board, in_thread=True),
            self._every(SAMPLE_EVERY_S, self._sample, first_s=FIRST_SAMPLE_S),
            self._every(ALIVE_LOOK_S, self._send_alive, first_s=FIRST_SAMPLE_S, in_thread=True),
        )

    async def _end(self, tasks: list[asyncio.Task[Any]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.stop()
        self._post.stop()
        self._books.stop()
        self._lamps.close()
        log.info("stopped")

    # --- turns ----------------------------------------------------------------------------------------

    async def _turns(self, heartbeat: Heartbeat) -> None:
        while True:
            now = self._clock.monotonic()
            for check in self._watch.due(now):
                self._runner.start(check)
            for ran in self._runner.take():
                self._tell(self._watch.feed(ran.name, ran.verdict, now=now, at=self._clock.wall()))
            self._lamps.show(self._panel())
            heartbeat.beat()
            await asyncio.sleep(TURN_S)

    async def _every(
        self, seconds: float, work: Any, *, first_s: float = 0.0, in_thread: bool = False
    ) -> None:
        """Do something again and again; what goes wrong in it is logged, and the next turn goes on."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(first_s)
        while True:
            try:
                await loop.run_in_executor(None, work) if in_thread else work()
            except (YobirinError, OSError) as error:
                log.warning("%s: %s", work.__name__, error)
            await asyncio.sleep(seconds)

    def _tell(self, changes: list[Change]) -> None:
        """Everybody hears of a change: log, page, mail, books."""
        if not changes:
            return
        for change in changes:
            verdict = self._watch.verdicts[change.check]
            self._history.appendleft(books.shown(change, verdict))
            said = words.sentence(verdict.key, verdict.values, "en")
            text = f"{change.check} {change.event}: {said}" + (f" ({change.who})" if change.who else "")
            log.log(LEVELS[change.status], "%s", text)
            self._syslog(change.status, text)
            letter = letters.of_change(
                change, verdict, site=self._settings.site_name,
                when=self._alive.written(change.at), language=self._settings.language,
            )  # fmt: skip
            if letter is not None and self._post.state.is_set_up:
                self._books.post(letter)
        standing = [alarm for alarm in self._watch.alarms.values() if alarm.stands]
        self._books.note(standing, [(change, self._watch.verdicts[change.check]) for change in changes])
        self._publish()

    def _publish(self) -> None:
        self._server.publish(self.health())

    def _look_at_board(self) -> None:
        """In a thread.  What the dialer does while it is away is not known."""
        try:
            self._spans = board.ask(self._home, timeout_s=BOARD_TIMEOUT_S).spans
            self._stuck.feed(self._spans, self._clock.monotonic())
        except ipc.PeerGone:
            self._spans = None
            self._stuck.forget()

    def _sample(self) -> None:
        self._books.sample(self._watch.figures())

    def _send_alive(self) -> None:
        """In a thread: the daily mail, when its hour has come and none went out since."""
        if not self._post.state.is_set_up:
            return
        at = self._clock.wall()
        if books.last_alive(self._home, letters.ALIVE_TOPIC) < self._alive.due(at):
            day = self._alive.written(at)[:10]
            self._books.post(
                letters.alive(
                    self._watch.health(), site=self._settings.site_name, day=day,
                    language=self._settings.language,
                )
            )  # fmt: skip

    # --- what is known --------------------------------------------------------------------------------

    def health(self) -> messages.Health:
        """Everything, with the next number."""
        self._seq += 1
        return messages.Health(
            seq=self._seq,
            now_at=self._clock.wall(),
            started_at=self._started_at,
            checks=self._watch.health(),
            history=tuple(self._history),
            stuck=self._stuck.channels,
            mail=self._post.state,
            space=self._ballast.word,
            is_located=self._is_located(),
        )

    def _panel(self) -> Any:
        return front_panel.state(
            self._watch.health(),
            self._spans,
            span_count=len(self._settings.spans),
            address=self._address,
            is_located=self._is_located(),
        )

    def _is_located(self) -> bool:
        return self._clock.monotonic() < self._located_until

    def _panel_event(self, event: PanelEvent) -> None:
        """In the keeper's thread."""
        log.info("front panel: %s", event)

    def _remember(self) -> None:
        """Stand as the last monitor stood; a store that is not there yet has nothing to say."""
        try:
            for name, state, status, row in books.read_standing(self._home):
                if name in self._watch.alarms:
                    self._watch.alarms[name].restore(
                        state, status, problem_at=row.raised_at / 1000, who=row.who, note=row.note,
                        acknowledged_at=row.acknowledged_at / 1000,
                    )  # fmt: skip
            self._history.extend(books.read_history(self._home))
        except YobirinError as error:
            log.warning("nothing is known of former alarms: %s", error.what)

    # --- requests -------------------------------------------------------------------------------------

    async def _answer(self, _peer: ipc.Peer, body: Any) -> Any:
        match body:
            case messages.AskHealth():
                return self.health()
            case messages.AskDays():
                loop = asyncio.get_running_loop()
                at = self._clock.wall()
                return messages.Days(
                    await loop.run_in_executor(None, lambda: books.read_days(self._home, at=at))
                )
            case messages.Locate():
                self._located_until = self._clock.monotonic() + LOCATED_S if body.is_on else 0.0
                self._publish()
            case messages.AskSeen():
                return messages.Seen(self._stuck.channels, self._settings.lamps.kind, self._lamps.fault())
            case messages.Acknowledge():
                self._tell(self._watch.acknowledge(body.check, body.who, body.note, at=self._clock.wall()))
            case _:
                raise BadInput(f"The monitor takes no {type(body).__name__}.")
        return None


def _address(settings: Settings) -> str:
    """The box's own IPv4 address, for who holds the button; "" without a network."""
    if settings.web.address not in ("", "0.0.0.0", "::"):  # noqa: S104 - compared, not listened on
        return settings.web.address
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent: the kernel only chooses the way (RFC 5737)
        except OSError:
            return ""
        return str(probe.getsockname()[0])
