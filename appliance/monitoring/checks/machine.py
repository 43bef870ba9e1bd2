"""The machine itself: load, swap and memory, space on its disks.  Each a reading and its judgement.

Thresholds: load is the 5-minute average per core; swap is % used (memory % where there is no swap); disk is
megabytes free on the data partition.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

from appliance.monitoring.box import Box
from appliance.monitoring.plugin import Figure, Status, Thresholds, Verdict, limited, worst

MEMORY_WARN_PERCENT: Final = 90.0
MEMORY_CRIT_PERCENT: Final = 96.0
SYSTEM_FREE_MIN_PERCENT: Final = 3.0  # of the system's own partition: logs and updates need some
MB: Final = 1_000_000


@dataclass(frozen=True)
class Load:
    """The three averages of the run queue (proc_loadavg(5)) and the cores they share."""

    averages: tuple[float, float, float]
    cores: int


@dataclass(frozen=True)
class Memory:
    """Bytes, from /proc/meminfo."""

    total: int
    available: int
    swap_total: int
    swap_free: int


@dataclass(frozen=True)
class Partition:
    """One file system.  Bytes."""

    total: int
    free: int


@dataclass(frozen=True)
class Space:
    """The data partition, and the system's where it is another one."""

    data: Partition
    system: Partition | None


def read_load(box: Box) -> Load:
    words = box.text(box.proc / "loadavg").split()
    one, five, fifteen = (float(word) for word in words[:3])
    return Load((one, five, fifteen), os.cpu_count() or 1)


def judge_load(seen: Load, limits: Thresholds) -> Verdict:
    per_core = seen.averages[1] / seen.cores
    status = limits.status(per_core)
    figures = tuple(
        Figure(f"load{minutes}", value, low="0")
        for minutes, value in zip((1, 5, 15), seen.averages, strict=True)
    )
    values = {"load": f"{seen.averages[1]:.2f}", "cores": str(seen.cores)}
    return Verdict(
        status, "load" if status is Status.OK else "load_high", values,
        (limited("load5_per_core", per_core, "", limits), *figures),
    )  # fmt: skip


def read_swap(box: Box) -> Memory:
    """Raises ValueError where the kernel writes another form."""
    sizes = {}
    for line in box.text(box.proc / "meminfo").splitlines():
        name, _, rest = line.partition(":")
        sizes[name] = int(rest.split()[0]) * 1024
    return Memory(sizes["MemTotal"], sizes["MemAvailable"], sizes["SwapTotal"], sizes["SwapFree"])


def judge_swap(seen: Memory, limits: Thresholds) -> Verdict:
    memory = 100 * (1 - seen.available / seen.total)
    swap = 100 * (1 - seen.swap_free / seen.swap_total) if seen.swap_total else 0.0
    by_memory = Status.OK
    if memory > MEMORY_WARN_PERCENT:
        by_memory = Status.CRITICAL if memory > MEMORY_CRIT_PERCENT else Status.WARNING
    by_swap = limits.status(swap)
    status = worst((by_memory, by_swap))
    key = "swap" if status is Status.OK else "swap_high" if by_swap is status else "memory_short"
    figures = (
        limited("swap", swap, "%", limits),
        Figure("memory", memory, "%", f"{MEMORY_WARN_PERCENT:g}", f"{MEMORY_CRIT_PERCENT:g}", "0", "100"),
    )
    return Verdict(status, key, {"swap": f"{swap:.0f}", "memory": f"{memory:.0f}"}, figures)


def read_disk(box: Box) -> Space:
    data_path, system_path = box.home.directory("data"), "/"
    is_same = os.stat(data_path).st_dev == os.stat(system_path).st_dev
    return Space(_partition(data_path), None if is_same else _partition(system_path))


def judge_disk(seen: Space, limits: Thresholds) -> Verdict:
    by_data = limits.status(seen.data.free / MB)
    percent = 100 * seen.system.free / seen.system.total if seen.system and seen.system.total else 100.0
    by_system = Status.WARNING if percent < SYSTEM_FREE_MIN_PERCENT else Status.OK
    status = worst((by_data, by_system))
    key = "disk" if status is Status.OK else "disk_low" if by_data is status else "disk_system_low"
    values = {"free": megabytes(seen.data.free), "system": f"{percent:.0f}"}
    figures = [limited("free", seen.data.free / MB, "MB", limits)]
    figures.append(Figure("size", seen.data.total / MB, "MB", low="0"))
    if seen.system is not None:
        figures.append(Figure("system_free", percent, "%", f"{SYSTEM_FREE_MIN_PERCENT:g}:", "", "0", "100"))
    return Verdict(status, key, values, tuple(figures))


def megabytes(size: int) -> str:
    """A size for people: 12.3 GB, or 480 MB under one."""
    return f"{size / 1e9:.1f} GB" if size >= 1_000_000_000 else f"{size // MB} MB"


def _partition(path: os.PathLike[str] | str) -> Partition:
    found = os.statvfs(path)
    return Partition(found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize)
