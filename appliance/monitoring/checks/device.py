"""The box around the machine: power, fans and temperatures, the front panel, the watchdog, the clock.

Thresholds: chassis is alarms that stand; panel and watchdog are faults; clock is seconds off the time
server (or the battery clock, where there is no server).
"""

from __future__ import annotations

import csv
import time
from dataclasses import dataclass
from typing import Final

from appliance.chassis import messages as chassis
from appliance.clock import NOT_BEFORE
from appliance.errors import StoreError, YobirinError
from appliance.ipc import BlockingClient, PeerGone
from appliance.monitoring import watcher
from appliance.monitoring.box import Box, NotFitted
from appliance.monitoring.plugin import Figure, Status, Thresholds, Verdict, limited
from appliance.store import alarms
from appliance.store.open import open_store
from appliance.watchdog import messages as watchdog

TIMEOUT_S: Final = 5.0
SILENT_S: Final = 10.0  # the chassis process raises its own alarm long before
BACK_S: Final = 120.0  # a clock this far behind what is booked was set back
LEAP_UNSYNCHRONISED: Final = "Not synchronised"  # chronyc(1), tracking, last column
STRATUM_NONE: Final = 0


@dataclass(frozen=True)
class Clock:
    """`offset_s` against the time server, None without one; `rtc_s` against the battery clock, None without.

    `booked_at` is the latest moment in the books.
    """

    wall: float
    offset_s: float | None
    rtc_s: float | None
    booked_at: float = 0.0


def read_chassis(box: Box) -> chassis.ChassisSnapshot:
    """Raises NotFitted where the site file names no controller, PeerGone."""
    if box.settings.chassis.kind == "absent":
        raise NotFitted("no chassis controller is fitted.")
    client = BlockingClient(box.home.socket("chassis"), chassis.Union, name="monitor", timeout_s=TIMEOUT_S)
    try:
        found = client.request(chassis.GetChassis())
    finally:
        client.close()
    assert isinstance(found, chassis.ChassisSnapshot)
    return found


def judge_chassis(seen: chassis.ChassisSnapshot, limits: Thresholds) -> Verdict:
    figures = _chassis_figures(seen, limits)
    hottest = max((figure.value for figure in figures if figure.label.startswith("temperature")), default=0.0)
    values = {
        "alarms": "; ".join(alarm.what for alarm in seen.alarms) or "-",
        "names": ", ".join(alarm.name for alarm in seen.alarms) or "-",
        "temperature": f"{hottest:.0f}",
        "age": f"{seen.age_s:.0f}" if seen.age_s is not None else "-",
    }
    if seen.readings is None or seen.age_s is None or seen.age_s > SILENT_S:
        return Verdict(Status.CRITICAL, "chassis_silent", values, figures)
    if any(alarm.severity is chassis.Severity.CRITICAL for alarm in seen.alarms):
        return Verdict(Status.CRITICAL, "chassis_alarm", values, figures)
    status = limits.status(len(seen.alarms))
    return Verdict(status, "chassis" if status is Status.OK else "chassis_alarm", values, figures)


def _chassis_figures(seen: chassis.ChassisSnapshot, limits: Thresholds) -> tuple[Figure, ...]:
    figures = [limited("alarms", len(seen.alarms), "", limits)]
    if seen.readings is None:
        return tuple(figures)
    for name, value in (
        ("inlet", seen.readings.inlet_c), ("cpu", seen.readings.cpu_c), ("card", seen.readings.card_c)
    ):  # fmt: skip
        if value is not None:
            figures.append(Figure(f"temperature_{name}", value))
    for number, rpm in enumerate(seen.readings.fans_rpm, 1):
        if rpm is not None:
            figures.append(Figure(f"fan_{number}", rpm, low="0"))
    for letter, supply in zip("ab", seen.readings.supplies, strict=True):
        figures.append(Figure(f"supply_{letter}_volts", supply.volts, low="0"))
    return tuple(figures)


def read_panel(box: Box) -> str:
    """Why the panel does not answer; "" where it does.  Raises NotFitted, PeerGone."""
    if box.settings.lamps.kind == "absent":
        raise NotFitted("no front panel is fitted.")
    seen = watcher.seen(box.home)
    if seen is None:
        raise PeerGone("monitor does not answer.", remedy="See logs/monitor.log.")
    return seen.panel_fault


def judge_panel(fault: str, limits: Thresholds) -> Verdict:
    status = limits.status(1 if fault else 0)
    key = "panel" if status is Status.OK else "panel_fault"
    return Verdict(status, key, {"what": fault or "-"}, (limited("faults", 1 if fault else 0, "", limits),))


def read_watchdog(box: Box) -> watchdog.Status:
    """Raises NotFitted where the site file names no watchdog, DeviceError where nobody tends it."""
    if not box.settings.watchdog.device:
        raise NotFitted("no hardware watchdog is fitted.")
    found = watchdog.read(box.home, now=time.monotonic())
    if found is None:
        raise PeerGone("the watchdog process does not run.", remedy="See its log.")
    return found


def judge_watchdog(seen: watchdog.Status, limits: Thresholds) -> Verdict:
    """A box that resets itself for nothing, or that nothing would reset, needs a person."""
    what = seen.fault or ("three resets did not help" if seen.has_given_up else "")
    status = limits.status(1 if what else 0)
    values = {"what": what or "-", "why_ja": seen.restarted.ja, "why_en": seen.restarted.en}
    key = "watchdog" if status is Status.OK else "watchdog_fault" if seen.fault else "watchdog_given_up"
    figures = (limited("faults", 1 if what else 0, "", limits), Figure("ill", len(seen.ill), low="0"))
    return Verdict(status, key, values, figures)


def read_clock(box: Box) -> Clock:
    return Clock(time.time(), _server_offset(box), _rtc_difference(box), _booked_at(box))


def _server_offset(box: Box) -> float | None:
    """Seconds off the chosen time server; None without chrony, or while it has no server."""
    try:
        code, text = box.tool("chronyc", "-c", "tracking")
    except YobirinError:
        return None
    return parse_tracking(text) if code == 0 else None


def parse_tracking(text: str) -> float | None:
    """The system time's offset of `chronyc -c tracking`: column 5 of 14; stratum is column 3."""
    row = next(csv.reader([text.strip()]), [])
    if len(row) < 14 or row[13] == LEAP_UNSYNCHRONISED or int(row[2]) == STRATUM_NONE:
        return None
    return float(row[4])


def _rtc_difference(box: Box) -> float | None:
    path = box.sys / "class" / "rtc" / "rtc0" / "since_epoch"
    try:
        return float(path.read_text()) - time.time()
    except (OSError, ValueError):
        return None


def _booked_at(box: Box) -> float:
    try:
        store = open_store(box.home)
    except StoreError:
        return 0.0  # the check `database` says so
    try:
        return alarms.last_written_at(store) / 1000
    finally:
        store.close()


def judge_clock(seen: Clock, limits: Thresholds) -> Verdict:
    off = seen.offset_s if seen.offset_s is not None else seen.rtc_s
    shown = time.strftime("%Y-%m-%d %H:%M", time.gmtime(seen.wall))
    values = {"off": f"{off or 0.0:+.1f}", "now": shown}
    figures = (limited("off", abs(off or 0.0), "s", limits),)
    if seen.wall < NOT_BEFORE or seen.wall < seen.booked_at - BACK_S:
        return Verdict(Status.CRITICAL, "clock_wrong", values, figures)
    status = limits.status(abs(off or 0.0))
    if status is not Status.OK:
        return Verdict(status, "clock_off", values, figures)
    return Verdict(status, "clock" if seen.offset_s is not None else "clock_free", values, figures)
