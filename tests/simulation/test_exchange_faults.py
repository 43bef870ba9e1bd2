"""An exchange at its worst: congestion, lost frames, dead links, restarts, glare.  Then healed."""

from __future__ import annotations

import pytest

from appliance.pri_card.trunk import (
    Answered,
    Cleared,
    Congested,
    Incoming,
    SetupSent,
    SpanState,
    TrunkEvent,
)
from appliance.simulator import population
from appliance.simulator.callee_plan import CallPlan, Do, Step
from appliance.simulator.population import Population
from tests.simulation.exchange_rig import Rig
from tests.simulation.test_exchange_outcomes import everybody

NUMBER = "0300001234"
CONGESTION = {34, 42, 44, 47}
BUSY_SOON = CallPlan("forced", (Step(0.03, Do.PROCEED), Step(0.4, Do.DISCONNECT, cause=17)))
TALKS_ON = CallPlan("forced", (Step(0.03, Do.PROCEED), Step(0.2, Do.ALERT), Step(0.2, Do.CONNECT)))


def quick(**sections: object) -> Population:
    """Everybody is busy within half a second: many calls, soon over."""
    busy = population.Busy(share=1.0, after_s=0.4)
    return everybody(busy=busy, **sections)  # type: ignore[arg-type]  # sections of a Population


def retry_line_faults(rig: Rig, numbers: list[str]) -> set[str]:
    """Place every number, again after each line fault, until all have a result; those that have one."""
    waiting = list(numbers)
    placed: dict[int, str] = {}
    ended: set[str] = set()

    def take(event: TrunkEvent) -> None:
        if isinstance(event, Cleared) and event.call_id in placed:
            number = placed.pop(event.call_id)
            if event.is_line_fault:
                waiting.append(number)
            else:
                assert number not in ended, "a number got two results"
                ended.add(number)

    rig.on_event = take
    while len(ended) < len(numbers):
        while waiting and rig.trunk.channels_free() > 0:
            number = waiting.pop(0)
            placed[rig.place(number)] = number
        before = rig.now
        rig.step()
        assert before < 1_500.0, f"seed {rig.seed}: {len(ended)} of {len(numbers)} after 1,500 s"
    return ended


def numbers(count: int) -> list[str]:
    return [f"030000{n:04d}" for n in range(count)]


def test_above_its_rate_the_exchange_refuses_and_the_trunk_slows_down_without_losing_a_call() -> None:
    rig = Rig(quick(congestion=population.Congestion(setups_per_s=8.0)))
    rig.settle()

    ended = retry_line_faults(rig, numbers(200))

    refused = [cleared for cleared in rig.of(Cleared) if cleared.is_line_fault]
    assert len(ended) == 200
    assert refused, "at 50 SETUPs a second some are refused"
    assert {cleared.cause for cleared in refused} <= {34, 42}
    assert rig.of(Congested)
    assert max(event.slot_s for event in rig.of(Congested)) > 0.05
    assert rig.exchange.line(1).counts.refused == len(refused)
    # The pace is found, not fought for: a quarter of all SETUPs refused would be banging on the door.
    assert len(refused) < 0.25 * len(rig.of(SetupSent))


def test_congestion_that_is_switched_on_and_off_again() -> None:
    rig = Rig(everybody())
    rig.settle()
    rig.exchange.line(1).gate.forced_cause = 42
    refused = rig.until_of(Cleared, rig.place(NUMBER))
    assert (refused.cause, refused.is_line_fault) == (42, True)

    rig.exchange.line(1).gate.forced_cause = 0

    rig.until_of(Answered, rig.place(NUMBER))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("share", [0.01, 0.05])
def test_lost_frames_lose_no_call(seed: int, share: float) -> None:
    rig = Rig(quick(faults=population.Faults(frame_loss=share)), seed=seed)
    rig.settle()

    ended = retry_line_faults(rig, numbers(150))

    assert len(ended) == 150
    assert rig.exchange.line(1).loss.lost >= 5, "the fault did strike"
    rig.exchange.line(1).loss.share = 0.0
    rig.run_for(90.0)
    assert rig.trunk.channels_free() == 23, "healed: every channel is back"
    assert not rig.exchange.line(1).channels_in_use()


def test_a_cut_link_ends_its_calls_as_line_faults_and_comes_back_soon() -> None:
    rig = Rig(everybody())
    rig.settle()
    rig.exchange.force(NUMBER, TALKS_ON)
    talking = rig.place(NUMBER)
    rig.until_of(Answered, talking)
    rig.exchange.force(NUMBER, CallPlan("forced", (Step(0.03, Do.PROCEED), Step(0.1, Do.ALERT))))
    ringing = rig.place(NUMBER)
    rig.run_for(1.0)

    rig.exchange.line(1).set_down(True, rig.now)
    for call in (ringing, talking):
        cleared = rig.until_of(Cleared, call, limit_s=120.0)
        assert cleared.is_line_fault
    assert rig.trunk.channels_total() == 0
    assert not rig.exchange.line(1).is_up
    rig.exchange.line(1).set_down(False, rig.now)
    healed_at = rig.now
    rig.until(lambda: rig.trunk.channels_free() == 23, limit_s=30.0)

    assert rig.now - healed_at <= 5.0, "channels come back within 5 s"
    rig.exchange.force(NUMBER, TALKS_ON)
    rig.until_of(Answered, rig.place(NUMBER))
    assert rig.exchange.line(1).channels_in_use() == {23}


@pytest.mark.parametrize("seed", [4, 5])
def test_a_link_that_flaps_all_morning_loses_no_call(seed: int) -> None:
    faults = population.Faults(flap_mean_s=30.0, flap_down_s=8.0)
    rig = Rig(quick(faults=faults), seed=seed)
    rig.settle()

    ended = retry_line_faults(rig, numbers(300))
    rig.until(lambda: rig.exchange.line(1).flaps.count >= 3, limit_s=900.0)
    more = retry_line_faults(rig, [f"040000{n:04d}" for n in range(200)])

    assert (len(ended), len(more)) == (300, 200)
    downs = [event for event in rig.of(SpanState) if not event.is_up and rig.at(event) > 1.0]
    assert downs, "the box saw the link go"


def test_restart_of_one_channel_and_of_all() -> None:
    rig = Rig(everybody())
    rig.settle()
    rig.exchange.force(NUMBER, TALKS_ON)
    calls = [rig.place(NUMBER) for _ in range(3)]
    lines = [rig.until_of(Answered, call).line for call in calls]

    rig.exchange.line(1).restart(lines[0].channel, rig.now)
    rig.until_of(Cleared, calls[0])
    rig.run_for(2.0)
    assert not rig.of(Cleared, calls[1])
    assert rig.exchange.line(1).channels_in_use() == {line.channel for line in lines[1:]}

    rig.exchange.line(1).restart(0, rig.now)
    rig.until_of(Cleared, calls[1])
    rig.until_of(Cleared, calls[2])
    rig.run_for(2.0)
    assert all(cleared.is_line_fault for cleared in rig.of(Cleared))
    assert rig.trunk.channels_free() == 23


def test_a_status_enquiry_disturbs_nothing() -> None:
    rig = Rig(everybody())
    rig.settle()
    rig.exchange.force(NUMBER, TALKS_ON)
    call = rig.place(NUMBER)
    line = rig.until_of(Answered, call).line

    assert rig.exchange.line(1).enquire(line.channel, rig.now)
    assert not rig.exchange.line(1).enquire(1, rig.now), "no call is there"
    rig.run_for(20.0)

    assert not rig.of(Cleared, call)


def test_glare_on_the_last_channel_ends_with_one_call_on_it() -> None:
    rig = Rig(everybody())
    rig.settle()
    rig.exchange.force(NUMBER, TALKS_ON)
    for _ in range(22):
        rig.until_of(Answered, rig.place(NUMBER))
    ours = rig.place(NUMBER)
    rig.exchange.place_incoming("0300009000", "0300000001", rig.now)
    rig.until_of(Cleared, ours)
    rig.until(lambda: rig.has(Incoming))
    rig.trunk.answer(rig.of(Incoming)[0].call_id, rig.now)
    rig.run_for(1.0)

    assert rig.of(Cleared, ours)[0].is_line_fault, "to be dialled again, nobody's result"
    assert rig.exchange.line(1).counts.glare == 1
    assert rig.exchange.line(1).counts.incoming_answered == 1
    assert rig.trunk.channels_free() == 0


def test_setups_on_five_spans_share_the_load() -> None:
    rig = Rig(everybody(), spans=5)
    rig.settle()
    for number in numbers(100):
        rig.place(number)
    rig.until(lambda: len(rig.of(SetupSent)) == 100, limit_s=10.0)

    by_span = [sum(sent.line.span == span for sent in rig.of(SetupSent)) for span in range(1, 6)]
    assert by_span == [20] * 5
    assert not [cleared for cleared in rig.of(Cleared) if cleared.cause in CONGESTION]
