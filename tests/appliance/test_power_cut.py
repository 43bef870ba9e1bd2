"""The power is cut at random while the box dials: it comes back by itself, and nothing that was told is lost.

Three cuts, or as many as YOBIRIN_CUTS says; YOBIRIN_SEED repeats a run's moments and losses.  power.py says
what a cut takes from the disks.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import time
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.appliance import floor, kept
from tests.appliance.box import BOOT_S, Box
from tests.appliance.power import CutBox

CUTS: Final = int(os.environ.get("YOBIRIN_CUTS", "3"))
SEED: Final = int(os.environ.get("YOBIRIN_SEED") or random.SystemRandom().randrange(1 << 30))
DIALLING_S: Final = 90.0  # of emulated boot, on a machine that has nothing else to do
BESIDE_OTHERS: Final = 1.5  # the first start of the same run is the measure where that took longer
MOMENTS_S: Final = 8.0  # the cut falls anywhere within, after conversations were seen to end
NEW_RESULTS: Final = 3
CHECK: Final = (  # frozen for a moment, the journal is empty; nobody waits while the copied metadata are read
    "fsfreeze -f /data && { e2image -rf /dev/mapper/yobirin-data /run/metadata >/dev/null;"
    " fsfreeze -u /data; } && e2fsck -fn /run/metadata; code=$?; rm -f /run/metadata; exit $code"
)
FIRST_START: Final[dict[str, float]] = {}

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def dialling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CutBox]:
    """A box that dials a long list, on disks with a write cache; `seen.jsonl` is what it told."""
    print(f"seed {SEED} (YOBIRIN_SEED={SEED} repeats it)")
    place = tmp_path_factory.mktemp("power") / "box"
    with CutBox(place, seed=SEED, kept=kept.place("dialling")) as made:
        made.extra = (
            *("-chardev", f"file,id=seen,path={made.directory}/seen.jsonl,append=on"),
            *("-device", "virtserialport,chardev=seen,name=org.yobirin.seen"),
        )
        made.to("booted")
        floor.wait_dialling(made, BOOT_S)
        FIRST_START["s"] = judge(made, "first")["dialling_s"]
        yield made


def told(box: Box) -> list[dict[str, Any]]:
    """Results and recordings that the box has told, each once; a line that a cut tore is none."""
    path = box.directory / "seen.jsonl"
    found: dict[str, dict[str, Any]] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []:
        with contextlib.suppress(ValueError):
            found[line] = json.loads(line)
    return list(found.values())


def entries_told(box: Box) -> int:
    return sum("entry" in seen for seen in told(box))


def watch(box: Box) -> None:
    """Let the box tell what anybody can see in it, from now on."""
    source = (floor.GUEST / "watch_results.py").read_text(encoding="utf-8")
    box.guest.put("/run/watch_results.py", source)
    box.run("systemd-run -q --unit watch-results /opt/yobirin/bin/python /run/watch_results.py")


def judge(box: Box, *words: str) -> dict[str, Any]:
    source = (floor.GUEST / "judge_cut.py").read_text(encoding="utf-8")
    box.guest.put("/run/judge_cut.py", source)
    box.guest.put("/run/seen.jsonl", "".join(json.dumps(seen) + "\n" for seen in told(box)))
    judged: dict[str, Any] = json.loads(box.run(f"python /run/judge_cut.py {' '.join(words)}", 240.0))
    return judged


def cut_at_random(box: CutBox) -> None:
    """Wait for new results and a new recording, and some time more; then the power is gone."""
    before = entries_told(box)
    watch(box)
    box.wait(lambda: entries_told(box) >= before + NEW_RESULTS, 300.0, "no new results came")
    time.sleep(box.chance.uniform(0.0, MOMENTS_S))  # the moment itself is the point, no condition
    box.kill()
    print(f"cut: {len(told(box))} told; disks: {box.losses}")


@pytest.mark.parametrize(
    "number", [pytest.param(0, marks=pytest.mark.short), *range(1, CUTS)], ids=lambda number: f"cut{number}"
)
def test_the_box_comes_back_with_all_it_had_told(dialling: CutBox, number: int) -> None:
    before = judge(dialling)["cut_off"]
    cut_at_random(dialling)

    dialling.start()
    dialling.guest.wait(BOOT_S)
    floor.wait_dialling(dialling, BOOT_S)
    dialling.wait_ready()

    judged = judge(dialling)
    print(f"cut {number}: dialling {judged['dialling_s']} s after the kernel's start; {judged}")
    assert judged["faults"] == []
    assert (judged["damage"], judged["differences"]) == ([], [])
    assert (judged["open"], judged["open_recordings"]) == (0, 0)
    assert judged["cut_off"] > before, "the cut fell into a moment without calls"
    for notice in judged["notices"]:
        assert f"中断した通話が{judged['cut_off']}件" in notice, judged
    assert judged["dialling_s"] <= max(DIALLING_S, BESIDE_OTHERS * FIRST_START["s"])
    the_file_system_is_clean(dialling)
    floor.wait_running(dialling, BOOT_S)


def the_file_system_is_clean(box: Box) -> None:
    """The start replayed the journal and found nothing; a full check finds nothing either."""
    said = box.run("journalctl -b -u yobirin-data -o cat --no-pager")
    assert "damage" not in said, said
    assert "INCONSISTENCY" not in said, said
    assert box.tried("dmesg | grep 'EXT4-fs error'").out == ""
    box.run(CHECK, timeout_s=240.0)
