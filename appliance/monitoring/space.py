"""The ladder of a filling disk: recordings stop first, then new calls, then the ballast is thrown off.  Pure.

The rungs are shares of the site's `limits.disk_free_min_bytes`; audio, dialer and monitor each look at the
disk themselves and use these figures, so none waits for another.
"""

from __future__ import annotations

from typing import Final

from appliance.monitoring.messages import SpaceWord

RUNGS: Final[tuple[tuple[SpaceWord, float], ...]] = (
    ("last", 0.1),  # the ballast goes: results of calls in progress must still find room
    ("no_calls", 0.5),  # no new call: what is still said, keyed and written needs the rest
    ("no_recordings", 1.0),  # audio/recording.py stops at the limit itself
)
BACK: Final = 1.1  # a rung is left upwards a tenth above where it was entered: no flutter
BALLAST_BYTES_MAX: Final = 64_000_000  # results of some 100,000 calls
BALLAST_SHARE: Final = 0.25

_ORDER: Final[tuple[SpaceWord, ...]] = ("plenty", "no_recordings", "no_calls", "last")


def rung(free: int, least: int, before: SpaceWord = "plenty") -> SpaceWord:
    """Where a disk with `free` bytes stands, coming from `before`.  `least` is the site's limit in bytes."""
    at, held = _at(free, least), _at(free / BACK, least)
    is_coming_up = _ORDER.index(before) >= _ORDER.index(held)
    return held if is_coming_up else at


def _at(free: float, least: int) -> SpaceWord:
    plenty: SpaceWord = "plenty"
    return next((word for word, share in RUNGS if free < share * least), plenty)


def may_call(word: SpaceWord) -> bool:
    """Whether new calls may be placed."""
    return _ORDER.index(word) < _ORDER.index("no_calls")


def ballast_bytes(least: int) -> int:
    """How large the ballast is; 0 where the site keeps nothing free."""
    return min(BALLAST_BYTES_MAX, int(least * BALLAST_SHARE))


def wants_ballast(word: SpaceWord, free: int, least: int, *, has_ballast: bool) -> bool:
    """Whether the ballast is to be there: thrown off on the last rung, made where there is plenty."""
    if has_ballast:
        return word != "last"
    return word == "plenty" and free - ballast_bytes(least) >= least * BACK and ballast_bytes(least) > 0
