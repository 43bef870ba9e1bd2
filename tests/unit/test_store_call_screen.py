"""What the call screen keeps: locks, drafts, entry details, attributes, edits, queues, the day's counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from appliance.errors import BadInput
from appliance.store import (
    attributes,
    call_days,
    call_queues,
    call_settings,
    customer_edits,
    customers,
    details,
    drafts,
    events,
    history,
    screen_locks,
    selection,
    sessions,
    users,
)
from appliance.store.details import Typed
from tests.store_help import NOON_MS, NOON_S, PASSWORD, Floor, make_floor


def person(floor: Floor, name: str) -> int:
    return users.create(
        floor.store, floor.tenant, login_name=name, name=name, role="OP", password=PASSWORD, at=NOON_MS
    )


def session(floor: Floor, user: int) -> tuple[str, str]:
    token, _ = sessions.start(floor.store, floor.tenant, user, address="127.0.0.1", at=NOON_MS)
    return token, screen_locks.session_hash(token)


def take(
    floor: Floor, user: int, customer: int, *, at: int = NOON_MS, is_talking: bool = False
) -> screen_locks.Holder | None:
    _, known = session(floor, user)
    return screen_locks.take(
        floor.store, floor.tenant, customer, user_id=user, session=known, at=at, is_talking=is_talking
    )


# --- locks ----------------------------------------------------------------------------------------------


def test_a_second_person_reads_who_has_the_customer(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    customer = floor.first_customer(floor.make_list(2))
    other = person(floor, "佐藤")

    assert take(floor, other, customer) is None
    held = take(floor, floor.operator, customer)
    assert held is not None
    assert held.user_name == "佐藤"

    screen_locks.release(floor.store, floor.tenant, user_id=other, customer_id=customer)
    assert take(floor, floor.operator, customer) is None


def test_the_same_person_takes_it_along_to_another_pc(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    customer = floor.first_customer(floor.make_list(1))
    assert take(floor, floor.operator, customer) is None
    assert take(floor, floor.operator, customer, at=NOON_MS + 5) is None
    held = screen_locks.holder(floor.store, floor.tenant, customer, at=NOON_MS + 6)
    assert held is not None
    assert held.opened_at == NOON_MS


def test_a_person_has_one_customer_open(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    first = floor.first_customer(floor.make_list(2))
    take(floor, floor.operator, first)
    take(floor, floor.operator, first + 1)
    assert screen_locks.holder(floor.store, floor.tenant, first, at=NOON_MS) is None


def test_a_lock_ends_with_its_session_and_with_silence(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    customer = floor.first_customer(floor.make_list(1))
    token, known = session(floor, floor.operator)
    screen_locks.take(floor.store, floor.tenant, customer, user_id=floor.operator, session=known, at=NOON_MS)
    late = NOON_MS + screen_locks.SILENCE_MAX_MS
    assert screen_locks.holder(floor.store, floor.tenant, customer, at=late - 1) is not None
    assert screen_locks.holder(floor.store, floor.tenant, customer, at=late) is None
    assert screen_locks.beat(floor.store, floor.tenant, customer, user_id=floor.operator, at=late)
    assert screen_locks.holder(floor.store, floor.tenant, customer, at=late) is not None

    sessions.end(floor.store, token)
    assert screen_locks.holder(floor.store, floor.tenant, customer, at=late) is None
    assert not screen_locks.beat(floor.store, floor.tenant, customer, user_id=floor.operator, at=late)


def test_a_connected_call_goes_before_an_open_page(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    customer = floor.first_customer(floor.make_list(1))
    take(floor, person(floor, "佐藤"), customer)
    assert take(floor, floor.operator, customer, is_talking=True) is None


def test_an_open_customer_is_not_dialled_by_the_machine(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    for order in ("id", "random"):
        list_id = floor.make_list(3, name=order, order=order)
        first = floor.first_customer(list_id)
        take(floor, floor.operator, first)
        batch = selection.next_customers(floor.store, list_id, at=NOON_MS)
        assert {offer.customer_id for offer in batch.customers} == {first + 1, first + 2}
        late = selection.next_customers(floor.store, list_id, at=NOON_MS + screen_locks.SILENCE_MAX_MS)
        assert len(late.customers) == 3


def test_an_attempt_at_a_customer_somebody_has_open_is_refused(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(1)
    customer = floor.first_customer(list_id)
    take(floor, floor.operator, customer)
    done = floor.write(floor.opened(1, list_id, customer))
    assert [committed.refused for committed in done] == ["busy"]


# --- drafts ---------------------------------------------------------------------------------------------


def test_a_draft_begun_before_the_call_becomes_the_calls(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    customer = floor.first_customer(floor.make_list(1))

    def put(attempt: int, text: str) -> None:
        drafts.save(floor.store, floor.tenant, floor.operator, customer, attempt, content=text, at=NOON_MS)

    def find(attempt: int, user: int = floor.operator) -> drafts.Draft | None:
        return drafts.find(floor.store, floor.tenant, user, customer, attempt)

    put(0, "before")
    found = find(7)
    assert found is not None
    assert found.content == "before"
    put(7, "in the call")
    assert [draft.attempt_id for draft in drafts.of_user(floor.store, floor.tenant, floor.operator)] == [7]
    assert find(8) is None
    assert find(7, floor.manager) is None

    drafts.remove(floor.store, floor.tenant, floor.operator, customer, 7)
    assert find(7) is None


def test_a_draft_is_bounded_and_of_the_tenant(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    customer = floor.first_customer(floor.make_list(1))
    with pytest.raises(BadInput, match="長すぎます"):
        drafts.save(
            floor.store, floor.tenant, floor.operator, customer, 0,
            content="x" * (drafts.CONTENT_MAX + 1), at=NOON_MS,
        )  # fmt: skip
    with pytest.raises(BadInput, match="顧客"):
        drafts.save(floor.store, floor.tenant + 1, floor.operator, customer, 0, content="", at=NOON_MS)
    drafts.save(floor.store, floor.tenant, floor.operator, customer, 0, content="{}", at=NOON_MS)
    assert drafts.sweep(floor.store, at=NOON_MS + drafts.KEEP_MS + 1) == 1


# --- details --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_detail_first", [True, False])
def test_the_memo_stands_in_the_entry_whichever_comes_first(tmp_path: Path, is_detail_first: bool) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(1)
    customer = floor.first_customer(list_id)

    def detail() -> None:
        details.save(
            floor.store, floor.tenant, 1, customer, Typed(memo="夕方に"), user_id=floor.operator, at=NOON_MS
        )

    floor.write(floor.opened(1, list_id, customer))
    if is_detail_first:
        detail()
    floor.write(floor.entry(1, list_id, customer, "06", user=floor.operator))
    if not is_detail_first:
        detail()
    found = history.of_customer(floor.store, floor.tenant, customer)
    assert [(line.code, line.memo) for line in found] == [("06", "夕方に")]

    history.edit(
        floor.store, floor.tenant, found[0].id, code="06", memo="直した", editor_id=1, at=NOON_MS + 9
    )
    detail()
    assert history.of_customer(floor.store, floor.tenant, customer)[0].memo == "直した"


def test_a_detail_is_whole_or_not_there(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    customer = floor.first_customer(floor.make_list(1))
    level = call_settings.add_level(floor.store, floor.tenant, floor.project, name="A")
    plan = attributes.add(
        floor.store, floor.tenant, floor.project, target="result", kind="radio", name="回線",
        choices=("光", "ADSL"),
    )  # fmt: skip

    def save(**typed: object) -> None:
        details.save(
            floor.store, floor.tenant, 5, customer, Typed(**typed), user_id=floor.operator, at=NOON_MS  # type: ignore[arg-type]  # by name
        )  # fmt: skip

    save(memo=" 済 ", level_id=level, successor_id=floor.manager, due_at=99, of_result={plan: "光"})
    for wrong in ({"level_id": 999}, {"successor_id": 999}, {"of_result": {plan: "電波"}}):
        with pytest.raises(BadInput):
            save(memo="壊れた", **wrong)
    found = details.get(floor.store, floor.tenant, 5)
    assert found is not None
    assert (found.memo, found.level_id, found.successor_id, found.due_at) == (
        "済",
        level,
        floor.manager,
        99,
    )
    assert attributes.of_attempt(floor.store, floor.tenant, 5) == {plan: "光"}
    assert details.get(floor.store, floor.tenant + 1, 5) is None


# --- attributes -----------------------------------------------------------------------------------------


def test_attributes_keep_known_choices_in_their_order(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    customer = floor.first_customer(floor.make_list(1))
    made = attributes.add(
        floor.store, floor.tenant, floor.project, target="customer", kind="check", name="関心",
        choices=("光", "電気", "ガス", "光"),
    )  # fmt: skip

    def put(value: str) -> None:
        attributes.save(
            floor.store, floor.tenant, floor.project, "customer", customer, {made: value, 999: "x"}
        )

    put("ガス\n光")
    assert attributes.of_customer(floor.store, floor.tenant, customer) == {made: "光\nガス"}
    put("")
    assert attributes.of_customer(floor.store, floor.tenant, customer) == {}
    attributes.retire(floor.store, floor.tenant, floor.project, made, at=NOON_MS)
    assert attributes.every(floor.store, floor.tenant, floor.project, "customer") == []


@pytest.mark.parametrize(
    ("kind", "name", "choices"),
    [("radio", "", ("a",)), ("radio", "回線", ()), ("select", "回線", ("x" * 31,)), ("text", "同じ", ())],
)
def test_an_attribute_without_sense_is_refused(
    tmp_path: Path, kind: str, name: str, choices: tuple[str, ...]
) -> None:
    floor = make_floor(tmp_path)

    def add(kind: Any, name: str, choices: tuple[str, ...]) -> int:
        return attributes.add(
            floor.store, floor.tenant, floor.project, target="result", kind=kind, name=name, choices=choices
        )

    add("text", "同じ", ())
    with pytest.raises(BadInput):
        add(kind, name, choices)


# --- edits and numbers ----------------------------------------------------------------------------------


def test_fields_change_with_who_and_when_and_the_number_never(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    customer = floor.first_customer(floor.make_list(1))

    def change(values: dict[str, str]) -> list[str]:
        return customer_edits.change(
            floor.store, floor.tenant, customer, values, user_id=floor.operator, at=NOON_MS
        )

    assert change({"氏名": "見本 花子", "電話番号": "0300000001"}) == ["氏名"]
    found = customers.get(floor.store, floor.tenant, customer)
    assert found is not None
    assert (found.name, found.number) == ("見本 花子", "0300000001")
    assert customers.fields(floor.store, floor.tenant, customer)[1] == ("氏名", "見本 花子")

    for wrong in ({"電話番号": "0399999999"}, {"氏名": "だれか", "住所": "東京"}):
        with pytest.raises(BadInput):
            change(wrong)
    kept = customer_edits.every(floor.store, floor.tenant, customer)
    assert [(edit.user_name, edit.field, edit.before, edit.after) for edit in kept] == [
        ("田中 一郎", "氏名", "見本1", "見本 花子")
    ]


def test_numbers_are_added_changed_and_taken_away(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    customer = floor.first_customer(floor.make_list(1))
    who = {"user_id": floor.operator, "at": NOON_MS}
    made = customer_edits.add_number(
        floor.store, floor.tenant, customer, number="０９０-1234-5678", label="携帯", **who
    )
    with pytest.raises(BadInput, match="登録済み"):
        customer_edits.add_number(floor.store, floor.tenant, customer, number="0300000001", label="", **who)
    customer_edits.change_number(
        floor.store, floor.tenant, customer, made, number="090-1234-9999", label="携帯", **who
    )
    assert [row.number for row in customers.added_numbers(floor.store, floor.tenant, customer)] == [
        "09012349999"
    ]
    customer_edits.change_number(floor.store, floor.tenant, customer, made, number="", label="", **who)
    assert customers.added_numbers(floor.store, floor.tenant, customer) == []
    assert [edit.after for edit in customer_edits.every(floor.store, floor.tenant, customer)] == [
        "", "09012349999 携帯", "09012345678 携帯",
    ]  # fmt: skip


# --- queues ---------------------------------------------------------------------------------------------


def test_a_lists_queue_follows_its_order_past_what_others_have_open(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(3)
    first = floor.first_customer(list_id)
    take(floor, person(floor, "佐藤"), first + 1)
    assert call_queues.put_list(floor.store, floor.tenant, floor.operator, list_id, at=NOON_MS) == 2

    def next_one() -> int:
        return call_queues.advance(floor.store, floor.tenant, floor.operator, at=NOON_MS)

    assert [next_one(), next_one()] == [first, first + 2]
    queue = call_queues.get(floor.store, floor.tenant, floor.operator)
    assert queue is not None
    assert queue.left == 0
    assert next_one() == first  # nothing of it has been called: from the start again


def test_a_searchs_queue_ends(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    first = floor.first_customer(floor.make_list(3))
    call_queues.put(
        floor.store, floor.tenant, floor.operator, project_id=floor.project,
        customer_ids=[first + 2, first, first + 2, 999], title="2回目", at=NOON_MS,
    )  # fmt: skip

    def next_one() -> int:
        return call_queues.advance(floor.store, floor.tenant, floor.operator, at=NOON_MS)

    assert [next_one(), next_one(), next_one(), next_one()] == [first + 2, first, 0, 0]
    call_queues.clear(floor.store, floor.tenant, floor.operator)
    assert next_one() == 0


def dialled(floor: Floor, customer: int, **values: Any) -> list[Any]:
    """Opened for the operator and ended so; the attempt has the customer's number."""
    list_id = floor.store.value("SELECT list_id FROM customer WHERE id = ?", (customer,))
    opened = floor.opened(customer, list_id, customer)
    opened = msgspec.structs.replace(opened, user_id=floor.operator, seat_id=1)
    return [opened, events.SaveAttempt(attempt_id=customer, setup_at=NOON_S, seat_id=1, **values)]


def test_several_at_once_come_again_where_another_was_answered_first(tmp_path: Path) -> None:
    """Who did not ring at once, whose telephone rang at the end, who got a result or talks no more."""
    floor = make_floor(tmp_path)
    first = floor.first_customer(floor.make_list(7))
    where = (floor.store, floor.tenant, floor.operator)
    every = [first + number for number in range(7)]
    call_queues.put(*where, project_id=floor.project, customer_ids=every, title="", at=NOON_MS)

    ahead = call_queues.ahead(*where, 4, at=NOON_MS)
    assert list(ahead.ids) == every[:4]
    assert call_queues.ahead(*where, 4, at=NOON_MS) == ahead, "nobody is passed by before he is dialled"
    call_queues.pass_by(*where, ahead.place)
    floor.write(
        *dialled(floor, every[0], end="outrun", alerting_at=NOON_S + 2),
        *dialled(floor, every[1], answered_at=NOON_S + 5),
        *dialled(floor, every[2], end="outrun"),
        *dialled(floor, every[3], end="result", result="93"),
    )

    again = call_queues.ahead(*where, 3, at=NOON_MS)
    assert list(again.ids) == [every[2], every[4], every[5]]
    call_queues.pass_by(*where, again.place)
    last = call_queues.ahead(*where, 4, at=NOON_MS)
    assert every[0] in last.ids
    assert every[1] not in last.ids
    assert every[3] not in last.ids


# --- settings and counts --------------------------------------------------------------------------------


def test_settings_have_defaults_and_bounds(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    who = {"user_id": floor.manager, "at": NOON_MS}
    assert call_settings.get(floor.store, floor.tenant, floor.project).auto_call_s == 15
    call_settings.change(
        floor.store,
        floor.tenant,
        floor.project,
        script=" こんにちは\r\n ",
        auto_call_s=45,
        is_mode_free=True,
        **who,
    )
    with pytest.raises(BadInput):
        call_settings.change(floor.store, floor.tenant, floor.project, script="x", auto_call_s=46, **who)
    found = call_settings.get(floor.store, floor.tenant, floor.project)
    assert (found.script, found.auto_call_s, found.is_mode_free) == ("こんにちは", 45, 1)


def test_levels_are_retired_and_templates_removed(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    where = (floor.store, floor.tenant, floor.project)
    level = call_settings.add_level(*where, name="A")
    with pytest.raises(BadInput, match="すでに"):
        call_settings.add_level(*where, name=" A ")
    call_settings.retire_level(*where, level, at=NOON_MS)
    assert call_settings.levels(*where) == []
    assert [row.name for row in call_settings.levels(*where, with_retired=True)] == ["A"]
    made = call_settings.add_template(*where, name="", text="料金表を希望。\n折り返し")
    assert [row.name for row in call_settings.templates(*where)] == ["料金表を希望。"]
    call_settings.remove_template(*where, made)
    assert call_settings.templates(*where) == []


def test_the_day_counts_what_the_flags_say_across_lists(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    lists = [floor.make_list(3, name=name) for name in ("秋", "冬")]
    attempt = 0
    for list_id, codes in zip(lists, (("01", "02", "98"), ("06", "03")), strict=True):
        for place, code in enumerate(codes):
            attempt += 1
            customer = floor.first_customer(list_id) + place
            floor.write(
                floor.opened(attempt, list_id, customer),
                floor.entry(attempt, list_id, customer, code, user=floor.operator),
            )
    day = call_days.of_user(floor.store, floor.tenant, floor.operator, since_at=NOON_MS)
    assert (day.calls, day.connects, day.wins, day.uncoded) == (5, 3, 1, 1)
    tomorrow = call_days.of_user(floor.store, floor.tenant, floor.operator, since_at=NOON_MS + 86_400_000)
    assert (tomorrow.calls, tomorrow.connects) == (0, 0)


def test_entries_without_a_code_are_listed_and_leave_the_list_when_coded(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(3)
    first = floor.first_customer(list_id)
    for attempt, code in ((1, "98"), (2, "01"), (3, "")):
        customer = first + attempt - 1
        floor.write(
            floor.opened(attempt, list_id, customer),
            floor.entry(attempt, list_id, customer, code, user=floor.operator),
        )
    wanted = history.Filter(is_uncoded=True, user_id=floor.operator)
    found = history.search(floor.store, floor.tenant, wanted)
    assert {line.attempt_id for line in found.lines} == {1, 3}
    history.edit(
        floor.store, floor.tenant, found.lines[0].id, code="01", memo="", editor_id=floor.operator, at=NOON_MS
    )
    assert history.search(floor.store, floor.tenant, wanted).count == 1
