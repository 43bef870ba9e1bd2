"""Resident memory of a process, and how fast it grows: the arithmetic of `bench/memory.py`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

GROWTH_MAX: Final = 0.01  # an hour
FROM_HOUR: Final = 1.0  # what a program needs once is not growth

Sample = tuple[float, int, int]
"""(hour of a normal floor, resident KiB, of it anonymous)"""


def resident_kb(pid: int) -> tuple[int, int]:
    """(resident memory, of it anonymous) in KiB; /proc/PID/status of proc(5)."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    rows = dict(re.findall(r"^(VmRSS|RssAnon):\s+(\d+) kB$", text, re.MULTILINE))
    return int(rows["VmRSS"]), int(rows["RssAnon"])


def growth_an_hour(samples: list[Sample]) -> float:
    """Slope of resident memory after the first hour, as a share of the line's level there, an hour."""
    kept = [(hour, rss) for hour, rss, _anonymous in samples if hour >= FROM_HOUR]
    if len(kept) < 3:
        return float("nan")
    mean_x = sum(hour for hour, _ in kept) / len(kept)
    mean_y = sum(rss for _, rss in kept) / len(kept)
    spread = sum((hour - mean_x) ** 2 for hour, _ in kept)
    slope = sum((hour - mean_x) * (rss - mean_y) for hour, rss in kept) / spread
    return slope / (mean_y + slope * (kept[0][0] - mean_x))


def report(name: str, samples: list[Sample], *, is_judged: bool = True) -> bool:
    """Print one process beside the limit; False if it grows too fast, or too little was seen to say so."""
    growth = growth_an_hour(samples)
    is_held = growth < GROWTH_MAX
    word = "ok" if is_held else "SHORT" if is_judged else "not judged"
    seen = [sample for sample in samples if sample[0] >= FROM_HOUR] or samples
    first, last = seen[0], seen[-1]
    print(
        f"memory of {name}, {first[1] / 1024:.1f} → {last[1] / 1024:.1f} MiB (anonymous"
        f" {first[2] / 1024:.1f} → {last[2] / 1024:.1f}) from hour {first[0]:.1f} to {last[0]:.1f}"
        f" | {100 * growth:+.2f} %/h | < {100 * GROWTH_MAX:g} %/h | {word}"
    )
    return is_held or not is_judged
