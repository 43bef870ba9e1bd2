"""The limit of wrap-up: a tone on the phone when a code is owed too long, once, and nothing filled in."""

from __future__ import annotations

import pytest

from appliance.audio.messages import Play
from appliance.dialer import outputs
from appliance.dialer.machine_wrap import OWED
from appliance.dialer.messages import Listen
from tests.unit.dialer_floor import Floor, all_of, said
from tests.unit.test_dialer_listening import SUPERVISOR, Watched


def owing() -> Floor:
    """A seat whose customer has hung up."""
    floor = Floor(wrap_limit_s=60.0)
    floor.ready()
    floor.talk()
    floor.clear(after=30.0)
    assert floor.seat().state == "wrapup"
    return floor


def test_a_code_owed_for_the_projects_limit_sounds_once_and_stays_owed() -> None:
    floor = owing()

    assert OWED not in said(floor.wait(59.0))
    decided = floor.wait(2.0)
    (tone,) = [play for play in all_of(Play, decided) if OWED in play.prompts]
    assert (tone.port, tone.is_cutting, tone.is_loop) == ("p1", False, False)
    assert not all_of(outputs.SaveHistory, floor.out)
    assert floor.seat().state == "wrapup"
    assert OWED not in said(floor.wait(600.0))


@pytest.mark.parametrize("keys", ["06*", "06"])
def test_a_code_in_time_is_silent_and_one_that_is_not_confirmed_is_not(keys: str) -> None:
    floor = owing()
    floor.keys(keys, after=10.0)

    assert (OWED in said(floor.wait(49.0))) is False
    floor.clear(2)
    assert (OWED in said(floor.wait(3.0))) is (keys == "06")


def test_without_a_limit_and_after_the_handset_is_down_nothing_sounds() -> None:
    floor = owing()
    floor.hang_up()
    assert OWED not in said(floor.wait(120.0))

    floor = Floor()
    floor.ready()
    floor.talk()
    floor.clear(after=30.0)
    assert OWED not in said(floor.wait(7200.0))


@pytest.mark.parametrize("is_shown", [False, True])
def test_the_seat_says_whether_its_operator_may_know_who_listens(is_shown: bool) -> None:
    floor = Watched(is_listening_shown=is_shown)
    floor.ready()
    floor.talk()
    floor.feed(Listen(1, SUPERVISOR, "監督", "203", "listen"))

    assert [one.is_shown for one in floor.seat().listeners] == [is_shown]
