"""A start skips the thorough look at certificates and keys only where nothing changed for a week at most."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance import settings as site
from appliance.settings import Home
from provisioning import prepared

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
FILES = (
    "tls/web.crt",
    "tls/web.key",
    "tls/appliance-ca.crt",
    "secrets/appliance-ca.key",
    "secrets/backup.key",
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.site_file.write_text('site_name = "x"\n[[spans]]\nnumber = 1\nkind = "absent"\n', encoding="utf-8")
    for name in FILES:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name, encoding="ascii")
    return home


def test_nothing_is_good_before_it_was_looked_at(home: Home) -> None:
    settings = site.load(home)
    assert not prepared.is_good(home, settings, now=NOW)

    prepared.note(home, settings, now=NOW)

    assert prepared.is_good(home, settings, now=NOW + timedelta(days=6))


@pytest.mark.parametrize("later", [timedelta(days=8), timedelta(days=-1)], ids=["old", "from the future"])
def test_what_was_found_holds_for_a_week(home: Home, later: timedelta) -> None:
    settings = site.load(home)
    prepared.note(home, settings, now=NOW)
    assert not prepared.is_good(home, settings, now=NOW + later)


@pytest.mark.parametrize("name", FILES)
def test_a_changed_or_missing_file_is_looked_at_again(home: Home, name: str) -> None:
    settings = site.load(home)
    prepared.note(home, settings, now=NOW)

    (home.root / name).write_text("another", encoding="ascii")
    assert not prepared.is_good(home, settings, now=NOW)

    (home.root / name).unlink()
    prepared.note(home, settings, now=NOW)
    (home.root / name).write_text("back", encoding="ascii")
    assert not prepared.is_good(home, settings, now=NOW)


def test_a_missing_file_is_never_good(home: Home) -> None:
    settings = site.load(home)
    (home.root / "secrets/backup.key").unlink()
    prepared.note(home, settings, now=NOW)
    assert not prepared.is_good(home, settings, now=NOW)


def test_another_address_wants_another_certificate(home: Home) -> None:
    settings = site.load(home)
    prepared.note(home, settings, now=NOW)
    with home.site_file.open("a", encoding="utf-8") as file:
        file.write('[web]\naddress = "192.0.2.7"\n')
    assert not prepared.is_good(home, site.load(home), now=NOW)
