"""The pacer: its chance of no seat, its bounds, its ledger, and short seeded shifts on a call-level floor."""

from __future__ import annotations

import itertools
import json
import random

import numpy as np
import pytest

from appliance.dialer.pacing import Pacer, SeatsSeen
from appliance.dialer.pacing_budget import Budget
from appliance.dialer.pacing_chance import Candidate, cumulants
from bench.pacing_model import Floor, Shift, quarters

STEPS = 4  # of the little laws below
MANY = 10_000


def _by_enumeration(free: int, answers: list[float], releases: list[float]) -> float:
    """Chance that answers less releases reach `free`, by summing over every outcome."""
    total = 0.0
    for outcome in itertools.product((0, 1), repeat=len(answers) + len(releases)):
        chances = [*answers, *releases]
        weight = float(np.prod([c if o else 1.0 - c for c, o in zip(chances, outcome, strict=True)]))
        if sum(outcome[: len(answers)]) - sum(outcome[len(answers) :]) >= free:
            total += weight
    return total


def _flat(chances: list[float]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.repeat(np.array(chances)[:, None], STEPS, axis=1)


@pytest.mark.parametrize("free", [0, 1, 2, 3])
def test_the_exact_chance_is_that_of_enumeration(free: int) -> None:
    answers, releases = [0.1, 0.25, 0.4, 0.33], [0.05, 0.5, 0.2]
    candidate = Candidate(np.full(STEPS, 0.25))
    found = candidate.exact_chances(free, _flat(answers), _flat(releases), 3)

    for call in range(3):
        expected = _by_enumeration(free, [*answers, *[0.25] * call], releases)
        assert found[call] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("free", [3, 6, 9])
def test_the_series_comes_close_to_the_exact_chance_on_a_large_floor(free: int) -> None:
    dice = random.Random(1)
    answers = _flat([dice.uniform(0.05, 0.3) for _ in range(60)])
    releases = _flat([dice.uniform(0.02, 0.3) for _ in range(50)])
    candidate = Candidate(np.full(STEPS, 0.25))
    excess = cumulants(answers).sum(0) + cumulants(releases, counts=-1.0).sum(0)

    exact = candidate.exact_chances(free, answers, releases, 5)
    assert candidate.chances(free, excess, 5) == pytest.approx(exact, abs=0.004)


def _learnt(target: float = 0.03) -> Pacer:
    """A pacer that has seen a population with 25 % answers, and no abandon."""
    pacer, dice = Pacer(target=target), random.Random(2)
    for call in range(600):
        at = call * 1.0
        is_answered = dice.random() < 0.25
        pacer.placed(MANY + call, 1, 9, at)
        pacer.ended(MANY + call, at + (dice.uniform(4, 14) if is_answered else 22.0), is_answered=is_answered)
        if is_answered:
            pacer.connected(at + 14.0, is_abandoned=call % 33 == 0)
            pacer.seat_talked(dice.expovariate(1 / 90.0))
            pacer.seat_wrapped(dice.expovariate(1 / 20.0))
    return pacer


def _count(pacer: Pacer, waiting: int, busy: int = 4) -> int:
    seen = SeatsSeen(waiting, tuple(900.0 + n for n in range(busy)), ())
    return pacer.calls_to_place(1000.0, seen, callable=MANY, channels_free=MANY).count


@pytest.mark.parametrize("busy", [0, 4, 40])
def test_more_waiting_seats_never_mean_fewer_calls(busy: int) -> None:
    pacer = _learnt()
    counts = [_count(pacer, waiting, busy) for waiting in range(12)]

    assert counts == sorted(counts)
    assert counts[11] > 11  # some will not answer


def test_a_stricter_target_never_allows_more_calls() -> None:
    counts = [_count(_learnt(target), 8) for target in (0.01, 0.02, 0.03, 0.05)]

    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_ringing_calls_count_against_further_ones_until_they_grow_old() -> None:
    pacer = _learnt()
    alone = _count(pacer, 5)
    for call in range(alone):
        pacer.placed(call, 1, 9, 1000.0)
    after = _count(pacer, 5)
    seen = SeatsSeen(5, (), ())

    assert after == 0
    assert pacer.calls_to_place(1019.0, seen, callable=MANY, channels_free=MANY).count > alone // 2


def test_nobody_there_means_no_call_and_says_so() -> None:
    verdict = _learnt().calls_to_place(1000.0, SeatsSeen(0), callable=MANY, channels_free=MANY)

    assert (verdict.count, verdict.limit) == (0, "no_operators")


@pytest.mark.parametrize(
    ("callable_", "channels", "limit"), [(2, MANY, "customers"), (MANY, 3, "channels"), (0, 0, "customers")]
)
def test_customers_and_channels_bound_the_count(callable_: int, channels: int, limit: str) -> None:
    verdict = _learnt().calls_to_place(1000.0, SeatsSeen(8), callable=callable_, channels_free=channels)

    assert (verdict.count, verdict.limit) == (min(callable_, channels), limit)


def test_until_calls_are_known_each_waiting_seat_gets_one() -> None:
    pacer = Pacer(target=0.03)
    seen = SeatsSeen(9, (0.0,), ())

    assert pacer.calls_to_place(0.0, seen, callable=MANY, channels_free=MANY).count <= 9


def test_an_answer_that_still_waits_takes_the_seat_of_another() -> None:
    pacer = _learnt()
    before = _count(pacer, 3)
    seen = SeatsSeen(3, tuple(900.0 + n for n in range(4)), (), unserved=1)

    assert pacer.calls_to_place(1000.0, seen, callable=MANY, channels_free=MANY).count < before


def test_it_asks_for_another_look_only_while_time_alone_can_help() -> None:
    pacer = _learnt()
    _count(pacer, 3)
    due = pacer.due(1000.0)
    pacer.calls_to_place(1000.0, SeatsSeen(0), callable=MANY, channels_free=MANY)

    assert due is not None
    assert 0.1 <= due - 1000.0 <= 1.0
    assert pacer.due(1000.0) is None


def test_what_is_learnt_survives_a_restart() -> None:
    pacer, restarted = _learnt(), Pacer(target=0.03)
    restarted.remember(json.loads(json.dumps(pacer.memory())))

    assert abs(_count(restarted, 6) - _count(pacer, 6)) <= 6
    assert _count(restarted, 6) > 6


def test_broken_memory_is_learnt_again() -> None:
    pacer = Pacer(target=0.03)
    pacer.remember({"forecast": {"answers": {"answered": [1]}, "rates": []}, "budget": {}})

    assert _count(pacer, 2) <= 2


def test_the_budget_grows_stricter_with_each_abandon_and_forgives_slowly() -> None:
    budget = Budget(0.03)
    before = budget.threshold
    budget.spend(is_abandoned=True)
    after = budget.threshold
    for _ in range(40):
        budget.spend(is_abandoned=False)

    assert after < before
    assert budget.threshold > after


def test_what_the_first_half_hour_saves_is_not_spent_later() -> None:
    early, begun = Budget(0.03), Budget(0.03)
    for _ in range(50):
        early.spend(is_abandoned=False)

    assert begun.threshold * 0.9 < early.threshold <= begun.threshold


def test_what_a_floor_saves_while_it_is_short_of_channels_does_not_raise_the_threshold_for_good() -> None:
    learnt = {}
    for channels in (MANY, 0):
        pacer = _learnt()
        for _ in range(600):
            pacer.calls_to_place(1000.0, SeatsSeen(0, (990.0,) * 5), callable=MANY, channels_free=channels)
            pacer.connected(1000.0, is_abandoned=False)
        learnt[channels] = pacer.memory()["budget"]["threshold"]

    assert learnt[MANY] > learnt[0] * 1.05
    assert learnt[0] == pytest.approx(Budget(0.03).memory()["threshold"], rel=0.02)


def test_the_budget_all_but_stops_before_a_day_or_a_half_hour_breaks_its_limit() -> None:
    late, crowded = Budget(0.03), Budget(0.03)
    for answer in range(900):
        late.spend(is_abandoned=answer >= 60 and answer % 33 == 0)
    before = late.threshold
    late.spend(is_abandoned=True)
    for answer in range(60):
        crowded.spend(is_abandoned=answer % 12 == 0)

    assert late.threshold < before / 2
    assert crowded.threshold < Budget(0.03).threshold / 8


@pytest.mark.parametrize(
    ("floor", "least"),
    [
        (Floor(5, hours=3.0), 0.72),
        (Floor(20, hours=2.0), 0.84),
        (Floor(20, quarters, hours=2.0, lunch_at_s=3600.0, lunch_s=1200.0), 0.80),
        (Floor(20, 0.60, hours=1.5, channels=23), 0.70),
    ],
    ids=["5", "20", "20-lunch-12%", "20-60%-23-channels"],
)
def test_a_short_shift_keeps_the_target_and_its_operators_busy(floor: Floor, least: float) -> None:
    shift = Shift(floor, Pacer(target=0.03), seed=11).run()

    assert shift.abandon_ratio() <= 0.03
    assert shift.utilisation() >= least
