"""Robot operators as a process: telephones and habits put together.

Each robot watches its own seat through the dialer's socket, as an operator watches the monitor, and acts
through its telephone alone.  `run` blocks until SIGTERM or SIGINT.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import signal
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from appliance import ipc
from appliance.dialer import messages
from appliance.errors import SettingsError
from appliance.heartbeat import Heartbeat
from appliance.phones import sip_stack
from appliance.settings import Home, Settings
from appliance.simulator import population, robot_laws
from appliance.simulator.robot_laws import Laws
from appliance.simulator.robot_operator import (
    Decision,
    Input,
    Lift,
    Operator,
    Press,
    PutDown,
    RobotLogin,
    Speak,
    seen,
)
from appliance.simulator.robot_phone import Exchange, Phone
from appliance.simulator.robot_rtp import Lines

log = logging.getLogger("robots")

TICK_S: Final = 0.05
FLUSH_S: Final = 0.2  # BYEs leave by sippy's sender thread
LOGINS: Final = ("secrets", "robots.json")


def run(
    home: Home,
    settings: Settings,
    operators: list[RobotLogin] | None = None,
    seed: int | None = None,
    laws: Laws | None = None,
) -> None:
    """Let every operator work until told to stop.

    Those given, else those of the home's `secrets/robots.json`; seed and laws likewise from the home.
    Raises SettingsError for a file that cannot be read, DeviceError when no SIP port can be had.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logins = read_logins(home.root.joinpath(*LOGINS)) if operators is None else operators
    floor = Floor(
        settings,
        logins,
        laws=robot_laws.load(home) if laws is None else laws,
        seed=_seed(home) if seed is None else seed,
    )
    watcher = Watcher(home.socket("dialer"), floor)
    watcher.start()
    timers = [sip_stack.every(TICK_S, work) for work in (floor.tick, Heartbeat(home, "robots").beat)]
    for number in (signal.SIGTERM, signal.SIGINT):
        sip_stack.on_signal(number, sip_stack.stop)
    try:
        sip_stack.loop()
    finally:
        for timer in timers:
            timer.cancel()
        watcher.stop()
        floor.put_down()
        sip_stack.loop(FLUSH_S)
        floor.close()


def read_logins(path: Path) -> list[RobotLogin]:
    """The logins a demonstration wrote.  Raises SettingsError."""
    try:
        return msgspec.convert(json.loads(path.read_text(encoding="utf-8")), list[RobotLogin])
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise SettingsError(
            f"{path} cannot be read: {error}.", remedy="`yobirin demo` writes it; start that."
        ) from error


def _seed(home: Home) -> int:
    installed = population.site_file(home)
    return population.load(installed).seed if installed.exists() else 1


class Robot:
    """One operator at one telephone.  In sippy's thread."""

    def __init__(self, exchange: Exchange, login: RobotLogin, laws: Laws, *, seed: int, now: float) -> None:
        rng = random.Random(f"robot {seed} {login.extension}")  # noqa: S311 - habits, not secrets
        self.operator = Operator(login, laws, rng, now=now)
        self.phone: Phone = exchange.phone(
            login.extension,
            login.sip_password,
            on_up=lambda: self.feed(Input.LEG_UP),
            on_gone=lambda _status: self.feed(Input.LEG_GONE),
        )

    def feed(self, what: Input) -> None:
        self.operator.feed(what, time.monotonic())
        self._act()

    def tick(self, now: float) -> None:
        due = self.operator.due()
        if due is not None and due <= now and (self.phone.is_registered or self.phone.is_up):
            self.operator.handle_time(now)
            self._act()

    def _act(self) -> None:
        decisions, self.operator.decisions = self.operator.decisions, []
        for decision in decisions:
            self._do(decision)

    def _do(self, decision: Decision) -> None:
        if isinstance(decision, Lift):
            self.phone.lift()
        elif isinstance(decision, PutDown):
            self.phone.put_down()
        elif isinstance(decision, Press):
            self.phone.press(decision.keys)
        else:
            assert isinstance(decision, Speak)
            self.phone.speak(decision.is_on)


class Floor:
    """All robots of the process.  In sippy's thread."""

    def __init__(self, settings: Settings, logins: Iterable[RobotLogin], *, laws: Laws, seed: int) -> None:
        self._lines = Lines()
        self._lines.start()
        self._exchange = Exchange(settings, self._lines)
        now = time.monotonic()
        self.robots = {
            login.extension: Robot(self._exchange, login, laws, seed=seed, now=now) for login in logins
        }

    def tick(self) -> None:
        now = time.monotonic()
        for robot in self.robots.values():
            robot.tick(now)

    def see(self, seats: Iterable[messages.SeatBoard]) -> None:
        """What the monitors show now."""
        for seat in seats:
            robot = self.robots.get(seat.extension)
            if robot is not None:
                robot.feed(seen(seat))

    def put_down(self) -> None:
        """Every handset, at once."""
        for robot in self.robots.values():
            robot.phone.close()

    def close(self) -> None:
        self._exchange.close()
        self._lines.stop()


class Watcher:
    """The monitors: a client of the dialer in a thread of its own."""

    def __init__(self, path: Path, floor: Floor) -> None:
        self._floor = floor
        self._path = path
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(1.0)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        client = ipc.Client(self._path, messages.Union, name="robots", on_event=self._event)
        task = self._loop.create_task(client.run())
        self._loop.run_forever()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(task)
        self._loop.close()

    def _event(self, body: Any) -> None:
        if isinstance(body, messages.Board):
            sip_stack.call_soon(self._floor.see, body.seats)
        elif isinstance(body, messages.SeatChanged):
            sip_stack.call_soon(self._floor.see, (body.seat,))
