"""見込・再コール: who comes in, which box, whose, what is due, and what keeps a promise or only tries it."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import BadInput
from appliance.store import call_settings, compare, events, history, recall_boxes, recalls, users
from appliance.store.promise import TRIES_MAX, Contact, retry_at, verdicts
from tests.store_help import NOON_MS, NOON_S, PASSWORD, Floor, make_floor

MINUTE = 60_000
HOUR = 60 * MINUTE


def contact(key: int, at: int, code: str, *, due: int = 0, closed: int = 0) -> Contact:
    return Contact(key, at, code, code in ("01", "05", "06"), due, closed)


@pytest.mark.parametrize(
    ("code", "due", "expected"),
    [("06", 0, True), ("05", 0, True), ("01", 9, True), ("01", 0, False), ("94", 0, False), ("", 9, True)],
)
def test_a_contact_promises_by_its_code_or_by_a_time(code: str, due: int, expected: bool) -> None:
    assert verdicts([contact(1, 10, code, due=due)])[1].is_promise is expected


def test_a_talk_keeps_a_promise_and_tries_are_counted_until_then() -> None:
    found = verdicts(
        [contact(1, 10, "06", due=50), contact(0, 50, "94"), contact(0, 60, "02"), contact(0, 70, "01")]
    )

    assert (found[1].tries, found[1].tried_at, found[1].tried_code) == (2, 60, "02")
    assert (found[1].done_at, found[1].done_code, found[1].done_reason) == (70, "01", "kept")


@pytest.mark.parametrize(
    ("later", "reason"),
    [
        (contact(0, 20, "91"), "hopeless"),
        (contact(0, 20, "9a"), "hopeless"),
        (contact(2, 20, "02", due=90), "replaced"),
        (contact(2, 20, "06"), "kept"),
        (contact(0, 20, "98"), ""),
        (contact(0, 20, ""), ""),
    ],
)
def test_what_ends_a_promise(later: Contact, reason: str) -> None:
    assert verdicts([contact(1, 10, "05"), later])[1].done_reason == reason


def test_a_promise_closed_by_hand_is_not_kept_again_by_a_later_talk() -> None:
    found = verdicts([contact(1, 10, "05", closed=15), contact(0, 20, "01")])[1]

    assert (found.done_at, found.done_reason) == (15, "hand")


@pytest.mark.parametrize(
    ("tries", "code", "minutes"),
    [(1, "93", 3), (2, "93", 5), (1, "94", 10), (3, "94", 60), (4, "02", 120), (4, "90", 60)],
)
def test_a_promise_is_tried_again_by_the_table(tries: int, code: str, minutes: int) -> None:
    assert retry_at(tries, 1_000, code) == 1_000 + minutes * MINUTE


def test_a_promise_is_not_tried_for_ever_nor_after_a_talk_without_result() -> None:
    assert retry_at(0, 0, "") == 0
    assert retry_at(TRIES_MAX, 1_000, "94") is None
    assert retry_at(1, 1_000, "98") is None


def talk(floor: Floor, attempt: int, customer: int, code: str, *, minutes: int = 0, user: int = 0) -> None:
    """One attempt with its entry, `minutes` after noon."""
    list_id = int(floor.store.value("SELECT list_id FROM customer WHERE id = ?", (customer,)))
    at = NOON_S + minutes * 60
    floor.write(
        floor.opened(attempt, list_id, customer),
        events.SaveAttempt(
            attempt_id=attempt, setup_at=at, cleared_at=at + 9, cause=16, result=code, end="result"
        ),
        floor.entry(attempt, list_id, customer, code, user=user or floor.operator, at=at),
    )


def make(tmp_path: Path, customers: int = 3) -> tuple[Floor, list[int]]:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(customers)
    first = floor.first_customer(list_id)
    return floor, list(range(first, first + customers))


def boxes(floor: Floor, *, at: int = NOON_MS, user: int = 0, done_since: int = 0) -> dict[str, list[int]]:
    return {
        which: [
            line.customer_id
            for line in recall_boxes.box(
                floor.store, floor.tenant, which, at=at, user_id=user, done_since=done_since
            ).lines
        ]
        for which in recall_boxes.BOXES
    }


def test_code_or_time_brings_a_customer_in_and_a_successor_or_level_alone_does_not(tmp_path: Path) -> None:
    floor, (one, two, three) = make(tmp_path)
    talk(floor, 1, one, "06")
    talk(floor, 2, two, "01")
    talk(floor, 3, three, "01")
    recalls.wish(
        floor.store,
        floor.tenant,
        two,
        user_id=floor.operator,
        at=NOON_MS,
        attempt_id=2,
        level="A",
        successor_id=floor.manager,
    )
    recalls.wish(
        floor.store,
        floor.tenant,
        three,
        user_id=floor.operator,
        at=NOON_MS,
        attempt_id=3,
        due_at=NOON_MS + HOUR,
    )

    assert boxes(floor) == {"past": [], "future": [three], "free": [one]}
    assert boxes(floor, at=NOON_MS + 2 * HOUR) == {"past": [three], "future": [], "free": [one]}
    assert [found.level for found in recalls.agreed(floor.store, floor.tenant, two)] == ["A"]


def test_a_wish_written_before_its_entry_is_joined_to_it(tmp_path: Path) -> None:
    floor, (one, *_) = make(tmp_path)
    recalls.wish(
        floor.store,
        floor.tenant,
        one,
        user_id=floor.operator,
        at=NOON_MS,
        attempt_id=1,
        due_at=NOON_MS + HOUR,
        memo="奥様が戻ったら",
    )
    assert boxes(floor)["future"] == [one], "it stands before the dialer has written the entry"

    talk(floor, 1, one, "06")

    line = recall_boxes.box(floor.store, floor.tenant, "future", at=NOON_MS).lines[0]
    assert (line.code, line.code_name, line.memo, line.owner_name) == (
        "06",
        "見込",
        "奥様が戻ったら",
        "田中 一郎",
    )
    assert recalls.agreed(floor.store, floor.tenant, one)[0].history_id > 0


def test_boxes_are_of_the_successor_else_of_the_author_and_of_everybody_for_managers(tmp_path: Path) -> None:
    floor, (one, two, _) = make(tmp_path)
    for attempt, customer, successor in ((1, one, 0), (2, two, floor.manager)):
        talk(floor, attempt, customer, "05")
        recalls.wish(
            floor.store,
            floor.tenant,
            customer,
            user_id=floor.operator,
            at=NOON_MS,
            attempt_id=attempt,
            successor_id=successor,
        )

    assert sorted(boxes(floor, user=floor.operator)["free"]) == [one]
    assert sorted(boxes(floor, user=floor.manager)["free"]) == [two]
    assert sorted(boxes(floor)["free"]) == [one, two]
    assert recall_boxes.counts(floor.store, floor.tenant, at=NOON_MS) == recall_boxes.Counts(
        past=0, future=0, free=2
    )
    assert recall_boxes.counts(floor.store, floor.tenant, at=NOON_MS, list_ids=()).free == 0


def promised(floor: Floor, attempt: int, customer: int, minutes: int, successor: int = 0) -> None:
    talk(floor, attempt, customer, "05")
    recalls.wish(
        floor.store,
        floor.tenant,
        customer,
        user_id=floor.operator,
        at=NOON_MS,
        attempt_id=attempt,
        due_at=NOON_MS + minutes * MINUTE,
        successor_id=successor,
    )


def test_the_dialer_is_told_what_is_due_for_whom_and_when_for_anyone(tmp_path: Path) -> None:
    floor, (one, two, three) = make(tmp_path)
    promised(floor, 1, one, 5)
    promised(floor, 2, two, 8, floor.manager)
    promised(floor, 3, three, 60)

    found = recalls.due(floor.store, at=NOON_MS, within_ms=10 * MINUTE)
    assert [(due.customer_id, due.user_id, due.anyone_at) for due in found] == [
        (one, floor.operator, NOON_MS + 20 * MINUTE),
        (two, floor.manager, NOON_MS + 23 * MINUTE),
    ]
    assert (found[0].number, found[0].due_at) == ("0300000001", NOON_MS + 5 * MINUTE)
    project_id = found[0].project_id
    call_settings.change(
        floor.store, floor.tenant, project_id, user_id=floor.manager, at=NOON_MS, recall_wait_min=3
    )
    later = recalls.due(floor.store, at=NOON_MS, within_ms=10 * MINUTE)
    assert [due.anyone_at - due.due_at for due in later] == [3 * MINUTE, 3 * MINUTE]


def test_a_try_that_reached_nobody_waits_and_a_talk_without_result_is_not_called_again(
    tmp_path: Path,
) -> None:
    floor, (one, two, _) = make(tmp_path)
    promised(floor, 1, one, 0)
    promised(floor, 2, two, 0)
    talk(floor, 3, one, "94", minutes=2)
    talk(floor, 4, two, "98", minutes=2)

    def due(minutes: int) -> list[tuple[int, int]]:
        found = recalls.due(floor.store, at=NOON_MS + minutes * MINUTE, within_ms=0)
        return [(row.customer_id, row.tries) for row in found]

    assert due(5) == []
    assert due(13) == [(one, 1)]
    assert sorted(boxes(floor)["past"]) == [one, two], "both still stand for the people"


def test_a_customer_being_called_or_in_a_list_that_is_off_is_not_offered(tmp_path: Path) -> None:
    floor, (one, two, _) = make(tmp_path)
    promised(floor, 1, one, 0)
    promised(floor, 2, two, 0)
    list_id = int(floor.store.value("SELECT list_id FROM customer WHERE id = ?", (one,)))
    floor.write(floor.opened(3, list_id, one))

    assert [row.customer_id for row in recalls.due(floor.store, at=NOON_MS, within_ms=MINUTE)] == [two]
    floor.store.update("list", list_id, is_enabled=0)
    assert recalls.due(floor.store, at=NOON_MS, within_ms=MINUTE) == ()


def test_a_retired_persons_promise_is_for_anyone_and_keeps_his_name(tmp_path: Path) -> None:
    floor, (one, *_) = make(tmp_path)
    promised(floor, 1, one, 0)
    users.retire(floor.store, floor.tenant, floor.operator, at=NOON_MS)

    found = recalls.due(floor.store, at=NOON_MS, within_ms=0)[0]
    assert (found.user_id, found.anyone_at) == (0, found.due_at)
    assert recall_boxes.box(floor.store, floor.tenant, "past", at=NOON_MS).lines[0].owner_name == "田中 一郎"


def test_done_ones_stay_grey_and_a_code_put_right_opens_them_again(tmp_path: Path) -> None:
    floor, (one, *_) = make(tmp_path)
    promised(floor, 1, one, 0)
    talk(floor, 2, one, "01", minutes=3)

    assert boxes(floor)["past"] == []
    line = recall_boxes.box(floor.store, floor.tenant, "past", at=NOON_MS, done_since=1).lines[0]
    assert (line.done_reason, line.done_name) == ("kept", "成約")
    entry = history.of_customer(floor.store, floor.tenant, one)[0]
    history.edit(
        floor.store, floor.tenant, entry.id, code="02", memo="", editor_id=floor.manager, at=NOON_MS + HOUR
    )
    assert boxes(floor)["past"] == [one], "nobody was reached after all"


def test_closed_by_hand_and_opened_again(tmp_path: Path) -> None:
    floor, (one, *_) = make(tmp_path)
    promised(floor, 1, one, 0)
    recall_id = recall_boxes.box(floor.store, floor.tenant, "past", at=NOON_MS).lines[0].id

    recalls.close(floor.store, floor.tenant, recall_id, by=floor.operator, at=NOON_MS + MINUTE)
    assert boxes(floor)["past"] == []
    with pytest.raises(BadInput):
        recalls.close(floor.store, floor.tenant, recall_id, by=floor.operator, at=NOON_MS + MINUTE)
    recalls.reopen(floor.store, floor.tenant, recall_id)
    assert boxes(floor)["past"] == [one]
    with pytest.raises(BadInput):
        recalls.close(floor.store, floor.tenant + 1, recall_id, by=floor.operator, at=NOON_MS)


def test_a_stranger_cannot_be_the_successor(tmp_path: Path) -> None:
    floor, (one, *_) = make(tmp_path)
    other = users.create_tenant(floor.store, entry_code="b", name="別", at=NOON_MS)
    stranger = users.create(
        floor.store, other, login_name="x", name="よその人", role="OP", password=PASSWORD, at=NOON_MS
    )
    with pytest.raises(BadInput):
        recalls.wish(
            floor.store,
            floor.tenant,
            one,
            user_id=floor.operator,
            at=NOON_MS,
            attempt_id=1,
            successor_id=stranger,
        )
    with pytest.raises(BadInput):
        recalls.wish(floor.store, other, one, user_id=stranger, at=NOON_MS, attempt_id=1)


def test_another_customers_attempt_is_refused(tmp_path: Path) -> None:
    floor, (one, two, _) = make(tmp_path)
    list_id = int(floor.store.value("SELECT list_id FROM customer WHERE id = ?", (one,)))
    floor.write(floor.opened(1, list_id, one))
    with pytest.raises(BadInput):
        recalls.wish(
            floor.store, floor.tenant, two, user_id=floor.operator, at=NOON_MS, attempt_id=1, due_at=9
        )
    floor.write(floor.entry(1, list_id, one, "06", user=floor.operator))
    assert boxes(floor)["free"] == [one]


def test_a_number_forbidden_since_ends_the_promise(tmp_path: Path) -> None:
    floor, (one, *_) = make(tmp_path)
    promised(floor, 1, one, 0)
    list_id = int(floor.store.value("SELECT list_id FROM customer WHERE id = ?", (one,)))
    floor.write(
        events.SaveRefusal(
            tenant_id=floor.tenant,
            project_id=floor.project,
            list_id=list_id,
            customer_id=one,
            number="0300000001",
            code="9a",
            at=NOON_S + 60,
        )
    )

    line = recall_boxes.box(floor.store, floor.tenant, "past", at=NOON_MS, done_since=1).lines[0]
    assert (line.done_reason, line.done_name) == ("hopeless", "発信禁止")
    assert compare.compare(floor.store) == []
