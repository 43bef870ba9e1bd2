"""The disks: the mirror as /proc/mdstat shows it, and what each disk says of itself through smartctl.

Thresholds: mirror is disks missing (a warning while one is being rebuilt); smart is °C of a disk.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from appliance.errors import DeviceError
from appliance.monitoring.box import Box, NotFitted, NotSetUp
from appliance.monitoring.plugin import Figure, Status, Thresholds, Verdict, limited, worst

_ARRAY: Final = re.compile(r"^(md\w+) : (\w+)(?: \([\w-]+\))? ?(raid\d+|linear)? ?(.*)$")
_COUNTS: Final = re.compile(r"\[(\d+)/(\d+)\]")
_PROGRESS: Final = re.compile(r"(recovery|resync|reshape|check|repair) ?= ?(\d+(?:\.\d+)?)%")
_WAITING: Final = re.compile(r"(recovery|resync)=(?:PENDING|DELAYED)")
REALLOCATED, PENDING, UNCORRECTABLE = 5, 197, 198  # ATA attributes that foretell a failure
SMART_FAILING_BITS: Final = 0b0001_1000  # smartctl(8), exit status bits 3 and 4: failing, pre-fail attribute


@dataclass(frozen=True)
class Array:
    """One md array.  `work` is what it does beside its service; `done_percent` of that."""

    name: str
    is_active: bool
    wanted: int
    working: int
    members: tuple[str, ...]
    failed: tuple[str, ...] = ()
    work: str = ""
    done_percent: float = 0.0


@dataclass(frozen=True)
class Disk:
    """One disk's account of itself.  `temperature_c` is 0 where it does not say."""

    device: str
    is_passed: bool
    temperature_c: float
    bad_sectors: int
    worn_percent: int = 0


def read_mirror(box: Box) -> tuple[Array, ...]:
    """Raises NotFitted where the kernel has no array."""
    arrays = parse_mdstat(box.text(box.proc / "mdstat"))
    if not arrays:
        raise NotFitted("no disks are mirrored here.")
    return arrays


def parse_mdstat(text: str) -> tuple[Array, ...]:
    """The arrays of /proc/mdstat.  Each is a line of members and lines that belong to it."""
    blocks: list[tuple[re.Match[str], str]] = []
    for line in text.splitlines():
        head = _ARRAY.match(line)
        if head:
            blocks.append((head, ""))
        elif blocks and line.startswith(" "):
            blocks[-1] = (blocks[-1][0], blocks[-1][1] + line + "\n")
    return tuple(_array(head, rest) for head, rest in blocks)


def _array(head: re.Match[str], rest: str) -> Array:
    name, state, _level, members = head.groups()
    words = members.split()
    counts, progress, waiting = _COUNTS.search(rest), _PROGRESS.search(rest), _WAITING.search(rest)
    wanted, working = (int(one) for one in counts.groups()) if counts else (len(words), 0)
    work = progress.group(1) if progress else waiting.group(1) if waiting else ""
    return Array(
        name=name,
        is_active=state == "active",
        wanted=wanted,
        working=working,
        members=tuple(word.partition("[")[0] for word in words),
        failed=tuple(word.partition("[")[0] for word in words if "(F)" in word),
        work=work,
        done_percent=float(progress.group(2)) if progress else 0.0,
    )


def judge_mirror(seen: tuple[Array, ...], limits: Thresholds) -> Verdict:
    figures = [limited(f"{array.name}_missing", array.wanted - array.working, "", limits) for array in seen]
    figures += [
        Figure(f"{array.name}_{array.work}", array.done_percent, "%", "", "", "0", "100")
        for array in seen
        if array.work
    ]
    found = [(_mirror_status(array, limits), array) for array in seen]
    status = worst(status for status, _ in found)
    array = next(array for each, array in found if each is status)
    values = {
        "array": array.name,
        "working": str(array.working),
        "wanted": str(array.wanted),
        "members": " ".join(array.members),
        "failed": " ".join(array.failed) or "-",
        "done": f"{array.done_percent:.0f}",
    }
    key = "mirror"
    if status is not Status.OK:
        key = "mirror_rebuilding" if array.work in ("recovery", "resync") else "mirror_broken"
    return Verdict(status, key, values, tuple(figures))


def _mirror_status(array: Array, limits: Thresholds) -> Status:
    if not array.is_active:
        return Status.CRITICAL
    status = limits.status(array.wanted - array.working)
    is_healing = array.work == "recovery" and status is Status.CRITICAL
    return Status.WARNING if is_healing else status


def read_smart(box: Box) -> tuple[Disk, ...]:
    """Raises NotSetUp where the site file names no disk, NotFitted without smartctl, DeviceError."""
    devices = box.settings.monitor.data_disks
    if not devices:
        raise NotSetUp("monitor.data_disks names no disk.")
    return tuple(parse_smart(device, *box.tool("smartctl", "-j", "-H", "-A", device)) for device in devices)


def parse_smart(device: str, exit_code: int, text: str) -> Disk:
    """What `smartctl -j -H -A` printed.  Raises DeviceError where the disk gave no health."""
    try:
        said: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise DeviceError(f"smartctl's answer for {device} is not JSON.") from error
    if "smart_status" not in said:
        lines = [str(line.get("string", "")) for line in said.get("smartctl", {}).get("messages", ())]
        raise DeviceError(f"{device} does not tell its health. {' '.join(lines)}".strip())
    table = {row["id"]: row["raw"]["value"] for row in said.get("ata_smart_attributes", {}).get("table", ())}
    flash = said.get("nvme_smart_health_information_log", {})
    return Disk(
        device=device,
        is_passed=bool(said["smart_status"].get("passed")) and not exit_code & SMART_FAILING_BITS,
        temperature_c=float(said.get("temperature", {}).get("current", 0)),
        bad_sectors=sum(table.get(number, 0) for number in (REALLOCATED, PENDING, UNCORRECTABLE))
        + flash.get("media_errors", 0),
        worn_percent=int(flash.get("percentage_used", 0)),
    )


def judge_smart(seen: tuple[Disk, ...], limits: Thresholds) -> Verdict:
    figures: list[Figure] = []
    found: list[tuple[Status, str, Disk]] = []
    for disk in seen:
        name = disk.device.rpartition("/")[2]
        figures += [
            limited(f"{name}_temperature", disk.temperature_c, "", limits),
            Figure(f"{name}_bad_sectors", disk.bad_sectors, "", "0", "", "0"),
        ]
        found.append(_smart_status(disk, limits))
    status = worst(status for status, _, _ in found)
    key, disk = next((key, disk) for each, key, disk in found if each is status)
    values = {
        "device": disk.device,
        "devices": ", ".join(each.device for each in seen),
        "temperature": f"{disk.temperature_c:.0f}",
        "sectors": str(disk.bad_sectors),
    }
    return Verdict(status, key, values, tuple(figures))


def _smart_status(disk: Disk, limits: Thresholds) -> tuple[Status, str, Disk]:
    if not disk.is_passed:
        return Status.CRITICAL, "smart_failing", disk
    by_heat = limits.status(disk.temperature_c)
    if by_heat is not Status.OK:
        return by_heat, "smart_hot", disk
    if disk.bad_sectors or disk.worn_percent >= 100:
        return Status.WARNING, "smart_worn", disk
    return Status.OK, "smart", disk
