"""Finds B channels that stay in one state of a call for longer than any call does.  Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from appliance.monitoring.board import Span

LONGEST_S: Final = {
    "s": 90.0,  # set-up or clearing: T303, T310, T305 and T308 together end before
    "r": 240.0,  # ringing: T301 is 180 s, and the project's own limit far lower
    "t": 14_400.0,  # four hours in one conversation: a handset beside its phone
}
"""By the letters of the board; idle and faulty channels are never stuck."""


class StuckChannels:
    """Feed every board; `channels` are "span/channel"."""

    def __init__(self) -> None:
        self._since: dict[tuple[int, int], tuple[str, float]] = {}
        self.channels: tuple[str, ...] = ()

    def feed(self, spans: Iterable[Span], now: float) -> None:
        seen = {
            (span.span, number): letter
            for span in spans
            for number, letter in enumerate(span.channels, 1)
            if letter in LONGEST_S
        }
        self._since = {
            place: (letter, now) if self._since.get(place, ("", 0.0))[0] != letter else self._since[place]
            for place, letter in seen.items()
        }
        self.channels = tuple(
            f"{span}/{channel}"
            for (span, channel), (letter, since) in sorted(self._since.items())
            if now - since > LONGEST_S[letter]
        )

    def forget(self) -> None:
        """The dialer is away: what it does now is not known."""
        self._since.clear()
        self.channels = ()
