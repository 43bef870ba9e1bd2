"""The laws of a real floor for a simulated shift: its own calls, drawn again at random.

Nothing is fitted: a draw is one of the seconds that were measured, so odd shapes stay as they are.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Sequence
from typing import Any, Final

from appliance.dialer.pacing import Pacer
from appliance.simulator.shift_laws import Laws

SHORT_MARGIN_S: Final = 1.0  # an unanswered call that ended so much before the time-out was cleared early
TAUGHT_MAX: Final = 600
USUAL_TARGET: Final = 0.03


class MeasuredLaws(Laws, frozen=True, kw_only=True):
    """`answer` is the share of calls that are answered; the samples are seconds, at least one of each."""

    answer: float
    answers_s: tuple[float, ...]
    talks_s: tuple[float, ...]
    wraps_s: tuple[float, ...]

    def ring_s(self, rng: random.Random) -> float:
        return rng.choice(self.answers_s)

    def talk_s(self, rng: random.Random) -> float:
        return rng.choice(self.talks_s)

    def wrap_s(self, rng: random.Random) -> float:
        return rng.choice(self.wraps_s)


def laws_of(
    *,
    answers_s: Sequence[float],
    others_s: Sequence[float],
    talks_s: Sequence[float],
    wraps_s: Sequence[float],
    ring_timeout_s: float,
) -> MeasuredLaws:
    """Laws from measured seconds; none of answers, talks and wraps may be empty."""
    calls = len(answers_s) + len(others_s)
    short = [seconds for seconds in others_s if seconds < ring_timeout_s - SHORT_MARGIN_S]
    return MeasuredLaws(
        answer=len(answers_s) / calls,
        answers_s=tuple(min(seconds, ring_timeout_s - 0.1) for seconds in answers_s),
        talks_s=tuple(talks_s),
        wraps_s=tuple(wraps_s),
        ring_timeout_s=ring_timeout_s,
        short_share=len(short) / calls,
        short_s=sum(short) / len(short) if short else 2.5,
    )


def memory_of(laws: MeasuredLaws, *, list_id: int, hour: int, target: float) -> dict[str, Any]:
    """What a pacer knows after such calls: a pacer is taught by them and asked for its memory.

    Its threshold is set as far from the usual one as the target is: to learn that takes a day, and a
    manager asks how things will be, not how the next minutes go.
    """
    memory = _taught(laws, list_id, hour)
    threshold = memory["budget"]["threshold"] * target / USUAL_TARGET
    return {**memory, "budget": {**memory["budget"], "threshold": threshold}}


@functools.lru_cache(maxsize=1)
def _taught(laws: MeasuredLaws, list_id: int, hour: int) -> dict[str, Any]:
    pacer, rng, now = Pacer(target=USUAL_TARGET), random.Random(1), 0.0  # noqa: S311 - chance that must repeat
    for call in range(1, TAUGHT_MAX + 1):
        draw, now = rng.random(), now + 60.0
        is_answered = draw < laws.answer
        is_short = not is_answered and draw < laws.answer + laws.short_share
        age = laws.ring_s(rng) if is_answered else laws.short_s if is_short else laws.ring_timeout_s
        pacer.placed(call, list_id, hour, now)
        pacer.ended(call, now + age, is_answered=is_answered)
        pacer.seat_talked(laws.talk_s(rng))
        pacer.seat_wrapped(laws.wrap_s(rng))
    return pacer.memory()
