"""What a callee does reaches the trunk as it should: each outcome, through libpri on both ends."""

from __future__ import annotations

import msgspec
import pytest

from appliance.pri_card.trunk import (
    Alerting,
    Answered,
    Cleared,
    Disconnecting,
    Incoming,
    Line,
    Proceeding,
    Progress,
    SetupSent,
)
from appliance.simulator import population
from appliance.simulator.callee_plan import CallPlan, Do, Sound, Step
from appliance.simulator.population import Population
from tests.simulation.exchange_rig import Rig

NUMBER = "0300001234"
PROCEED = Step(0.03, Do.PROCEED)
RING = Step(0.3, Do.ALERT, is_in_band=True, sound=Sound("ringback"))


def everybody(**sections: msgspec.Struct) -> Population:
    """A population in which every number is ordinary and answers."""
    plain = Population(
        answer=population.Answer(rate=1.0),
        busy=population.Busy(share=0.0),
        vacant=population.Vacant(cause=0.0, progress=0.0, disconnect=0.0, changed=0.0),
        voicemail=population.Voicemail(share=0.0),
        talk=population.Talk(mean_s=20.0, cv=0.5, callee_clears=1.0),
    )
    return msgspec.structs.replace(plain, **sections)


@pytest.fixture
def rig() -> Rig:
    made = Rig(everybody())
    made.settle()
    return made


def forced(rig: Rig, *steps: Step) -> int:
    """Place a call to a number that behaves so."""
    rig.exchange.force(NUMBER, CallPlan("forced", steps))
    return rig.place(NUMBER)


def test_an_answered_call_rings_talks_and_ends_when_the_callee_hangs_up(rig: Rig) -> None:
    call = rig.place(NUMBER)
    cleared = rig.until_of(Cleared, call, limit_s=300.0)
    rig.run_for(1.0)

    answered = rig.of(Answered, call)[0]
    ring_s = rig.at(answered) - rig.at(rig.of(Alerting, call)[0])
    assert ring_s >= 1.5
    assert rig.at(cleared) - rig.at(answered) >= 5.0
    assert (cleared.cause, cleared.is_line_fault) == (16, False)
    assert answered.line == rig.of(SetupSent, call)[0].line
    assert rig.exchange.line(1).channels_in_use() == frozenset()
    assert rig.trunk.channels_free() == 23


def test_the_same_seed_repeats_the_same_morning_and_another_does_not() -> None:
    def morning(seed: int) -> list[str]:
        rig = Rig(population.load(), seed=seed)
        rig.settle()
        rig.place_all(f"030000{n:04d}" for n in range(15))
        rig.run_for(60.0)
        return [f"{at:.4f} {event}" for at, event in rig.events]

    assert morning(5) == morning(5)
    assert morning(5) != morning(6)


def test_a_number_that_is_released_behaves_as_its_population_again(rig: Rig) -> None:
    busy = forced(rig, PROCEED, Step(0.5, Do.DISCONNECT, cause=17))
    rig.until_of(Cleared, busy)

    rig.exchange.force(NUMBER, None)

    rig.until_of(Answered, rig.place(NUMBER))


def test_busy(rig: Rig) -> None:
    call = forced(rig, PROCEED, Step(0.5, Do.DISCONNECT, cause=17))

    assert rig.until_of(Cleared, call) == Cleared(call, 17)
    assert not rig.of(Alerting, call)


def test_no_answer_rings_until_we_clear(rig: Rig) -> None:
    call = forced(rig, PROCEED, RING)
    rig.until_of(Alerting, call)
    rig.run_for(25.0)
    assert not rig.of(Cleared, call)

    rig.trunk.clear(call, 16, rig.now)

    assert rig.until_of(Cleared, call, limit_s=2.0).is_line_fault is False
    rig.until(lambda: not rig.exchange.line(1).channels_in_use(), limit_s=1.0)
    assert not rig.of(Answered, call)


def test_vacant_told_by_a_cause(rig: Rig) -> None:
    call = forced(rig, PROCEED, Step(0.5, Do.DISCONNECT, cause=1))

    assert rig.until_of(Cleared, call) == Cleared(call, 1)


def test_vacant_told_by_progress_and_an_announcement(rig: Rig) -> None:
    announcement = Sound("vacant")
    call = forced(
        rig,
        PROCEED,
        Step(0.5, Do.PROGRESS, cause=1, is_in_band=True, sound=announcement),
        Step(12.0, Do.DISCONNECT, cause=1),
    )

    assert rig.until_of(Progress, call) == Progress(call, is_in_band=True, cause=1)
    assert rig.until_of(Cleared, call) == Cleared(call, 1)
    assert not rig.of(Answered, call), "an announcement is no answer"


def test_vacant_told_by_disconnect_and_an_announcement(rig: Rig) -> None:
    call = forced(
        rig,
        PROCEED,
        Step(0.5, Do.DISCONNECT, cause=1, is_in_band=True, sound=Sound("vacant")),
        Step(5.0, Do.RELEASE, cause=1),
    )

    begun = rig.until_of(Disconnecting, call)
    cleared = rig.until_of(Cleared, call)
    assert begun == Disconnecting(call, 1)
    assert (cleared.cause, cleared.is_line_fault) == (1, False)
    assert rig.at(cleared) - rig.at(begun) == pytest.approx(5.0, abs=0.1), "the exchange releases it"
    rig.run_for(1.0)
    assert rig.trunk.channels_free() == 23
    assert not rig.exchange.line(1).channels_in_use()


def test_a_changed_number_says_22(rig: Rig) -> None:
    call = forced(
        rig, PROCEED, Step(0.5, Do.DISCONNECT, cause=22, is_in_band=True), Step(3.0, Do.RELEASE, cause=22)
    )

    assert rig.until_of(Disconnecting, call).cause == 22
    assert rig.until_of(Cleared, call).cause == 22


@pytest.mark.parametrize("cause", [1, 17, 18, 31])
def test_a_straight_refusal_of_setup(rig: Rig, cause: int) -> None:
    call = forced(rig, Step(0.02, Do.REFUSE, cause=cause))

    assert rig.until_of(Cleared, call).cause == cause
    assert not rig.of(Proceeding, call)


def test_release_without_disconnect(rig: Rig) -> None:
    call = forced(rig, PROCEED, RING, Step(2.0, Do.RELEASE, cause=31))

    assert rig.until_of(Cleared, call).cause == 31
    rig.run_for(1.0)
    assert not rig.exchange.line(1).channels_in_use()


def test_a_moved_channel_is_where_the_call_is_answered(rig: Rig) -> None:
    call = forced(rig, Step(0.03, Do.PROCEED, is_moved=True), RING, Step(1.0, Do.CONNECT))
    asked = rig.until_of(SetupSent, call).line
    answered = rig.until_of(Answered, call).line

    assert asked == Line(1, 23)
    assert answered != asked
    assert rig.of(Proceeding, call)[0].line == answered
    assert rig.exchange.line(1).channels_in_use() == {answered.channel}
    assert rig.exchange.line(1).counts.moved == 1


def test_silence_after_setup_and_after_proceeding_is_given_up_by_the_box(rig: Rig) -> None:
    silent = forced(rig)
    assert rig.until_of(Cleared, silent, limit_s=120.0).call_id == silent
    half = forced(rig, PROCEED)
    assert rig.until_of(Cleared, half, limit_s=120.0).call_id == half
    rig.run_for(60.0)
    assert not rig.exchange.line(1).channels_in_use()


def test_a_caller_reaches_the_box_is_answered_and_hangs_up(rig: Rig) -> None:
    rig.exchange.place_incoming("0300009000", "0300000001", rig.now)
    rig.until(lambda: rig.has(Incoming))
    incoming = rig.of(Incoming)[0]
    rig.trunk.answer(incoming.call_id, rig.now)
    rig.until_of(Cleared, incoming.call_id, limit_s=300.0)

    assert (incoming.called, incoming.caller) == ("0300009000", "0300000001")
    assert incoming.line.channel == 1, "the exchange hunts from below, we from above"
    counts = rig.exchange.line(1).counts
    assert (counts.incoming, counts.incoming_answered) == (1, 1)


def test_a_caller_whom_nobody_answers_gives_up(rig: Rig) -> None:
    rig.exchange.place_incoming("0300009000", "", rig.now)
    rig.until(lambda: rig.has(Incoming))
    incoming = rig.of(Incoming)[0]

    assert incoming.caller == ""
    rig.until_of(Cleared, incoming.call_id, limit_s=60.0)
    rig.until(lambda: not rig.exchange.line(1).channels_in_use(), limit_s=5.0)


def test_callers_come_by_themselves_at_their_rate() -> None:
    rig = Rig(everybody(incoming=population.Incoming(per_hour=240.0)))
    rig.settle()
    rig.run_for(600.0)

    # 40 expected in ten minutes; 5 standard deviations of a Poisson count either way.
    assert 10 < len(rig.of(Incoming)) < 70
    assert {incoming.called for incoming in rig.of(Incoming)} == {"0300009000"}
    withheld = sum(not incoming.caller for incoming in rig.of(Incoming))
    assert 0 < withheld < 0.5 * len(rig.of(Incoming)), "a fifth withholds its number"


def test_a_full_morning_ends_every_call_once() -> None:
    rig = Rig(population.load(), seed=9, spans=2)
    rig.settle()
    calls: list[int] = []
    for n in range(400):
        rig.until(lambda: rig.trunk.channels_free() > 0, limit_s=400.0)
        call = rig.place(f"030000{n:04d}")
        calls.append(call)
        rig.run_for(0.05)
    rig.run_for(600.0)

    assert sorted(cleared.call_id for cleared in rig.of(Cleared) if cleared.call_id > 0) == calls
    assert rig.trunk.channels_free() == 46
    assert not any(line.channels_in_use() for line in rig.exchange.lines())
    totals = [line.counts for line in rig.exchange.lines()]
    assert sum(count.setups for count in totals) == len(calls)
    outcomes = {outcome for count in totals for outcome in count.outcomes}
    assert {"answered", "busy", "no_answer", "voicemail"} <= outcomes
