"""The shell's eye on the lines: what each B channel does now, from the machine's calls and spans."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from appliance.dialer.attempt import Attempt, State
from appliance.dialer.messages import SpanBoard
from appliance.pri_card.trunk import SpanState
from appliance.settings import CHANNELS_PER_SPAN, Span

LETTERS: Final = {
    State.SETUP: "s",
    State.RINGING: "r",
    State.ANSWERED: "t",
    State.APOLOGY: "t",
    State.CONNECTED: "t",
    State.CLEARING: "s",
    State.RELEASING: "s",
    State.CODED: "s",
}
"""States that hold a channel: s being set up or cleared, r ringing, t connected.  All others are idle."""


class Lines:
    """The spans of the site file and the calls on them."""

    def __init__(self, spans: Iterable[Span], calls: Callable[[], list[Attempt]]) -> None:
        self._spans = tuple(spans)
        self._calls = calls
        self._states: dict[int, SpanState] = {}
        self._slots_s: dict[int, float] = {span.number: span.slot_ms / 1000 for span in self._spans}

    def note(self, state: SpanState) -> None:
        """A span came up or went down."""
        self._states[state.span] = state

    def note_slot(self, span: int, slot_s: float) -> None:
        """The distance of a span's SETUPs changed."""
        self._slots_s[span] = slot_s

    def call_on(self, span: int, channel: int) -> int | None:
        """The outgoing call on a channel, or None."""
        for attempt in self._calls():
            line = attempt.line
            if line is not None and (line.span, line.channel) == (span, channel) and attempt.state in LETTERS:
                return attempt.attempt_id
        return None

    def boards(self, _now: float) -> tuple[SpanBoard, ...]:
        """A board per span."""
        busy = {
            (attempt.line.span, attempt.line.channel): LETTERS[attempt.state]
            for attempt in self._calls()
            if attempt.line is not None and attempt.state in LETTERS
        }
        return tuple(self._board(span, busy) for span in self._spans)

    def _board(self, span: Span, busy: dict[tuple[int, int], str]) -> SpanBoard:
        state = self._states.get(span.number)
        return SpanBoard(
            span=span.number,
            is_up=state is not None and state.is_up,
            alarm=state.alarm if state is not None else "",
            channels="".join(
                busy.get((span.number, channel), ".") for channel in range(1, CHANNELS_PER_SPAN + 1)
            ),
            slot_ms=round(self._slots_s[span.number] * 1000),
        )
