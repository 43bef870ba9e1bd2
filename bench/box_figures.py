"""The built box in QEMU: its start beside an empty Debian's, image size, what it takes idle, D latency.

Needs a built image (`make image`) and root.  The emulated core is many times slower than a real one: times
stand beside something else on the same core in the same run, and an idle box's CPU is divided by how many
times longer the same loop takes there than here.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from bench import _plain_debian
from bench._pri_card import show, show_load
from tests.appliance import disks, floor, kept
from tests.appliance.box import BOOT_S, Box

HERE: Final = Path(__file__).resolve().parent
IMAGE_MB: Final = 1_500.0
IDLE_MB: Final = 400.0
IDLE_CPU: Final = 5.0  # percent of a core
IDLE_S: Final = 60
SETTLE_S: Final = 30
TWICE: Final = 2.0
LOOP: Final = """
import time
begun, total = time.process_time(), 0
for number in range(3_000_000):
    total += number & 7
print(time.process_time() - begun)
"""
FIRST_SETUP: Final = """
import time
from pathlib import Path
from appliance.settings import Home
from appliance.store.open import open_store
uptime_s = float(Path("/proc/uptime").read_text().split()[0])
started_at = (time.time() - uptime_s) * 1000
store = open_store(Home(Path("/var/lib/yobirin")))
first = store.value("SELECT min(setup_at) FROM attempt WHERE setup_at > ?", (int(started_at),))
print((first - started_at) / 1000)
"""


def main() -> int:
    disks.version()  # says so when there is no image
    size_mb = (disks.IMAGE / "yobirin-installer.iso").stat().st_size / 1e6
    held = [show("image", size_mb, IMAGE_MB, at_least=False, unit=" MB")]
    with (
        tempfile.TemporaryDirectory(prefix="yobirin-figures-") as scratch,
        kept.box(Path(scratch) / "box", "dialling") as box,
    ):
        box.keeps_turn = True
        box.run("systemctl stop yobirin-test-robots")  # an idle box: a started list, and nobody logged in
        box.wait(lambda: floor.judge(box)["open"] == 0, 90.0, "calls did not end")
        held += idle(box)
        held.append(latency(box))
        box.stop()
        held.append(start(box))
    return 0 if all(held) else 1


def idle(box: Box) -> list[bool]:
    """A box with a started list and nobody logged in."""
    time.sleep(SETTLE_S)  # what a start leaves to do is not what an idle box does
    box.guest.put("/run/idle.py", (HERE / "_idle.py").read_text(encoding="utf-8"))
    found: dict[str, Any] = json.loads(box.run(f"python3 /run/idle.py {IDLE_S}", IDLE_S + 60.0))
    memory, cpu = found["memory_mb"], found["cpu"]
    for name in sorted(memory, key=memory.get, reverse=True):
        print(f"  {name} | {memory[name]:.1f} MB | {cpu[name]:.2f} %")
    slower = loop_s(box) / float(subprocess.check_output([sys.executable, "-c", LOOP]))
    print(f"  the emulated core is {slower:.1f} times slower than this machine's; of it: processes")
    print(
        f"  {sum(cpu.values()):.1f} %, with kernel, interrupts and command channel {found['whole_cpu']:.1f} %"
    )
    of_a_core = sum(cpu.values()) / slower
    return [
        show("idle, all processes", sum(memory.values()), IDLE_MB, at_least=False, unit=" MB"),
        show("idle, all processes, of a core", of_a_core, IDLE_CPU, at_least=False, unit=" %"),
    ]


def loop_s(box: Box) -> float:
    """The loop's own CPU time in the box."""
    box.guest.put("/run/loop.py", LOOP)
    return float(box.run("python3 /run/loop.py", 120.0))


def latency(box: Box) -> bool:
    """One-way D-channel latency, our span against the bare driver."""
    box.run("systemctl stop yobirin.service yobirin-test-exchange.service")
    box.guest.put("/run/d_latency.py", (HERE / "_d_latency.py").read_text(encoding="utf-8"))
    found = json.loads(box.run("python /run/d_latency.py", 120.0))
    for name, figures in found.items():
        print(f"  {name} | {figures['frames']:.0f} frames | p50 {figures['p50_ms']:.1f} ms"
              f" | p99 {figures['p99_ms']:.1f} ms")  # fmt: skip
    box.run("systemctl start yobirin-test-exchange.service yobirin.service")
    floor.wait_running(box)
    return show(
        "D channel p99, ours / raw driver's",
        found["ours"]["p99_ms"] / found["raw"]["p99_ms"],
        TWICE,
        at_least=False,
    )


def start(box: Box) -> bool:
    """Power to the first SETUP, between two starts of an empty Debian."""
    plain = [_plain_debian.start_s()]
    box.start()
    box.guest.wait(BOOT_S)
    while _plain_debian.PANIC in box.console.text:
        print("  the box's kernel panicked, as the emulator makes it now and then: started again")
        box.kill()
        box.start()
        box.guest.wait(BOOT_S)
    kernel_at = time.monotonic() - float(box.run("cut -d' ' -f1 /proc/uptime"))
    floor.wait_dialling(box, BOOT_S)
    ours = kernel_at - box.switched_on_at + first_setup_s(box)
    box.kill()
    plain.append(_plain_debian.start_s())
    show_load()
    print(f"  power to dialling {ours:.0f} s, an empty Debian's start {plain[0]:.0f} and {plain[1]:.0f} s")
    return show("start / an empty Debian's", ours / (sum(plain) / 2), TWICE, at_least=False)


def first_setup_s(box: Box) -> float:
    """Kernel start to the first SETUP in the box's own time."""
    box.guest.put("/run/first.py", FIRST_SETUP)
    return float(box.run("python /run/first.py", timeout_s=60.0))


if __name__ == "__main__":
    sys.exit(main())
