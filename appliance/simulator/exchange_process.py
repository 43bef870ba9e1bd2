"""The exchange as a process: its lines, its 20 ms of speech and its socket in one asyncio loop.

`run` blocks until SIGTERM or SIGINT.  It serves `run/exchange.sock` (`exchange_messages`).
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from appliance import ipc
from appliance.errors import BadInput, SettingsError
from appliance.heartbeat import Heartbeat
from appliance.pri_card.span import open_span
from appliance.settings import Home, Settings
from appliance.simulator import exchange_messages as messages
from appliance.simulator import population
from appliance.simulator.exchange import Exchange

TICK_S: Final = 0.020  # one block of speech
TICKS_BEHIND_MAX: Final = 5  # 100 ms: what the far end's buffers bridge; older speech is not worth sending


def run(home: Home, settings: Settings, population_path: Path | None = None, seed: int | None = None) -> None:
    """Serve every span of the population's kind until told to stop.

    The population is the one given, else the home directory's (`population.install`), else the shipped
    one; `seed` overrides the file's.
    Raises SettingsError for a wrong population or a site without such spans, DeviceError for a line that
    cannot be opened.
    """
    people = population.load(population_path or _installed(home))
    spans = [span for span in settings.spans if span.kind == people.span_kind]
    if not spans:
        raise SettingsError(
            f"{home.site_file} has no {people.span_kind} span for the exchange to serve.",
            remedy=f'Give a span kind = "{people.span_kind}".',
        )
    zone = ZoneInfo(settings.time_zone)
    exchange = Exchange(
        [open_span(span, home, "network") for span in spans],
        people,
        seed=people.seed if seed is None else seed,
        now=time.monotonic(),
        hour_at=lambda _now: datetime.datetime.now(zone).hour,
    )
    try:
        exchange.open_speech()
        asyncio.run(ExchangeShell(exchange, home, beat=Heartbeat(home, "exchange").beat).serve())
    finally:
        exchange.close()


def _installed(home: Home) -> Path:
    installed = population.site_file(home)
    return installed if installed.exists() else population.SHIPPED


class ExchangeShell:
    """Feeds an exchange from its descriptors and the clock, and carries out what its socket is asked."""

    def __init__(self, exchange: Exchange, home: Home, *, beat: Callable[[], None] = lambda: None) -> None:
        self._exchange = exchange
        self._beat = beat
        self._socket_path = home.socket("exchange")
        self._timer: asyncio.TimerHandle | None = None
        self._files: set[int] = set()
        self._tick_at = 0.0
        self._tick_late_s_max = 0.0

    async def serve(self) -> None:
        """Run until SIGTERM or SIGINT."""
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        failures: list[BaseException] = []

        def fail(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            # An exchange that missed a step would answer nobody any more; supervisord starts a whole one.
            failures.append(context.get("exception") or RuntimeError(context["message"]))
            stop.set()

        loop.set_exception_handler(fail)
        server = ipc.Server(self._socket_path, messages.Union, name="exchange", on_request=self._answer)
        await server.start()
        self._poll()
        self._tick_at = time.monotonic()
        self._tick()
        await stop.wait()
        await server.stop()
        if failures:
            raise failures[0]
        with contextlib.suppress(FileNotFoundError):
            self._socket_path.unlink()

    def _poll(self) -> None:
        now = time.monotonic()
        self._exchange.poll(now)
        self._watch(set(self._exchange.files()))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self._exchange.due()
        if due is not None:  # asyncio's clock is the monotonic one
            self._timer = asyncio.get_running_loop().call_at(max(due, now), self._poll)

    def _watch(self, files: set[int]) -> None:
        loop = asyncio.get_running_loop()
        for gone in self._files - files:
            loop.remove_reader(gone)
        for fresh in files - self._files:
            loop.add_reader(fresh, self._poll)
        self._files = files

    def _tick(self) -> None:
        now = time.monotonic()
        self._tick_late_s_max = max(self._tick_late_s_max, now - self._tick_at)
        for _ in range(TICKS_BEHIND_MAX):
            if self._tick_at > now:
                break
            self._exchange.tick()
            self._tick_at += TICK_S
        if self._tick_at <= now:
            self._tick_at = now + TICK_S
        self._beat()
        asyncio.get_running_loop().call_at(self._tick_at, self._tick)

    async def _answer(self, _peer: ipc.Peer, body: Any) -> Any:
        handler = _HANDLERS.get(type(body))
        if handler is None:
            raise BadInput(f"{type(body).__name__} is not a request.", remedy="See exchange_messages.py.")
        answer = handler(self, body)
        self._poll()
        return answer

    # --- requests ---------------------------------------------------------------------------------------

    def _place(self, ask: messages.PlaceIncoming) -> None:
        self._exchange.place_incoming(ask.called, ask.caller, time.monotonic(), span=ask.span, plan=ask.plan)

    def _force(self, ask: messages.Force) -> None:
        self._exchange.force(ask.number, ask.plan)

    def _set_link(self, ask: messages.SetLink) -> None:
        self._exchange.line(ask.span).set_down(not ask.is_up, time.monotonic())

    def _set_congestion(self, ask: messages.SetCongestion) -> None:
        gate = self._exchange.line(ask.span).gate
        gate.setups_per_s, gate.forced_cause = ask.setups_per_s, ask.cause

    def _set_frame_loss(self, ask: messages.SetFrameLoss) -> None:
        self._exchange.line(ask.span).loss.share = ask.share

    def _restart(self, ask: messages.Restart) -> None:
        self._exchange.line(ask.span).restart(ask.channel, time.monotonic())

    def _enquire(self, ask: messages.Enquire) -> None:
        if not self._exchange.line(ask.span).enquire(ask.channel, time.monotonic()):
            raise BadInput(f"No call is on {ask.span}/{ask.channel}.", remedy="Ask for the statistics.")

    def _put_down(self, ask: messages.PutDown) -> None:
        if not self._exchange.line(ask.span).put_down(ask.channel, time.monotonic()):
            raise BadInput(f"No call is on {ask.span}/{ask.channel}.", remedy="Ask for the statistics.")

    def _answers(self, _ask: messages.AskAnswers) -> messages.Answers:
        since_1970 = time.time() - time.monotonic()
        answers = [answer for line in self._exchange.lines() for answer in line.answers]
        return messages.Answers({number: at + since_1970 for number, at in answers})

    def _statistics(self, _ask: messages.AskStatistics) -> messages.Statistics:
        lines = self._exchange.lines()
        return messages.Statistics(
            counts=self._exchange.counts(),
            channels={line.number: tuple(sorted(line.channels_in_use())) for line in lines},
            is_up={line.number: line.is_up for line in lines},
            frames_lost={line.number: line.loss.lost for line in lines},
            tick_late_ms_max=self._tick_late_s_max * 1000,
        )

    def _heard(self, ask: messages.AskHeard) -> messages.HeardOn:
        heard = self._exchange.hear(ask.span, ask.channel)
        asked_dbm0 = self._exchange.hear_tone(ask.span, ask.channel, ask.frequency_hz)
        return messages.HeardOn(
            ask.span,
            ask.channel,
            heard.frequency_hz,
            heard.tone_share,
            heard.level_dbm0,
            heard.seconds,
            asked_dbm0,
        )


_HANDLERS: Final[dict[type, Callable[[ExchangeShell, Any], Any]]] = {
    messages.PlaceIncoming: ExchangeShell._place,
    messages.Force: ExchangeShell._force,
    messages.SetLink: ExchangeShell._set_link,
    messages.SetCongestion: ExchangeShell._set_congestion,
    messages.SetFrameLoss: ExchangeShell._set_frame_loss,
    messages.Restart: ExchangeShell._restart,
    messages.Enquire: ExchangeShell._enquire,
    messages.PutDown: ExchangeShell._put_down,
    messages.AskAnswers: ExchangeShell._answers,
    messages.AskStatistics: ExchangeShell._statistics,
    messages.AskHeard: ExchangeShell._heard,
}
