"""What the front panel is told: the state of the box, from checks and lines.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from appliance.gpio_leds.messages import BoxState, Disks, Fault, Line, Phase, Worst
from appliance.monitoring.board import Span
from appliance.monitoring.messages import CheckHealth
from appliance.monitoring.plugin import Status

FAULTS: Final[dict[str, Fault]] = {
    "pri": Fault.LINES,
    "mirror": Fault.DISKS,
    "smart": Fault.DISKS,
    "disk": Fault.DISKS,
    "recordings": Fault.DISKS,
    "database": Fault.PROCESSES,
    "processes": Fault.PROCESSES,
    "watchdog": Fault.PROCESSES,
    "chassis": Fault.CHASSIS,
    "ping": Fault.NETWORK,
    "clock": Fault.NETWORK,
    "certificate": Fault.NETWORK,
    "phones": Fault.NETWORK,
    "backup": Fault.OTHER,
    "load": Fault.OTHER,
    "swap": Fault.OTHER,
    "panel": Fault.OTHER,
}
"""The number of flashes of each check's alarm."""

LAYER_1_ALARMS: Final = ("RED", "YELLOW", "BLUE", "REMOVED", "NO CARD")


def state(
    checks: Sequence[CheckHealth],
    spans: Iterable[Span] | None,
    *,
    span_count: int,
    address: str,
    is_located: bool = False,
) -> BoxState:
    """The whole panel.  `spans` is None while the dialer does not say."""
    standing = [check for check in checks if check.alarm in ("raised", "acknowledged")]
    return BoxState(
        phase=Phase.RUNNING,
        lines=_lines(spans, span_count),
        disks=_disks(checks),
        worst=_worst(standing),
        is_acknowledged=bool(standing) and all(check.alarm == "acknowledged" for check in standing),
        fault=_fault(standing),
        is_located=is_located,
        address=address,
    )


def _lines(spans: Iterable[Span] | None, count: int) -> tuple[Line, ...]:
    if spans is None:
        return (Line.DOWN,) * count
    by_number = {span.span: span for span in spans}
    return tuple(_line(by_number.get(number)) for number in range(1, count + 1))


def _line(span: Span | None) -> Line:
    if span is None:
        return Line.DOWN
    if span.is_up:
        return Line.UP
    said = span.alarm.upper()
    return Line.ALARM if any(word in said for word in LAYER_1_ALARMS) else Line.DOWN


def _disks(checks: Sequence[CheckHealth]) -> Disks:
    found = {check.name: check for check in checks}
    mirror, smart, disk = (found.get(name) for name in ("mirror", "smart", "disk"))
    is_failing = smart is not None and smart.key == "smart_failing"
    if is_failing or (mirror is not None and mirror.key == "mirror_broken"):
        return Disks.DEGRADED
    if disk is not None and disk.status is Status.CRITICAL:
        return Disks.FULL
    if mirror is not None and mirror.key == "mirror_rebuilding":
        return Disks.REBUILDING
    return Disks.UNKNOWN if disk is None or disk.key == "pending" else Disks.OK


def _worst(standing: Sequence[CheckHealth]) -> Worst:
    if any(check.status is Status.CRITICAL for check in standing):
        return Worst.CRITICAL
    return Worst.WARNING if standing else Worst.OK


def _fault(standing: Sequence[CheckHealth]) -> Fault:
    found = [Fault.CONTROLLER if check.key == "chassis_silent" else FAULTS[check.name] for check in standing]
    return min(found, default=Fault.NONE)
