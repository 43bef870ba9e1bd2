"""The backup's arithmetic: when it is due, how its key is written, what its seal refuses."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_mock import MockerFixture

from appliance import cli
from appliance.backup import key as backup_key
from appliance.backup import messages
from appliance.backup.nightly import drill_due, due, try_now
from appliance.backup.seal import BLOCK_BYTES, BadSeal, seal, unseal
from appliance.backup.target import open_target
from appliance.errors import BadInput, DeviceError, SettingsError
from appliance.settings import Home, Settings

TOKYO = ZoneInfo("Asia/Tokyo")
KEY = bytes(range(32))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=TOKYO)


@pytest.mark.parametrize(
    ("now", "last_good", "expected"),
    [
        (at(21, 12), None, True),
        (at(21, 2, 59), at(20, 3, 5), False),
        (at(21, 3, 0), at(20, 3, 5), True),
        (at(21, 23), at(21, 3, 5), False),
        (at(25, 1), at(21, 3, 5), True),  # the box was off for days
    ],
)
def test_a_backup_is_due_when_none_was_made_since_its_hour(
    now: datetime, last_good: datetime | None, expected: bool
) -> None:
    assert due(now, last_good, hour=3) is expected


def test_the_first_backup_is_proved_at_once_and_later_ones_monthly() -> None:
    day_ms = 86_400_000
    now = 1_800_000_000_000

    assert drill_due(messages.Status(), now_ms=now)
    assert not drill_due(messages.Status(last_drill_at=now - 29 * day_ms), now_ms=now)
    assert drill_due(messages.Status(last_drill_at=now - 31 * day_ms), now_ms=now)


@given(st.binary(min_size=32, max_size=32))
def test_a_key_typed_as_shown_is_the_key(key: bytes) -> None:
    shown = backup_key.written(key)

    assert backup_key.spoken(shown) == key
    assert backup_key.spoken(shown.lower().replace("-", " ").replace("O", "0")) == key


def test_a_mistyped_key_is_told_before_anything_is_fetched() -> None:
    shown = backup_key.written(KEY)
    wrong = shown[:-6] + ("A" if shown[-6] != "A" else "B") + shown[-5:]

    with pytest.raises(BadInput, match="mistyped"):
        backup_key.spoken(wrong)
    with pytest.raises(BadInput, match="other letters"):
        backup_key.spoken("!" + shown[1:])


def test_showing_the_key_is_noted(tmp_path: Path) -> None:
    home = Home(tmp_path)

    shown = backup_key.words(home, at=1_800_000_000_000)

    assert backup_key.spoken(shown) == backup_key.ensure(home)
    assert messages.read(home).key_shown_at == 1_800_000_000_000
    assert backup_key.path_of(home).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("size", [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES])
def test_what_was_sealed_comes_out(size: int) -> None:
    plain = bytes(number % 251 for number in range(size))

    sealed = b"".join(seal(io.BytesIO(plain), KEY))

    assert plain[:64] not in sealed or size < 64
    assert b"".join(unseal(io.BytesIO(sealed), KEY, name="file")) == plain


def sealed_blocks(count: int) -> tuple[bytes, list[bytes]]:
    sealed = b"".join(seal(io.BytesIO(bytes(count * BLOCK_BYTES)), KEY))
    body, step = sealed[40:], BLOCK_BYTES + 16
    return sealed[:40], [body[start : start + step] for start in range(0, len(body), step)]


def test_a_file_that_was_cut_off_between_blocks_does_not_open() -> None:
    header, blocks = sealed_blocks(3)

    with pytest.raises(BadSeal, match="cut off"):
        list(unseal(io.BytesIO(header + b"".join(blocks[:2])), KEY, name="file"))


def test_blocks_that_changed_places_do_not_open() -> None:
    header, blocks = sealed_blocks(3)

    with pytest.raises(BadSeal):
        list(unseal(io.BytesIO(header + blocks[1] + blocks[0] + blocks[2]), KEY, name="file"))


def test_another_boxes_key_and_another_file_are_refused_by_name() -> None:
    sealed = b"".join(seal(io.BytesIO(b"speech"), KEY))

    with pytest.raises(BadSeal, match="20261121/a does not open"):
        list(unseal(io.BytesIO(sealed), bytes(32), name="20261121/a"))
    with pytest.raises(BadSeal, match="not a file of a backup"):
        list(unseal(io.BytesIO(b"PK\x03\x04"), KEY, name="x"))


def test_a_target_that_is_not_mounted_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="is not there"):
        open_target(str(tmp_path / "usb"), None)


OPTIONS = ("ssh://-oProxyCommand=reboot@box/x", "ssh://-oProxyCommand=reboot/x", "ssh://@-v/x")


@pytest.mark.parametrize("target", ["backup", "ssh://", "ssh://box/a b", "ssh://u:secret@box/x", *OPTIONS])
def test_a_target_that_is_none_is_refused(target: str) -> None:
    with pytest.raises(SettingsError, match=r"backup\.target"):
        open_target(target, None)


def test_a_night_that_fails_in_a_way_nobody_thought_of_is_told_and_not_the_last(
    tmp_path: Path, mocker: MockerFixture
) -> None:
    home = Home(tmp_path)
    mocker.patch("appliance.backup.nightly.run_once", side_effect=AssertionError("no name in a backup"))
    assert not try_now(home, Settings())
    assert messages.read(home).error == "AssertionError: no name in a backup"


def test_a_damaged_status_is_an_empty_one(tmp_path: Path) -> None:
    home = Home(tmp_path)
    messages.path_of(home).write_text("{")

    assert messages.read(home) == messages.Status()


def test_the_command_line_prints_the_key_that_opens_the_backups(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["backup", "--key", "--home", str(tmp_path)]) == 0
    assert backup_key.spoken(capsys.readouterr().out) == backup_key.ensure(Home(tmp_path))


def test_the_command_line_names_what_a_restore_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "key"
    key.write_text(backup_key.written(bytes(32)), encoding="ascii")
    words = ["restore", "--from", str(tmp_path / "usb"), "--key-file", str(key)]
    assert cli.main([*words, "--home", str(tmp_path / "blank")]) != 0
    assert "is not there" in capsys.readouterr().err
