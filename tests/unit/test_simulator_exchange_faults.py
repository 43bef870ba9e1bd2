"""The exchange's faults keep their laws: shares of frames, rates of SETUPs, times between dead links."""

from __future__ import annotations

import collections
import random

import pytest

from appliance.simulator.exchange_faults import CongestionGate, FrameLoss, LinkFlaps


def gate(setups_per_s: float) -> CongestionGate:
    return CongestionGate(setups_per_s, (34, 42), random.Random(1))


def test_frames_are_lost_by_their_share() -> None:
    loss = FrameLoss(0.05, random.Random(1))
    lost = sum(loss.takes() for _ in range(20_000))

    assert lost == loss.lost
    assert lost / 20_000 == pytest.approx(0.05, abs=0.006)


def test_no_frame_is_lost_without_a_share_and_all_with_one() -> None:
    assert not any(FrameLoss(0.0, random.Random(1)).takes() for _ in range(100))
    assert all(FrameLoss(1.0, random.Random(1)).takes() for _ in range(100))


def test_setups_pass_at_the_rate_and_no_faster() -> None:
    passed = gate(10.0)
    causes = [passed.cause_for_setup(n * 0.02) for n in range(1_000)]  # 50 a second for 20 s

    # 10 a second, and the burst of a quarter of a second that the bucket held at first.
    assert causes.count(0) == pytest.approx(200 + 2.5, abs=1)
    refused = collections.Counter(cause for cause in causes if cause)
    assert refused[34] == pytest.approx(refused[42], rel=0.2)
    assert set(refused) == {34, 42}


def test_setups_below_the_rate_all_pass() -> None:
    passed = gate(10.0)

    assert not any(passed.cause_for_setup(n * 0.11) for n in range(500))


def test_exactly_one_token_is_enough() -> None:
    passed = gate(2.0)

    assert [passed.cause_for_setup(at) == 0 for at in (0.0, 0.25, 0.75, 1.25, 1.5)] == [
        True, False, True, True, False,
    ]  # fmt: skip


def test_a_bucket_that_was_not_used_holds_no_more_than_its_burst() -> None:
    passed = gate(40.0)
    passed.cause_for_setup(0.0)

    assert sum(passed.cause_for_setup(1_000.0) == 0 for _ in range(50)) == 10


def test_without_a_rate_everything_passes_and_a_forced_cause_stops_everything() -> None:
    passed = gate(0.0)
    assert not any(passed.cause_for_setup(0.0) for _ in range(100))

    passed.forced_cause = 47

    assert {passed.cause_for_setup(at) for at in (0.0, 1.0)} == {47}


def test_links_die_after_exponential_times_and_stay_down_as_long_as_told() -> None:
    flaps = LinkFlaps(mean_s=100.0, down_s=8.0, rng=random.Random(5))
    flaps.begin(0.0)
    ups: list[float] = []
    downs: list[float] = []
    now = 0.0
    for _ in range(2_000):
        due = flaps.due()
        assert due is not None
        (downs if flaps.is_down else ups).append(due - now)
        now = due
        flaps.run(now)

    assert flaps.count == len(ups)
    assert downs == pytest.approx([8.0] * len(downs))
    assert sum(ups) / len(ups) == pytest.approx(100.0, rel=0.1)
    # An exponential law: as many wait less than ln 2 of the mean as wait more.
    assert sum(up < 69.3 for up in ups) / len(ups) == pytest.approx(0.5, abs=0.05)


def test_a_late_shell_takes_every_change_it_missed() -> None:
    flaps = LinkFlaps(mean_s=10.0, down_s=1.0, rng=random.Random(5))
    flaps.begin(0.0)

    flaps.run(1_000.0)

    due = flaps.due()
    assert flaps.count > 50
    assert due is not None
    assert due > 1_000.0


def test_a_link_that_never_flaps_is_cut_and_healed_by_hand_only() -> None:
    flaps = LinkFlaps(mean_s=0.0, down_s=8.0, rng=random.Random(5))
    flaps.begin(0.0)
    assert flaps.due() is None

    flaps.set_down(True, 10.0)
    flaps.run(10_000.0)
    assert (flaps.is_down, flaps.due(), flaps.count) == (True, None, 1)
    flaps.set_down(True, 10_000.0)
    assert flaps.count == 1, "cut twice is cut once"

    flaps.set_down(False, 10_001.0)
    assert (flaps.is_down, flaps.due()) == (False, None)


def test_healed_by_hand_a_flapping_link_flaps_again() -> None:
    flaps = LinkFlaps(mean_s=10.0, down_s=1.0, rng=random.Random(5))
    flaps.begin(0.0)
    flaps.set_down(True, 1.0)
    assert flaps.due() is None

    flaps.set_down(False, 500.0)

    due = flaps.due()
    assert due is not None
    assert due > 500.0
