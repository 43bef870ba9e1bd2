"""From the state of the box to nine lamps: scenes in order of priority, each a row of the table below.

Pure: no hardware, no clock.  The figure `front-panel.svg` is drawn from this table by `front_panel.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from appliance.gpio_leds.messages import SPANS, BoxState, Disks, Fault, Line, Phase, Worst
from appliance.gpio_leds.patterns import FAST, OFF, ON, SLOW, Light, Pattern, is_lit


class Lamp(StrEnum):
    """From left to right on the front panel."""

    POWER = "power"
    STATUS = "status"
    SPAN_1 = "span_1"
    SPAN_2 = "span_2"
    SPAN_3 = "span_3"
    SPAN_4 = "span_4"
    SPAN_5 = "span_5"
    DISKS = "disks"
    ALARM = "alarm"


SPAN_LAMPS: Final = tuple(lamp for lamp in Lamp if lamp.startswith("span_"))
assert len(SPAN_LAMPS) == SPANS


class Asked(StrEnum):
    """What the button has asked for."""

    NOTHING = "nothing"
    ADDRESS = "address"
    FACTORY_RESET = "factory_reset"


class Scene(StrEnum):
    """What the panel as a whole says; the first that is true is shown."""

    LOCATED = "located"
    FACTORY_RESET = "factory_reset"
    ADDRESS = "address"
    BOOTING = "booting"
    LOCKED = "locked"
    STOPPING = "stopping"
    RUNNING = "running"


LINES: Final[dict[Line, Light]] = {
    Line.ABSENT: OFF,
    Line.UP: ON,
    Line.DOWN: SLOW,
    Line.ALARM: FAST,
}

DISKS: Final[dict[Disks, Light]] = {
    Disks.UNKNOWN: OFF,
    Disks.OK: ON,
    Disks.REBUILDING: SLOW,
    Disks.FULL: Light(Pattern.CODE, 2),
    Disks.DEGRADED: FAST,
    Disks.FAILED: Light(Pattern.CODE, 3),
}

ALARMS: Final[dict[Worst, Light]] = {
    Worst.OK: OFF,
    Worst.WARNING: SLOW,
    Worst.CRITICAL: FAST,
}
"""Without a fault number.  With one it is counted out; seen by a person, the lamp stays on."""

assert set(LINES) == set(Line)
assert set(DISKS) == set(Disks)
assert set(ALARMS) == set(Worst)


def line_light(state: BoxState, lamp: Lamp) -> Light:
    """The light of a span's lamp."""
    place = SPAN_LAMPS.index(lamp)
    return LINES[state.lines[place]] if place < len(state.lines) else OFF


def disks_light(state: BoxState, _lamp: Lamp) -> Light:
    """The light of the disks' lamp."""
    return DISKS[state.disks]


def alarm_light(state: BoxState, _lamp: Lamp) -> Light:
    """The light of the alarm lamp."""
    if state.worst is not Worst.OK and state.is_acknowledged:
        return ON
    if state.worst is not Worst.OK and state.fault is not Fault.NONE:
        return Light(Pattern.CODE, int(state.fault))
    return ALARMS[state.worst]


def address_light(state: BoxState, _lamp: Lamp) -> Light:
    """The last number of the address, counted out; fast without an address."""
    last = state.address.rpartition(".")[2]
    return Light(Pattern.CODE, int(last)) if last.isascii() and last.isdigit() else FAST


Source = Light | Callable[[BoxState, Lamp], Light]


def _scene(power: Source, status: Source, spans: Source, disks: Source, alarm: Source) -> dict[Lamp, Source]:
    return {
        Lamp.POWER: power,
        Lamp.STATUS: status,
        **dict.fromkeys(SPAN_LAMPS, spans),
        Lamp.DISKS: disks,
        Lamp.ALARM: alarm,
    }


SCENES: Final[dict[Scene, dict[Lamp, Source]]] = {
    #                           power, status,        spans,      disks,       alarm
    Scene.LOCATED: _scene(SLOW, SLOW, SLOW, SLOW, SLOW),
    Scene.FACTORY_RESET: _scene(ON, FAST, OFF, OFF, FAST),
    Scene.ADDRESS: _scene(ON, address_light, OFF, OFF, OFF),
    Scene.BOOTING: _scene(ON, FAST, OFF, OFF, alarm_light),
    Scene.LOCKED: _scene(ON, OFF, OFF, OFF, alarm_light),
    Scene.STOPPING: _scene(SLOW, OFF, OFF, OFF, alarm_light),
    Scene.RUNNING: _scene(ON, SLOW, line_light, disks_light, alarm_light),
}
"""A running box blinks its status lamp slowly: lamps that stand still belong to a box that has stopped."""

assert set(SCENES) == set(Scene)
assert all(tuple(scene) == tuple(Lamp) for scene in SCENES.values())

PHASES: Final[dict[Phase, Scene]] = {
    Phase.BOOTING: Scene.BOOTING,
    Phase.LOCKED: Scene.LOCKED,
    Phase.RUNNING: Scene.RUNNING,
    Phase.STOPPING: Scene.STOPPING,
}
ASKED: Final[dict[Asked, Scene | None]] = {
    Asked.NOTHING: None,
    Asked.ADDRESS: Scene.ADDRESS,
    Asked.FACTORY_RESET: Scene.FACTORY_RESET,
}
assert set(PHASES) == set(Phase)
assert set(ASKED) == set(Asked)

STOPPED: Final = frozenset({Lamp.POWER})
"""What stays lit when nobody drives the lamps any more after an ordered end."""


def scene(state: BoxState, asked: Asked = Asked.NOTHING) -> Scene:
    """The first scene that is true: the one who looks for the box, the one at the button, the box itself."""
    if state.is_located:
        return Scene.LOCATED
    return ASKED[asked] or PHASES[state.phase]


def lights(state: BoxState, asked: Asked = Asked.NOTHING) -> dict[Lamp, Light]:
    """What each lamp does."""
    row = SCENES[scene(state, asked)]
    return {
        lamp: source if isinstance(source, Light) else source(state, lamp) for lamp, source in row.items()
    }


def lit(shown: dict[Lamp, Light], elapsed_s: float) -> frozenset[Lamp]:
    """The lamps that are lit so long after these lights began."""
    return frozenset(lamp for lamp, light in shown.items() if is_lit(light, elapsed_s))


def lamps(
    state: BoxState, now: float, *, asked: Asked = Asked.NOTHING, since: float = 0.0
) -> frozenset[Lamp]:
    """The lamps that are lit at `now`; patterns began at `since`, so all slow ones blink together."""
    return lit(lights(state, asked), max(0.0, now - since))


def is_restful(shown: dict[Lamp, Light]) -> bool:
    """Whether nothing changes more often than the slow blink, so that a slow look shows it well."""
    return all(light.pattern in (Pattern.OFF, Pattern.ON, Pattern.SLOW) for light in shown.values())
