"""The site file: strict, and its errors name file, key and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance import settings
from appliance.errors import SettingsError


def test_no_site_file_gives_one_simulated_span(tmp_path: Path) -> None:
    found = settings.load(settings.Home(tmp_path))
    assert [(span.number, span.kind) for span in found.spans] == [(1, "simulated")]


def test_a_site_file_is_read(tmp_path: Path) -> None:
    home = settings.Home(tmp_path)
    home.site_file.write_text(
        'site_name = "川崎"\n[[spans]]\nnumber = 1\nkind = "dahdi"\nfirst_channel = 25\n'
        "[phones]\nsip_port = 5070\n",
        encoding="utf-8",
    )
    found = settings.load(home)
    assert (found.site_name, found.spans[0].first_channel, found.phones.sip_port) == ("川崎", 25, 5070)


@pytest.mark.parametrize(
    ("text", "named", "remedy"),
    [
        ("sitename = 'x'", "sitename", "Did you mean `site_name`?"),
        ("[phones]\nsip_prot = 1", "sip_prot", "Did you mean `sip_port`?"),
        ("[phones]\nsip_port = 'x'", "sip_port", "Correct the value named."),
        ("[[spans]]\nnumber = 2", "[2]", "Number 1 to 5 spans"),
        ("[[spans]]\nnumber = 1\nslot_ms = 15", "slot_ms is 15", "steps of 10"),
        ("[phones]\nservice_code = 'abc'", "service_code", "2 to 6 digits"),
        ("[phones]\nrtp_port_last = 16010", "rtp_port", "at least 200"),
        ("spans = ", "not TOML", "Correct the line named."),
    ],
)
def test_a_typo_is_named_with_its_remedy(text: str, named: str, remedy: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.parse(text, where="/etc/yobirin/site.toml")
    assert caught.value.what.startswith("/etc/yobirin/site.toml")
    assert named in caught.value.what
    assert remedy in caught.value.remedy
    assert caught.value.exit_code == 2


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    home = settings.Home(tmp_path)
    home.site_file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"site\.toml cannot be read"):
        settings.load(home)


def test_directories_are_for_the_owner_alone(tmp_path: Path) -> None:
    home = settings.Home(tmp_path / "home")
    assert home.recordings.stat().st_mode & 0o777 == 0o700


def test_a_directory_below_a_shared_one_is_shared_likewise(tmp_path: Path) -> None:
    home = settings.Home(tmp_path)
    home.recordings.chmod(0o2770)
    day = home.directory("data", "recordings", "2026-04-01")
    assert day.stat().st_mode & 0o7777 == 0o2770
    assert settings.file_mode(day) == 0o660


@pytest.mark.parametrize(
    ("directory", "file"), [(0o700, 0o600), (0o775, 0o600), (0o2750, 0o640), (0o2770, 0o660)]
)
def test_a_file_is_as_open_as_its_directory(tmp_path: Path, directory: int, file: int) -> None:
    tmp_path.chmod(directory)
    assert settings.file_mode(tmp_path) == file


def test_a_file_where_a_directory_belongs_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(SettingsError, match="data is not a directory"):
        _ = settings.Home(tmp_path).recordings
