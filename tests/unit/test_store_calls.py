"""The dialer's events: write-ahead, results, counters in the same transaction, recovery after a crash."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from appliance.errors import StoreError
from appliance.store import abandons, attempts, blocked, call_days, compare, events, history, lists, writer
from appliance.store.open import DiskFull
from appliance.store.report_rows import Wanted
from tests.store_help import DAY, NOON_MS, NOON_S, Floor, make_floor

BOUND_S = 20.0


def answered(attempt: int, user: int = 0) -> events.SaveAttempt:
    return events.SaveAttempt(
        attempt_id=attempt, setup_at=NOON_S, alerting_at=NOON_S + 2, answered_at=NOON_S + 8, user_id=user
    )


def ended(attempt: int, result: str) -> events.SaveAttempt:
    return events.SaveAttempt(
        attempt_id=attempt, setup_at=NOON_S, cleared_at=NOON_S + 60, cause=16, result=result, end="result"
    )


def customer_row(floor: Floor, customer: int) -> tuple[object, ...]:
    return floor.store.tuples(
        "SELECT is_callable, last_code, attempts, is_worked FROM customer WHERE id = ?", (customer,)
    )[0]


def test_an_attempt_claims_its_customer_before_the_setup(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(2)
    customer = floor.first_customer(list_id)

    done = floor.write(floor.opened(1, list_id, customer), floor.opened(2, list_id, customer))

    assert [one.refused for one in done] == ["", "busy"]
    assert customer_row(floor, customer) == (0, "", 1, 0)
    assert attempts.next_id(floor.store) == 2
    assert compare.compare(floor.store) == []


def test_a_number_blocked_in_the_meantime_or_a_customer_gone_is_refused(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(2)
    customer = floor.first_customer(list_id)
    blocked.add(floor.store, floor.tenant, number="03-0000-0001", kind="forbid", at=NOON_MS)

    done = floor.write(floor.opened(1, list_id, customer), floor.opened(2, list_id, 999, number="0312345678"))

    assert [one.refused for one in done] == ["9a", "gone"]
    assert customer_row(floor, customer) == (1, "", 0, 0)


def test_a_conversation_is_counted_with_its_rows(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(3)
    customer = floor.first_customer(list_id)

    floor.write(
        floor.opened(1, list_id, customer),
        answered(1, floor.operator),
        events.SaveAttempt(attempt_id=1, connected_at=NOON_S + 9, user_id=floor.operator),
        ended(1, "01"),
        floor.entry(1, list_id, customer, "01", user=floor.operator),
        events.SaveInterval(
            kind="talk", tenant_id=floor.tenant, seat_id=1, user_id=floor.operator, project_id=floor.project,
            list_id=list_id, from_at=NOON_S + 9, seconds=51.0, attempt_id=1,
        ),
    )  # fmt: skip

    assert customer_row(floor, customer) == (0, "01", 1, 1)
    assert lists.today(floor.store, DAY) == (
        lists.ListToday(list_id=list_id, attempts=1, answered=1, talks=1, wins=1, abandoned=0),
    )
    line = history.of_customer(floor.store, floor.tenant, customer)[0]
    assert (line.code_name, line.user_name, line.talk_ms) == ("成約", "田中 一郎", 30_000)
    assert compare.compare(floor.store) == []


def test_a_fault_is_nobodys_result_and_leaves_the_customer_callable(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(1)
    customer = floor.first_customer(list_id)

    floor.write(
        floor.opened(1, list_id, customer),
        events.SaveAttempt(attempt_id=1, setup_at=NOON_S, cause=42, end="fault"),
    )

    assert customer_row(floor, customer) == (1, "", 0, 0)
    assert lists.today(floor.store, DAY) == ()
    assert compare.compare(floor.store) == []


def outrun(attempt: int, user: int, *, alerting_at: float = 0.0) -> events.SaveAttempt:
    return events.SaveAttempt(
        attempt_id=attempt, setup_at=NOON_S, alerting_at=alerting_at, cleared_at=NOON_S + 9, user_id=user,
        cause=16, end="outrun",
    )  # fmt: skip


def test_who_was_outrun_was_called_has_no_entry_and_may_be_called_again(tmp_path: Path) -> None:
    """Where the telephone has rung it counts for the interval and the number of attempts."""
    floor = make_floor(tmp_path)
    list_id, me = floor.make_list(2), floor.operator
    first = floor.first_customer(list_id)
    floor.write(
        floor.opened(1, list_id, first),
        floor.opened(2, list_id, first + 1),
        outrun(1, me),
        outrun(2, me, alerting_at=NOON_S + 2),
    )

    assert customer_row(floor, first) == (1, "", 0, 0)
    assert customer_row(floor, first + 1) == (1, "", 1, 0)
    (today,) = lists.today(floor.store, DAY)
    assert (today.attempts, today.answered, today.abandoned) == (2, 0, 0)
    assert history.of_customer(floor.store, floor.tenant, first) == []
    ledger = abandons.ledger(floor.store, floor.tenant, Wanted(from_day=DAY, to_day=DAY))
    assert (ledger.count, ledger.cut) == (0, 1)
    day = call_days.of_user(floor.store, floor.tenant, me, since_at=NOON_MS - 1)
    assert (day.calls, day.connects) == (2, 0)
    assert compare.compare(floor.store) == []


def test_a_second_answer_is_a_call_of_the_operator_and_not_his_connect(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(1)
    customer = floor.first_customer(list_id)
    floor.write(
        floor.opened(1, list_id, customer),
        answered(1, floor.operator),
        ended(1, "96"),
        floor.entry(1, list_id, customer, "96", user=floor.operator),
    )

    day = call_days.of_user(floor.store, floor.tenant, floor.operator, since_at=NOON_MS - 1)
    assert (day.calls, day.connects) == (1, 0)
    (today,) = lists.today(floor.store, DAY)
    assert (today.answered, today.abandoned) == (1, 1)


def test_a_code_taken_back_is_replaced_everywhere(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(1)
    customer = floor.first_customer(list_id)

    floor.write(
        floor.opened(1, list_id, customer),
        ended(1, "07"),
        floor.entry(1, list_id, customer, "07", user=floor.operator),
    )
    assert blocked.check(floor.store, floor.tenant, number="0300000001", project_id=1, day=DAY) == "9a"
    floor.write(floor.entry(1, list_id, customer, "06", user=floor.operator))

    assert customer_row(floor, customer) == (0, "06", 1, 1)
    assert floor.store.value("SELECT count(*) FROM history") == 1
    assert blocked.check(floor.store, floor.tenant, number="0300000001", project_id=1, day=DAY) is None
    assert compare.compare(floor.store) == []


def test_a_refusal_settles_a_customer_but_an_interval_only_holds_it(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(2)
    first = floor.first_customer(list_id)
    base = {"tenant_id": floor.tenant, "project_id": floor.project, "list_id": list_id, "at": NOON_S}

    floor.write(
        *(
            events.SaveRefusal(customer_id=first + n, number="", code=code, **base)  # type: ignore[arg-type]
            for n, code in enumerate(("97", "95"))
        )
    )

    assert customer_row(floor, first) == (0, "97", 0, 1)
    assert customer_row(floor, first + 1) == (1, "", 0, 0)
    assert compare.compare(floor.store) == []


def test_one_mistaken_event_does_not_hold_up_the_others(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(2)
    first = floor.first_customer(list_id)

    done = floor.write(
        floor.opened(1, list_id, first),
        events.SaveInterval(
            kind="nonsense", tenant_id=1, seat_id=1, user_id=1, project_id=1, from_at=1.0, seconds=1.0
        ),
        floor.opened(2, list_id, first + 1),
    )

    assert [bool(one.refused) for one in done] == [False, True, False]
    assert floor.store.value("SELECT count(*) FROM attempt") == 2
    assert compare.compare(floor.store) == []


def test_a_full_disk_raises_an_alarm_and_loses_nothing(tmp_path: Path, mocker: MockerFixture) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(1)
    alarms: list[str] = []
    has_alarm, is_well = threading.Event(), threading.Event()

    def on_alarm(what: str) -> None:
        alarms.append(what)
        (has_alarm if what else is_well).set()

    full = mocker.patch.object(
        type(floor.store), "_take_lock", side_effect=DiskFull("The disk is full", remedy="Free space.")
    )
    running = writer.Writer(floor.store, on_alarm=on_alarm)
    running.start()
    running.submit(floor.opened(1, list_id, floor.first_customer(list_id)))
    assert has_alarm.wait(BOUND_S)
    mocker.stop(full)

    assert is_well.wait(BOUND_S)
    assert running.close()
    assert "disk is full" in alarms[0]
    assert floor.store.value("SELECT count(*) FROM attempt") == 1
    assert running.lost_events == 0


def test_the_drivers_full_disk_becomes_ours(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    pages = floor.store.value("PRAGMA page_count")
    floor.store.value(f"PRAGMA max_page_count = {pages}")

    def fill() -> None:
        with floor.store.transaction():
            for number in range(5_000):
                floor.store.insert("setting", tenant_id=1, name=f"{number}", value="x" * 500)

    with pytest.raises(DiskFull, match="The disk is full"):
        fill()

    assert floor.store.value("SELECT count(*) FROM setting") == 0


def test_the_queue_is_bounded_and_says_so(tmp_path: Path, mocker: MockerFixture) -> None:
    floor = make_floor(tmp_path)
    mocker.patch.object(writer, "QUEUE_MAX", 2)
    idle = writer.Writer(floor.store)
    event = events.SaveSeat(seat_id=1)
    idle.submit(event)
    idle.submit(event)

    with pytest.raises(StoreError, match="one was lost"):
        idle.submit(event)

    assert idle.lost_events == 1


def test_a_start_disposes_what_a_crash_left_open(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(3)
    first = floor.first_customer(list_id)
    floor.write(*(floor.opened(n + 1, list_id, first + n) for n in range(3)), answered(2), ended(3, "94"))

    found = attempts.recover(floor.store)

    assert (found.given_back, [one.id for one in found.interrupted], found.completed) == (1, [2], 1)
    assert customer_row(floor, first) == (1, "", 1, 0)
    assert customer_row(floor, first + 1) == (0, "", 1, 1)
    assert customer_row(floor, first + 2) == (0, "94", 1, 1)
    assert [one.id for one in attempts.interrupted(floor.store, floor.tenant)] == [2]
    assert attempts.recover(floor.store) == attempts.Recovery(given_back=0, interrupted=(), completed=0)
    assert compare.compare(floor.store) == []


@pytest.mark.parametrize("is_again", [True, False])
def test_the_manager_decides_about_an_interrupted_conversation(tmp_path: Path, is_again: bool) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(1)
    first = floor.first_customer(list_id)
    floor.write(floor.opened(1, list_id, first), answered(1, floor.operator))
    attempts.recover(floor.store)

    entry = history.of_customer(floor.store, floor.tenant, first)[0]
    assert (entry.code, entry.attempt_id, entry.user_id) == ("", 1, floor.operator)
    if is_again:
        attempts.make_callable_again(floor.store, floor.tenant, 1)
    else:
        history.edit(
            floor.store, floor.tenant, entry.id, code="06", memo="", editor_id=floor.manager, at=NOON_MS
        )

    assert customer_row(floor, first) == ((1, "", 1, 1) if is_again else (0, "06", 1, 1))
    assert attempts.interrupted(floor.store, floor.tenant) == []
    assert compare.compare(floor.store) == []


def test_edits_and_notes_take_their_counters_along(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(2)
    first = floor.first_customer(list_id)
    floor.write(floor.opened(1, list_id, first), ended(1, "94"), floor.entry(1, list_id, first, "94"))
    line = history.of_customer(floor.store, floor.tenant, first)[0]

    history.edit(
        floor.store, floor.tenant, line.id, code="06", memo="夕方に", editor_id=floor.manager, at=NOON_MS + 1
    )
    history.add_note(
        floor.store, floor.tenant, first + 1, user_id=floor.operator, code="05", memo="来店", at=NOON_MS
    )

    assert customer_row(floor, first)[1] == "06"
    assert customer_row(floor, first + 1) == (0, "05", 0, 1)
    page = history.search(floor.store, floor.tenant, history.Filter(text="夕方"))
    assert (page.count, page.lines[0].code) == (1, "06")
    assert history.search(floor.store, floor.tenant, history.Filter(text="3-0000-0002")).count == 1
    assert history.search(floor.store, floor.tenant + 1, history.Filter()).count == 0
    assert compare.compare(floor.store) == []


def test_a_counter_that_differs_is_named_and_put_right(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(2)
    first = floor.first_customer(list_id)
    floor.write(floor.opened(1, list_id, first), ended(1, "94"), floor.entry(1, list_id, first, "94"))
    floor.store.run("UPDATE hour_counter SET entries = entries + 5 WHERE code = '94'")
    floor.store.run("DELETE FROM list_counter WHERE code = '94'")

    found = compare.compare(floor.store, from_day=DAY)
    compare.repair(floor.store, found)

    assert sorted(one.table for one in found) == ["hour_counter", "list_counter"]
    assert compare.compare(floor.store) == []


def test_what_a_stop_cut_off_is_counted_and_its_entries_found(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(3)
    first = floor.first_customer(list_id)
    floor.write(*(floor.opened(n + 1, list_id, first + n) for n in range(3)), answered(2), ended(3, "94"))
    nothing = attempts.CutOff(calls=0, answered=0, last_at=0)
    assert attempts.cut_off(floor.store, floor.tenant, since=0) == nothing

    attempts.recover(floor.store)

    found = attempts.cut_off(floor.store, floor.tenant, since=0)
    assert (found.calls, found.answered) == (2, 1)
    cut = attempts.get(floor.store, floor.tenant, 2)
    assert cut is not None
    assert found.last_at == max(cut.answered_at, cut.opened_at)
    assert attempts.cut_off(floor.store, floor.tenant, since=found.last_at + 1) == nothing
    assert attempts.cut_off(floor.store, floor.tenant + 1, since=0) == nothing
    entries = history.search(floor.store, floor.tenant, history.Filter(is_cut_off=True))
    assert [line.attempt_id for line in entries.lines] == [2]
