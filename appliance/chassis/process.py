"""The chassis process: looks at the chassis twice a second, tells its clients what changes.

One asyncio loop; nothing in it waits for the bus.  It decides nothing but what is an alarm, and moves the
relay for nobody but a client who asks.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from typing import Any, Final

from appliance import ipc
from appliance.chassis import messages
from appliance.chassis.chassis import Chassis, open_chassis
from appliance.chassis.judge import Change, Judge
from appliance.chassis.link import Moved
from appliance.chassis.messages import (
    Alarm,
    AlarmCleared,
    AlarmRaised,
    ChassisSnapshot,
    GetChassis,
    ReadingsSeen,
    RelaySet,
    SetRelay,
)
from appliance.chassis.rules import Seen
from appliance.clock import Clock, SystemClock
from appliance.errors import BadInput, DeviceError
from appliance.heartbeat import Heartbeat
from appliance.settings import Home, Settings

log = logging.getLogger("chassis")

LOOK_EVERY_S: Final = 0.5  # the controller tells everything every half second
LOOK_WHILE_MOVING_S: Final = 0.05  # somebody waits for the relay
READINGS_EVERY_S: Final = 5.0
STATE_FILE: Final = "chassis-simulated.json"


class Service:
    """Looks, judges, and keeps what clients ask for."""

    def __init__(self, chassis: Chassis, *, kind: str, has_line_relay: bool, clock: Clock) -> None:
        self._chassis = chassis
        self._kind = kind
        self._has_line_relay = has_line_relay
        self._clock = clock
        self._judge = Judge()
        self._seen: Seen | None = None
        self._alarms: dict[str, Alarm] = {}
        self._readings_due = 0.0
        self._waiting: asyncio.Future[Moved] | None = None
        self._woken = asyncio.Event()

    async def pause(self) -> None:
        """Until the next look."""
        is_moving = self._waiting is not None and not self._waiting.done()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), LOOK_WHILE_MOVING_S if is_moving else LOOK_EVERY_S)
        self._woken.clear()

    def wake(self) -> None:
        """Look at once."""
        self._woken.set()

    def look(self) -> list[Any]:
        """One look; the events that follow from it."""
        now = self._clock.monotonic()
        self._seen = self._chassis.look(now)
        self._settle(self._chassis.moved())
        if self._seen is None:
            return []
        events: list[Any] = [self._changed(change) for change in self._judge.look(self._seen, now)]
        if self._seen.is_fresh and now >= self._readings_due:
            self._readings_due = now + READINGS_EVERY_S
            assert self._seen.readings is not None, "fresh readings are there"
            events.append(ReadingsSeen(self._seen.readings))
        return events

    def snapshot(self) -> ChassisSnapshot:
        """All that is known."""
        seen = self._seen
        return ChassisSnapshot(
            kind=self._kind,
            readings=None if seen is None else seen.readings,
            age_s=None if seen is None or seen.readings is None else seen.age_s,
            alarms=tuple(self._alarms.values()),
            has_line_relay=self._has_line_relay,
        )

    async def answer(self, body: Any) -> Any:
        """A client's request.  Raises BadInput, DeviceError."""
        if isinstance(body, GetChassis):
            return self.snapshot()
        if isinstance(body, SetRelay):
            return await self._set_relay(body)
        raise BadInput(f"{type(body).__name__} is no request to the chassis.")

    async def _set_relay(self, request: SetRelay) -> RelaySet:
        log.warning("%s leads the lines to %s", request.by, request.position.value)
        self._chassis.set_relay(request.position, self._clock.monotonic())
        self._waiting = asyncio.get_running_loop().create_future()
        self.wake()
        moved = await self._waiting
        if moved.error:
            raise DeviceError(moved.error, remedy="Look at the relay, its cable and the chassis controller.")
        return RelaySet(moved.position)

    def _settle(self, ended: list[Moved]) -> None:
        for moved in ended:
            log.warning("line relay to %s: %s", moved.position.value, moved.error or "done")
            if self._waiting is not None and not self._waiting.done():
                self._waiting.set_result(moved)

    def _changed(self, change: Change) -> AlarmRaised | AlarmCleared:
        if change.severity is None:
            log.info("over: %s", change.name)
            del self._alarms[change.name]
            return AlarmCleared(change.name)
        log.warning("%s: %s", change.severity.value, change.what)
        before = self._alarms.get(change.name)
        since = self._clock.wall() if before is None else before.since
        alarm = Alarm(change.name, change.severity, change.what, since)
        self._alarms[change.name] = alarm
        return AlarmRaised(alarm)


def run(home: Home, settings: Settings) -> None:
    """Look and serve until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("can").setLevel(logging.CRITICAL)  # it logs what it also raises
    logging.getLogger("canopen").setLevel(logging.WARNING)
    clock = SystemClock()
    site = settings.chassis
    chassis = open_chassis(site, state_file=home.run / STATE_FILE, now=clock.monotonic())
    service = Service(chassis, kind=site.kind, has_line_relay=site.has_line_relay, clock=clock)
    try:
        asyncio.run(_serve(home, service))
    finally:
        chassis.close()


async def _serve(home: Home, service: Service) -> None:
    stopped = asyncio.Event()

    def stop() -> None:
        stopped.set()
        service.wake()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    server = ipc.Server(
        home.socket("chassis"),
        messages.Union,
        name="chassis",
        on_request=lambda _peer, body: service.answer(body),
        on_connect=lambda peer: peer.send(service.snapshot()),
    )
    heartbeat = Heartbeat(home, "chassis")
    service.look()
    await server.start()
    while not stopped.is_set():
        heartbeat.beat()
        for event in service.look():
            server.publish(event)
        await service.pause()
    await server.stop()
    home.socket("chassis").unlink(missing_ok=True)
    heartbeat.end()
