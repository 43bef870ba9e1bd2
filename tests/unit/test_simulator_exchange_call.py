"""The network side of one call: its table, its steps in virtual time, and plans that it refuses."""

from __future__ import annotations

import pytest

from appliance.errors import BadInput
from appliance.simulator import exchange_call
from appliance.simulator.callee_plan import RINGBACK, SILENCE, CallPlan, Do, Sound, Step
from appliance.simulator.exchange_call import Decision, ExchangeCall, From, Over, Say, Send, State

TONE = Sound("tone", 900)
ANSWERED = CallPlan(
    "answered",
    (
        Step(0.1, Do.PROCEED),
        Step(0.5, Do.ALERT, is_in_band=True, sound=RINGBACK),
        Step(8.0, Do.CONNECT, sound=TONE),
        Step(60.0, Do.DISCONNECT, cause=16, sound=SILENCE),
    ),
)


def run_until(call: ExchangeCall, now: float) -> list[Decision]:
    """Every decision that falls due until `now`."""
    said: list[Decision] = []
    while (due := call.due()) is not None and due <= now:
        said += call.handle_timer(due)
    return said


def test_an_answered_call_takes_its_steps_in_time() -> None:
    call = ExchangeCall(ANSWERED, now=100.0)

    assert call.due() == pytest.approx(100.1)
    assert run_until(call, 100.7) == [Send(ANSWERED.steps[0]), Send(ANSWERED.steps[1]), Say(RINGBACK)]
    assert run_until(call, 109.0) == [Send(ANSWERED.steps[2]), Say(TONE)]
    assert call.state is State.CONNECTED
    assert call.connected_at == pytest.approx(108.6)


def test_a_late_timer_takes_all_missed_steps_in_order() -> None:
    call = ExchangeCall(ANSWERED, now=0.0)

    sent = [said.step.do for said in call.handle_timer(50.0) if isinstance(said, Send)]

    assert sent == [Do.PROCEED, Do.ALERT, Do.CONNECT]
    assert call.connected_at == pytest.approx(8.6), "a late shell does not stretch the callee's own times"


def test_the_user_side_clearing_ends_it_and_silences_the_line() -> None:
    call = ExchangeCall(ANSWERED, now=0.0)
    run_until(call, 20.0)

    assert call.feed(From.CLEAR, 21.0) == [Say(SILENCE), Over()]
    assert call.due() is None
    assert call.feed(From.CLEAR, 22.0) == []


def test_a_handset_put_down_clears_at_once_and_only_once() -> None:
    call = ExchangeCall(ANSWERED, now=0.0)
    run_until(call, 20.0)

    (sent,) = call.put_down(21.0)

    assert isinstance(sent, Send)
    assert (sent.step.do, sent.step.cause) == (Do.DISCONNECT, 16)
    assert call.put_down(21.1) == []
    assert run_until(call, 100.0) == [], "what was planned does not happen any more"
    call.feed(From.CLEAR, 22.0)
    assert call.put_down(23.0) == []


def test_a_refusal_frees_at_once() -> None:
    plan = CallPlan("refused", (Step(0.0, Do.REFUSE, cause=34),))
    call = ExchangeCall(plan, now=0.0)

    assert call.handle_timer(0.0) == [Send(plan.steps[0]), Say(SILENCE), Over()]


def test_an_incoming_call_waits_for_our_answer_and_gives_up() -> None:
    plan = CallPlan("incoming", (Step(0.0, Do.CONNECT, sound=TONE), Step(5.0, Do.DISCONNECT, cause=16)))
    answered = ExchangeCall(plan, now=0.0, is_incoming=True, give_up_s=20.0)
    ignored = ExchangeCall(plan, now=0.0, is_incoming=True, give_up_s=20.0)

    assert answered.feed(From.CONNECT, 3.0) == [Say(TONE)]
    assert answered.due() == pytest.approx(8.0)
    assert run_until(ignored, 20.0) == [Send(Step(0.0, Do.DISCONNECT, cause=16))]


@pytest.mark.parametrize(
    "steps",
    [
        (Step(0.0, Do.ALERT), Step(0.0, Do.PROCEED)),
        (Step(0.0, Do.PROCEED), Step(0.0, Do.REFUSE)),
        (Step(0.0, Do.CONNECT), Step(0.0, Do.ALERT)),
        (Step(0.0, Do.PROGRESS),),
    ],
)
def test_a_plan_against_the_standard_is_refused(steps: tuple[Step, ...]) -> None:
    with pytest.raises(BadInput, match="cannot follow"):
        exchange_call.check(CallPlan("forced", steps))


def test_silence_is_a_plan_too() -> None:
    exchange_call.check(CallPlan("forced", ()))
    call = ExchangeCall(CallPlan("forced", ()), now=0.0)

    assert call.due() is None


@pytest.mark.parametrize(
    "steps",
    [(), (Step(0.0, Do.PROCEED),), (Step(0.0, Do.CONNECT), Step(1.0, Do.ALERT))],
)
def test_a_callers_plan_begins_with_our_answer(steps: tuple[Step, ...]) -> None:
    with pytest.raises(BadInput):
        exchange_call.check_incoming(CallPlan("incoming", steps))
