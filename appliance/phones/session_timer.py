"""Session timers (RFC 4028): what to answer a phone that asks for one.  The phone refreshes, not the box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MIN_SE_S: Final = 90  # RFC 4028 5
ENDING_S: Final = 32.0  # RFC 4028 10: hang up this long before the end, or a third of it


@dataclass(frozen=True, slots=True)
class Timer:
    """`session_s` 0: none was asked for.  `is_too_short`: answer 422 with Min-SE."""

    session_s: int = 0
    is_too_short: bool = False
    headers: tuple[tuple[str, str], ...] = ()

    def due(self, now: float) -> float:
        """When a leg without a refresh ends."""
        return now + self.session_s - min(ENDING_S, self.session_s / 3)


def of(session_expires: str, supported: str) -> Timer:
    """From the values of Session-Expires and Supported ("" where missing)."""
    word = session_expires.partition(";")[0].strip()
    if not word.isdecimal():
        return Timer()
    if int(word) < MIN_SE_S:
        return Timer(is_too_short=True, headers=(("Min-SE", str(MIN_SE_S)),))
    session_s = min(int(word), 86_400)
    is_supported = "timer" in {option.strip().lower() for option in supported.split(",")}
    if not is_supported:  # a proxy asked: RFC 4028 9 lets the box be the refresher, which it declines
        return Timer()
    return Timer(session_s=session_s, headers=headers_of(session_s))


def headers_of(session_s: int) -> tuple[tuple[str, str], ...]:
    """What a 200 says of an agreed timer; nothing where there is none."""
    if not session_s:
        return ()
    return (("Session-Expires", f"{session_s};refresher=uac"), ("Require", "timer"))
