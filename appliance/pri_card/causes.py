"""What a Q.850 cause says: something about the number, or only about the line.  Pure."""

from __future__ import annotations

from typing import Final

CHANNEL_UNACCEPTABLE: Final = 6
NORMAL: Final = 16
OUT_OF_ORDER: Final = 27
CHANNEL_UNAVAILABLE: Final = 44
TEMPORARY_FAILURE: Final = 41
INCOMPATIBLE: Final = 88

# Nothing about the called number: no room (34, 42, 44, 47), a channel of ours (6, 82), the network itself
# (38, 41), an exchange that has forgotten the call (30, 81), a message out of its turn or never answered
# (101, 102).
LINE: Final = frozenset({6, 30, 34, 38, 41, 42, 44, 47, 81, 82, 101, 102})

# About the number as long as the link stood; about the link if it came up or went down meanwhile.
DOUBTFUL: Final = frozenset({0, 18, 27, 31, 111})


def is_line_fault(cause: int, *, is_local: bool, link_changed: bool) -> bool:
    """Whether a call that ended with `cause` is to be retried as if it had not been made.

    `is_local`: no message of the network brought the cause.  `link_changed`: the link came up or went down
    between SETUP and the end.
    """
    return is_local or cause in LINE or (link_changed and cause in DOUBTFUL)
