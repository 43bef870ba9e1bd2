"""All checks: what each reads, how it judges, its limits, how often, and what else explains its alarm.

One row a check; `yobirin check`, the monitor, NRPE's configuration and the page read it from here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from appliance.monitoring import words
from appliance.monitoring.box import Box
from appliance.monitoring.checks import backups, data, device, disks, floor, machine, network
from appliance.monitoring.plugin import Thresholds, Verdict
from appliance.settings import Settings

TIMEOUT_S: Final = 10.0  # guidelines 2.2: a plugin ends in time; 10 s is their default
MB: Final = 1_000_000

Judge = Callable[[Any, Thresholds], Verdict]


@dataclass(frozen=True)
class Check:
    """One check.

    `warn` and `crit` are ranges of the figure `main`; `every_s` 0 means the site's own interval.
    `settles_s`: for so long after the start of the box nobody is alarmed, it is only coming up.
    `explained_by` names checks whose raised alarm is the cause: while one stands, this one alarms nobody.
    """

    name: str
    read: Callable[[Box], Any]
    judge: Judge
    warn: str
    crit: str
    main: str  # the figure that is drawn over a day: the label, or how it begins
    every_s: float = 0.0
    retry_s: float = 0.0  # between the tries that make an alarm; 0: a third of the interval
    timeout_s: float = TIMEOUT_S
    settles_s: float = 0.0
    explained_by: tuple[str, ...] = ()

    def thresholds(self, settings: Settings) -> Thresholds:
        """The limits on this box."""
        if self.name == "disk":
            least = settings.limits.disk_free_min_bytes / MB
            return Thresholds.parse(f"{2 * least:.0f}:", f"{least:.0f}:")
        return Thresholds.parse(self.warn, self.crit)


CHECKS: Final = (
    Check("database", data.read_database, data.judge_database, "500", "5000", "commit"),
    Check("ping", network.read_ping, network.judge_ping, "100", "500", "rtt_"),
    Check("load", machine.read_load, machine.judge_load, "2", "4", "load5_per_core", settles_s=300),
    Check("disk", machine.read_disk, machine.judge_disk, "1000:", "500:", "free", every_s=5, retry_s=1),
    Check("mirror", disks.read_mirror, disks.judge_mirror, "0", "0", "md", every_s=3, retry_s=1),
    Check("smart", disks.read_smart, disks.judge_smart, "50", "60", "", every_s=600, timeout_s=30),
    Check("swap", machine.read_swap, machine.judge_swap, "20", "60", "memory"),
    Check(
        "pri",
        floor.read_pri,
        floor.judge_pri,
        "0",
        "11",
        "busy",
        every_s=5,
        retry_s=5,
        explained_by=("processes",),
        settles_s=45,
    ),
    Check(
        "processes",
        floor.read_processes,
        floor.judge_processes,
        "15",
        "30",
        "heartbeat",
        every_s=5,
        retry_s=5,
    ),
    Check(
        "phones",
        floor.read_phones,
        floor.judge_phones,
        "0",
        "7",
        "registered",
        explained_by=("processes", "ping"),
        settles_s=120,
    ),
    Check(
        "recordings", data.read_recordings, data.judge_recordings, "0", "10", "size", explained_by=("disk",)
    ),
    Check("backup", backups.read_backup, backups.judge_backup, "26", "50", "age", every_s=600, retry_s=60),
    Check(
        "certificate",
        network.read_certificate,
        network.judge_certificate,
        "30:",
        "7:",
        "days",
        every_s=3600,
        retry_s=60,
    ),
    Check(
        "chassis",
        device.read_chassis,
        device.judge_chassis,
        "0",
        "99",
        "temperature_",
        every_s=5,
        retry_s=2,
        explained_by=("processes",),
        settles_s=30,
    ),
    Check("panel", device.read_panel, device.judge_panel, "0", "1", "faults", every_s=10),
    Check("watchdog", device.read_watchdog, device.judge_watchdog, "0", "0", "", every_s=10, retry_s=10),
    Check("clock", device.read_clock, device.judge_clock, "2", "30", "off"),
)
"""`processes` alarms 10 to 15 s after a death: supervisord has mended most of them by then."""

BY_NAME: Final = {check.name: check for check in CHECKS}

assert len(BY_NAME) == len(CHECKS), "a check is there twice"
assert set(BY_NAME) == set(words.CHECKS), "every check has its name in words.py"
assert all(cause in BY_NAME for check in CHECKS for cause in check.explained_by)
