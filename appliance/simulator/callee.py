"""One callee and what it does with a call: a number and a seed make a plan, always the same one.

Pure: no clock, no I/O.  What a *number* is (vacant, a machine, its voice) comes from seed and number; what
happens to one *call* comes from seed, number and how many calls it had before.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Callable
from typing import Final

import msgspec

from appliance.simulator.callee_plan import (
    CALLEE_TONES_HZ,
    GREETING_S,
    NO_ANSWER,
    NORMAL_CLEARING,
    NUMBER_CHANGED,
    RINGBACK,
    SILENCE,
    USER_BUSY,
    VACANT,
    CallPlan,
    Do,
    Key,
    Kind,
    Sound,
    Step,
)
from appliance.simulator.population import Population


def rng_for(seed: int, *parts: object) -> random.Random:
    """A generator of its own for these parts, the same on every machine and Python."""
    text = "/".join(str(part) for part in (seed, *parts))
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return random.Random(int.from_bytes(digest, "big"))  # noqa: S311 - laws that repeat, not secrets


class Callee:
    """The party at one number."""

    def __init__(self, number: str, population: Population, *, seed: int) -> None:
        self.number = number
        self._population = population
        self._seed = seed
        rng = rng_for(seed, "number", number)
        self.kind: Kind = _kind(number, population, rng.random())
        self.sound = _voice(population, rng)

    def plan(self, hour: int, nth: int) -> CallPlan:
        """What happens to the `nth` call to this number (from 0), placed at `hour` of the day."""
        rng = rng_for(self._seed, "call", self.number, nth)
        return plan_for(self.kind, self.sound, hour, self._population, rng)


def plan_for(kind: Kind, sound: Sound, hour: int, population: Population, rng: random.Random) -> CallPlan:
    """A plan for one call to a callee of this kind and voice."""
    proceed = Step(
        population.signalling.proceeding_s,
        Do.PROCEED,
        is_moved=rng.random() < population.signalling.moved_share,
    )
    return _PLANNERS[kind](proceed, sound, hour, population, rng)


def incoming_plan(population: Population, rng: random.Random) -> CallPlan:
    """What a caller does once we have answered: speaks, then puts the handset down."""
    talk_s = _talk_s(population, rng)
    steps = (
        Step(0.0, Do.CONNECT, sound=_voice(population, rng)),
        Step(talk_s, Do.DISCONNECT, cause=NORMAL_CLEARING, sound=SILENCE),
    )
    return CallPlan("incoming", steps)


def refusal(cause: int) -> CallPlan:
    """RELEASE COMPLETE straight to SETUP, e.g. for congestion."""
    return CallPlan("refused", (Step(0.0, Do.REFUSE, cause=cause),))


def _kind(number: str, population: Population, u: float) -> Kind:
    served = population.numbers
    if not served.digits_min <= len(number) <= served.digits_max or not number.startswith(served.served):
        return "vacant_cause"
    vacant = population.vacant
    laws: tuple[tuple[Kind, float], ...] = (
        ("vacant_cause", vacant.cause),
        ("vacant_progress", vacant.progress),
        ("vacant_disconnect", vacant.disconnect),
        ("changed", vacant.changed),
        ("voicemail", population.voicemail.share),
    )
    for kind, share in laws:
        if u < share:
            return kind
        u -= share
    return "ordinary"


def _voice(population: Population, rng: random.Random) -> Sound:
    level = population.speech.level_dbm0
    tone_hz = CALLEE_TONES_HZ[int(rng.random() * len(CALLEE_TONES_HZ))]
    if rng.random() < population.speech.tone_share:
        return Sound("tone", tone_hz, level)
    return Sound("noise", 0, level)


def _ordinary(proceed: Step, sound: Sound, hour: int, population: Population, rng: random.Random) -> CallPlan:
    if rng.random() < population.busy.share:
        wait_s = max(0.0, population.busy.after_s - proceed.after_s)
        return CallPlan("busy", (proceed, Step(wait_s, Do.DISCONNECT, cause=USER_BUSY)))
    alert = _alert(population)
    if rng.random() >= population.answer.rate_at(hour):
        give_up = Step(population.ring.max_s, Do.DISCONNECT, cause=NO_ANSWER, sound=SILENCE)
        return CallPlan("no_answer", (proceed, alert, give_up))
    ring = population.ring
    ring_s = min(ring.max_s, ring.floor_s + rng.gammavariate(ring.cv**-2, ring.mean_s * ring.cv**2))
    talk_s = _talk_s(population, rng)
    keys = _keys(population, talk_s, rng)
    connect = Step(ring_s, Do.CONNECT, sound=msgspec.structs.replace(sound, keys=keys))
    clear = Step(talk_s, Do.DISCONNECT, cause=NORMAL_CLEARING, sound=SILENCE)
    return CallPlan("answered", (proceed, alert, connect, clear))


def _voicemail(
    proceed: Step, _sound: Sound, _hour: int, population: Population, _rng: random.Random
) -> CallPlan:
    connect = Step(population.voicemail.ring_s, Do.CONNECT, sound=Sound("voicemail"))
    clear = Step(
        GREETING_S + population.voicemail.record_s, Do.DISCONNECT, cause=NORMAL_CLEARING, sound=SILENCE
    )
    return CallPlan("voicemail", (proceed, _alert(population), connect, clear))


def _vacant_cause(
    proceed: Step, _sound: Sound, _hour: int, population: Population, _rng: random.Random
) -> CallPlan:
    return CallPlan("vacant_cause", (proceed, Step(population.vacant.after_s, Do.DISCONNECT, cause=VACANT)))


def _vacant_progress(
    proceed: Step, _sound: Sound, _hour: int, population: Population, _rng: random.Random
) -> CallPlan:
    vacant = population.vacant
    tell = Step(vacant.after_s, Do.PROGRESS, cause=VACANT, is_in_band=True, sound=Sound("vacant"))
    clear = Step(vacant.announcement_s, Do.DISCONNECT, cause=VACANT, sound=SILENCE)
    return CallPlan("vacant_progress", (proceed, tell, clear))


def _vacant_disconnect(
    proceed: Step, _sound: Sound, _hour: int, population: Population, _rng: random.Random
) -> CallPlan:
    return CallPlan("vacant_disconnect", (proceed, *_announced(population, VACANT, Sound("vacant"))))


def _changed(
    proceed: Step, _sound: Sound, _hour: int, population: Population, _rng: random.Random
) -> CallPlan:
    return CallPlan("changed", (proceed, *_announced(population, NUMBER_CHANGED, Sound("changed"))))


def _announced(population: Population, cause: int, sound: Sound) -> tuple[Step, Step]:
    vacant = population.vacant
    tell = Step(vacant.after_s, Do.DISCONNECT, cause=cause, is_in_band=True, sound=sound)
    return tell, Step(vacant.announcement_s, Do.RELEASE, cause=cause, sound=SILENCE)


def _alert(population: Population) -> Step:
    # Seen from real network sides: ALERTING carries progress indicator 8, the ringback is theirs.
    return Step(population.signalling.alerting_s, Do.ALERT, is_in_band=True, sound=RINGBACK)


def _talk_s(population: Population, rng: random.Random) -> float:
    """Lognormal by mean m and cv c: sigma² = ln(1 + c²), mu = ln m - sigma²/2."""
    talk = population.talk
    variance = math.log1p(talk.cv**2)
    seconds = rng.lognormvariate(math.log(talk.mean_s) - variance / 2, math.sqrt(variance))
    patience_s = 0.0 if rng.random() < talk.callee_clears else talk.patience_s
    return max(talk.min_s, seconds) + patience_s


def _keys(population: Population, talk_s: float, rng: random.Random) -> tuple[Key, ...]:
    keys = population.keys
    if rng.random() >= keys.share:
        return ()
    count = 1 + int(rng.random() * keys.digits_max)
    pressed = (Key(keys.gap_s * (1 + n), "0123456789*#"[int(rng.random() * 12)]) for n in range(count))
    return tuple(key for key in pressed if key.at_s < talk_s)


_Planner = Callable[[Step, Sound, int, Population, random.Random], CallPlan]

_PLANNERS: Final[dict[Kind, _Planner]] = {
    "ordinary": _ordinary,
    "voicemail": _voicemail,
    "vacant_cause": _vacant_cause,
    "vacant_progress": _vacant_progress,
    "vacant_disconnect": _vacant_disconnect,
    "changed": _changed,
}
