"""Forecasts on a floor's own laws: what was measured is drawn, and a knob moves the figures its way."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from appliance.simulator.shift_laws import Laws
from appliance.simulator.shift_measured import laws_of, memory_of
from appliance.simulator.what_if import Question, Run, Setting, run
from appliance.store import measures, users
from tests.store_help import NOON_MS, Floor, make_floor

ROOT = Path(__file__).resolve().parents[2]


def question(*runs: tuple[Setting, int], seats: int = 6) -> Question:
    """A floor whose measured seconds come from the usual laws."""
    laws, rng = Laws(), random.Random(3)
    answers = tuple(min(21.0, laws.ring_s(rng)) for _ in range(200))
    return Question(
        seats=seats,
        ring_timeout_s=22.0,
        is_ring_cut=False,
        answers_s=answers,
        others_s=(22.0,) * 480 + (2.5,) * 120,
        talks_s=tuple(laws.talk_s(rng) for _ in range(200)),
        wraps_s=tuple(laws.wrap_s(rng) for _ in range(200)),
        runs=runs,
    )


def overdial(count: int, *, channels: int = 46) -> Setting:
    return Setting("overdial", count, 1.0, 0.03, channels)


def test_what_was_measured_is_what_is_drawn() -> None:
    laws = laws_of(
        answers_s=(3.0, 5.0), others_s=(25.0, 25.0, 2.0), talks_s=(60.0,), wraps_s=(7.0,), ring_timeout_s=25.0
    )
    rng = random.Random(1)

    assert laws.answer == 0.4
    assert laws.short_share == pytest.approx(0.2)
    assert laws.short_s == 2.0
    assert {laws.ring_s(rng) for _ in range(20)} == {3.0, 5.0}
    assert (laws.talk_s(rng), laws.wrap_s(rng)) == (60.0, 7.0)


def test_the_pacer_begins_with_what_the_floor_has_taught() -> None:
    asked = question()
    laws = laws_of(
        answers_s=asked.answers_s, others_s=asked.others_s, talks_s=asked.talks_s, wraps_s=asked.wraps_s,
        ring_timeout_s=22.0,
    )  # fmt: skip

    usual, double = (memory_of(laws, list_id=1, hour=9, target=target) for target in (0.03, 0.06))

    calls = usual["forecast"]["rates"][0][2]
    assert calls > 400  # it forgets the oldest slowly
    assert usual["forecast"]["rates"][0][3] / calls == pytest.approx(0.25, abs=0.05)
    assert double["budget"]["threshold"] == pytest.approx(2 * usual["budget"]["threshold"])


def test_more_overdialling_waits_less_and_abandons_more() -> None:
    asked = question()
    few, many = ([run(asked, overdial(count), seed) for seed in (1, 2, 3)] for count in (0, 4))

    assert sum(one.abandoned for one in few) / sum(one.answered for one in few) < 0.05
    assert sum(one.abandoned for one in many) > 3 * sum(one.abandoned for one in few)
    assert sum(one.wait_s for one in many) / sum(one.talks for one in many) < (
        0.7 * sum(one.wait_s for one in few) / sum(one.talks for one in few)
    )


def test_fewer_channels_wait_longer() -> None:
    asked = question()

    wide, narrow = run(asked, overdial(2, channels=46), 1), run(asked, overdial(2, channels=5), 1)

    assert narrow.wait_s / narrow.talks > 1.2 * wide.wait_s / wide.talks


def test_the_program_answers_a_line_a_run() -> None:
    asked = question((overdial(0), 1), (overdial(1), 1), seats=3)

    done = subprocess.run(
        [sys.executable, "-m", "appliance.simulator.what_if"],
        input=msgspec.json.encode(asked),
        capture_output=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )

    told = [msgspec.json.decode(line, type=Run) for line in done.stdout.splitlines()]
    assert [(one.setting.overdial, one.seed) for one in told] == [(0, 1), (1, 1)]
    assert told[0] == run(asked, overdial(0), 1), "another process draws the same chances"


def talked(floor: Floor) -> None:
    """Three calls: one answered after 4 s, one never, one refused at once."""
    list_id = floor.make_list(3)
    for place, (answered_s, cleared_s) in enumerate(((4, 64), (0, 25), (0, 2))):
        setup = NOON_MS + place * 1000
        attempt_id = floor.store.insert(
            "attempt", tenant_id=floor.tenant, project_id=floor.project, list_id=list_id, customer_id=1,
            number="0300000001", caller="0344305356", opened_at=setup, setup_at=setup, end="result",
            answered_at=setup + answered_s * 1000 if answered_s else 0, cleared_at=setup + cleared_s * 1000,
        )  # fmt: skip
        if answered_s:
            floor.store.insert(
                "history", tenant_id=floor.tenant, project_id=floor.project, list_id=list_id, customer_id=1,
                attempt_id=attempt_id, number="0300000001", code="01", at=setup, talk_ms=60_000, wrap_ms=9000,
            )  # fmt: skip


def test_the_store_measures_a_tenants_own_calls(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    talked(floor)
    other = users.create_tenant(floor.store, entry_code="other", name="別", at=NOON_MS)

    found = measures.measured(floor.store, floor.tenant, floor.project, since_at=NOON_MS)

    assert (found.answers_s, sorted(found.others_s)) == ((4.0,), [2.0, 25.0])
    assert (found.talks_s, found.wraps_s) == ((60.0,), (9.0,))
    assert measures.measured(floor.store, other, floor.project, since_at=NOON_MS) == measures.Measured()
    assert measures.measured(floor.store, floor.tenant, floor.project, since_at=NOON_MS + 3000) == (
        measures.Measured()
    )
