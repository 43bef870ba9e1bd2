"""The watchdog's book survives what happens to files, and says afterwards why the box restarted."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from appliance.settings import Home
from appliance.watchdog import boot_reason, device, journal, messages
from appliance.watchdog.journal import Clerk, Entry, What
from appliance.watchdog.messages import Restarted, Status, Why

AT = 1_795_000_000_000


def entry(what: What, *, boot: str = "before", check: str = "", for_s: int = 0) -> Entry:
    return Entry(AT, boot, what, check, for_s)


STARTED = entry("started")

REASONS: list[tuple[str, list[Entry], int, Why, str]] = [
    ("nothing known", [], 0, Why.FIRST, "first start"),
    ("ordered", [STARTED, entry("ordered")], 0, Why.ORDERED, "in order"),
    ("power", [STARTED], 0, Why.POWER_CUT, "power was cut"),
    ("power after a restart of one", [STARTED, entry("restart_one", check="web")], 0, Why.POWER_CUT, "power"),
    (
        "a check, and the hardware agrees",
        [STARTED, entry("reset", check="supervisord", for_s=26)],
        device.CARD_RESET,
        Why.CHECK_FAILED,
        "supervisord did not answer (for 26 s)",
    ),
    (
        "a check, of a timer that does not tell",
        [STARTED, entry("reset", check="dialer", for_s=110)],
        0,
        Why.CHECK_FAILED,
        "the process dialer stood still",
    ),
    ("kernel", [STARTED], device.CARD_RESET, Why.HUNG, "whole system stood still"),
    ("kernel on a new disk", [], device.CARD_RESET, Why.HUNG, "whole system"),
    ("heat", [STARTED], device.OVERHEAT, Why.OVERHEATED, "too hot"),
    (
        "this boot's own lines say nothing about its beginning",
        [STARTED, entry("ordered"), entry("started", boot="now"), entry("restart_all", boot="now")],
        0,
        Why.ORDERED,
        "in order",
    ),
]


@pytest.mark.parametrize(
    ("entries", "status", "why", "words"), [row[1:] for row in REASONS], ids=[row[0] for row in REASONS]
)
def test_the_reason_is_one_sentence_in_both_languages(
    entries: list[Entry], status: int, why: Why, words: str
) -> None:
    told = boot_reason.explain(entries, boot="now", boot_status=status)
    assert told.why is why
    assert words in told.en
    assert told.en.endswith(".")
    assert told.ja.endswith("。")
    assert told.check == (entries[-1].check if why is Why.CHECK_FAILED else "")


@pytest.mark.parametrize(
    ("what", "count"),
    [
        ([], 0),
        (["started", "reset"], 1),
        (["started", "reset", "started", "restart_one", "reset", "started", "reset"], 3),
        (["started", "reset", "started", "settled", "reset"], 1),
        (["started", "reset", "started", "ordered", "started"], 0),
    ],
)
def test_resets_in_a_row_end_with_a_calm_time_or_an_order(what: list[What], count: int) -> None:
    assert journal.resets_in_a_row([entry(each) for each in what]) == count


def test_lines_are_on_the_disk_when_the_clerk_says_so(tmp_path: Path) -> None:
    home = Home(tmp_path)
    clerk = Clerk(home)
    clerk.write(entry("started"))
    clerk.write(entry("reset", check="disk", for_s=181))

    assert clerk.flush(5.0)

    assert journal.read(home) == [entry("started"), entry("reset", check="disk", for_s=181)]
    assert journal.path_of(home).stat().st_mode & 0o777 == 0o600


def test_a_disk_that_hangs_holds_up_nobody_but_the_clerk(tmp_path: Path, mocker: MockerFixture) -> None:
    goes_on = threading.Event()
    mocker.patch("appliance.watchdog.journal.os.fsync", side_effect=lambda _file: goes_on.wait(20))
    clerk = Clerk(Home(tmp_path))
    for _ in range(journal.WAITING_MAX + 50):
        clerk.write(entry("restart_one", check="web"))

    assert not clerk.flush(0.05)
    goes_on.set()


def test_a_line_that_fails_does_not_take_the_next_along(tmp_path: Path, mocker: MockerFixture) -> None:
    home = Home(tmp_path)
    mocker.patch("appliance.watchdog.journal.os.fsync", side_effect=[OSError(28, "full"), None])
    clerk = Clerk(home)
    clerk.write(entry("restart_one", check="web"))
    clerk.write(entry("reset", check="disk"))
    assert clerk.flush(5.0)
    assert journal.read(home)[-1].check == "disk"


def test_a_torn_line_is_passed_by(tmp_path: Path) -> None:
    home = Home(tmp_path)
    journal.append(home, STARTED)
    with journal.path_of(home).open("ab") as file:
        file.write(b'{"at":17950000\n')
    journal.append(home, entry("ordered"))
    assert [each.what for each in journal.read(home)] == ["started", "ordered"]


def test_the_book_does_not_grow_for_ever(tmp_path: Path, mocker: MockerFixture) -> None:
    mocker.patch("appliance.watchdog.journal.os.fsync")
    home = Home(tmp_path)
    mocker.patch("appliance.watchdog.journal.BYTES_MAX", 2000)
    for number in range(300):
        journal.append(home, entry("restart_one", check="web", for_s=number))
    kept = journal.read(home)
    assert kept[-1].for_s == 299
    assert sum(path.stat().st_size for path in (tmp_path / "data").iterdir()) < 5000
    assert [each.for_s for each in kept] == list(range(kept[0].for_s, 300))


def status(beat_at: float) -> Status:
    restarted = Restarted(Why.ORDERED, "指示による再起動です。", "The box was restarted in order.")
    return Status(
        beat_at=beat_at,
        device="/dev/watchdog0",
        is_petting=True,
        timeout_s=30,
        restarted=restarted,
        ill=(messages.Ill("store", 12.0, "locked"),),
    )


def test_the_status_is_read_while_it_is_fresh(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert messages.read(home, now=100.0) is None
    messages.write(home, status(100.0))
    assert messages.read(home, now=110.0) == status(100.0)
    assert messages.read(home, now=100.0 + messages.STALE_S + 1) is None
    assert messages.read(home, now=20.0) is None, "written before the machine was started"


def test_a_status_that_is_no_status_is_none(tmp_path: Path) -> None:
    home = Home(tmp_path)
    (home.run / messages.NAME).write_text("{", encoding="utf-8")
    assert messages.read(home, now=0.0) is None


def test_a_link_in_the_run_directory_costs_no_file_its_content(tmp_path: Path) -> None:
    """Any process may put one there, and the watchdog may write to the database."""
    home = Home(tmp_path)
    database = home.directory("data") / "yobirin.db"
    database.write_bytes(b"rows")
    (home.run / "watchdog.json.new").symlink_to(database)
    status = Status(
        beat_at=1.0, device="", is_petting=False, timeout_s=30, restarted=Restarted(Why.FIRST, "", "")
    )
    with pytest.raises(OSError, match="symbolic link"):
        messages.write(home, status)
    assert database.read_bytes() == b"rows"
