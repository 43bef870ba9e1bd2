"""Who is at the other end of the line: the file that describes a population of callees.

One TOML file, read strictly: an unknown key, or a share that is none, is an error naming it.  This file
only reads and checks; `callee.py` makes calls out of it.  `population.toml` is the shipped default.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from appliance.errors import SettingsError
from appliance.settings import Home, Strict

SHIPPED: Final = Path(__file__).with_name("population.toml")
BRISK: Final = Path(__file__).with_name("population-brisk.toml")
CALLS_PER_HOUR_MAX: Final = 100_000

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Seconds = Annotated[float, Meta(ge=0.0, le=86_400.0)]
Positive = Annotated[float, Meta(gt=0.0, le=86_400.0)]
Digits = Annotated[str, Meta(pattern=r"^[0-9]{1,20}$")]


class Numbers(Strict, frozen=True, kw_only=True):
    """Which numbers exist.  Any other is vacant (cause 1); lengths are those of a national number."""

    served: tuple[Digits, ...] = ("0",)
    digits_min: Annotated[int, Meta(ge=1, le=20)] = 10
    digits_max: Annotated[int, Meta(ge=1, le=20)] = 11


class Answer(Strict, frozen=True, kw_only=True):
    """The share of calls that a person answers, of ordinary numbers that are not busy.

    `rate_by_hour` has hours of the day ("9", "13") and overrides `rate`.
    """

    rate: Share = 0.25
    rate_by_hour: dict[Annotated[str, Meta(pattern=r"^([0-9]|1[0-9]|2[0-3])$")], Share] = msgspec.field(
        default_factory=dict
    )

    def rate_at(self, hour: int) -> float:
        return self.rate_by_hour.get(str(hour), self.rate)


class Ring(Strict, frozen=True, kw_only=True):
    """Ringing: `floor_s` + Gamma(mean, cv) until a person answers; the exchange gives up after `max_s`."""

    floor_s: Seconds = 1.5
    mean_s: Positive = 7.5
    cv: Positive = 0.6
    max_s: Positive = 180.0


class Busy(Strict, frozen=True, kw_only=True):
    """Busy (cause 17) `after_s` from SETUP; a chance of each call, not a property of the number."""

    share: Share = 0.10
    after_s: Seconds = 0.8


class Vacant(Strict, frozen=True, kw_only=True):
    """Unused numbers: shares of all numbers, in the forms an exchange has for telling.

    `cause`: cause 1 at once; `progress`: PROGRESS with indicator 8 and an announcement, then cause 1;
    `disconnect`: DISCONNECT with indicator 8 and an announcement; `changed`: the same with cause 22.
    """

    cause: Share = 0.02
    progress: Share = 0.02
    disconnect: Share = 0.02
    changed: Share = 0.01
    after_s: Seconds = 0.6
    announcement_s: Positive = 12.0

    def total(self) -> float:
        return self.cause + self.progress + self.disconnect + self.changed


class Voicemail(Strict, frozen=True, kw_only=True):
    """The share of numbers whose machine answers after `ring_s`, speaks, beeps, listens for `record_s`."""

    share: Share = 0.05
    ring_s: Positive = 14.0
    record_s: Positive = 20.0


class Talk(Strict, frozen=True, kw_only=True):
    """Conversation: lognormal(mean, cv), at least `min_s`.

    `callee_clears` is the share of callees that put the handset down first, at the end of that time; the
    others wait for us, and lose patience `patience_s` later.
    """

    mean_s: Positive = 90.0
    cv: Positive = 1.1
    min_s: Positive = 5.0
    callee_clears: Share = 0.6
    patience_s: Positive = 120.0


class Speech(Strict, frozen=True, kw_only=True):
    """What a callee sounds like: a steady tone of its own (recognisable), or noise shaped like speech."""

    tone_share: Share = 0.5
    level_dbm0: Annotated[float, Meta(ge=-40.0, le=-6.0)] = -16.0


class Keys(Strict, frozen=True, kw_only=True):
    """The share of callees that press keys (in-band DTMF): 1 to `digits_max` of them, `gap_s` apart."""

    share: Share = 0.0
    digits_max: Annotated[int, Meta(ge=1, le=20)] = 3
    gap_s: Annotated[float, Meta(ge=0.3, le=60.0)] = 1.5


class Signalling(Strict, frozen=True, kw_only=True):
    """The exchange's own pace, and how often it moves a call to another channel in CALL PROCEEDING."""

    proceeding_s: Seconds = 0.03
    alerting_s: Seconds = 0.5
    moved_share: Share = 0.0


class Congestion(Strict, frozen=True, kw_only=True):
    """SETUPs above `setups_per_s` (0: no bound) on one span are refused with one of `causes`."""

    setups_per_s: Annotated[float, Meta(ge=0.0, le=1000.0)] = 0.0
    causes: Annotated[tuple[Annotated[int, Meta(ge=1, le=127)], ...], Meta(min_length=1)] = (34, 42)


class Faults(Strict, frozen=True, kw_only=True):
    """Frame loss on the D channels, and links that die every `flap_mean_s` (0: never) for `flap_down_s`."""

    frame_loss: Share = 0.0
    flap_mean_s: Annotated[float, Meta(ge=0.0)] = 0.0
    flap_down_s: Positive = 8.0


class Incoming(Strict, frozen=True, kw_only=True):
    """Calls that the exchange places to us: `per_hour` of them, to `called`, from served numbers."""

    per_hour: Annotated[float, Meta(ge=0.0, le=CALLS_PER_HOUR_MAX)] = 0.0
    called: Digits = "0300009000"
    withheld_share: Share = 0.2


class Population(Strict, frozen=True, kw_only=True):
    """The whole file.  `seed` makes runs repeat: the same seed and numbers, the same callees.

    `span_kind` is the kind of the site file's spans that the exchange serves: "dahdi" is for the far span of
    a looped pair, with a home directory of its own.
    """

    seed: int = 1
    span_kind: Literal["simulated", "dahdi"] = "simulated"
    numbers: Numbers = Numbers()
    answer: Answer = Answer()
    ring: Ring = Ring()
    busy: Busy = Busy()
    vacant: Vacant = Vacant()
    voicemail: Voicemail = Voicemail()
    talk: Talk = Talk()
    speech: Speech = Speech()
    keys: Keys = Keys()
    signalling: Signalling = Signalling()
    congestion: Congestion = Congestion()
    faults: Faults = Faults()
    incoming: Incoming = Incoming()


def load(path: Path = SHIPPED) -> Population:
    """Read and check a population file.  Raises SettingsError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The population {path} cannot be read: {error}.",
            remedy=f"Give an existing UTF-8 file; start from a copy of {SHIPPED.name}.",
        ) from error
    return parse(text, where=str(path))


def site_file(home: Home) -> Path:
    """The population that the exchange of this home serves, where one was installed."""
    return home.root / "population.toml"


def install(home: Home, source: Path = SHIPPED, *, seed: int | None = None) -> Path:
    """Check a population and copy it to the home directory, with another seed if one is given.

    The exchange reads it at its next start.  Raises SettingsError.
    """
    load(source)
    text = source.read_text(encoding="utf-8")
    if seed is not None:
        text = f"seed = {seed}\n" + re.sub(r"(?m)^seed\s*=.*\n", "", text)
    site_file(home).write_text(text, encoding="utf-8")
    load(site_file(home))
    return site_file(home)


def parse(text: str, *, where: str = "population") -> Population:
    """Decode and check the text of a population file.  Raises SettingsError naming file and key."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{where}: not TOML: {error}.", remedy="Correct the line named.") from error
    try:
        population = msgspec.convert(raw, Population)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{where}: {error}.", remedy=_remedy(str(error))) from error
    return _check(population, where=where)


def _check(population: Population, *, where: str) -> Population:
    shares = population.vacant.total() + population.voicemail.share
    if shares > 1.0:
        raise SettingsError(
            f"{where}: the shares of [vacant] and [voicemail] add up to {shares:g}.",
            remedy="Lower them to 1 or less in all; the rest are ordinary numbers.",
        )
    if population.numbers.digits_min > population.numbers.digits_max:
        raise SettingsError(
            f"{where}: numbers.digits_min is above numbers.digits_max.", remedy="Exchange the two."
        )
    return population


def _remedy(message: str) -> str:
    found = re.search(r"unknown field `(\w+)`", message)
    if not found:
        return "Correct the value named."
    near = difflib.get_close_matches(found.group(1), _known_keys(), n=1)
    return f"Did you mean `{near[0]}`?" if near else "Remove it."


def _known_keys() -> set[str]:
    values = [getattr(Population(), name) for name in Population.__struct_fields__]
    sections = [value for value in values if isinstance(value, msgspec.Struct)]
    return {key for section in sections for key in section.__struct_fields__} | set(
        Population.__struct_fields__
    )
