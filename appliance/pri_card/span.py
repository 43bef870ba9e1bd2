"""The span seam: one INS1500 line as a D channel of frames and 23 B channels of mu-law blocks.

Back ends: `span_dahdi` (the card), `span_simulated` (Unix sockets between processes), `span_memory` (both
ends in one process), `span_absent`.  D frames travel without FCS.  The D channel and the B channels may be
opened by different processes: nothing is opened before `open_d` or `open_b`.
"""

from __future__ import annotations

from typing import Final, Literal, Protocol

from appliance import settings
from appliance.settings import Home

BLOCK_BYTES: Final = 160  # 20 ms of 8 kHz mu-law: one packet of voice
CHANNELS: Final = settings.CHANNELS_PER_SPAN

End = Literal["user", "network"]
Alarm = Literal["", "red", "yellow", "blue", "removed"]


class BChannel(Protocol):
    """Speech of one channel, in blocks of 160 mu-law bytes, one every 20 ms each way.  Never blocks."""

    def read(self) -> bytes:
        """The oldest block that has arrived, b"" when there is none."""

    def write(self, block: bytes) -> bool:
        """Send one block; False when the line does not take it (its buffers are full, or nobody is there)."""

    def fileno(self) -> int:
        """For a poll on readability; -1 for none.  It may change when the far end comes back."""

    def flush(self) -> None:
        """Throw away what waits to be read or played: between two calls."""

    def close(self) -> None: ...


class Span(Protocol):
    """One line.  `name` says which, for messages to people.  All times are monotonic seconds."""

    @property
    def number(self) -> int: ...

    @property
    def name(self) -> str: ...

    def open_d(self, now: float) -> None:
        """Take the D channel.  Raises DeviceError, naming the device and what to do."""

    def send_d(self, frame: bytes, now: float) -> None:
        """Queue one D frame.  On a dead line it is lost, as on a real one: layer 2 repeats it."""

    def receive_d(self, now: float) -> list[bytes]:
        """Do the line's own work that is due at `now`, and hand over the D frames that have arrived."""

    def due(self) -> float | None:
        """When `receive_d` must be called even if nothing is readable."""

    def files(self) -> list[int]:
        """Descriptors of the D channel to poll for reading and for priority events; ask again after each
        `receive_d`."""

    def alarm(self) -> Alarm:
        """The line's alarm as of the last `receive_d`."""

    def open_b(self, channel: int) -> BChannel:
        """Take B channel 1-23.  Raises DeviceError."""

    def close(self) -> None: ...


def open_span(span: settings.Span, home: Home, end: End = "user") -> Span:
    """The back end that the site file names.  Opens nothing yet."""
    if span.kind == "simulated":
        from appliance.pri_card.span_simulated import SimulatedSpan

        return SimulatedSpan(span.number, home.root / span.lines_dir / f"span{span.number}", end)
    if span.kind == "dahdi":
        from appliance.pri_card.span_dahdi import DahdiSpan

        return DahdiSpan(span.number, span.first_channel)
    from appliance.pri_card.span_absent import AbsentSpan

    return AbsentSpan(span.number)
