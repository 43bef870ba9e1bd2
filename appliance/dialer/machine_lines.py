"""The machine's part that listens to the trunk and the audio plane.

Only CONNECT is an answer; in-band sound is the announcement of an unused number where its cause says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from appliance.audio import messages as audio
from appliance.dialer.attempt import Event as CallEvent
from appliance.dialer.machine_calls import Calls
from appliance.dialer.machine_core import Core
from appliance.dialer.machine_incoming import TAG as INCOMING
from appliance.dialer.machine_incoming import Incoming
from appliance.dialer.machine_legs import PartyLines
from appliance.dialer.machine_phones import Phones
from appliance.dialer.machine_transfer import SORRY
from appliance.dialer.outputs import Alarm
from appliance.pri_card import trunk


class Lines:
    """Turns what they report into events of attempts."""

    def __init__(
        self, core: Core, calls: Calls, incoming: Incoming, phones: Phones, parties: PartyLines
    ) -> None:
        self._core, self._calls, self._incoming, self._phones = core, calls, incoming, phones
        self._parties = parties

    def handlers(self) -> dict[type, Callable[[Any], None]]:
        return {
            trunk.SetupSent: self._setup_sent,
            trunk.Withdrawn: self._withdrawn,
            trunk.Proceeding: self._moved,
            trunk.Alerting: self._alerting,
            trunk.Progress: self._progress,
            trunk.Answered: self._answered,
            trunk.Disconnecting: self._disconnecting,
            trunk.Cleared: self._cleared,
            trunk.Incoming: self._incoming.arrived,
            trunk.SpanState: self._span_state,
            trunk.Congested: lambda _what: self._calls.congested(),
            audio.Played: self._played,
            audio.Digit: self._digit,
            audio.AudioSnapshot: self._audio_snapshot,
            audio.Bridged: _ignore,  # measured by the shell
            audio.RecordingDone: _ignore,  # written by the shell
            audio.RecordingLost: _ignore,
            audio.PortFault: _ignore,  # logged by the shell; a conversation without sound ends by itself
        }

    def call(self, attempt_id: int, event: CallEvent) -> None:
        attempt = self._core.attempts.get(attempt_id)
        if attempt is not None:
            self._calls.step(attempt, event)

    def _withdrawn(self, what: trunk.Withdrawn) -> None:
        attempt = self._core.attempts.get(what.call_id)
        if attempt is not None:
            self._calls.step(attempt, CallEvent.WITHDRAWN)
        else:
            self._parties.withdrawn(what)

    def _alerting(self, what: trunk.Alerting) -> None:
        attempt = self._core.attempts.get(what.call_id)
        if attempt is not None:
            self._calls.step(attempt, CallEvent.ALERTING)
        else:
            self._parties.alerting(what)

    def _setup_sent(self, what: trunk.SetupSent) -> None:
        attempt = self._core.attempts.get(what.call_id)
        if attempt is not None:
            self._calls.setup_sent(attempt, what.line)
        else:
            self._parties.setup_sent(what)

    def _moved(self, what: trunk.Proceeding) -> None:
        attempt = self._core.attempts.get(what.call_id)
        if attempt is not None:
            self._calls.moved(attempt, what.line)
        else:
            self._parties.moved(what)

    def _progress(self, what: trunk.Progress) -> None:
        """In-band sound is the announcement of an unused number only where cause 1 or 22 says so."""
        attempt = self._core.attempts.get(what.call_id)
        if attempt is not None and what.is_in_band and what.cause in (1, 22):
            attempt.cause = what.cause
            self._calls.step(attempt, CallEvent.VACANT)
        elif attempt is None:
            self._parties.progress(what)

    def _answered(self, what: trunk.Answered) -> None:
        attempt = self._core.attempts.get(what.call_id)
        if attempt is not None:
            self._calls.moved(attempt, what.line)
            self._calls.step(attempt, CallEvent.ANSWERED)
        else:
            self._parties.answered(what)

    def _disconnecting(self, what: trunk.Disconnecting) -> None:
        is_ours = what.call_id > 0
        attempt = self._core.attempts.get(what.call_id) if is_ours else self._incoming.dropped(what.call_id)
        if attempt is not None:
            attempt.cause = what.cause
            self._calls.step(attempt, CallEvent.DISCONNECTING)
        elif is_ours:
            self._parties.disconnecting(what)

    def _cleared(self, what: trunk.Cleared) -> None:
        is_ours = what.call_id > 0
        attempt = self._core.attempts.get(what.call_id) if is_ours else self._incoming.cleared(what.call_id)
        if attempt is not None:
            self._calls.cleared(attempt, what.cause, is_line_fault=what.is_line_fault)
        elif is_ours:
            self._parties.cleared(what)

    def _span_state(self, what: trunk.SpanState) -> None:
        core = self._core
        (core.spans_up.add if what.is_up else core.spans_up.discard)(what.span)
        core.emit(
            Alarm(f"span-{what.span}", not what.is_up, f"Span {what.span} is down. {what.alarm}".strip())
        )
        core.unpaced |= set(core.projects)

    def _played(self, what: audio.Played) -> None:
        if what.tag == "apology":
            for attempt in list(self._core.attempts.values()):
                if attempt.line is not None and attempt.port == what.port:
                    self._calls.step(attempt, CallEvent.APOLOGY_OVER)
        elif what.tag == INCOMING:
            self._incoming.said(what.port)
        elif what.tag == SORRY:
            self._parties.said(what.port)
        else:
            self._phones.played(what.port, what.tag)

    def _digit(self, what: audio.Digit) -> None:
        """A line's keys are a caller's, who chooses from a menu; all others are a phone's."""
        if what.port in self._core.seat_of_leg:
            self._phones.digit(what.port, what.digit)
        else:
            self._incoming.digit(what.port, what.digit)

    def _audio_snapshot(self, what: audio.AudioSnapshot) -> None:
        self._phones.reattach_legs(what)
        self._parties.reattach(what)
        self._incoming.reattach(what)
        self._calls.reattach(what)


def _ignore(_what: object) -> None:
    """Nothing for the machine."""
