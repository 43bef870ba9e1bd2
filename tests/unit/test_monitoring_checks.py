"""Each check's judgement on readings as kernels, tools and sockets give them."""

from __future__ import annotations

import json
import time
from pathlib import Path

import msgspec
import pytest
from pytest_mock import MockerFixture

from appliance.chassis import messages as chassis
from appliance.dialer import messages as dialer
from appliance.errors import DeviceError
from appliance.ipc import Codec, PeerGone
from appliance.monitoring import board, plugin, runner, words
from appliance.monitoring.box import Box, NotFitted
from appliance.monitoring.checks import backups, data, device, disks, floor, machine, network
from appliance.monitoring.plugin import Status, Verdict
from appliance.monitoring.sentences import SENTENCES
from appliance.monitoring.table import BY_NAME
from appliance.settings import Home, Settings, Span, Watchdog
from appliance.store.alarms import Probe
from appliance.store.open import open_store
from appliance.watchdog import messages as watchdog
from tests.unit.test_monitoring_plugin import LINE

WHOLE = """\
Personalities : [raid1] [raid0]
md1 : active raid1 vdb2[1] vda2[0]
      1046528 blocks super 1.2 [2/2] [UU]
      bitmap: 0/1 pages [0KB], 65536KB chunk

md0 : active (auto-read-only) raid1 vdb1[1] vda1[0]
      523264 blocks super 1.2 [2/2] [UU]

unused devices: <none>
"""
PULLED = WHOLE.replace("vdb2[1] vda2[0]", "vdb2[1](F) vda2[0]").replace(
    "[2/2] [UU]\n      bitmap", "[2/1] [U_]\n      bitmap"
)
RESYNC = PULLED.replace("vdb2[1](F)", "vdb2[2]").replace(
    "      bitmap",
    "      [==>..................]  recovery = 12.6% (132096/1046528) finish=0.6min\n      bitmap",
    1,
)
GONE = PULLED.replace("vdb2[1](F) ", "")


def judged(name: str, reading: object) -> Verdict:
    """The verdict at the table's own limits, after a look at its form."""
    check = BY_NAME[name]
    verdict = check.judge(reading, check.thresholds(Settings()))
    assert verdict.key in SENTENCES
    for language in ("ja", "en"):
        said = words.sentence(verdict.key, verdict.values, language) + words.remedy(
            verdict.key, verdict.values, language
        )
        assert "—" not in said
        assert "{" not in said
    assert LINE.fullmatch(
        plugin.line(name, verdict.status, words.sentence(verdict.key, verdict.values, "en"), verdict.figures)
    )
    return verdict


@pytest.mark.parametrize(
    ("text", "status", "key"),
    [
        (WHOLE, Status.OK, "mirror"),
        (PULLED, Status.CRITICAL, "mirror_broken"),
        (GONE, Status.CRITICAL, "mirror_broken"),
        (RESYNC, Status.WARNING, "mirror_rebuilding"),
        (WHOLE.replace("md1 : active raid1", "md1 : inactive"), Status.CRITICAL, "mirror_broken"),
    ],
)
def test_the_mirror(text: str, status: Status, key: str) -> None:
    verdict = judged("mirror", disks.parse_mdstat(text))
    assert (verdict.status, verdict.key) == (status, key)


def test_the_mirror_names_array_and_failed_disk() -> None:
    verdict = judged("mirror", disks.parse_mdstat(PULLED))
    assert words.sentence(verdict.key, verdict.values, "en") == "md1 is degraded: 1 of 2 disks, failed vdb2"
    assert judged("mirror", disks.parse_mdstat(RESYNC)).values["done"] == "13"


def test_a_kernel_without_arrays_has_no_mirror(tmp_path: Path) -> None:
    (tmp_path / "mdstat").write_text("Personalities : \nunused devices: <none>\n")
    with pytest.raises(NotFitted):
        disks.read_mirror(Box(Home(tmp_path), Settings(), proc=tmp_path))


def smart(*, passed: bool = True, heat: int = 35, pending: int = 0) -> str:
    return json.dumps(
        {
            "smart_status": {"passed": passed},
            "temperature": {"current": heat},
            "ata_smart_attributes": {
                "table": [{"id": 197, "raw": {"value": pending}}, {"id": 9, "raw": {"value": 900}}]
            },
        }
    )


@pytest.mark.parametrize(
    ("exit_code", "text", "status", "key"),
    [
        (0, smart(), Status.OK, "smart"),
        (0, smart(heat=55), Status.WARNING, "smart_hot"),
        (0, smart(heat=61), Status.CRITICAL, "smart_hot"),
        (0, smart(pending=3), Status.WARNING, "smart_worn"),
        (8, smart(passed=False), Status.CRITICAL, "smart_failing"),
        (16, smart(), Status.CRITICAL, "smart_failing"),
    ],
)
def test_a_disk_tells_its_health(exit_code: int, text: str, status: Status, key: str) -> None:
    verdict = judged("smart", (disks.parse_smart("/dev/sda", exit_code, text),))
    assert (verdict.status, verdict.key) == (status, key)


def test_a_disk_that_does_not_tell_is_named() -> None:
    said = json.dumps({"smartctl": {"messages": [{"string": "/dev/sda: Unable to detect device type"}]}})
    with pytest.raises(DeviceError, match=r"/dev/sda does not tell its health\. /dev/sda: Unable"):
        disks.parse_smart("/dev/sda", 1, said)


def lines(*, channels: str = "." * 23, is_up: bool = True, stuck: tuple[str, ...] = ()) -> floor.Lines:
    return floor.Lines((board.Span(1, True, "", "." * 23), board.Span(2, is_up, "RED", channels)), stuck)


@pytest.mark.parametrize(
    ("seen", "status", "key"),
    [
        (lines(channels="srtt" + "." * 19), Status.OK, "pri"),
        (lines(is_up=False), Status.CRITICAL, "pri_down"),
        (lines(stuck=("2/7",)), Status.WARNING, "pri_stuck"),
        (lines(channels="x" + "." * 22), Status.WARNING, "pri_faulty"),
        (lines(channels="x" * 12 + "." * 11), Status.CRITICAL, "pri_faulty"),
    ],
)
def test_the_lines(seen: floor.Lines, status: Status, key: str) -> None:
    verdict = judged("pri", seen)
    assert (verdict.status, verdict.key) == (status, key)


def test_the_monitor_understands_the_dialers_board() -> None:
    """The monitor's narrow view is decoded from what the dialer really sends."""
    sent = dialer.Board(
        seq=1,
        now_at=5.0,
        seats=(dialer.SeatBoard(1, "A-01", "201", is_registered=True), dialer.SeatBoard(2, "A-02", "202")),
        spans=(dialer.SpanBoard(1, True, "", "..x", 20),),
        alarms=("store: x",),
    )
    message = next(Codec(board.Board).feed(Codec(dialer.Union).encode(sent)))
    assert message.body == board.Board(
        now_at=5.0,
        spans=(board.Span(1, True, "", "..x"),),
        seats=(board.Seat("A-01", "201", True), board.Seat("A-02", "202", False)),
        alarms=("store: x",),
    )


@pytest.mark.parametrize(
    ("here", "missing", "status"),
    [
        (20, 0, Status.OK),
        (0, 0, Status.OK),
        (19, 1, Status.WARNING),
        (12, 8, Status.CRITICAL),
        (0, 3, Status.CRITICAL),
    ],
)
def test_the_phones(here: int, missing: int, status: Status) -> None:
    seen = floor.Phones(tuple(f"A-{n}" for n in range(here)), tuple(f"B-{n}" for n in range(missing)))
    assert judged("phones", seen).status is status


def test_a_telephone_is_missed_when_it_was_there_lately(tmp_path: Path, mocker: MockerFixture) -> None:
    home = Home(tmp_path)
    open_store(home, create=True).close()
    ask = mocker.patch("appliance.monitoring.checks.floor.board.ask")
    box = Box(home, Settings())

    def seats(*registered: bool) -> board.Board:
        rows = tuple(board.Seat(f"A-0{n}", f"20{n}", is_here) for n, is_here in enumerate(registered, 1))
        return board.Board(now_at=1.0, seats=rows)

    ask.return_value = seats(True, True, False)
    assert floor.read_phones(box) == floor.Phones(("A-01", "A-02"), (), spare=1)
    ask.return_value = seats(True, False, False)
    assert floor.read_phones(box) == floor.Phones(("A-01",), ("A-02",), spare=1)
    home.database.unlink()
    assert floor.read_phones(box).missing == ("A-02", "A-03"), "the books do not say: all are missed"


@pytest.mark.parametrize(
    ("state", "age", "status", "key"),
    [
        ("RUNNING", 0.4, Status.OK, "processes"),
        ("RUNNING", 16.0, Status.WARNING, "process_hangs"),
        ("RUNNING", 35.0, Status.CRITICAL, "process_hangs"),
        ("BACKOFF", None, Status.CRITICAL, "process_down"),
        ("STOPPED", None, Status.WARNING, "process_stopped"),
    ],
)
def test_the_processes(state: str, age: float | None, status: Status, key: str) -> None:
    verdict = judged(
        "processes", (floor.Process("web", "RUNNING", 9.0), floor.Process("dialer", state, 5.0, age))
    )
    assert (verdict.status, verdict.key) == (status, key)


def test_space_is_measured_against_the_site_files_limit() -> None:
    def space(free: int, system: int = 50) -> machine.Space:
        return machine.Space(machine.Partition(10**12, free), machine.Partition(100, system))

    assert judged("disk", space(3 * 10**9)).status is Status.OK
    assert judged("disk", space(900_000_000)).status is Status.WARNING
    assert judged("disk", space(499_000_000)).status is Status.CRITICAL
    assert judged("disk", space(3 * 10**9, system=2)).key == "disk_system_low"


def test_load_and_memory() -> None:
    assert judged("load", machine.Load((9.0, 3.0, 1.0), 4)).status is Status.OK
    assert judged("load", machine.Load((9.0, 9.0, 1.0), 4)).status is Status.WARNING
    assert judged("swap", machine.Memory(100, 50, 0, 0)).key == "swap"
    assert judged("swap", machine.Memory(100, 3, 0, 0)).status is Status.CRITICAL
    assert judged("swap", machine.Memory(100, 50, 100, 50)).key == "swap_high"


def test_meminfo_is_read(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text(
        "MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable: 400 kB\nSwapTotal: 200 kB\n"
        "SwapFree: 50 kB\nHugePages_Total: 0\n"
    )
    found = machine.read_swap(Box(Home(tmp_path), Settings(), proc=tmp_path))
    assert found == machine.Memory(1_024_000, 409_600, 204_800, 51_200)


def test_the_database_and_recordings() -> None:
    assert (
        judged("database", Probe(read_ms=0.1, commit_ms=12, size_bytes=10**9, log_bytes=0)).status
        is Status.OK
    )
    assert (
        judged("database", Probe(read_ms=0.1, commit_ms=900, size_bytes=1, log_bytes=0)).key
        == "database_slow"
    )
    assert (
        judged("database", Probe(read_ms=0.1, commit_ms=9, size_bytes=1, log_bytes=10**9)).key
        == "database_log"
    )
    well = data.Recordings(10**9, 50 * 10**9, 10**9, 10**12, 1.0, 0, "")
    assert judged("recordings", well).values["days"] == "49"
    assert judged("recordings", data.Recordings(0, 10**9, 0, 10**9, 0.0, 0, "")).key == "recordings_few"
    for day_bytes, key in ((10**8, "recordings_ample"), (49 * 10**9 // 364, "recordings")):
        seen = data.Recordings(10**9, 50 * 10**9, day_bytes, 10**12, 1.0, 0, "")
        assert judged("recordings", seen).key == key
    lost = data.Recordings(10**9, 50 * 10**9, 10**9, 0, 1.0, 4, "disk full")
    assert judged("recordings", lost).status is Status.WARNING


@pytest.mark.parametrize(
    ("seen", "status", "key"),
    [
        (backups.Backup(5, 100), Status.OK, "backup"),
        (backups.Backup(5, None), Status.OK, "backup_undrilled"),
        (backups.Backup(5, 24 * 60), Status.WARNING, "backup_untested"),
        (backups.Backup(30, 100), Status.WARNING, "backup_old"),
        (backups.Backup(60, 100, "No space"), Status.CRITICAL, "backup_failed"),
        (backups.Backup(None, None), Status.WARNING, "backup_none"),
        (backups.Backup(None, None, has_target=False), Status.WARNING, "backup_unset"),
    ],
)
def test_the_backup(seen: backups.Backup, status: Status, key: str) -> None:
    verdict = judged("backup", seen)
    assert (verdict.status, verdict.key) == (status, key)


@pytest.mark.parametrize("name", ["ping", "smart", "backup"])
def test_what_the_site_file_leaves_out_is_not_set_up(name: str, tmp_path: Path) -> None:
    bare = Box(Home(tmp_path), Settings())
    verdict = runner.look(BY_NAME[name], bare, BY_NAME[name].thresholds(bare.settings))
    assert (verdict.status, verdict.key) == (Status.OK, "unset")


def test_a_box_with_a_real_line_and_nowhere_to_save_to_is_warned(tmp_path: Path) -> None:
    lines = (Span(number=1, kind="absent"), Span(number=2, kind="dahdi"))
    found = backups.read_backup(Box(Home(tmp_path), Settings(spans=lines)))
    assert not found.has_target


def test_the_certificate() -> None:
    day = 86_400.0
    for days, status in ((400, Status.OK), (20, Status.WARNING), (3, Status.CRITICAL), (-1, Status.CRITICAL)):
        assert (
            judged("certificate", network.Certificate("CN=Yobirin", (1000 + days) * day, 1000 * day)).status
            is status
        )


def test_who_does_not_answer_a_ping_is_named() -> None:
    seen = (network.Answer("192.168.1.1", 0.4), network.Answer("192.168.1.9", None))
    verdict = judged("ping", seen)
    assert (verdict.status, verdict.values["addresses"]) == (Status.CRITICAL, "192.168.1.9")
    assert judged("ping", (network.Answer("192.168.1.1", 130.0),)).key == "ping_slow"


def test_a_ping_comes_back_from_this_machine() -> None:
    assert network.ping("127.0.0.1") is not None


def test_the_checksum_of_rfc_1071() -> None:
    assert (
        network.checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF & ~0xDDF2
    )  # its own example, section 3


TRACKING = (
    "C0A80101,192.168.1.1,3,1795000000.1,{offset},0.000001,0.0001,1.2,0.1,0.01,0.001,0.0001,64.2,{leap}\n"
)


def test_the_clock() -> None:
    assert device.parse_tracking(TRACKING.format(offset="-0.012", leap="Normal")) == -0.012
    assert device.parse_tracking(TRACKING.format(offset="0", leap="Not synchronised")) is None
    assert device.parse_tracking("") is None
    now = 1_795_000_000.0
    for seen, key in (
        (device.Clock(now, 0.01, 0.2), "clock"),
        (device.Clock(now, None, 0.5), "clock_free"),
        (device.Clock(now, 9.0, 0.0), "clock_off"),
        (device.Clock(1000.0, None, None), "clock_wrong"),
        (device.Clock(now, None, 0.0, booked_at=now + 3600), "clock_wrong"),
    ):
        assert judged("clock", seen).key == key


def test_the_chassis() -> None:
    readings = chassis.Readings(
        supplies=(chassis.Supply(True, True, 12.1, 3.0), chassis.Supply(True, True, 12.0, 3.1)),
        fans_rpm=(4200, None), inlet_c=24.0, cpu_c=51.0, card_c=None, relay=None,
    )  # fmt: skip

    def snapshot(*alarms: chassis.Alarm, age: float | None = 0.5) -> chassis.ChassisSnapshot:
        return chassis.ChassisSnapshot("can", readings, age, alarms)

    warning = chassis.Alarm("fan_1", chassis.Severity.WARNING, "Fan 1 turns at 900 rpm.", 1.0)
    failed = chassis.Alarm("supply_a", chassis.Severity.CRITICAL, "Supply A gives no power.", 1.0)
    assert judged("chassis", snapshot()).values["temperature"] == "51"
    assert judged("chassis", snapshot(warning)).status is Status.WARNING
    assert judged("chassis", snapshot(warning, failed)).status is Status.CRITICAL
    assert judged("chassis", snapshot(age=60.0)).key == "chassis_silent"
    assert judged("panel", "").status is Status.OK
    assert judged("panel", "The panel on bus 0 does not answer.").status is Status.WARNING


def test_the_watchdog(tmp_path: Path) -> None:
    def status(**changes: object) -> watchdog.Status:
        usual = watchdog.Status(
            beat_at=time.monotonic(), device="/dev/watchdog0", is_petting=True, timeout_s=30,
            restarted=watchdog.Restarted(watchdog.Why.POWER_CUT, "停電のあとの起動です。", "Power failed."),
        )  # fmt: skip
        return msgspec.structs.replace(usual, **changes)

    well = judged("watchdog", status())
    assert words.sentence(well.key, well.values, "ja") == "働いています。前回の起動：停電のあとの起動です。"
    assert judged("watchdog", status(fault="/dev/watchdog0: busy", is_petting=False)).key == "watchdog_fault"
    assert judged("watchdog", status(has_given_up=True)).status is Status.CRITICAL

    fitted = Box(Home(tmp_path), Settings(watchdog=Watchdog(device="/dev/watchdog0")))
    with pytest.raises(PeerGone):
        device.read_watchdog(fitted)
    watchdog.write(fitted.home, status())
    assert device.read_watchdog(fitted).is_petting
    with pytest.raises(NotFitted):
        device.read_watchdog(Box(Home(tmp_path), Settings()))
