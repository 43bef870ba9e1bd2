"""The shell's eye on the lines: what each B channel does now, from the machine's calls and spans."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from appliance.dialer.attempt import Attempt, State
from appliance.dialer.callback import SHOWN, Callback
from appliance.dialer.callback import State as CallerState
from appliance.dialer.messages import SpanBoard
from appliance.dialer.party_leg import Leg
from appliance.dialer.party_leg import State as LegState
from appliance.pri_card.trunk import SpanState
from appliance.settings import CHANNELS_PER_SPAN, Span

LETTERS: Final = {
    State.SETUP: "s",
    State.RINGING: "r",
    State.ANSWERED: "t",
    State.APOLOGY: "t",
    State.CONNECTED: "t",
    State.HANDED: "t",
    State.HANDED_CODED: "t",
    State.CLEARING: "s",
    State.OUTRUN: "s",
    State.RELEASING: "s",
    State.CODED: "s",
}
LEG_LETTERS: Final = {
    LegState.SETUP: "s",
    LegState.RINGING: "r",
    LegState.ANSWERED: "t",
    LegState.CLEARING: "s",
}
"""States that hold a channel: s being set up or cleared, r ringing, t connected.  All others are idle."""


class Lines:
    """The spans of the site file and the calls on them."""

    def __init__(
        self,
        spans: Iterable[Span],
        calls: Callable[[], list[Attempt]],
        legs: Callable[[], list[Leg]] = list,
        callers: Callable[[], list[Callback]] = list,
    ) -> None:
        self._spans = tuple(spans)
        self._calls = calls
        self._legs = legs
        self._callers = callers
        self._states: dict[int, SpanState] = {}
        self._slots_s: dict[int, float] = {span.number: span.slot_ms / 1000 for span in self._spans}

    def note(self, state: SpanState) -> None:
        """A span came up or went down."""
        self._states[state.span] = state

    def note_slot(self, span: int, slot_s: float) -> None:
        """The distance of a span's SETUPs changed."""
        self._slots_s[span] = slot_s

    def call_on(self, span: int, channel: int) -> int | None:
        """The call on a channel, or None."""
        return next((call for call, place, _ in self._busy() if place == (span, channel)), None)

    def _busy(self) -> Iterator[tuple[int, tuple[int, int], str]]:
        """(call id, place, letter) of each call that holds a channel."""
        for attempt in self._calls():
            if attempt.line is not None and attempt.state in LETTERS:
                place = (attempt.line.span, attempt.line.channel)
                yield attempt.attempt_id, place, LETTERS[attempt.state]
        for caller in self._callers():
            if caller.state in SHOWN or caller.state is CallerState.CLEARING:
                letter = "t" if caller.is_connected else "r"
                yield caller.call_id, (caller.line.span, caller.line.channel), letter
        for leg in self._legs():
            if leg.line is not None and leg.state in LEG_LETTERS:
                yield leg.call_id, (leg.line.span, leg.line.channel), LEG_LETTERS[leg.state]

    def boards(self, _now: float) -> tuple[SpanBoard, ...]:
        """A board per span."""
        busy = {place: letter for _, place, letter in self._busy()}
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
