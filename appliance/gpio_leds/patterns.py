"""How a lamp is lit over time: off, on, slow, fast, and flashes that can be counted.

Pure arithmetic on `now` in seconds; everything is a multiple of one tick, so whoever looks once a tick
misses nothing.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

TICK_S: Final = 0.1  # the shortest thing an eye follows surely, and how often the button is read


class Pattern(StrEnum):
    OFF = "off"
    ON = "on"
    SLOW = "slow"
    FAST = "fast"
    CODE = "code"


@dataclass(frozen=True)
class Light:
    """What one lamp does.  `code` is the number counted out in flashes, with `Pattern.CODE` alone."""

    pattern: Pattern
    code: int = 0

    def __post_init__(self) -> None:
        assert self.code >= 0, "a code is counted out: no sign"
        assert self.code == 0 or self.pattern is Pattern.CODE, "only a code blink has a code"


OFF: Final = Light(Pattern.OFF)
ON: Final = Light(Pattern.ON)
SLOW: Final = Light(Pattern.SLOW)
FAST: Final = Light(Pattern.FAST)

FLASH_TICKS: Final = (2, 3)  # lit, dark: two flashes a second can be counted without practice
DIGIT_PAUSE_TICKS: Final = 10
END_PAUSE_TICKS: Final = 25  # clearly longer than between digits: here one begins to count

STEPS: Final[dict[Pattern, tuple[bool, ...]]] = {
    Pattern.OFF: (False,),
    Pattern.ON: (True,),
    Pattern.SLOW: (True,) * 10 + (False,) * 10,  # 0.5 Hz
    Pattern.FAST: (True,) * 2 + (False,) * 2,  # 2.5 Hz: below the 3 Hz that WCAG 2.3.1 allows
    Pattern.CODE: (False,),  # without a number; see `code_steps`
}
"""One period of each pattern, tick by tick."""

assert set(STEPS) == set(Pattern)


@functools.cache
def code_steps(code: int) -> tuple[bool, ...]:
    """One round of the number: each digit as so many flashes (0 as ten), pauses between and at the end.

    The pause stands first, so that a round that begins now is seen whole.
    """
    lit, dark = FLASH_TICKS
    flash = (True,) * lit + (False,) * dark
    digits = [flash * (int(digit) or 10) for digit in str(code)]
    pause = (False,) * DIGIT_PAUSE_TICKS
    return (False,) * END_PAUSE_TICKS + functools.reduce(lambda left, right: left + pause + right, digits)


def is_lit(light: Light, elapsed_s: float) -> bool:
    """Whether a lamp is lit `elapsed_s` after its pattern began."""
    steps = code_steps(light.code) if light.pattern is Pattern.CODE else STEPS[light.pattern]
    tick = int(elapsed_s / TICK_S + 0.001)  # 0.3 / 0.1 is a little less than 3
    return steps[tick % len(steps)]


def round_s(light: Light) -> float:
    """Seconds of one whole round of a pattern."""
    steps = code_steps(light.code) if light.pattern is Pattern.CODE else STEPS[light.pattern]
    return len(steps) * TICK_S
