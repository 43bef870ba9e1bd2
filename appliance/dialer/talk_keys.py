"""Keys of a talk as one table: `*` and a digit on any telephone.  Reads what was keyed; does nothing.

`#` is not among them: it ends what the operator hears, at any moment.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final, NamedTuple


class Wish(Enum):
    """What the keys ask for."""

    HOLD = auto()  # hold, or back from it
    SHORT_DIAL = auto()
    HAND_OVER = auto()
    BACK = auto()
    JOIN = auto()
    EXTENSION = auto()
    NUMBER = auto()
    HELP = auto()  # a supervisor, or none any more


class Row(NamedTuple):
    """`digits` follow the key: exactly so many, at once; -1: any number, ended by a pause."""

    wish: Wish
    digits: int = 0


KEYS: Final[dict[str, Row]] = {
    "0": Row(Wish.HOLD),
    "1": Row(Wish.SHORT_DIAL, 3),
    "2": Row(Wish.HAND_OVER),
    "3": Row(Wish.BACK),
    "4": Row(Wish.JOIN),
    "5": Row(Wish.EXTENSION, -1),
    "6": Row(Wish.NUMBER, -1),
    "9": Row(Wish.HELP),
}
assert {row.wish for row in KEYS.values()} == set(Wish)

PAUSE_S: Final = 2.5  # between two keys of one hand; longer, and the sequence is over
DIGITS_MAX: Final = 15


class Keyed(NamedTuple):
    """A wish with the digits that go with it."""

    wish: Wish
    digits: str = ""


def read(keyed: str, *, is_paused: bool = False) -> Keyed | str:
    """What was keyed so far, beginning with `*`: a wish; "more" is to come; "unknown"; "" for a lone `*`.

    `is_paused`: nothing more comes.
    """
    key, digits = keyed[1:2], keyed[2:]
    if not key:
        return "" if is_paused else "more"
    row = KEYS.get(key)
    if row is None or not (digits.isdecimal() or not digits):
        return "unknown"
    if row.digits < 0:
        if not is_paused:
            return "more" if len(digits) < DIGITS_MAX else Keyed(row.wish, digits)
        return Keyed(row.wish, digits) if digits else "unknown"
    if len(digits) == row.digits:
        return Keyed(row.wish, digits)
    return "unknown" if is_paused or len(digits) > row.digits else "more"
