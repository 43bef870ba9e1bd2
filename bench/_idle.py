"""Inside a box: what an idle one takes, as JSON.  Argument: seconds to watch.

Memory is the sum of all processes' PSS (shared pages count once), CPU the sum of their times in percent of a
core; kernel threads have no memory of their own and are in `whole_cpu` alone.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Final

PER_S: Final = os.sysconf("SC_CLK_TCK")
TESTS_OWN: Final = ("yobirin-test", "idle.py", "/data/test")  # command channel, this program, the network
COMMAND: Final = "/opt/yobirin/bin/yobirin"


def name_of(pid: str) -> str:
    """A process by its role; empty for kernel threads and the test's own."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    line = " ".join(words)
    if not line.strip() or any(word in line for word in TESTS_OWN):
        return ""
    if "-m" in words and words[words.index("-m") + 1].startswith("appliance"):
        module, name = words[words.index("-m") + 1 :][:2]
        return name if module == "appliance" else module
    if COMMAND in words:
        return words[words.index(COMMAND) + 1]
    return "supervisord" if "supervisord" in line else Path(words[0].rstrip(":")).name


def processes() -> dict[str, str]:
    """pid → name of everything that runs now."""
    found = {}
    for pid in (entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit()):
        try:
            name = name_of(pid)
        except OSError:
            continue
        if name:
            found[pid] = name
    return found


def pss_mb(pid: str) -> float:
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def cpu_s(pid: str) -> float:
    """User and system time; zero for one that is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / PER_S


def whole_busy_s() -> float:
    fields = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / PER_S


def main() -> None:
    seconds = float(sys.argv[1])
    running = processes()
    before, whole = {pid: cpu_s(pid) for pid in running}, whole_busy_s()
    begun = time.monotonic()
    time.sleep(seconds)  # what is measured is that nothing happens
    passed = time.monotonic() - begun
    memory: defaultdict[str, float] = defaultdict(float)
    cpu: defaultdict[str, float] = defaultdict(float)
    for pid, name in running.items():
        cpu[name] += max(0.0, cpu_s(pid) - before[pid]) / passed * 100
        memory[name] += pss_mb(pid) if Path(f"/proc/{pid}").exists() else 0.0
    whole_cpu = (whole_busy_s() - whole) / passed * 100
    print(json.dumps({"memory_mb": memory, "cpu": cpu, "whole_cpu": whole_cpu}))


if __name__ == "__main__":
    main()
