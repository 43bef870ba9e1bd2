"""The laws a pacer learns: when answers come, how often, when seats come free."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from appliance.dialer.answer_law import BIN_S, BINS, STEPS, AnswerLaw
from appliance.dialer.pacing_rate import AnswerRate
from appliance.dialer.release_law import DurationLaw, ReleaseLaw

RATE = 0.25


def _one_call(dice: random.Random, rate: float = RATE) -> tuple[float, bool]:
    """Age at which one call of the test's population ends, and whether by an answer."""
    draw, age = dice.random(), 1.5 + dice.gammavariate(1 / 0.36, 7.5 * 0.36)
    if draw < rate and age < 22.0:
        return age, True
    return (2.5 if draw < rate + 0.15 else 22.0), False


def _learnt(calls: int) -> AnswerLaw:
    law, dice = AnswerLaw(), random.Random(1)
    for _ in range(calls):
        age, is_answered = _one_call(dice)
        law.learn(age, is_answered=is_answered)
    law.fit(np.zeros(BINS))
    return law


def test_the_answer_law_converges_to_the_population() -> None:
    law = _learnt(8000)
    dice = random.Random(2)
    ages = sorted(age for age, is_answered in (_one_call(dice) for _ in range(40_000)) if is_answered)

    for share in (0.1, 0.5, 0.9):
        age = ages[int(share * len(ages))]
        assert law.answered_by[round(age / BIN_S)] == pytest.approx(share, abs=0.06)
    assert law.mean_s() == pytest.approx(sum(ages) / len(ages), abs=0.6)


@pytest.mark.parametrize(("age_s", "ahead_s"), [(0.0, 5), (0.0, 20), (3.0, 4), (6.0, 6), (12.0, 8)])
def test_the_hazard_is_the_share_of_calls_still_ringing_that_are_answered_ahead(
    age_s: float, ahead_s: int
) -> None:
    hazard = _learnt(8000).hazards(RATE)[round(age_s / BIN_S), ahead_s - 1]
    dice = random.Random(3)
    ringing = [call for call in (_one_call(dice) for _ in range(60_000)) if call[0] >= age_s]
    answered = sum(is_answered and age < age_s + ahead_s for age, is_answered in ringing)

    assert hazard == pytest.approx(answered / len(ringing), abs=0.02)


def test_calls_still_ringing_keep_late_answers_possible() -> None:
    law, ringing = AnswerLaw(), np.zeros(BINS)
    for _ in range(20):
        law.learn(3.0, is_answered=True)
    ringing[round(4.0 / BIN_S)] = 80.0
    law.fit(ringing)

    assert law.answered_by[round(4.0 / BIN_S)] < 0.5


def test_the_answer_rate_follows_a_change_within_minutes_of_a_mid_size_floor() -> None:
    rate, dice = AnswerRate(), random.Random(4)
    for call in range(2000):
        rate.placed(call, 1, 9)
        rate.ended(call, 1, is_answered=dice.random() < 0.12)
    before = rate.rate(1, 9)
    for call in range(2000, 2200):
        rate.placed(call, 1, 9)
        rate.ended(call, 1, is_answered=dice.random() < 0.40)

    assert before == pytest.approx(0.12, abs=0.03)
    assert rate.rate(1, 9) == pytest.approx(0.40, abs=0.09)


def test_a_burst_of_calls_does_not_look_like_a_better_rate() -> None:
    rate, dice = AnswerRate(), random.Random(5)
    ends = []
    for call in range(400):
        rate.placed(call, 1, 9)
        ends.append((*_one_call(dice), call))
    for _, is_answered, call in sorted(ends, key=lambda end: end[0])[:160]:  # the first 10 s or so
        rate.ended(call, 1, is_answered=is_answered)

    assert rate.rate(1, 9) < 0.45


def test_a_call_whose_end_is_lost_holds_the_others_up_for_two_minutes_only() -> None:
    rate = AnswerRate()
    rate.placed(0, 1, 9, 0.0)
    for call in range(1, 60):
        rate.placed(call, 1, 9, call)
        rate.ended(call, 1, call, is_answered=False)
    held_up = rate.calls
    rate.placed(60, 1, 9, 121.0)
    rate.ended(60, 1, 121.0, is_answered=False)
    rate.ended(0, 1, 500.0, is_answered=True)

    assert (held_up, rate.calls) == (0, 60)


def test_a_new_list_leans_on_its_project_and_a_known_hour_on_its_past() -> None:
    rate = AnswerRate()
    for call in range(400):
        rate.placed(call, 1, 9)
        rate.ended(call, 1, is_answered=call % 10 == 0)
    remembered = AnswerRate()
    remembered.remember(json.loads(json.dumps(rate.memory())))

    assert rate.rate(2, 9) == pytest.approx(0.1, abs=0.02)
    assert remembered.rate(1, 9) == pytest.approx(0.1, abs=0.02)
    assert remembered.rate(1, 15) > 0.2  # nothing is known of that hour: the careful guess


def test_a_duration_law_finds_a_constant_hazard_and_one_that_ends_sharply() -> None:
    exponential, sharp, dice = DurationLaw(guess_s=60.0), DurationLaw(guess_s=60.0), random.Random(6)
    for _ in range(2000):
        exponential.learn(dice.expovariate(1 / 20.0))
        sharp.learn(dice.uniform(54.0, 70.0))

    assert exponential.mean_s == pytest.approx(20.0, rel=0.1)
    assert exponential.hazard[5] == pytest.approx(0.05, rel=0.2)
    assert sharp.hazard[30] < 0.005 < 0.05 < sharp.hazard[60]


def test_release_tables_agree_with_drawn_talks_and_wrap_ups() -> None:
    law, dice = ReleaseLaw(window_s=2.0), random.Random(7)
    for _ in range(2500):
        law.talked(dice.expovariate(1 / 90.0))
        law.wrapped(dice.expovariate(1 / 20.0))
    drawn = [dice.expovariate(1 / 90.0) + dice.expovariate(1 / 20.0) for _ in range(40_000)]

    for step in (4, 9, 19):
        by_then = sum(busy <= step + 1 + 2 for busy in drawn) / len(drawn)
        assert law.free_from_talk[30, step] == pytest.approx(by_then, abs=0.015)
    assert law.free_from_wrap[3, 9] == pytest.approx(1.0 - np.exp(-12 / 20.0), abs=0.04)


def test_chances_grow_with_the_steps_ahead_and_stay_chances() -> None:
    for table in (_learnt(500).hazards(0.3), ReleaseLaw().free_from_talk, ReleaseLaw().free_from_wrap):
        assert table.shape[1] == STEPS
        assert (np.diff(table, axis=1) >= -1e-12).all()
        assert (table >= 0.0).all()
        assert (table <= 1.0).all()


def test_laws_survive_being_stored() -> None:
    law = _learnt(300)
    other = AnswerLaw()
    other.remember(json.loads(json.dumps(law.memory())))

    assert np.allclose(other.hazards(0.2), law.hazards(0.2), atol=1e-3)
