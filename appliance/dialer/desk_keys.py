"""Keys outside a talk as one table: `0` and a digit on any telephone, while paused or waiting.  Does nothing.

`*` and `#` are not among them; a sequence is forgotten after a pause.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

PAUSE_S: Final = 3.0  # between two keys of one hand; longer, and the next one begins anew


class Wish(Enum):
    """What the keys ask for."""

    BREAK = auto()
    HELP = auto()  # or none any more


KEYS: Final[dict[str, Wish]] = {"01": Wish.BREAK, "09": Wish.HELP}
assert set(KEYS.values()) == set(Wish)
assert not any(keys[:size] in KEYS for keys in KEYS for size in range(1, len(keys)))


def read(keyed: str) -> Wish | str:
    """What was keyed so far: a wish; "more" is to come; "unknown"."""
    if keyed in KEYS:
        return KEYS[keyed]
    return "more" if any(keys.startswith(keyed) for keys in KEYS) else "unknown"
