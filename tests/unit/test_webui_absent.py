"""Who is locked out: breaks of the page, breaks begun at the phone, and coming back from either."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from appliance.dialer.messages import SeatBoard
from appliance.store import absences
from tests.store_help import NOON_MS, NOON_S, Floor, make_floor
from webui.absent import Absent

SEAT = SeatBoard(1, "A-01", "201", state="waiting", since_at=NOON_S)


@pytest.fixture
def floor(tmp_path: Path) -> Floor:
    return make_floor(tmp_path)


def on_break(floor: Floor, *, since_at: float = NOON_S + 5) -> SeatBoard:
    return msgspec.structs.replace(
        SEAT, state="break", user_id=floor.operator, tenant_id=floor.tenant, break_reason="break",
        since_at=since_at,
    )  # fmt: skip


def test_a_break_begun_at_the_phone_locks_the_page_until_the_phone_ends_it(floor: Floor) -> None:
    absent = Absent(floor.store)
    assert absent.of(floor.operator, SEAT, now_ms=NOON_MS) is None

    found = absent.of(floor.operator, on_break(floor), now_ms=NOON_MS)

    assert found is not None
    assert (found.reason, found.from_at) == ("break", NOON_MS + 5000)
    assert absent.of(floor.operator, SEAT, now_ms=NOON_MS) is None
    assert absences.standing(floor.store) == [], "the seat's own time says it already"


def test_the_password_unlocks_it_though_the_seat_still_stands_on_its_break(floor: Floor) -> None:
    """The handset may be down, or the dialer away: nobody is kept locked out."""
    absent = Absent(floor.store)

    assert absent.let_in(floor.operator, on_break(floor))
    assert absent.of(floor.operator, on_break(floor), now_ms=NOON_MS) is None
    assert not absent.let_in(floor.operator, SEAT)

    again = on_break(floor, since_at=NOON_S + 900)
    assert absent.of(floor.operator, again, now_ms=NOON_MS) is not None, "the next break is another one"


def test_a_break_of_the_page_is_not_begun_anew_by_its_seat(floor: Floor) -> None:
    absent = Absent(floor.store)
    absent.begin(floor.tenant, floor.operator, reason="away", at=NOON_MS)
    assert absent.of(floor.operator, on_break(floor), now_ms=NOON_MS).reason == "away"  # type: ignore[union-attr]  # it is there

    absent.let_in(floor.operator, on_break(floor))
    assert absent.end(floor.operator, at=NOON_MS + 1)
    assert absent.of(floor.operator, on_break(floor), now_ms=NOON_MS + 2) is None
