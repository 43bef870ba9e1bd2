"""Backup and restore, on each kind of target: every row and every recording comes back, nothing else does."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.audio.recording_file import RecordingReader, RecordingWriter
from appliance.backup import key as backup_key
from appliance.backup import messages
from appliance.backup.manifest import FOLDER
from appliance.backup.nightly import opened_target, run_once, try_now
from appliance.backup.restore import drill, restore
from appliance.backup.run import back_up
from appliance.backup.seal import BadSeal
from appliance.errors import BadInput, DeviceError, StoreError
from appliance.settings import Backup, Home, Limits, Settings
from appliance.store import snapshot, users
from appliance.store.open import Store, open_store
from tests.contract.ssh_rig import ssh_server

NOW = 1_795_230_000_000
HOUR = 3_600_000


class Box:
    """A box with a tenant, a site file, an uploaded file and some recordings."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.store: Store = open_store(self.home, create=True)
        self.tenant_id = users.create_tenant(self.store, entry_code="demo", name="見本", at=NOW)
        self.home.site_file.write_text('site_name = "本社"\n', encoding="utf-8")
        (self.home.imports / "7-顧客 名簿.csv").write_bytes(b"\x93d\x98b\x94\xd4\x8d\x86\r\n0312345678\r\n")
        self._count = itertools.count(1)

    def record(self, speech: bytes, *, finished_at: int = NOW) -> Path:
        number = next(self._count)
        path, key = f"{self.tenant_id}/{number:06d}.yrec", bytes([number]) * 32
        writer = RecordingWriter(self.home.recordings / path, key, session=b"\0\0\0\1")
        writer.write(speech)
        size = writer.finish()
        self.store.run(
            "INSERT INTO recording"
            " (id, tenant_id, attempt_id, path, key, started_at, finished_at, size_bytes)"
            " VALUES (?, ?, 1, ?, ?, ?, ?, ?)",
            (number, self.tenant_id, path, key, NOW, finished_at, size),
        )
        return self.home.recordings / path


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = Box(tmp_path / "box")
    yield made
    made.store.close()


@pytest.fixture(params=["directory", "ssh"])
def target_name(request: pytest.FixtureRequest, tmp_path: Path, box: Box) -> Iterator[str]:
    if request.param == "directory":
        (tmp_path / "usb").mkdir()
        yield str(tmp_path / "usb")
        return
    (tmp_path / "server").mkdir()
    with ssh_server(tmp_path / "server", box.home) as url:
        yield url


def saved(box: Box, target_name: str, *, at: int = NOW, keep: int = 14) -> int:
    with opened_target(target_name, box.home) as target:
        _made, copied = back_up(box.store, target, backup_key.ensure(box.home), at=at, keep=keep)
    return copied


def test_every_row_and_recording_comes_back_on_a_blank_box(
    box: Box, target_name: str, tmp_path: Path
) -> None:
    originals = [box.record(bytes([number]) * 40_000) for number in (3, 5, 9)]
    saved(box, target_name)
    blank = Home(tmp_path / "blank")

    with opened_target(target_name, box.home) as target:
        restore(blank, target, backup_key.spoken(backup_key.written(backup_key.ensure(box.home))))

    with (
        snapshot.Snapshot(box.home.database, box.home.key_file.read_bytes()) as was,
        snapshot.Snapshot(blank.database, blank.key_file.read_bytes()) as came,
    ):
        assert snapshot.tables_differ(was.sums(), came.sums()) == []
        assert was.sums()["recording"].rows == 3
    for path in originals:
        again = blank.recordings / path.relative_to(box.home.recordings)
        assert again.read_bytes() == path.read_bytes()
    key = open_store(blank).value("SELECT key FROM recording WHERE id = 2")
    assert (
        RecordingReader(blank.recordings / originals[1].relative_to(box.home.recordings), key).seconds == 2.5
    )
    assert blank.site_file.read_text(encoding="utf-8") == 'site_name = "本社"\n'
    assert (blank.imports / "7-顧客 名簿.csv").exists()
    assert not (blank.root / "restore.partial").exists()


def test_only_what_is_new_is_copied(box: Box, target_name: str) -> None:
    box.record(bytes(400_000))
    first = saved(box, target_name, at=NOW)
    box.record(bytes(1_000))

    second = saved(box, target_name, at=NOW + 24 * HOUR)

    assert first > 400_000
    assert second < first - 390_000


def test_old_backups_go_and_what_a_kept_one_names_stays(box: Box, target_name: str, tmp_path: Path) -> None:
    gone = box.record(bytes(2_000))
    stays = box.record(bytes(3_000))
    saved(box, target_name, at=NOW, keep=2)
    box.store.run("UPDATE recording SET deleted_at = ?, key = x'' WHERE id = 1", (NOW,))
    gone.unlink()
    for night in (1, 2):
        saved(box, target_name, at=NOW + night * 24 * HOUR, keep=2)

    with opened_target(target_name, box.home) as target:
        names = target.names(f"files/data/recordings/{box.tenant_id}")
        assert [name.rsplit("/", 1)[1] for name in names] == [stays.name]
        assert len(target.names(FOLDER)) == 2
        restore(Home(tmp_path / "blank"), target, backup_key.ensure(box.home))


def test_nothing_a_thief_finds_at_the_target_tells_a_name(box: Box, tmp_path: Path) -> None:
    (tmp_path / "usb").mkdir()
    box.record(bytes(40_000))
    saved(box, str(tmp_path / "usb"))

    files = [path for path in (tmp_path / "usb").rglob("*") if path.is_file()]
    words = [
        "見本".encode(),
        "本社".encode(),
        b"0312345678",
        b"SQLite format",
        box.home.key_file.read_bytes(),
    ]

    assert len(files) >= 5
    assert [path for path in files for word in words if word in path.read_bytes()] == []
    assert [path for path in files if "名簿" in path.name] == []


def test_a_wrong_key_is_told_and_leaves_the_box_blank(box: Box, target_name: str, tmp_path: Path) -> None:
    saved(box, target_name)
    blank = Home(tmp_path / "blank")

    with opened_target(target_name, box.home) as target, pytest.raises(BadSeal, match="another box's key"):
        restore(blank, target, bytes(32))

    assert not blank.database.exists()


def test_a_restore_never_overwrites(box: Box, target_name: str) -> None:
    saved(box, target_name)

    with opened_target(target_name, box.home) as target, pytest.raises(BadInput, match="blank box"):
        restore(box.home, target, backup_key.ensure(box.home))


def test_a_box_that_first_boot_left_without_tenants_is_blank(box: Box, tmp_path: Path) -> None:
    (tmp_path / "usb").mkdir()
    box.record(bytes(40_000))
    saved(box, str(tmp_path / "usb"))
    blank = Home(tmp_path / "blank")
    open_store(blank, create=True).close()

    with opened_target(str(tmp_path / "usb"), None) as target:
        restore(blank, target, backup_key.ensure(box.home))

    restored = open_store(blank)
    assert restored.value("SELECT name FROM tenant") == "見本"
    restored.close()


def test_a_database_of_another_key_is_not_taken_for_a_blank_one(box: Box, tmp_path: Path) -> None:
    (tmp_path / "usb").mkdir()
    saved(box, str(tmp_path / "usb"))
    other = Home(tmp_path / "other")
    open_store(other, create=True).close()
    other.key_file.write_bytes(bytes(32))

    with opened_target(str(tmp_path / "usb"), None) as target, pytest.raises(BadInput, match="does not open"):
        restore(other, target, backup_key.ensure(box.home))


def test_a_restore_that_was_cut_off_goes_on(box: Box, tmp_path: Path) -> None:
    usb = tmp_path / "usb"
    usb.mkdir()
    recording = box.record(bytes(40_000))
    saved(box, str(usb))
    blank, key = Home(tmp_path / "blank"), backup_key.ensure(box.home)
    kept = usb / "files" / "data" / "recordings" / str(box.tenant_id) / recording.name
    away = kept.rename(tmp_path / "away")

    with opened_target(str(usb), None) as target:
        with pytest.raises(DeviceError, match="No such file"):
            restore(blank, target, key)
        assert not blank.database.exists()
        away.rename(kept)
        restore(blank, target, key)

    assert (blank.recordings / recording.relative_to(box.home.recordings)).exists()


def test_a_drill_finds_a_recording_that_rotted_at_the_target(box: Box, tmp_path: Path) -> None:
    usb = tmp_path / "usb"
    usb.mkdir()
    recording = box.record(bytes(40_000))
    saved(box, str(usb))
    key = backup_key.ensure(box.home)
    (box.home.directory("data", "backup") / "drill-cut").mkdir()  # the power went in an earlier one
    with opened_target(str(usb), None) as target:
        drill(box.home, target, key, at=NOW)
        assert messages.read(box.home).last_drill_at == NOW

        kept = usb / "files" / "data" / "recordings" / str(box.tenant_id) / recording.name
        data = bytearray(kept.read_bytes())
        data[1_000] ^= 1
        kept.write_bytes(data)
        with pytest.raises(StoreError, match="not the recording on the box"):
            drill(box.home, target, key, at=NOW + HOUR)

    assert messages.read(box.home).last_drill_at == NOW
    assert list(box.home.directory("data", "backup").iterdir()) == []


def test_a_backup_that_was_cut_off_leaves_the_one_before(box: Box, tmp_path: Path) -> None:
    usb = tmp_path / "usb"
    usb.mkdir()
    saved(box, str(usb))
    box.record(bytes(1_000))
    shutil.rmtree(usb / "files", ignore_errors=True)
    (usb / "files").write_text("in the way")

    with pytest.raises(DeviceError):
        saved(box, str(usb), at=NOW + 24 * HOUR)

    with opened_target(str(usb), None) as target:
        made = restore(Home(tmp_path / "blank"), target, backup_key.ensure(box.home))
    assert made.at == NOW


def test_a_copy_that_would_crowd_out_recordings_and_calls_is_not_made(box: Box, tmp_path: Path) -> None:
    usb = tmp_path / "usb"
    usb.mkdir()
    saved(box, str(usb))
    too_much = shutil.disk_usage(tmp_path).free + 1_000_000_000
    crowded = Settings(backup=Backup(target=str(usb)), limits=Limits(disk_free_min_bytes=too_much))
    box.home.site_file.write_text(f"[limits]\ndisk_free_min_bytes = {too_much}\n", encoding="utf-8")

    assert not try_now(box.home, crowded)
    assert "does not fit" in messages.read(box.home).error
    with opened_target(str(usb), None) as target, pytest.raises(StoreError, match="does not fit"):
        drill(box.home, target, backup_key.ensure(box.home), at=NOW, least=too_much)
    assert list(box.home.directory("data", "backup").iterdir()) == []


def test_a_damaged_manifest_costs_no_later_backup(box: Box, tmp_path: Path) -> None:
    usb = tmp_path / "usb"
    usb.mkdir()
    recording = box.record(bytes(40_000))
    saved(box, str(usb), at=NOW, keep=2)
    saved(box, str(usb), at=NOW + 24 * HOUR, keep=2)
    damaged = sorted((usb / FOLDER).iterdir())[-1]
    damaged.write_bytes(damaged.read_bytes()[:-1])

    for night in (2, 3):
        saved(box, str(usb), at=NOW + night * 24 * HOUR, keep=2)

    assert len(list((usb / FOLDER).iterdir())) == 3, "two sound ones, and the damaged one untouched"
    with opened_target(str(usb), None) as target:
        made = restore(Home(tmp_path / "blank"), target, backup_key.ensure(box.home))
    assert made.at == NOW + 3 * 24 * HOUR
    assert (tmp_path / "blank/data/recordings" / recording.relative_to(box.home.recordings)).exists()


def test_another_boxs_backups_are_not_mixed_with_ours(box: Box, tmp_path: Path) -> None:
    (tmp_path / "usb").mkdir()
    other = Box(tmp_path / "other")
    theirs = other.record(b"\x11" * 40_000)
    saved(other, str(tmp_path / "usb"))
    other.store.close()
    box.record(b"\x22" * 40_000)

    with pytest.raises(BadSeal, match="another box's key"):
        saved(box, str(tmp_path / "usb"), at=NOW + HOUR)

    kept = tmp_path / "usb/files/data/recordings" / theirs.relative_to(other.home.recordings)
    assert kept.read_bytes() == theirs.read_bytes()


def test_the_night_run_says_how_it_went(box: Box, tmp_path: Path) -> None:
    usb = tmp_path / "usb"
    settings = Settings(backup=Backup(target=str(usb)))

    assert not try_now(box.home, settings)
    assert "is not there" in messages.read(box.home).error

    usb.mkdir()
    status = run_once(box.home, settings)
    assert status.error == ""
    assert status.last_good_at > NOW
    assert status.last_drill_at >= status.last_good_at


def test_an_unknown_server_is_not_trusted(box: Box, tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    with ssh_server(tmp_path / "server", box.home) as url:
        (box.home.root / "secrets" / "backup_known_hosts").write_text("")

        with pytest.raises(DeviceError, match="Host key verification failed"):
            saved(box, url)
