"""When something of the chassis is an alarm: one table of limits, each with its hysteresis and its patience.

Pure.  A value is over its limit for `raise_s` before the alarm stands, and back by the hysteresis for
`clear_s` before it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from appliance.chassis import dictionary as od
from appliance.chassis.messages import Readings, Severity

FRESH_S: Final = 2.0  # four heartbeats of 500 ms: older readings prove nothing any more
BUS_FRAMES_PER_S: Final = 500  # a quarter of what 250 kbit/s can carry; the controller sends 10
SUPPLY_VOLTS: Final = 12.0
FAN_SLOW_RPM: Final = 1200.0  # half of what a chassis fan turns at its lowest
FAN_STOPPED_RPM: Final = 500.0  # below it the tachometer counts noise


@dataclass(frozen=True)
class Seen:
    """One look at the chassis.  `age_s` is the age of the oldest part that the controller tells regularly."""

    readings: Readings | None
    age_s: float
    frames_per_s: float
    bus_fault: str
    controller: str  # for people: node and interface
    has_line_relay: bool = False

    @property
    def is_fresh(self) -> bool:
        return self.readings is not None and self.age_s < FRESH_S


Value = Callable[[Seen], float | None]
Sentence = Callable[[Seen, float], str]


@dataclass(frozen=True)
class Rule:
    """A value that is too high (`is_low_bad`: too low).  `of` gives None for what is not fitted.

    `needs_readings`: while the controller is silent the alarm stays as it was.
    """

    name: str
    of: Value
    say: Sentence
    warning: float | None
    critical: float | None
    hysteresis: float
    raise_s: float
    clear_s: float
    is_low_bad: bool = False
    needs_readings: bool = True

    def limit(self, severity: Severity) -> float | None:
        return self.warning if severity is Severity.WARNING else self.critical


def _readings(seen: Seen) -> Readings:
    assert seen.readings is not None, "rules of readings are asked only while there are some"
    return seen.readings


# --- power supplies ---------------------------------------------------------------------------------------


def _supply(place: int) -> Rule:
    letter = "AB"[place]

    def is_failed(seen: Seen) -> float:
        supply = _readings(seen).supplies[place]
        return float(not (supply.is_present and supply.is_ok))

    def say(seen: Seen, _value: float) -> str:
        is_present = _readings(seen).supplies[place].is_present
        return f"Power supply {letter} {'has failed' if is_present else 'is missing'}."

    return Rule(
        f"supply_{letter.lower()}",
        is_failed,
        say,
        None,
        critical=1.0,
        hysteresis=0.5,
        raise_s=1.0,
        clear_s=3.0,
    )


def _voltage(place: int) -> Rule:
    letter = "AB"[place]

    def percent_off(seen: Seen) -> float | None:
        supply = _readings(seen).supplies[place]
        if not (supply.is_present and supply.is_ok):
            return None  # its own alarm says so
        return abs(supply.volts - SUPPLY_VOLTS) / SUPPLY_VOLTS * 100

    def say(seen: Seen, value: float) -> str:
        volts = _readings(seen).supplies[place].volts
        return f"Power supply {letter} gives {volts:.2f} V, {value:.0f} % off {SUPPLY_VOLTS:g} V."

    # ATX12VO and its like allow 5 %
    return Rule(
        f"voltage_{letter.lower()}", percent_off, say, 5.0, 10.0, hysteresis=1.0, raise_s=3.0, clear_s=3.0
    )


# --- fans and temperatures --------------------------------------------------------------------------------


def _fan(place: int) -> Rule:
    def rpm(seen: Seen) -> float | None:
        fans = _readings(seen).fans_rpm
        return fans[place] if place < len(fans) else None

    def say(_seen: Seen, value: float) -> str:
        how = "turns too slowly" if value > FAN_STOPPED_RPM else "stands"
        return f"Fan {place + 1} {how}: {value:.0f}/min."

    return Rule(
        f"fan_{place + 1}",
        rpm,
        say,
        FAN_SLOW_RPM,
        FAN_STOPPED_RPM,
        hysteresis=200,
        raise_s=2.0,
        clear_s=5.0,
        is_low_bad=True,
    )


def _temperature(name: str, words: str, warning: float, critical: float) -> Rule:
    def degrees(seen: Seen) -> float | None:
        value: float | None = getattr(_readings(seen), f"{name}_c")
        return value

    def say(_seen: Seen, value: float) -> str:
        return f"{words}: {value:.1f} °C (warning from {warning:g}, critical from {critical:g})."

    return Rule(
        f"temperature_{name}", degrees, say, warning, critical, hysteresis=3.0, raise_s=3.0, clear_s=10.0
    )


# --- relay, controller, bus -------------------------------------------------------------------------------


def _relay_differs(seen: Seen) -> float | None:
    relay = _readings(seen).relay
    return None if relay is None or not seen.has_line_relay else float(relay.commanded != relay.read_back)


def _say_relay(seen: Seen, _value: float) -> str:
    relay = _readings(seen).relay
    assert relay is not None, "the rule has just seen it"
    stands = relay.read_back.value if relay.read_back is not None else "between"
    return f"The line relay was told {relay.commanded.value} and stands at {stands}."


RULES: Final[tuple[Rule, ...]] = (
    *(_supply(place) for place in range(2)),
    *(_voltage(place) for place in range(2)),
    *(_fan(place) for place in range(od.FANS)),
    _temperature("inlet", "Air at the inlet", 40.0, 50.0),  # the box is specified to 45 °C
    _temperature("cpu", "Processor", 85.0, 95.0),  # it throttles itself at 100
    _temperature("card", "Line card", 65.0, 75.0),  # commercial parts end at 70 °C
    Rule("relay", _relay_differs, _say_relay, None, critical=1.0, hysteresis=0.5, raise_s=2.0, clear_s=1.0),
    Rule(
        "controller",
        lambda seen: seen.age_s,
        lambda seen, value: f"The chassis controller ({seen.controller}) has been silent for {value:.0f} s.",
        warning=3.0,
        critical=None,
        hysteresis=1.0,
        raise_s=0.0,  # the age itself is the patience
        clear_s=1.0,
        needs_readings=False,
    ),
    Rule(
        "bus_flooded",
        lambda seen: seen.frames_per_s,
        lambda seen, value: f"The bus of the chassis controller is flooded: {value:.0f} frames/s.",
        warning=BUS_FRAMES_PER_S,
        critical=None,
        hysteresis=200,
        raise_s=2.0,
        clear_s=5.0,
        needs_readings=False,
    ),
    Rule(
        "bus",
        lambda seen: float(bool(seen.bus_fault)),
        lambda seen, _value: seen.bus_fault,
        warning=1.0,
        critical=None,
        hysteresis=0.5,
        raise_s=1.0,
        clear_s=2.0,
        needs_readings=False,
    ),
)


def _check(rule: Rule) -> None:
    assert rule.warning is not None or rule.critical is not None, f"{rule.name} can never be raised"
    assert rule.hysteresis > 0, f"{rule.name} would flap"
    if rule.warning is not None and rule.critical is not None:
        gap = rule.warning - rule.critical if rule.is_low_bad else rule.critical - rule.warning
        assert gap > rule.hysteresis, f"{rule.name}: its limits lie within its hysteresis"


for _rule in RULES:
    _check(_rule)
assert len({rule.name for rule in RULES}) == len(RULES), "two rules of one name"
