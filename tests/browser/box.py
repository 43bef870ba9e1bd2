"""A monitor for tests of the page: the real socket and messages, and a health that a test chooses."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
from collections.abc import Callable
from typing import Any

import msgspec

from appliance import ipc
from appliance.clock import Clock
from appliance.errors import BadInput
from appliance.monitoring import messages
from appliance.monitoring.messages import AlarmEvent, CheckHealth, Health, MailState
from appliance.monitoring.plugin import Figure, Status
from appliance.settings import Home


def health(now: float) -> Health:
    """A box that is well at this moment: every check, with the figures of a working day."""

    def well(name: str, values: dict[str, str], *figures: Figure, fitted: bool = True) -> CheckHealth:
        key = name if fitted else "absent"
        return CheckHealth(name, Status.OK, "fine", key, values, figures, fitted, checked_at=now)

    checks = (
        well("database", {"commit": "12", "size": "1.2 GB"}, Figure("commit", 12, "ms", "500", "5000")),
        well("ping", {"count": "3", "rtt": "0.4"}, Figure("rtt_192.168.1.1", 0.4, "ms", "100", "500")),
        well("load", {"load": "0.84", "cores": "4"}, Figure("load5_per_core", 0.21, "", "2", "4")),
        well("disk", {"free": "184.0 GB"}, Figure("free", 184_000, "MB", "1000:", "500:")),
        well("mirror", {"members": "sda3 sdb3", "array": "md0"}, Figure("md0_missing", 0, "", "0", "0")),
        well("smart", {"devices": "/dev/sda", "temperature": "36"}, Figure("sda_heat", 36, "", "50", "60")),
        well("swap", {"swap": "0", "memory": "31"}, Figure("swap", 0, "%", "20", "60")),
        well("pri", {"spans": "2", "busy": "17", "channels": "46"}, Figure("out_of_order", 0, "", "0", "11")),
        well("processes", {"count": "8", "up": "71:05:12"}, Figure("heartbeat", 0.6, "s", "15", "30")),
        well("phones", {"total": "24", "here": "24"}, Figure("missing", 0, "", "0", "7")),
        well("recordings", {"size": "31 GB", "most": "50 GB", "days": "9"}, Figure("lost", 0, "", "0", "10")),
        well("backup", {"hours": "9", "drill": "12"}, Figure("age", 9, "", "26", "50")),
        well("certificate", {"day": "2036/11/18", "days": "3649"}, Figure("days", 3649, "", "30:", "7:")),
        well("chassis", {"temperature": "47"}, Figure("alarms", 0, "", "0", "99")),
        well("panel", {}, fitted=False),
        well("watchdog", {"why_ja": "指示による再起動でした。", "why_en": "It was ordered."}),
        well("clock", {"off": "+0.0"}, Figure("off", 0.01, "s", "2", "30")),
    )  # fmt: skip
    return Health(1, now, now - 86_400, checks, mail=MailState(True, 0, now - 3600))


def raised(found: Health, name: str, status: Status, key: str, values: dict[str, str]) -> Health:
    """The same box with one alarm more, written down in its history."""
    at = found.now_at
    checks = tuple(
        msgspec.structs.replace(
            check, status=status, alarm="raised", key=key, values=values, problem_at=at - 65, is_fitted=True
        )
        if check.name == name
        else check
        for check in found.checks
    )
    event = AlarmEvent(at, name, "raised", status, key, values)
    return msgspec.structs.replace(found, checks=checks, history=(event, *found.history))


def days(now: float) -> messages.Days:
    """A day of every figure until this moment, with a pause in it as a restart makes one."""
    moments = [now - 86_400 + 300 * step for step in range(288) if not 100 < step < 112]
    names = ("pri", "phones", "load", "disk", "chassis", "backup")
    return messages.Days(
        {
            name: tuple((at, 20 + 6 * math.sin(at / 9000 + place) + (at % 900) / 300) for at in moments)
            for place, name in enumerate(names)
        }
    )


class FakeMonitor:
    """Serves `home.socket("monitor")` in a thread of the test."""

    def __init__(self, home: Home, clock: Clock) -> None:
        self.health = health(clock.wall())
        self._clock = clock
        self.requests: list[Any] = []
        self._path = home.socket("monitor")
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._server: ipc.Server | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> FakeMonitor:
        self._thread.start()
        assert self._ready.wait(5)
        return self

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def show(self, change: Callable[[Health], Health]) -> None:
        """Change the health and send it at once."""
        self.health = change(self.health)
        self._loop.call_soon_threadsafe(self._publish)

    def _publish(self) -> None:
        assert self._server is not None
        self._server.publish(self._now())

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        task = self._loop.create_task(self._serve())
        self._loop.run_forever()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(task)  # which stops the server, and with it its peers
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self) -> None:
        self._server = ipc.Server(
            self._path, messages.Union, name="monitor", on_request=self._answer,
            on_connect=lambda peer: peer.send(self._now()),
        )  # fmt: skip
        await self._server.start()
        self._ready.set()
        try:
            while True:
                await asyncio.sleep(5.0)
                self._publish()
        finally:
            await self._server.stop()

    def _now(self) -> Health:
        return msgspec.structs.replace(self.health, now_at=self._clock.wall())

    async def _answer(self, _peer: ipc.Peer, body: Any) -> Any:
        self.requests.append(body)
        if isinstance(body, messages.AskDays):
            return days(self._clock.wall())
        if isinstance(body, messages.Locate):
            self.health = msgspec.structs.replace(self.health, is_located=body.is_on)
            self._publish()
            return None
        if isinstance(body, messages.Acknowledge):
            self._acknowledge(body)
            return None
        return self._now()

    def _acknowledge(self, body: messages.Acknowledge) -> None:
        if not any(check.name == body.check and check.alarm == "raised" for check in self.health.checks):
            raise BadInput(f"No alarm of {body.check} stands.")
        at = self._clock.wall()
        checks = tuple(
            msgspec.structs.replace(
                check, alarm="acknowledged", acknowledged_by=body.who, acknowledged_at=at, note=body.note
            )
            if check.name == body.check
            else check
            for check in self.health.checks
        )
        event = AlarmEvent(at, body.check, "acknowledged", Status.CRITICAL, who=body.who, note=body.note)
        self.health = msgspec.structs.replace(
            self.health, checks=checks, history=(event, *self.health.history)
        )
        self._publish()
