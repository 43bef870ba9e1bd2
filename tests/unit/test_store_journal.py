"""The journal: what was noted and not committed is applied at the next start, never over newer rows."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from pytest_mock import MockerFixture

from appliance.store import attempts, compare, events, journal, writer
from appliance.store.journal import Journal
from tests.store_help import NOON_S, Floor, make_floor

ANSWERED_AT = NOON_S + 8


@pytest.fixture
def floor(tmp_path: Path) -> Floor:
    """Three attempts of which the disk knows no more than that they were opened."""
    floor = make_floor(tmp_path)
    list_id = floor.make_list(3)
    first = floor.first_customer(list_id)
    floor.write(*(floor.opened(n, list_id, first + n - 1) for n in (1, 2, 3)))
    return floor


def answer(attempt: int) -> events.SaveAttempt:
    return events.SaveAttempt(attempt_id=attempt, setup_at=NOON_S, answered_at=ANSWERED_AT)


def entry(floor: Floor, attempt: int, code: str, *, at: float = NOON_S + 60) -> events.SaveHistory:
    list_id, customer, number = floor.store.tuples(
        "SELECT list_id, customer_id, number FROM attempt WHERE id = ?", (attempt,)
    )[0]
    return events.SaveHistory(
        attempt_id=attempt, tenant_id=floor.tenant, project_id=floor.project, list_id=list_id,
        customer_id=customer, number=number, code=code, at=at, user_id=floor.operator,
    )  # fmt: skip


def noted(floor: Floor, *what: events.Event) -> None:
    """A process that notes this and is gone."""
    kept = Journal(floor.store.home)
    for event in what:
        kept.note(event)
    kept.close()


def test_an_answer_that_was_only_noted_keeps_its_customer_from_being_dialled_again(floor: Floor) -> None:
    noted(floor, answer(2))

    assert journal.replay(floor.store) == 1
    found = attempts.recover(floor.store)

    assert [one.id for one in found.interrupted] == [2]
    assert found.given_back == 2
    assert floor.store.tuples("SELECT is_callable FROM customer ORDER BY id") == [(1,), (0,), (1,)]
    assert compare.compare(floor.store) == []
    assert journal.replay(floor.store) == 0


def test_a_result_and_a_seat_that_were_only_noted_are_there(floor: Floor) -> None:
    over = events.SaveAttempt(attempt_id=1, cleared_at=NOON_S + 50, result="01", end="result")
    sits = events.SaveSeat(seat_id=1, leg="p1", user_id=floor.operator, project_id=floor.project, at=NOON_S)
    noted(floor, answer(1), sits, entry(floor, 1, "01"), over)

    journal.replay(floor.store)

    assert floor.store.tuples("SELECT attempt_id, code FROM history") == [(1, "01")]
    assert floor.store.tuples("SELECT result, end FROM attempt WHERE id = 1") == [("01", "result")]
    assert floor.store.tuples("SELECT leg, user_id FROM seat_standing") == [("p1", floor.operator)]
    assert compare.compare(floor.store) == []


def test_what_was_committed_after_all_is_not_applied_over_what_came_later(floor: Floor) -> None:
    old = entry(floor, 1, "01")
    floor.write(answer(1), old)
    floor.store.run("UPDATE history SET code = '02' WHERE attempt_id = 1")  # its author, on a screen
    floor.store.run("DELETE FROM attempt WHERE id = 3")
    gone = msgspec.structs.replace(old, attempt_id=3)
    noted(floor, answer(1), old, gone)

    journal.replay(floor.store)

    assert floor.store.tuples("SELECT attempt_id, code FROM history") == [(1, "02")]


def test_a_line_that_was_cut_off_ends_the_journal(floor: Floor) -> None:
    noted(floor, answer(1), answer(2))
    path = floor.store.home.run / "dialer.journal"
    path.write_bytes(path.read_bytes()[:-20])

    assert journal.replay(floor.store) == 1


def test_what_was_emptied_is_not_replayed_though_the_file_still_holds_it(floor: Floor) -> None:
    kept = Journal(floor.store.home)
    for n in (1, 2, 3):
        kept.note(answer(n))
    kept.empty()
    kept.note(answer(3))
    kept.close()

    assert journal.replay(floor.store) == 1
    assert floor.store.tuples("SELECT id FROM attempt WHERE answered_at > 0") == [(3,)]


def test_the_writer_empties_it_when_all_is_committed_and_not_before(
    floor: Floor, mocker: MockerFixture
) -> None:
    mocker.patch.object(writer, "GATHER_S", 60.0)
    thread = writer.Writer(floor.store, journal=Journal(floor.store.home))
    path = floor.store.home.run / "dialer.journal"
    thread.start()
    thread.submit(answer(1))  # goes at once
    assert thread.flush()
    assert path.read_bytes().startswith(b"\n")

    thread.submit(answer(2))  # waits for a minute
    assert path.read_bytes().startswith(b'["SaveAttempt",{"attempt_id":2')

    assert thread.close()
    assert path.read_bytes().startswith(b"\n")


def test_a_disk_that_takes_no_note_loses_no_event(
    floor: Floor, mocker: MockerFixture, caplog: pytest.LogCaptureFixture
) -> None:
    mocker.patch("appliance.store.journal.os.pwrite", side_effect=OSError(28, "No space left on device"))
    thread = writer.Writer(floor.store, journal=Journal(floor.store.home))
    thread.start()
    thread.submit(answer(1))
    thread.submit(answer(2))

    assert thread.close()
    assert floor.store.value("SELECT count(*) FROM attempt WHERE answered_at > 0") == 2
    assert caplog.text.count("takes no more") == 1
