"""Which call is on which of a line's 23 channels, as the exchange sees it.  Pure."""

from __future__ import annotations

from appliance.settings import CHANNELS_PER_SPAN


class Channels:
    """Channel to call, and nothing else; a call without a channel (a refused one) is not in it."""

    def __init__(self) -> None:
        self._calls: dict[int, int] = {}

    def call_on(self, channel: int) -> int | None:
        return self._calls.get(channel)

    def in_use(self) -> dict[int, int]:
        """Channel to call."""
        return dict(self._calls)

    def is_free(self, channel: int) -> bool:
        return 1 <= channel <= CHANNELS_PER_SPAN and channel not in self._calls

    def lowest_free(self) -> int:
        """The lowest free channel, 0 for none: the user side takes from the top, so that glare stays rare."""
        return next((c for c in range(1, CHANNELS_PER_SPAN + 1) if c not in self._calls), 0)

    def take(self, channel: int, call: int) -> None:
        """Put a call on a free channel; channel 0 is none."""
        if channel:
            assert self.is_free(channel), f"channel {channel} is not free"
            self._calls[channel] = call

    def free(self, channel: int, call: int) -> None:
        """Take the call off the channel, if it is the one that is there."""
        if self._calls.get(channel) == call:
            del self._calls[channel]
