"""Manual calls in the store: kept, counted, with a memo; of no customer, and found by no search."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import BadInput
from appliance.store import attempts, blocked, compare, events, history, manual_calls
from tests.store_help import NOON_MS, NOON_S, Floor, make_floor

NUMBER = "0355550001"


def call(floor: Floor, attempt: int = 1) -> events.OpenAttempt:
    return events.OpenAttempt(
        attempt_id=attempt, tenant_id=floor.tenant, project_id=floor.project, list_id=0, customer_id=0,
        number=NUMBER, caller="0344305356", opened_at=NOON_S, seat_id=1, user_id=floor.operator,
        kind="manual",
    )  # fmt: skip


def talk(floor: Floor, attempt: int = 1, code: str = "01") -> list[events.Event]:
    return [
        call(floor, attempt),
        events.SaveAttempt(
            attempt_id=attempt, user_id=floor.operator, setup_at=NOON_S, answered_at=NOON_S + 5,
            connected_at=NOON_S + 5,
        ),
        events.SaveHistory(
            attempt_id=attempt, tenant_id=floor.tenant, project_id=floor.project, list_id=0, customer_id=0,
            number=NUMBER, code=code, at=NOON_S + 60, user_id=floor.operator, talk_s=50.0,
        ),
        events.SaveAttempt(attempt_id=attempt, cleared_at=NOON_S + 55, result=code, end="result"),
    ]  # fmt: skip


def test_it_is_kept_with_its_memo_and_no_search_finds_it(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    floor.write(*talk(floor))
    manual_calls.keep_memo(
        floor.store, floor.tenant, 1, user_id=floor.operator, memo=" 本社へ確認 ", at=NOON_MS
    )

    found = manual_calls.of_user(floor.store, floor.tenant, floor.operator, since=NOON_MS)
    assert [(one.number, one.code, one.memo) for one in found] == [(NUMBER, "01", "本社へ確認")]
    for text in ("", NUMBER, "本社"):
        assert history.search(floor.store, floor.tenant, history.Filter(text=text)).count == 0, text
    assert manual_calls.of_user(floor.store, floor.tenant, floor.operator, since=NOON_MS + 1) == []
    assert manual_calls.of_user(floor.store, floor.tenant, floor.manager, since=0) == []


def test_a_memo_written_in_the_talk_waits_for_its_entry(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    opened, *rest = talk(floor)
    floor.write(opened)
    manual_calls.keep_memo(floor.store, floor.tenant, 1, user_id=floor.operator, memo="メモ", at=NOON_MS)
    assert manual_calls.of_user(floor.store, floor.tenant, floor.operator, since=0)[0].memo == "メモ"
    floor.write(*rest)

    assert floor.store.value("SELECT memo FROM history WHERE attempt_id = 1") == "メモ"


def test_a_memo_belongs_to_ones_own_manual_call(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(1)
    floor.write(call(floor), floor.opened(2, list_id, floor.first_customer(list_id)))

    for attempt, user in ((1, floor.manager), (2, floor.operator), (3, floor.operator)):
        with pytest.raises(BadInput):
            manual_calls.keep_memo(floor.store, floor.tenant, attempt, user_id=user, memo="x", at=NOON_MS)


def test_it_counts_as_a_call_and_its_code_as_any(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    floor.write(*talk(floor))

    found = floor.store.tuples(
        "SELECT sum(attempts), sum(answered), sum(entries) FROM hour_counter WHERE user_id = ?",
        (floor.operator,),
    )
    assert found == [(1, 1, 1)]
    assert compare.compare(floor.store) == []


def test_a_blocked_number_is_not_opened_and_a_crash_leaves_no_customer_behind(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    blocked.add(floor.store, floor.tenant, number=NUMBER, kind="forbid", at=NOON_MS)
    assert [done.refused for done in floor.write(call(floor))] == ["9a"]

    floor.store.run("UPDATE blocked_number SET released_at = 1")
    floor.write(call(floor, 2))
    assert attempts.recover(floor.store).given_back == 1
    found = attempts.get(floor.store, floor.tenant, 2)
    assert found is not None
    assert (found.kind, found.end) == ("manual", "interrupted")
