"""The population's laws hold, the same seed gives the same callee, and a wrong file is refused by name."""

from __future__ import annotations

import collections
import statistics
from pathlib import Path

import msgspec
import pytest

from appliance.errors import SettingsError
from appliance.settings import Home
from appliance.simulator import population
from appliance.simulator.callee import Callee, incoming_plan, rng_for
from appliance.simulator.callee_plan import CALLEE_TONES_HZ, GREETING_S, CallPlan, Do
from appliance.simulator.population import Population

SEED = 11
CALLS = 20_000
DTMF_HZ = (697, 770, 852, 941, 1209, 1336, 1477, 1633)


def plans(people: Population, *, hour: int = 10, count: int = CALLS) -> list[CallPlan]:
    return [Callee(f"03{n:08d}", people, seed=SEED).plan(hour, 0) for n in range(count)]


def only_people(**sections: msgspec.Struct) -> Population:
    """Ordinary numbers alone, never busy, unless a section says otherwise."""
    empty = Population(
        busy=population.Busy(share=0.0),
        vacant=population.Vacant(cause=0.0, progress=0.0, disconnect=0.0, changed=0.0),
        voicemail=population.Voicemail(share=0.0),
    )
    return msgspec.structs.replace(empty, **sections)


def test_shipped_files_are_valid_and_the_default_says_what_the_code_says() -> None:
    assert population.load().ring == Population().ring
    assert population.load(population.BRISK).talk.mean_s < population.load().talk.mean_s


def test_a_number_and_a_seed_give_the_same_call_every_time() -> None:
    people = population.load()
    first = Callee("0300001234", people, seed=SEED)
    again = Callee("0300001234", people, seed=SEED)

    assert [first.plan(10, n) for n in range(5)] == [again.plan(10, n) for n in range(5)]
    assert len({first.plan(10, n) for n in range(20)}) > 1, "calls to one number differ from each other"
    other = Callee("0300001234", people, seed=SEED + 1)
    assert [first.plan(10, n) for n in range(20)] != [other.plan(10, n) for n in range(20)]


def test_answer_rate_follows_the_hour() -> None:
    people = only_people(answer=population.Answer(rate=0.2, rate_by_hour={"13": 0.6}))

    for hour, expected in ((10, 0.2), (13, 0.6)):
        outcomes = collections.Counter(plan.outcome for plan in plans(people, hour=hour))
        # Three and a half standard errors of a share of 20,000 calls are 1.2 points at most.
        assert outcomes["answered"] / CALLS == pytest.approx(expected, abs=0.012)
        assert outcomes["answered"] + outcomes["no_answer"] == CALLS


def test_ring_time_is_a_floor_and_a_gamma() -> None:
    rings = [plan.ring_s() for plan in plans(only_people(answer=population.Answer(rate=1.0)))]
    seconds = [ring for ring in rings if ring is not None]

    assert len(seconds) == CALLS
    assert min(seconds) >= 1.5
    assert statistics.fmean(seconds) == pytest.approx(1.5 + 7.5, rel=0.02)
    assert statistics.stdev(seconds) == pytest.approx(7.5 * 0.6, rel=0.03)


def test_talk_time_is_lognormal_with_a_floor() -> None:
    talk = population.Talk(mean_s=90.0, cv=1.1, min_s=5.0, callee_clears=1.0)
    people = only_people(answer=population.Answer(rate=1.0), talk=talk)
    seconds = [plan.talk_s() or 0.0 for plan in plans(people)]

    assert min(seconds) >= 5.0
    assert statistics.fmean(seconds) == pytest.approx(90.0, rel=0.03)
    assert statistics.stdev(seconds) / 90.0 == pytest.approx(1.1, rel=0.08)
    # The median of a lognormal is m / sqrt(1 + c²).
    assert statistics.median(seconds) == pytest.approx(90.0 / (1 + 1.1**2) ** 0.5, rel=0.03)


def test_those_who_wait_for_us_lose_patience_later() -> None:
    always = population.Answer(rate=1.0)
    first = only_people(answer=always, talk=population.Talk(callee_clears=1.0, patience_s=60.0))
    waits = only_people(answer=always, talk=population.Talk(callee_clears=0.0, patience_s=60.0))

    for clears, stays in zip(plans(first, count=50), plans(waits, count=50), strict=True):
        assert stays.talk_s() == pytest.approx((clears.talk_s() or 0.0) + 60.0)


@pytest.mark.parametrize(
    ("kind", "share"),
    [("vacant_cause", 0.03), ("vacant_progress", 0.05), ("vacant_disconnect", 0.02), ("changed", 0.04)],
)
def test_vacant_numbers_have_their_share_and_stay_vacant(kind: str, share: float) -> None:
    vacant = population.Vacant(cause=0.03, progress=0.05, disconnect=0.02, changed=0.04)
    people = only_people(vacant=vacant)
    callees = [Callee(f"03{n:08d}", people, seed=SEED) for n in range(CALLS)]
    those = [callee for callee in callees if callee.kind == kind]

    assert len(those) / CALLS == pytest.approx(share, abs=0.005)
    assert {those[0].plan(hour, nth).outcome for hour in (9, 20) for nth in range(5)} == {kind}


def test_the_three_forms_of_vacant_and_a_changed_number_say_what_they_should() -> None:
    kinds = ("vacant_cause", "vacant_progress", "vacant_disconnect", "changed")
    forms: dict[str, list[CallPlan]] = {kind: [] for kind in kinds}
    for plan in plans(population.load()):
        if plan.outcome in forms:
            forms[plan.outcome].append(plan)

    def shape(kind: str) -> list[tuple[Do, int, bool]]:
        return [(step.do, step.cause, step.is_in_band) for step in forms[kind][0].steps[1:]]

    assert shape("vacant_cause") == [(Do.DISCONNECT, 1, False)]
    assert shape("vacant_progress") == [(Do.PROGRESS, 1, True), (Do.DISCONNECT, 1, False)]
    assert shape("vacant_disconnect") == [(Do.DISCONNECT, 1, True), (Do.RELEASE, 1, False)]
    assert shape("changed") == [(Do.DISCONNECT, 22, True), (Do.RELEASE, 22, False)]


def test_busy_is_a_chance_of_the_call_and_comes_when_told() -> None:
    people = only_people(busy=population.Busy(share=0.3, after_s=2.5))
    busy = [plan for plan in plans(people) if plan.outcome == "busy"]

    assert len(busy) / CALLS == pytest.approx(0.3, abs=0.012)
    assert sum(step.after_s for step in busy[0].steps) == pytest.approx(2.5)
    assert busy[0].steps[-1].cause == 17


def test_machines_speak_and_beep_before_they_clear() -> None:
    people = only_people(voicemail=population.Voicemail(share=1.0, ring_s=14.0, record_s=20.0))
    plan = plans(people, count=1)[0]

    assert plan.outcome == "voicemail"
    assert plan.ring_s() == 14.0
    assert plan.steps[2].sound is not None
    assert plan.steps[2].sound.kind == "voicemail"
    assert plan.talk_s() == GREETING_S + 20.0


def test_callees_press_keys_while_they_talk() -> None:
    keys = population.Keys(share=1.0, digits_max=3, gap_s=1.5)
    people = only_people(answer=population.Answer(rate=1.0), keys=keys)

    for plan in plans(people, count=500):
        sound = plan.steps[2].sound
        assert sound is not None
        assert 1 <= len(sound.keys) <= 3
        assert all(key.at_s < (plan.talk_s() or 0.0) for key in sound.keys)


def test_moved_channels_and_tones_have_their_shares() -> None:
    people = only_people(
        answer=population.Answer(rate=1.0),
        signalling=population.Signalling(moved_share=0.25),
        speech=population.Speech(tone_share=0.5),
    )
    made = plans(people)
    voices = [plan.steps[2].sound for plan in made]

    moved = sum(plan.steps[0].is_moved for plan in made)
    assert moved / CALLS == pytest.approx(0.25, abs=0.012)
    tones = collections.Counter(voice.frequency_hz for voice in voices if voice and voice.kind == "tone")
    assert sum(tones.values()) / CALLS == pytest.approx(0.5, abs=0.014)
    assert set(tones) == set(CALLEE_TONES_HZ)


def test_callee_tones_are_nobody_elses() -> None:
    for tone in CALLEE_TONES_HZ:
        assert tone % 10 == 0
        assert min(abs(tone - other) for other in (*DTMF_HZ, 400, 1000)) >= 30


@pytest.mark.parametrize("number", ["1234", "312345678", "030000123456", "9999999999", ""])
def test_numbers_outside_the_served_range_are_vacant(number: str) -> None:
    assert Callee(number, only_people(), seed=SEED).plan(10, 0).outcome == "vacant_cause"


def test_an_incoming_callers_plan_begins_with_our_answer() -> None:
    plan = incoming_plan(population.load(), rng_for(SEED, "incoming", 1))

    assert [step.do for step in plan.steps] == [Do.CONNECT, Do.DISCONNECT]
    assert (plan.talk_s() or 0.0) >= 5.0


def test_a_population_is_installed_in_a_home_with_its_seed(tmp_path: Path) -> None:
    home = Home(tmp_path)

    population.install(home, population.BRISK, seed=77)

    installed = population.load(population.site_file(home))
    assert installed.seed == 77
    assert installed.talk == population.load(population.BRISK).talk


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[answer]\nrat = 0.2", "Did you mean `rate`?"),
        ("[anwser]\nrate = 0.2", "Did you mean `answer`?"),
        ("[answer]\nrate = 1.2", "$.answer.rate"),
        ("[answer]\nrate_by_hour = { 24 = 0.2 }", "rate_by_hour"),
        ("[vacant]\ncause = 0.9\nprogress = 0.9", "add up to"),
        ("[numbers]\ndigits_min = 12\ndigits_max = 11", "digits_min"),
        ("[ring\n", "not TOML"),
        ("[congestion]\ncauses = []", "causes"),
    ],
)
def test_a_wrong_file_is_refused_naming_the_key(text: str, said: str) -> None:
    with pytest.raises(SettingsError) as error:
        population.parse(text, where="site.toml")

    assert said in str(error.value)
    assert "site.toml" in str(error.value)
