"""A box in trouble that dials on: a disk is pulled and put back, the data partition fills and is freed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.appliance import floor
from tests.appliance.box import Box

pytestmark = pytest.mark.timeout(1800)

GUEST: Final = Path(__file__).resolve().parent / "guest"
ALARM_WITHIN_S: Final = 10.0  # of the box's own time
WITHIN_S: Final = 240.0  # for what comes by itself on an emulated box
LEAST_MB: Final = 500  # limits.disk_free_min_bytes as it ships
DATA: Final = "/data"
ARRAYS: Final = {"yobirin-system": "system", "yobirin-data": "data"}


def health(box: Box) -> dict[str, Any]:
    """What the monitor and the dialer say (guest/health.py)."""
    box.guest.put("/run/health.py", (GUEST / "health.py").read_text(encoding="utf-8"))
    found: dict[str, Any] = json.loads(box.run("python /run/health.py"))
    return found


def pids(box: Box) -> str:
    return box.run("supervisorctl -s unix:///var/lib/yobirin/run/supervisor.sock pid all")


def talks(box: Box) -> int:
    return int(floor.judge(box)["talks"])


@pytest.mark.short
def test_a_pulled_disk_is_an_alarm_in_ten_seconds_while_calls_go_on(dialling: Box) -> None:
    assert "mirror" not in health(dialling)["alarms"]
    running, talked = pids(dialling), talks(dialling)
    pulled_at = float(dialling.run("date +%s.%N"))

    dialling.pull_disk(1)
    dialling.wait(lambda: "mirror" in health(dialling)["alarms"], WITHIN_S, "no alarm of the mirror")

    now = health(dialling)
    assert now["alarms"]["mirror"] == "mirror_broken"
    assert now["raised_at"]["mirror"] - pulled_at <= ALARM_WITHIN_S
    said = dialling.tried("yobirin check mirror --home /var/lib/yobirin")
    assert said.code == 2, said.out
    dialling.wait(lambda: talks(dialling) > talked + 1, WITHIN_S, "no conversation on one disk")
    assert pids(dialling) == running, "no process had to be started again"


def loose_parts(box: Box) -> list[tuple[str, str]]:
    """(array, partition) of the product's partitions that are in no mirror."""
    members = box.run("cat /proc/mdstat")
    rows = [line.split() for line in box.run("lsblk -rno PATH,PARTLABEL").splitlines()]
    return [
        (ARRAYS[row[1]], row[0])
        for row in rows
        if len(row) == 2 and row[1] in ARRAYS and f"{row[0].removeprefix('/dev/')}[" not in members
    ]


@pytest.mark.short
def test_the_disk_put_back_is_rebuilt_and_the_alarm_clears(dialling: Box) -> None:
    dialling.plug_disk(1)
    dialling.wait(
        lambda: whole(dialling) or len(loose_parts(dialling)) > 0, WITHIN_S, "the disk did not come back"
    )
    for array, part in loose_parts(dialling):
        dialling.run(f"mdadm /dev/md/{array} --re-add {part} || mdadm /dev/md/{array} --add {part}")
    dialling.wait(lambda: whole(dialling), WITHIN_S, "the mirror was not rebuilt")
    dialling.wait(lambda: "mirror" not in health(dialling)["alarms"], WITHIN_S, "the alarm stood on")
    assert "mirror" in health(dialling)["cleared_at"]


def whole(box: Box) -> bool:
    return box.run("cat /proc/mdstat").count("[UU]") == 2


def fill(box: Box, *, leaving_mb: int) -> None:
    """Take the room of the data partition but `leaving_mb`."""
    box.run(
        f"free=$(df --output=avail -B1M {DATA} | tail -n 1); take=$((free - {leaving_mb}));"
        f' [ "$take" -le 0 ] || fallocate -l "$take"M {DATA}/filler-$take'
    )


def test_a_full_partition_stops_recordings_then_calls_and_loses_no_result(dialling: Box) -> None:
    lost = "SELECT count(*) FROM recording WHERE lost_reason != ''"
    running = pids(dialling)
    assert dialling.tried(f"test -f {DATA}/yobirin/data/ballast").code == 0

    fill(dialling, leaving_mb=int(LEAST_MB * 0.9))
    dialling.wait(lambda: health(dialling)["space"] == "no_recordings", WITHIN_S, "recordings did not stop")
    dialling.wait(lambda: counted(dialling, lost) > 0, WITHIN_S, "recordings went on")
    talked = talks(dialling)
    dialling.wait(lambda: talks(dialling) > talked, WITHIN_S, "calls stopped with the recordings")

    fill(dialling, leaving_mb=int(LEAST_MB * 0.4))
    dialling.wait(lambda: health(dialling)["limits"] == ["disk"], WITHIN_S, "calls did not stop")
    dialling.wait(lambda: health(dialling)["talking"] == 0, WITHIN_S, "conversations did not end")
    dialling.wait(lambda: floor.judge(dialling)["open"] == 0, WITHIN_S, "a call stayed open")

    fill(dialling, leaving_mb=5)
    dialling.wait(
        lambda: dialling.tried(f"test -f {DATA}/yobirin/data/ballast").code != 0,
        WITHIN_S,
        "the ballast stayed",
    )
    assert health(dialling)["limits"] == ["disk"]
    judged = floor.judge(dialling)
    assert (judged["open"], judged["twice"], judged["differences"]) == (0, [], [])

    dialling.run(f"rm {DATA}/filler-*")
    before = talks(dialling)
    dialling.wait(lambda: talks(dialling) > before, WITHIN_S, "no conversation came about again")
    dialling.wait(lambda: health(dialling)["space"] == "plenty", WITHIN_S, "the disk was not seen to be free")
    assert pids(dialling) == running, "no process had to be started again"
    dialling.run("systemctl stop yobirin-test-robots")
    dialling.wait(lambda: floor.judge(dialling)["open"] == 0, WITHIN_S, "calls did not end")
    judged = floor.judge(dialling)
    assert (judged["twice"], judged["differences"]) == ([], [])


def counted(box: Box, question: str) -> int:
    """A number out of the box's database."""
    return int(
        box.python(
            "from pathlib import Path\nfrom appliance.settings import Home\n"
            "from appliance.store.open import open_store\n"
            f"store = open_store(Home(Path('/var/lib/yobirin')))\nprint(store.value({question!r}))\n"
        )
    )
