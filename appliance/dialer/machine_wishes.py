"""What may be asked of a talk now: refusals of hold, transfer and three-way.  Changes nothing."""

from __future__ import annotations

from typing import Final

from appliance.dialer.machine_core import Core
from appliance.dialer.machine_transfer import Transfers
from appliance.dialer.messages import (
    AnswerTransfer,
    CallTarget,
    DropTarget,
    HandOver,
    HoldCall,
    JoinAll,
)
from appliance.dialer.party import Event, State
from appliance.dialer.party_leg import FIRST_CALL, Target
from appliance.dialer.party_leg import State as LegState
from appliance.dialer.seat import Event as SeatEvent
from appliance.dialer.seat import Seat
from appliance.dialer.seat import State as SeatState

DIGITS_MIN: Final = 3  # 110, 119, 171: short numbers of the network are numbers too
DIGITS_MAX: Final = 15  # E.164


def is_dialable(number: str) -> bool:
    """Q.931 takes IA5 digits alone."""
    return number.isascii() and number.isdecimal() and DIGITS_MIN <= len(number) <= DIGITS_MAX


class Wishes:
    """Words of `shell_requests.REFUSALS`; empty where nothing is against it."""

    def __init__(self, core: Core, transfers: Transfers) -> None:
        self._core, self._transfers = core, transfers

    def hold_refusal(self, seat: Seat, what: HoldCall, _now: float) -> str:
        if seat.state is not SeatState.TALKING:
            return "no-call"
        if self._takes(seat, Event.HOLD if what.is_on else Event.RESUME):
            return ""
        state = self._transfers.state_of(seat)
        return "as-it-is" if state in (State.OPEN, State.HELD) else "third-party"

    def call_refusal(self, seat: Seat, what: CallTarget, now: float) -> str:
        if seat.state is not SeatState.TALKING:
            return "no-call"
        if not self._takes(seat, Event.CALL):
            return "third-party"
        target = self.target_of(seat, what)
        if isinstance(target, str):
            return target
        return self._house_refusal(target) if target.seat_id else self._line_refusal(seat, target)

    def target_of(self, seat: Seat, what: CallTarget) -> Target | str:
        """Whom it means, or why nobody."""
        if what.extension:
            called = self._core.seat_of_extension.get(what.extension)
            if called is None or called is seat or called.owner_id not in (0, seat.tenant_id):
                return "target-unknown"
            return Target(called.extension, called.user_name or called.label, seat_id=called.seat_id)
        if what.target_id:
            project = self._core.projects.get(seat.project_id)
            dials = project.settings.targets if project is not None else ()
            found = next((dial for dial in dials if dial.target_id == what.target_id), None)
            if found is None:
                return "target-unknown"
            return Target(found.number, found.name, found.code, found.target_id)
        return Target(what.number) if is_dialable(what.number) else "number-invalid"

    def short_dial(self, seat: Seat, short: str) -> int:
        """The target of a short dial, 0: there is none."""
        project = self._core.projects.get(seat.project_id)
        dials = project.settings.targets if project is not None else ()
        return next((dial.target_id for dial in dials if dial.short == short), 0)

    def hand_over_refusal(self, seat: Seat, _what: HandOver | None, _now: float) -> str:
        talk = self._transfers.of_seat(seat) if seat.state is SeatState.TALKING else None
        if talk is None or talk.leg is None:
            return "no-third-party"
        if talk.state in (State.PRIVATE, State.JOINED) or talk.leg.is_house:
            return ""
        return "not-answered"

    def drop_refusal(self, seat: Seat, _what: DropTarget | None, _now: float) -> str:
        return "" if self._takes(seat, Event.DROP) else "no-third-party"

    def join_refusal(self, seat: Seat, _what: JoinAll | None, _now: float) -> str:
        if self._takes(seat, Event.JOIN):
            return ""
        talk = self._transfers.of_seat(seat) if seat.state is SeatState.TALKING else None
        if talk is None or talk.leg is None:
            return "no-third-party"
        return "as-it-is" if talk.state is State.JOINED else "not-answered"

    def answer_refusal(self, seat: Seat, what: AnswerTransfer, _now: float) -> str:
        leg = self._core.legs.get(FIRST_CALL + what.transfer_id)
        if leg is None or not leg.is_house or leg.state is not LegState.RINGING:
            return "transfer-over"
        if leg.tenant_id != seat.tenant_id:
            return "transfer-over"  # another tenant's is not told apart from none
        is_own = seat.state is SeatState.RUNG and leg.to_seat_id == seat.seat_id
        return "" if is_own or seat.takes(SeatEvent.RUNG) else "call-in-hand"

    def _takes(self, seat: Seat, event: Event) -> bool:
        if seat.state is not SeatState.TALKING:
            return False
        talk = self._transfers.of_seat(seat)
        return talk.takes(event) if talk is not None else event in (Event.HOLD, Event.CALL)

    def _house_refusal(self, target: Target) -> str:
        called = self._core.seats[target.seat_id]
        if not called.leg:
            is_rung = self._transfers.parties.rings.is_busy(called.extension)
            return "target-busy" if is_rung else "" if called.is_registered else "target-away"
        return "" if called.takes(SeatEvent.RUNG) else "target-busy"

    def _line_refusal(self, seat: Seat, target: Target) -> str:
        assert seat.attempt is not None
        attempt, core = seat.attempt, self._core
        if self._transfers.parties.is_forbidden(attempt.tenant_id, attempt.project_id, target.number):
            return "target-forbidden"
        return "channels" if core.channels_total <= core.calls_out else ""
