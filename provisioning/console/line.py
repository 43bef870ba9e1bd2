"""The console's line: the technician's menu, and the laptop's protocol, on one tty.

One loop reads the line, feeds menu or agent and writes what they want shown; everything slow is the desk's.
A line that is not there is tried again; the rest of the box does not notice.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from appliance import ipc
from appliance.errors import YobirinError
from appliance.heartbeat import Heartbeat
from appliance.settings import Home, Settings
from provisioning.agent import Agent, Ask, Renew, Send
from provisioning.console import refusals, zmodem
from provisioning.console.desk import Desk, Setup, job_of
from provisioning.console.menu import Do, Leave, Menu, Show
from provisioning.console.menu_table import What
from provisioning.console.terminal import CLEAR
from provisioning.messages import Bundle
from provisioning.serial_port import PortGone, SerialPort

log = logging.getLogger("console")

READ_S: Final = 0.1
WRITE_S: Final = 1.0  # a terminal that takes nothing: what was to be shown is thrown away
WRITE_BYTES: Final = 1_024
REOPEN_S: Final = 1.0


def serve(home: Home, settings: Settings) -> None:
    """Serve the line until SIGTERM or SIGINT; one that is not there is tried again."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    heartbeat = Heartbeat(home, "console")
    console = Console(home, settings, beat=heartbeat.beat, should_stop=stop.is_set)
    is_told = False
    while not stop.is_set():
        heartbeat.beat()
        try:
            console.serve(SerialPort(settings.console.device, settings.console.baud, write_s=WRITE_S))
            is_told = False
        except PortGone as error:
            if not is_told:
                log.warning("%s", error)  # once: it is tried again every second
            is_told = True
        stop.wait(REOPEN_S)
    console.close()
    heartbeat.end()


class Console:
    """One line and whoever sits at it."""

    def __init__(
        self,
        home: Home,
        settings: Settings,
        *,
        beat: Callable[[], None],
        should_stop: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._home = home
        self._settings = settings
        self._beat = beat
        self._should_stop = should_stop
        self._clock = clock
        self._desk = Desk()
        self._menu = Menu(clock(), language=settings.language)
        self._menu_setup = Setup(home)
        self._agent: Agent | None = None
        self._agent_setup = Setup(home)
        self._greetings = 0  # an answer to what an earlier conversation asked is nobody's
        self._pending = bytearray()

    def serve(self, port: SerialPort) -> None:
        """Until told to stop.  Raises PortGone."""
        try:
            self._carry_out(self._menu.show(), port)
            while not self._should_stop():
                self._beat()
                self._turn(port)
        finally:
            self._pending.clear()
            port.close()

    def close(self) -> None:
        """Let the desk end."""
        self._desk.close()

    def _turn(self, port: SerialPort) -> None:
        data = port.read(0.0 if self._pending else READ_S)
        now = self._clock()
        if data:
            self._carry_out(self._feed(data, now), port)
        for name, value in self._desk.done():
            self._carry_out(self._done(name, value, now), port)
        self._carry_out(self._tick(now), port)
        self._write(port)

    def _feed(self, data: bytes, now: float) -> list[Any]:
        if self._agent is not None:
            return list(self._agent.feed(data, now))
        outputs: list[Any] = []
        for at in range(len(data)):
            outputs += self._menu.feed(data[at : at + 1], now)
            if outputs and isinstance(outputs[-1], Leave):
                self._agent = Agent(now)
                self._renew()
                return [*outputs, *self._agent.feed(data[at + 1 :], now)]
        return outputs

    def _tick(self, now: float) -> list[Any]:
        if self._agent is None:
            return list(self._menu.tick(now))
        if not self._agent.is_over(now):
            return list(self._agent.tick(now))
        self._agent = None
        self._renew()
        self._menu = Menu(now, language=self._settings.language)
        return list(self._menu.show())

    def _done(self, name: Any, value: Any, now: float) -> list[Any]:
        if isinstance(name, tuple):
            greeting, number = name
            if self._agent is None or greeting != self._greetings:
                return []
            return list(self._agent.answered(number, _answer(value), now))
        if self._agent is not None:
            return []
        if isinstance(value, YobirinError):
            return list(self._menu.refused(name, refusals.words(value), now))
        return list(self._menu.came(name, value, now))

    def _carry_out(self, outputs: list[Any], port: SerialPort) -> None:
        for output in outputs:
            if isinstance(output, Show | Send):
                if output.data.startswith(CLEAR):
                    self._pending.clear()  # a new page: nobody needs what is left of those before
                self._pending += output.data
            elif isinstance(output, Leave):
                self._pending.clear()
                self._menu = Menu(self._clock(), language=self._settings.language)
                self._desk.put("drop", self._menu_setup.drop)
            elif isinstance(output, Renew):
                self._renew()
            elif isinstance(output, Ask):
                self._ask(output)
            elif isinstance(output, Do):
                self._do(output, port)

    def _renew(self) -> None:
        """The laptop begins anew: another connection to the set-up, without the old one's rights."""
        self._greetings += 1
        self._desk.put("drop", self._agent_setup.drop)
        self._agent_setup = Setup(self._home)

    def _ask(self, ask: Ask) -> None:
        setup = self._agent_setup
        if not self._desk.put((self._greetings, ask.number), lambda: setup.ask(ask.request)):
            log.warning("too much is waiting for the set-up: a request is dropped, the laptop repeats it")

    def _do(self, do: Do, port: SerialPort) -> None:
        if do.what is What.SEND_BUNDLE:
            self._send_bundle(port)
            return
        self._desk.put(do.what, job_of(do, self._home, self._settings, self._menu_setup))

    def _send_bundle(self, port: SerialPort) -> None:
        """In this loop: the line is the transfer's while it runs."""
        self._flush(port)
        now = self._clock()
        try:
            made = self._menu.value(What.MAKE_BUNDLE)
            path = Path(made.path) if isinstance(made, Bundle) else Path()
            zmodem.send(path, port.fileno(), beat=self._beat, should_stop=self._should_stop)
        except YobirinError as error:
            self._carry_out(list(self._menu.refused(What.SEND_BUNDLE, refusals.words(error), now)), port)
        else:
            self._carry_out(list(self._menu.came(What.SEND_BUNDLE, "", now)), port)

    def _flush(self, port: SerialPort) -> None:
        while self._pending:
            self._write(port)

    def _write(self, port: SerialPort) -> None:
        if not self._pending:
            return
        chunk = bytes(self._pending[:WRITE_BYTES])
        del self._pending[:WRITE_BYTES]
        try:
            port.write(chunk)
        except PortGone:
            self._pending.clear()  # nobody takes it; if the line itself is gone, reading says so


def _answer(value: Any) -> Any:
    """What goes over the line: the message itself, or the refusal."""
    if isinstance(value, YobirinError):
        return ipc.Failed(value.what, value.remedy)
    return ipc.Done() if value is None else value
