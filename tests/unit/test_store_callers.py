"""Calls that came in: whose they are, who calls, what is kept of them, and when a missed one is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appliance.errors import BadInput
from appliance.store import (
    attempts,
    call_days,
    compare,
    customers,
    events,
    history,
    incoming,
    incoming_routes,
    projects,
    record,
    seats,
    users,
)
from appliance.store.counters import Deltas
from appliance.store.incoming_checks import Wanted
from appliance.store.routing import Tier
from tests.store_help import NOON_MS, NOON_S, Floor, make_floor

CALLED = "0312345678"
CALLER = "0300000001"


@pytest.fixture
def floor(tmp_path: Path) -> Floor:
    made = make_floor(tmp_path)
    store = made.store
    projects.add_caller(store, made.tenant, made.project, number=CALLED, name="", is_main=True)
    seats.create(store, label="A-1", extension="201", password="secret-201")
    wanted = Wanted(
        name="昼", weekdays=127, tiers=(Tier(place=1, kind="ring", extensions=("201",), text="どうぞ"),)
    )
    incoming_routes.save(store, made.tenant, wanted, at=NOON_MS)
    made.make_list(2)
    return made


def write(floor: Floor, *happened: events.Event) -> None:
    with floor.store.transaction():
        deltas = Deltas(floor.store.zone)
        for event in happened:
            assert record.apply(floor.store, event, deltas) == ""
        deltas.flush(floor.store)


def call(floor: Floor, incoming_id: int = 1, **known: Any) -> events.SaveIncoming:
    facts: dict[str, Any] = {
        "called": CALLED, "caller": CALLER, "at": NOON_S, "span": 1, "channel": 3, "incoming_id": incoming_id,
        "tenant_id": floor.tenant, "project_id": floor.project,
    }  # fmt: skip
    return events.SaveIncoming(**(facts | known))


def taken(floor: Floor, customer_id: int, list_id: int) -> events.OpenIncoming:
    return events.OpenIncoming(
        attempt_id=50,
        tenant_id=floor.tenant,
        project_id=floor.project,
        list_id=list_id,
        customer_id=customer_id,
        number=CALLER,
        called=CALLED,
        opened_at=NOON_S,
        answered_at=NOON_S + 5,
        seat_id=1,
        user_id=floor.operator,
        span=1,
        channel=3,
    )


def entry(
    floor: Floor, customer_id: int, list_id: int, *, attempt_id: int = 50, talk_s: float = 20
) -> events.SaveHistory:
    return events.SaveHistory(
        attempt_id=attempt_id,
        tenant_id=floor.tenant,
        project_id=floor.project,
        list_id=list_id,
        customer_id=customer_id,
        number=CALLER,
        code="06",
        at=NOON_S + 60,
        user_id=floor.operator,
        talk_s=talk_s,
    )


def only_customer(floor: Floor) -> tuple[int, int]:
    """(customer, list) of the caller."""
    row = floor.store.tuples("SELECT id, list_id FROM customer WHERE number = ?", (CALLER,))[0]
    return int(row[0]), int(row[1])


# --- whose ----------------------------------------------------------------------------------------------


def test_the_route_the_project_and_the_customer_of_a_call(floor: Floor) -> None:
    customer_id, list_id = only_customer(floor)
    found = incoming.whose(floor.store, CALLED, CALLER, at=NOON_MS)
    assert (found.tenant_id, found.project_id, [tier.extensions for tier in found.tiers]) == (
        floor.tenant, floor.project, [("201",)],
    )  # fmt: skip
    assert (found.caller.customer_id, found.caller.list_id) == (customer_id, list_id)


def test_a_customer_is_known_by_a_number_that_was_added_to_him(floor: Floor) -> None:
    customer_id, _ = only_customer(floor)
    customers.add_number(
        floor.store, floor.tenant, customer_id, number="080-1111-2222", label="携帯", at=NOON_MS
    )
    assert incoming.whose(floor.store, CALLED, "08011112222", at=NOON_MS).caller.customer_id == customer_id


def test_of_several_the_one_called_last_calls(floor: Floor) -> None:
    newer = floor.make_list(1, name="冬")
    first, _ = only_customer(floor)
    assert incoming.whose(floor.store, CALLED, CALLER, at=NOON_MS).caller.list_id == newer
    floor.store.update("customer", first, last_called_at=NOON_MS)
    assert incoming.whose(floor.store, CALLED, CALLER, at=NOON_MS).caller.customer_id == first


def test_outside_its_hours_a_call_is_still_the_projects(floor: Floor) -> None:
    found = incoming.whose(floor.store, CALLED, "", at=NOON_MS + 9 * 3_600_000)
    assert (found.tenant_id, found.project_id, found.tiers) == (floor.tenant, floor.project, ())
    assert found.caller.customer_id == 0


def test_a_number_that_nobody_has_is_nobodys(floor: Floor) -> None:
    assert incoming.whose(floor.store, "0399990000", CALLER, at=NOON_MS).tenant_id == 0


def test_another_tenants_customer_is_not_known(floor: Floor) -> None:
    other = users.create_tenant(floor.store, entry_code="other", name="他社", at=NOON_MS)
    floor.store.run("UPDATE customer SET tenant_id = ?", (other,))
    assert incoming.whose(floor.store, CALLED, CALLER, at=NOON_MS).caller.customer_id == 0


def test_words_of_tiers_are_spoken_under_names_of_their_own(floor: Floor) -> None:
    routes = incoming_routes.routes(floor.store)
    name = f"route-{routes[0].id}-1"
    assert incoming.prompts(routes) == {name: "どうぞ"}
    assert incoming.prompt_of(routes[0].id, routes[0].tiers[0], {name}) == name
    assert incoming.prompt_of(routes[0].id, routes[0].tiers[0], set()) == "", "not spoken yet"


# --- rows -----------------------------------------------------------------------------------------------


def test_a_call_is_one_row_from_its_arrival_to_its_end(floor: Floor) -> None:
    write(
        floor, call(floor), call(floor, tier=1), call(floor, tier=2, ended_at=NOON_S + 40, outcome="missed")
    )
    (line,) = incoming.every(floor.store, floor.tenant)
    assert (line.tier, line.outcome, line.ended_at) == (2, "missed", NOON_MS + 40_000)
    assert incoming.open_count(floor.store, floor.tenant) == 1
    assert incoming.next_id(floor.store) == 2


def test_what_a_stop_cut_off_is_missed_or_was_answered(floor: Floor) -> None:
    write(floor, call(floor, 1, connected_at=NOON_S + 3), call(floor, 2, taken_at=NOON_S + 4))
    assert incoming.open_count(floor.store, floor.tenant) == 0, "both stand"
    assert incoming.recover(floor.store) == 2
    found = {line.id: (line.outcome, line.ended_at) for line in incoming.every(floor.store, floor.tenant)}
    assert found == {1: ("missed", NOON_MS + 3_000), 2: ("answered", NOON_MS + 4_000)}


def test_a_taken_call_is_an_attempt_of_its_own_kind_and_no_call_of_ours(floor: Floor) -> None:
    customer_id, list_id = only_customer(floor)
    write(floor, taken(floor, customer_id, list_id))
    with pytest.raises(AssertionError, match="busy"):
        write(floor, floor.opened(51, list_id, customer_id))
    write(
        floor,
        entry(floor, customer_id, list_id),
        events.SaveAttempt(attempt_id=50, cleared_at=NOON_S + 25, result="06", end="result"),
    )
    kind = floor.store.value("SELECT kind FROM attempt WHERE id = 50")
    assert kind == "incoming"
    assert [row.code for row in history.of_customer(floor.store, floor.tenant, customer_id)] == ["06"]
    assert floor.store.value("SELECT sum(attempts) + sum(answered) + sum(connected) FROM hour_counter") == 0
    assert compare.compare(floor.store) == []
    day = call_days.of_user(floor.store, floor.tenant, floor.operator, since_at=0)
    assert (day.calls, day.connects) == (0, 0)


def test_a_crash_in_the_talk_leaves_an_entry_without_a_code(floor: Floor) -> None:
    customer_id, list_id = only_customer(floor)
    write(floor, taken(floor, customer_id, list_id))
    assert len(attempts.recover(floor.store).interrupted) == 1
    assert [row.code for row in history.of_customer(floor.store, floor.tenant, customer_id)] == [""]


def test_the_customer_given_to_an_unknown_caller_gets_the_call_and_its_entry(floor: Floor) -> None:
    customer_id, list_id = only_customer(floor)
    write(floor, taken(floor, 0, 0), call(floor, attempt_id=50, outcome="answered"), entry(floor, 0, 0))
    write(floor, events.NameAttempt(attempt_id=50, list_id=list_id, customer_id=customer_id))
    assert incoming.every(floor.store, floor.tenant)[0].customer_id == customer_id
    assert [row.code for row in history.of_customer(floor.store, floor.tenant, customer_id)] == ["06"]
    assert compare.compare(floor.store) == []


# --- missed ---------------------------------------------------------------------------------------------


def missed(floor: Floor) -> tuple[int, int]:
    customer_id, list_id = only_customer(floor)
    write(floor, call(floor, customer_id=customer_id, outcome="missed"))
    return customer_id, list_id


def test_a_missed_call_is_done_once_its_customer_was_talked_with(floor: Floor) -> None:
    customer_id, list_id = missed(floor)
    write(floor, floor.opened(51, list_id, customer_id))
    write(floor, entry(floor, customer_id, list_id, attempt_id=51, talk_s=0))
    assert incoming.open_count(floor.store, floor.tenant) == 1, "nobody answered"
    write(floor, entry(floor, customer_id, list_id, attempt_id=51, talk_s=9))
    (line,) = incoming.missed(floor.store, floor.tenant)
    assert (line.handled_by, line.handled_at) == (floor.operator, NOON_MS + 60_000)
    assert incoming.missed(floor.store, floor.tenant, with_done=False) == []


def test_it_is_done_by_hand_and_taken_back(floor: Floor) -> None:
    missed(floor)
    incoming.handle(floor.store, floor.tenant, 1, user_id=floor.manager, at=NOON_MS)
    assert incoming.open_count(floor.store, floor.tenant) == 0
    incoming.handle(floor.store, floor.tenant, 1, user_id=floor.manager, at=NOON_MS, is_done=False)
    assert incoming.open_count(floor.store, floor.tenant) == 1
    other = users.create_tenant(floor.store, entry_code="other", name="他社", at=NOON_MS)
    with pytest.raises(BadInput):
        incoming.handle(floor.store, other, 1, user_id=floor.manager, at=NOON_MS)
