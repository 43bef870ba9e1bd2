"""The machine's part for third parties' own calls: carries out what `party_leg.py` says.

A call on a line holds a channel from the order to its release, and the do-not-call rules are asked in the
instant before SETUP as for any other; in the house a free seat rings.  What comes of it is told to the talk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from appliance.audio import messages as audio
from appliance.dialer import outputs
from appliance.dialer import party as talks
from appliance.dialer.machine_core import Core
from appliance.dialer.party import Talk
from appliance.dialer.party_leg import Do, Event, Leg, State, Target, failure_of
from appliance.dialer.ringing import Rung, Told
from appliance.dialer.seat import Event as SeatEvent
from appliance.dialer.seat import Seat
from appliance.dialer.seat import State as SeatState
from appliance.pri_card import trunk

QUEUE_MAX_S: Final = 10.0  # without a channel or a slot by then, the customer has waited long enough
HOUSE_RING_S: Final = 20.0
CAUSE_NORMAL: Final = 16


class Seats(Protocol):
    """What this part needs of the seats' part."""

    def step(self, seat: Seat, event: SeatEvent) -> bool: ...


class Phones(Protocol):
    """What this part needs of the part that rings phones."""

    def order(self, extension: str, caller: str, tell: Callable[[Told], None]) -> Rung: ...

    def drop(self, rung: Rung) -> None: ...

    def is_busy(self, extension: str) -> bool: ...


class Parties:
    """Legs, from the order to the free channel.  `tell(leg, event)`: something happens to the leg's talk."""

    def __init__(self, core: Core, tell: Callable[[Leg, talks.Event], None]) -> None:
        self._core, self._tell = core, tell
        self.desks: Seats
        self.rings: Phones
        self._do: dict[Do, Callable[[Leg], None]] = {
            Do.NOTE_SETUP: self._note_setup,
            Do.NOTE_RINGING: self._note_ringing,
            Do.NOTE_ANSWER: self._note_answer,
            Do.FAIL_AND_CLEAR: self._fail_and_clear,
            Do.FAIL_AND_RELEASE: self._fail_and_release,
            Do.CLEAR: self._clear,
            Do.RELEASE: self._release,
        }
        assert set(self._do) == set(Do)

    def step(self, leg: Leg, event: Event, why: str = "") -> None:
        """Let something happen to a leg; `why` is its outcome where it has none yet."""
        leg.outcome = leg.outcome or why
        do = leg.step(event)
        if do is not None:
            self._do[do](leg)

    # --- the order ------------------------------------------------------------------------------------

    def order(self, talk: Talk, target: Target) -> Leg:
        """A leg for a talk, written down; nothing rings before `begin`."""
        core, attempt = self._core, talk.attempt
        leg = Leg(
            core.next_transfer_id, attempt.attempt_id, attempt.tenant_id, attempt.project_id,
            talk.seat_id, attempt.user_id, target, core.now, to_seat_id=target.seat_id,
        )  # fmt: skip
        core.next_transfer_id += 1
        core.legs[leg.call_id] = leg
        if leg.holds_channel:
            core.calls_out += 1
            core.projects[leg.project_id].calls_out += 1
        self.save(leg)
        return leg

    def begin(self, leg: Leg) -> None:
        """Call it."""
        core = self._core
        if leg.is_house:
            core.timers.arm("party", leg.call_id, core.now + HOUSE_RING_S)
            seat = core.seats[leg.to_seat_id]
            (self._ring_seat if seat.leg else self._ring_phone)(leg, seat)
            return
        core.timers.arm("party", leg.call_id, core.now + QUEUE_MAX_S)
        settings = core.projects[leg.project_id].settings
        core.emit(
            trunk.PlaceCall(leg.call_id, leg.target.number, settings.main_caller, settings.is_presented)
        )

    def may_setup(self, call_id: int, now: float) -> bool:
        """The trunk's gate: do-not-call once more.  Changes nothing."""
        leg = self._core.legs.get(call_id)
        return leg is not None and leg.state is State.QUEUED and not self._forbidden(leg)

    def _forbidden(self, leg: Leg) -> bool:
        return self.is_forbidden(leg.tenant_id, leg.project_id, leg.target.number)

    def is_forbidden(self, tenant_id: int, project_id: int, number: str) -> bool:
        """Whether a number is blocked today: 9a, 90 or 99."""
        return self._core.blocks.code(tenant_id, project_id, number, self._core.day) is not None

    # --- from the trunk -------------------------------------------------------------------------------

    def setup_sent(self, leg: Leg, line: trunk.Line) -> None:
        leg.line = line
        self.step(leg, Event.SETUP_SENT)

    def moved(self, leg: Leg, line: trunk.Line) -> None:
        """The network may put a call on another channel (CALL PROCEEDING, CONNECT)."""
        if leg.line is None or leg.line == line:
            return
        self._core.emit(audio.ClosePort(leg.port))
        leg.line = line
        self._core.emit(audio.OpenLine(leg.port, line.span, line.channel))

    def withdrawn(self, leg: Leg) -> None:
        self.step(leg, Event.WITHDRAWN, "forbidden" if self._forbidden(leg) else "no-channel")

    def disconnecting(self, leg: Leg, cause: int) -> None:
        """The network clears, or says that the number is not in use."""
        leg.cause = cause
        self.step(leg, Event.DISCONNECTING, self._ended(leg, cause, is_line_fault=False))

    def cleared(self, leg: Leg, cause: int, *, is_line_fault: bool) -> None:
        leg.cause = leg.cause or cause
        self.step(leg, Event.CLEARED, self._ended(leg, cause, is_line_fault=is_line_fault))

    @staticmethod
    def _ended(leg: Leg, cause: int, *, is_line_fault: bool) -> str:
        if leg.answered >= 0 and not is_line_fault:
            return "left"
        return failure_of(cause, is_line_fault=is_line_fault)

    def timeout(self, call_id: int) -> None:
        leg = self._core.legs.get(call_id)
        if leg is not None:
            self.step(leg, Event.TIMEOUT, "no-channel" if leg.state is State.QUEUED else "no-answer")

    # --- what the table says --------------------------------------------------------------------------

    def _note_setup(self, leg: Leg) -> None:
        core = self._core
        assert leg.line is not None
        leg.setup = core.now
        core.emit(audio.OpenLine(leg.port, leg.line.span, leg.line.channel))
        settings = core.projects[leg.project_id].settings
        core.timers.arm("party", leg.call_id, core.now + settings.ring_timeout_s)

    def _note_ringing(self, leg: Leg) -> None:
        leg.alerting = self._core.now
        self._tell(leg, talks.Event.RINGS)

    def _note_answer(self, leg: Leg) -> None:
        core = self._core
        leg.answered = core.now
        core.timers.disarm("party", leg.call_id)
        self.save(leg)
        talk = core.talks.get(leg.attempt_id)
        is_taken = leg.is_seat and talk is not None and talk.takes(talks.Event.TAKEN)
        self._tell(leg, talks.Event.TAKEN if is_taken else talks.Event.ANSWERED)

    def _fail_and_clear(self, leg: Leg) -> None:
        self._clear(leg)
        self._tell(leg, talks.Event.FAILED)

    def _fail_and_release(self, leg: Leg) -> None:
        self._release(leg)
        self._tell(leg, talks.Event.FAILED)

    def _clear(self, leg: Leg) -> None:
        self._core.timers.disarm("party", leg.call_id)
        if leg.is_house:
            self._release_seat(leg)
            self.step(leg, Event.CLEARED)
        else:
            self._core.emit(outputs.ClearCall(leg.call_id, CAUSE_NORMAL))

    def _release(self, leg: Leg) -> None:
        """It is over: its channel is free, and the row says what came of it."""
        core = self._core
        core.timers.disarm("party", leg.call_id)
        leg.cleared = core.now
        if not leg.is_house:
            core.calls_out -= 1
            core.projects[leg.project_id].calls_out -= 1
            core.unpaced |= {p.project_id for p in core.projects.values() if p.last_pace.is_short}
            if leg.port:
                core.emit(audio.ClosePort(leg.port))
        self._release_seat(leg)
        self.save(leg)
        del core.legs[leg.call_id]

    # --- seats of the house ---------------------------------------------------------------------------

    def _ring_seat(self, leg: Leg, seat: Seat) -> None:
        leg.to_seat_id, leg.house_leg = seat.seat_id, seat.leg
        leg.was_waiting = seat.state in (SeatState.WAITING, SeatState.MANUAL)
        seat.rung_by = leg.call_id
        self.desks.step(seat, SeatEvent.RUNG)
        self.step(leg, Event.ALERTING)

    def pick_up(self, leg: Leg, seat: Seat) -> None:
        """A seat takes it, be it the one that rings or another one."""
        if leg.to_seat_id != seat.seat_id or leg.rung is not None:
            self._release_seat(leg)
            leg.to_seat_id, leg.house_leg = seat.seat_id, seat.leg
            leg.was_waiting = seat.state in (SeatState.WAITING, SeatState.MANUAL)
            seat.rung_by = leg.call_id
            self.desks.step(seat, SeatEvent.RUNG)
        self.desks.step(seat, SeatEvent.STAR)

    def _ring_phone(self, leg: Leg, seat: Seat) -> None:
        """Nobody is logged in there: whoever lifts the handset has the operator, or the customer."""
        caller = self._core.seats[leg.seat_id].extension
        leg.rung = self.rings.order(seat.extension, caller, lambda told: self._phone_is(leg, told))
        self.step(leg, Event.ALERTING)

    def _phone_is(self, leg: Leg, told: Told) -> None:
        if leg.rung is None:
            return
        if told == "up":
            leg.house_leg = leg.rung.leg
            self.step(leg, Event.ANSWERED)
            return
        leg.rung = None
        self.step(leg, Event.CLEARED, "left" if told == "down" else "no-answer")

    def answered_at(self, seat: Seat) -> None:
        """The seat's table says that it answers."""
        leg = self._core.legs.get(seat.rung_by)
        if leg is not None:
            self.step(leg, Event.ANSWERED)

    def seat_left(self, seat: Seat) -> None:
        """The seat declines, has heard enough or has put its handset down."""
        leg = self._core.legs.get(seat.rung_by)
        seat.rung_by = 0
        if leg is not None:
            leg.to_seat_id = 0
            self.step(leg, Event.CLEARED, "left" if leg.answered >= 0 else "declined")

    def _release_seat(self, leg: Leg) -> None:
        if leg.rung is not None:
            rung, leg.rung = leg.rung, None
            self.rings.drop(rung)
        seat = self._core.seats.get(leg.to_seat_id) if leg.is_house else None
        leg.to_seat_id = 0
        if seat is None or seat.rung_by != leg.call_id:
            return
        seat.rung_by = 0
        if seat.state is SeatState.ASSISTING:
            self.desks.step(seat, SeatEvent.RELEASED)
        elif seat.state is SeatState.RUNG:
            self.desks.step(seat, SeatEvent.RUNG_WAITING if leg.was_waiting else SeatEvent.RELEASED)

    # --- the row --------------------------------------------------------------------------------------

    def save(self, leg: Leg) -> None:
        """What a report and a restart must know."""
        core = self._core
        attempt = core.attempts.get(leg.attempt_id)
        core.emit(
            outputs.SaveTransfer(
                transfer_id=leg.transfer_id,
                tenant_id=leg.tenant_id,
                project_id=leg.project_id,
                list_id=attempt.list_id if attempt is not None else 0,
                customer_id=attempt.customer.customer_id if attempt is not None else 0,
                attempt_id=leg.attempt_id,
                seat_id=leg.seat_id,
                user_id=leg.user_id,
                target_id=leg.target.target_id,
                number=leg.target.number,
                name=leg.target.name,
                is_house=leg.is_house,
                to_seat_id=leg.to_seat_id,
                to_user_id=core.seats[leg.to_seat_id].user_id if leg.to_seat_id in core.seats else 0,
                asked_at=core.at(leg.asked),
                setup_at=core.at(leg.setup),
                alerting_at=core.at(leg.alerting),
                answered_at=core.at(leg.answered),
                handed_at=core.at(leg.handed),
                cleared_at=core.at(leg.cleared),
                cause=leg.cause,
                outcome=leg.outcome,
                code=leg.code,
                is_joined=leg.is_joined,
            )
        )
