"""The machine's part that turns the trunk's and audio's reports into events of third parties' calls."""

from __future__ import annotations

from appliance.audio import messages as audio
from appliance.dialer.machine_core import Core
from appliance.dialer.machine_transfer import Transfers
from appliance.dialer.party_leg import Event, Leg, State
from appliance.pri_card import trunk

UNUSED_CAUSES = (1, 22)  # Q.850: in-band sound with these is the announcement of an unused number


class PartyLines:
    """Reports of call ids that are no attempt's; what is nobody's is ignored."""

    def __init__(self, core: Core, transfers: Transfers) -> None:
        self._core, self._transfers, self._parties = core, transfers, transfers.parties

    def _leg(self, call_id: int) -> Leg | None:
        return self._core.legs.get(call_id)

    def withdrawn(self, what: trunk.Withdrawn) -> None:
        if (leg := self._leg(what.call_id)) is not None:
            self._parties.withdrawn(leg)

    def setup_sent(self, what: trunk.SetupSent) -> None:
        if (leg := self._leg(what.call_id)) is not None:
            self._parties.setup_sent(leg, what.line)

    def moved(self, what: trunk.Proceeding) -> None:
        if (leg := self._leg(what.call_id)) is not None:
            self._parties.moved(leg, what.line)

    def alerting(self, what: trunk.Alerting) -> None:
        if (leg := self._leg(what.call_id)) is not None:
            self._parties.step(leg, Event.ALERTING)

    def progress(self, what: trunk.Progress) -> None:
        leg = self._leg(what.call_id)
        if leg is not None and what.is_in_band and what.cause in UNUSED_CAUSES and leg.answered < 0:
            self._parties.disconnecting(leg, what.cause)

    def answered(self, what: trunk.Answered) -> None:
        if (leg := self._leg(what.call_id)) is not None:
            self._parties.moved(leg, what.line)
            self._parties.step(leg, Event.ANSWERED)

    def disconnecting(self, what: trunk.Disconnecting) -> None:
        if (leg := self._leg(what.call_id)) is not None:
            self._parties.disconnecting(leg, what.cause)

    def cleared(self, what: trunk.Cleared) -> None:
        if (leg := self._leg(what.call_id)) is not None:
            self._parties.cleared(leg, what.cause, is_line_fault=what.is_line_fault)

    def said(self, port: str) -> None:
        """The last words to a customer have been said."""
        self._transfers.said(port)

    def reattach(self, snapshot: audio.AudioSnapshot) -> None:
        """Audio restarted: lines of third parties get a port again, before talks are mixed anew."""
        for leg in self._core.legs.values():
            is_on_line = leg.line is not None and leg.state not in (State.QUEUED, State.GONE)
            if is_on_line and leg.port not in snapshot.ports:
                assert leg.line is not None
                self._core.emit(audio.OpenLine(leg.port, leg.line.span, leg.line.channel))
