"""Which seats go on after the dialer's restart, and which of them owe a code."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.clock import SystemClock
from appliance.dialer import inputs
from appliance.dialer.shell_reads import Reads
from appliance.phones.messages import LegState, Media, PhonesSnapshot
from appliance.store import events
from tests.store_help import NOON_S, Floor, make_floor

MEDIA = Media("127.0.0.1", 4000)


def standing(floor: Floor, *, answered_at: float) -> inputs.StandingSeat:
    """The seat of an operator at whom the dialer was killed, with a call that was answered or only rang."""
    list_id = floor.make_list(1)
    floor.write(
        floor.opened(7, list_id, floor.first_customer(list_id)),
        events.SaveAttempt(attempt_id=7, setup_at=NOON_S, answered_at=answered_at),
        events.SaveSeat(1, "p1", floor.operator, floor.project, attempt_id=7, at=NOON_S),
    )
    found = Reads(floor.store, SystemClock()).begin(
        PhonesSnapshot({}, (LegState("p1", "201", "9000", MEDIA, is_answered=True),))
    )
    start = next(one for one in found if isinstance(one, inputs.Start))
    return start.seats[0]


@pytest.mark.parametrize(("answered_at", "owed"), [(0.0, 0), (NOON_S + 9.0, 7)])
def test_only_a_call_that_was_answered_owes_a_code(tmp_path: Path, answered_at: float, owed: int) -> None:
    seat = standing(make_floor(tmp_path), answered_at=answered_at)

    assert (seat.leg, seat.attempt_id) == ("p1", owed)
