"""The machine's part that handles attempts: carries out what the attempt's table says.

An answered call gets the longest-waiting seat at once; without one it waits inside the answer window, then
hears the apology.  Nothing here looks at the clock or at a seat's keys.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from appliance.audio import messages as audio
from appliance.dialer import attempt as attempts
from appliance.dialer import machine_gate as gate
from appliance.dialer import narrow, outputs, rules, seats
from appliance.dialer.attempt import Attempt, Do, Event, State
from appliance.dialer.inputs import Customer
from appliance.dialer.machine_core import CONGESTED_S, Core
from appliance.dialer.machine_ledger import Ledger
from appliance.dialer.messages import AttemptKind
from appliance.dialer.project import Project
from appliance.pri_card import trunk

RETRIES_MAX: Final = 3  # faults of the line; then the customer waits until the list is offered again
APOLOGY_MAX_S: Final = 15.0  # the apology is cut here should audio never say that it was said
CAUSE_NORMAL: Final = 16


class Desks(Protocol):
    """What this part needs of the seats' part."""

    def hand_over(self, seat_id: int, attempt: Attempt) -> None: ...

    def customer_left(self, attempt: Attempt) -> None: ...

    def preview_over(self, attempt: Attempt) -> None: ...


class Many(Protocol):
    """What this part needs of the part for several numbers at once."""

    def alerting(self, attempt: Attempt) -> None: ...

    def answered(self, attempt: Attempt) -> None: ...

    def ended(self, attempt: Attempt) -> None: ...


class Transfers(Protocol):
    """What this part needs of the transfers' part."""

    def over(self, attempt: Attempt) -> None: ...

    def reattach(self, attempt: Attempt) -> None: ...


class Calls:
    """Attempts, from the decision to dial to their disposal."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.desks: Desks
        self.transfers: Transfers
        self.many: Many
        self._ledger = Ledger(core)
        self._do: dict[Do, Callable[[Attempt], None]] = {
            Do.NOTHING: lambda _attempt: None,
            Do.PLACE: self._place,
            Do.WITHDRAW: self._withdraw,
            Do.DISCARD: lambda attempt: self._end(
                attempt, "withdrawn"
            ),  # the store offers the customer again
            Do.NOTE_SETUP: self._note_setup,
            Do.NOTE_ALERTING: self._note_alerting,
            Do.CLEAR_VACANT: lambda attempt: self._clear(attempt, "91"),
            Do.CLEAR_BY_CAUSE: lambda attempt: self._clear(attempt, attempts.result_of(attempt.cause)),
            Do.CLEAR_NO_ANSWER: lambda attempt: self._clear(attempt, "94"),
            Do.CLEAR_CUT: lambda attempt: self._clear(attempt, "92"),
            Do.CLEAR_QUEUED: self._clear_line,
            Do.CLEAR_GIVEN_UP: lambda attempt: self._clear(attempt, "94"),
            Do.CLEAR_OUTRUN: self._clear_outrun,
            Do.NOTE_TOO_LATE: self._note_too_late,
            Do.FIND_SEAT: self._find_seat,
            Do.CONNECT: self._connect,
            Do.APOLOGISE: self._apologise,
            Do.CLEAR_ABANDONED: self._clear_abandoned,
            Do.RELEASE: self._release,
            Do.PART: self._part,
            Do.PART_AND_CLEAR: self._part_and_clear,
            Do.NOTE_CLEARED: self._note_cleared,
            Do.NOTE_HANDED: self._note_handed,
            Do.NOTE_GIVEN_BACK: self._note_given_back,
            Do.END_HANDED: self._end_handed,
            Do.NOTE_HANDED_CLEARED: self._note_handed_cleared,
            Do.DISPOSE_HANDED: self._dispose_handed,
            Do.STORE_CODE: lambda _attempt: None,  # the seat's part writes the history entry
            Do.DISPOSE: self._dispose,
            Do.DISPOSE_BY_CAUSE: self._dispose_by_cause,
            Do.DISPOSE_ABANDONED: self._dispose_abandoned,
            Do.DISPOSE_FAULT: self._dispose_fault,
            Do.DISPOSE_OUTRUN: self._dispose_outrun,
        }
        assert set(self._do) == set(Do)

    def step(self, attempt: Attempt, event: Event) -> None:
        """Let something happen to an attempt; strays are ignored, as the table has no place for them."""
        do = attempt.step(event)
        if do is not None:
            self._do[do](attempt)

    # --- the decision to dial -------------------------------------------------------------------------

    def open(
        self,
        project: Project,
        list_id: int,
        customer: Customer,
        *,
        seat_id: int = 0,
        caller: str = "",
        kind: AttemptKind = "list",
        is_narrow: bool = False,
    ) -> Attempt:
        """Write an attempt ahead of its call.  All but list calls have a seat; no `caller`: the main one."""
        assert (kind != "list") == bool(seat_id)
        core = self._core
        attempt = Attempt(
            core.next_attempt_id, project.project_id, project.settings.tenant_id, list_id, customer, core.now
        )
        core.next_attempt_id += 1
        attempt.caller = caller or project.settings.main_caller
        attempt.kind, attempt.is_narrow = kind, is_narrow
        if seat_id:
            attempt.seat_id, attempt.user_id = seat_id, core.seats[seat_id].user_id
        core.attempts[attempt.attempt_id] = attempt
        core.in_hand.begin(attempt.tenant_id, customer)
        core.calls_out += 1
        project.calls_out += 1
        if not attempt.is_bound:
            project.dialling += 1
        if is_narrow:
            project.narrow[list_id] = project.narrow.get(list_id, 0) + 1
        core.emit(
            outputs.OpenAttempt(
                attempt.attempt_id, attempt.tenant_id, attempt.project_id, list_id, customer.customer_id,
                customer.number, attempt.caller, core.wall_now, seat_id, attempt.user_id, kind,
            )
        )  # fmt: skip
        return attempt

    def _place(self, attempt: Attempt) -> None:
        settings = self._core.projects[attempt.project_id].settings
        self._core.emit(
            trunk.PlaceCall(
                attempt.attempt_id, attempt.customer.number, attempt.caller, settings.is_presented
            )
        )

    def _withdraw(self, attempt: Attempt) -> None:
        """It never reached the exchange: the customer waits for a better moment, or is refused for good.

        95 passes: who was called too recently is left to a later offer, as is whose list has changed.
        """
        core = self._core
        refusal = gate.refusal(core, attempt, core.now)
        code = refusal if refusal in rules.CODES and refusal != "95" else ""
        attempt.result = code or ""
        self._end(attempt, "result" if code else "withdrawn")
        if code and attempt.list_id:
            core.emit(
                outputs.SaveRefusal(
                    attempt.tenant_id, attempt.project_id, attempt.list_id, attempt.customer.customer_id,
                    attempt.customer.number, code, core.wall_now, attempt.attempt_id,
                )
            )  # fmt: skip
        elif not code and refusal not in ("95", "changed"):
            self._ledger.put_back(attempt, is_first=True)

    # --- until an answer ------------------------------------------------------------------------------

    def setup_sent(self, attempt: Attempt, line: trunk.Line) -> None:
        attempt.line = line
        self.step(attempt, Event.SETUP_SENT)

    def cleared(self, attempt: Attempt, cause: int, *, is_line_fault: bool) -> None:
        """The network, or the line, ended the call."""
        is_fault = is_line_fault or cause in attempts.FAULT_CAUSES
        if attempt.state is not State.CLEARING or not attempt.cause:
            attempt.cause = cause
        self.step(attempt, Event.FAULT if is_fault else Event.CLEARED)

    def reattach(self, snapshot: audio.AudioSnapshot) -> None:
        """Audio or we restarted: lines without a port get one again, conversations their bridge.

        A bridge of no conversation is parted: its phone would hear the next call on that channel, and its
        recording would hold it.
        """
        for bridge_id in snapshot.bridges:
            bridged = self._core.attempts.get(bridge_id)
            if bridged is None or bridged.state not in attempts.IN_TALK:
                self._core.emit(audio.Unbridge(bridge_id))
        for attempt in self._core.attempts.values():
            if attempt.state in attempts.ON_LINE and attempt.line is not None:
                self._reattach(attempt, attempt.line, snapshot)

    def _reattach(self, attempt: Attempt, line: trunk.Line, snapshot: audio.AudioSnapshot) -> None:
        core = self._core
        if attempt.port not in snapshot.ports:
            core.emit(audio.OpenLine(attempt.port, line.span, line.channel))
        if attempt.state not in attempts.IN_TALK or attempt.attempt_id in snapshot.bridges:
            return
        if attempt.state is State.CONNECTED:
            leg = core.seats[attempt.seat_id].leg
            core.emit(
                outputs.BridgeCall(attempt.attempt_id, attempt.tenant_id, attempt.port, leg, is_again=True)
            )
        self.transfers.reattach(attempt)

    def moved(self, attempt: Attempt, line: trunk.Line) -> None:
        """The network may put a call on another channel (CALL PROCEEDING, CONNECT)."""
        if attempt.line is None or attempt.line == line:
            return
        self._core.emit(audio.ClosePort(attempt.port))
        attempt.line = line
        self._core.emit(audio.OpenLine(attempt.port, line.span, line.channel))

    def _note_setup(self, attempt: Attempt) -> None:
        core = self._core
        assert attempt.line is not None
        attempt.setup = core.now
        core.in_hand.note_call(attempt.tenant_id, attempt.customer.number, core.wall_now)
        core.minutes.count_attempt(attempt.list_id, core.wall_now)
        core.emit(audio.OpenLine(attempt.port, attempt.line.span, attempt.line.channel))
        settings = core.projects[attempt.project_id].settings
        core.timers.arm("ring", attempt.attempt_id, core.now + settings.ring_timeout_s)

    def _note_alerting(self, attempt: Attempt) -> None:
        attempt.alerting = self._core.now
        if attempt.group_id:
            self.many.alerting(attempt)
        elif attempt.is_bound:
            leg = self._core.seats[attempt.seat_id].leg
            self._core.emit(audio.Play(leg, ("tone:ringback",), is_loop=True))

    def _clear_line(self, attempt: Attempt) -> None:
        self._core.emit(outputs.ClearCall(attempt.call_id, CAUSE_NORMAL))

    def _clear(self, attempt: Attempt, result: str) -> None:
        """End a call nobody answered."""
        attempt.result = result
        self._clear_line(attempt)
        self._ledger.leave_dialling(attempt, is_answered=False)
        if result == "92":
            self._core.minutes.count_abandon(attempt.list_id, self._core.wall_now)

    def _clear_outrun(self, attempt: Attempt) -> None:
        self._clear_line(attempt)
        self._ledger.leave_dialling(attempt, is_answered=None)

    # --- an answer ------------------------------------------------------------------------------------

    def _find_seat(self, attempt: Attempt) -> None:
        core, project = self._core, self._core.projects[attempt.project_id]
        attempt.answered = core.now
        core.minutes.count_answer(attempt.list_id, core.wall_now)
        self._ledger.leave_dialling(attempt, is_answered=True)
        if attempt.group_id:
            self.many.answered(attempt)
            return
        seat_id = attempt.seat_id if attempt.is_bound else self._seat_for(project, attempt)
        if seat_id is not None:
            attempt.seat_id = seat_id
            self.step(attempt, Event.SEAT_FOUND)
            return
        self._ledger.save(attempt)
        project.unserved.append(attempt.attempt_id)
        core.timers.arm("window", attempt.attempt_id, core.now + project.settings.answer_window_s)

    def serve(self, project: Project) -> None:
        """Seats that became ready take calls that were answered and still wait, the first answered first."""
        for attempt_id in tuple(project.unserved):
            attempt = self._core.attempts[attempt_id]
            seat_id = self._seat_for(project, attempt)
            if seat_id is not None:
                attempt.seat_id = seat_id
                self.step(attempt, Event.SEAT_FOUND)

    def _seat_for(self, project: Project, attempt: Attempt) -> int | None:
        """Who gets an answered call: the longest-waiting seat that may call its list.

        A seat that is kept for a promise, but not strictly yet, before the customer is abandoned.
        """
        core, run = self._core, self._core.lists.get(attempt.list_id)

        def may_have(seat_id: int) -> bool:
            return run is None or run.settings.permits(core.seats[seat_id].user_id)

        spared = narrow.reserved(core, project) if project.narrow and not attempt.is_narrow else set()
        return (
            seats.longest_waiting((one for one in project.waiting if one not in spared), may_have)
            or seats.longest_waiting(project.waiting, may_have)
            or seats.longest_waiting(project.kept_lightly, may_have)
        )

    def _connect(self, attempt: Attempt) -> None:
        core, project = self._core, self._core.projects[attempt.project_id]
        self._ledger.leave_unserved(attempt)
        attempt.connected = core.now
        attempt.user_id = core.seats[attempt.seat_id].user_id
        if attempt.is_rated:
            project.count_answer(core.now, is_abandoned=False)
        self.desks.hand_over(attempt.seat_id, attempt)
        self._ledger.save(attempt)

    def cut_ringing(self, project: Project) -> None:
        """92, where overdial is told to: no seat waits, so nobody could take the answer."""
        settings = project.settings
        if not settings.is_ring_cut or settings.mode != "overdial" or project.waiting:
            return
        ringing = [a for a in self._core.attempts.values() if a.project_id == project.project_id]
        for attempt in ringing:
            if attempt.state is State.RINGING and not attempt.is_bound:
                self.step(attempt, Event.RING_CUT)

    def _apologise(self, attempt: Attempt) -> None:
        core, project = self._core, self._core.projects[attempt.project_id]
        self._ledger.count_abandoned(attempt)
        own = f"project-{attempt.project_id}-apology"
        prompt = own if project.settings.has_apology else "apology"
        core.emit(audio.Play(attempt.port, (prompt,), tag="apology"))
        core.timers.arm("apology", attempt.attempt_id, core.now + APOLOGY_MAX_S)

    def _clear_abandoned(self, attempt: Attempt) -> None:
        self._ledger.count_abandoned(attempt)
        self._clear_line(attempt)

    def _note_too_late(self, attempt: Attempt) -> None:
        if attempt.answered < 0:
            attempt.answered = self._core.now
            self._core.minutes.count_answer(attempt.list_id, self._core.wall_now)
            if attempt.result == "92":
                attempt.result = "96"  # counted as abandoned when it was cut
                self._core.projects[attempt.project_id].count_answer(self._core.now, is_abandoned=True)
            else:
                self._ledger.count_abandoned(attempt)

    # --- a talk's end ---------------------------------------------------------------------------------

    def _stop_talk(self, attempt: Attempt) -> None:
        attempt.parted = self._core.now
        self.transfers.over(attempt)
        self._core.emit(audio.Unbridge(attempt.attempt_id))

    def _release(self, attempt: Attempt) -> None:
        self._stop_talk(attempt)
        self._clear_line(attempt)

    def _part(self, attempt: Attempt) -> None:
        self._stop_talk(attempt)
        self.desks.customer_left(attempt)
        self._note_cleared(attempt)

    def _part_and_clear(self, attempt: Attempt) -> None:
        self._stop_talk(attempt)
        self.desks.customer_left(attempt)
        self._clear_line(attempt)

    def _note_cleared(self, attempt: Attempt) -> None:
        self._ledger.free_line(attempt)
        self._ledger.save(attempt)

    # --- a talk that was handed over ------------------------------------------------------------------

    def _note_handed(self, attempt: Attempt) -> None:
        """The operator's talk is over, the customer's is not."""
        attempt.parted = self._core.now
        self._ledger.save(attempt)

    @staticmethod
    def _note_given_back(attempt: Attempt) -> None:
        attempt.parted = -1.0

    def _end_handed(self, attempt: Attempt) -> None:
        self._clear_line(attempt)
        self._core.emit(audio.Unbridge(attempt.attempt_id))
        self.transfers.over(attempt)

    def _note_handed_cleared(self, attempt: Attempt) -> None:
        self._core.emit(audio.Unbridge(attempt.attempt_id))
        self._note_cleared(attempt)
        self.transfers.over(attempt)

    def _dispose_handed(self, attempt: Attempt) -> None:
        self._core.emit(audio.Unbridge(attempt.attempt_id))
        self.transfers.over(attempt)
        self._dispose(attempt)

    def save(self, attempt: Attempt) -> None:
        """Its row as it stands."""
        self._ledger.save(attempt)

    # --- disposal -------------------------------------------------------------------------------------

    def _dispose_by_cause(self, attempt: Attempt) -> None:
        attempt.result = attempts.result_of(attempt.cause)
        self._dispose(attempt)

    def _dispose_abandoned(self, attempt: Attempt) -> None:
        self._ledger.count_abandoned(attempt)
        self._dispose(attempt)

    def _dispose_fault(self, attempt: Attempt) -> None:
        """A fault of the line is nobody's result: dialled again a bounded number of times."""
        core = self._core
        self._end(attempt, "fault")
        core.in_hand.forget_call(attempt.tenant_id, attempt.customer.number)
        customer_id = attempt.customer.customer_id
        core.retries[customer_id] = core.retries.get(customer_id, 0) + 1
        if core.retries[customer_id] <= RETRIES_MAX:
            self._ledger.put_back(attempt, is_first=False)
        else:
            del core.retries[customer_id]

    def _dispose_outrun(self, attempt: Attempt) -> None:
        """Nobody's result: callable as before.  A telephone that has rung counts for 95 and 97 still."""
        core = self._core
        self._end(attempt, "outrun")
        core.retries.pop(attempt.customer.customer_id, None)
        if attempt.alerting < 0:
            core.in_hand.forget_call(attempt.tenant_id, attempt.customer.number)

    def _dispose(self, attempt: Attempt) -> None:
        """The attempt has its result.  A conversation's history entry was written by the seat's part."""
        core = self._core
        self._end(attempt, "result")
        core.retries.pop(attempt.customer.customer_id, None)
        core.in_hand.note_end(attempt.customer.customer_id, core.now)
        if attempt.connected < 0:
            core.emit(
                outputs.SaveHistory(
                    attempt.attempt_id, attempt.tenant_id, attempt.project_id, attempt.list_id,
                    attempt.customer.customer_id, attempt.customer.number, attempt.result, core.wall_now,
                    attempt.seat_id, attempt.user_id,
                )
            )  # fmt: skip

    def _end(self, attempt: Attempt, end: outputs.AttemptEnd) -> None:
        self._ledger.leave_dialling(
            attempt, is_answered=None if end != "result" or attempt.setup < 0 else False
        )
        self._ledger.leave_unserved(attempt)
        self._ledger.free_line(attempt)
        if attempt.is_bound and attempt.connected < 0:
            self.desks.preview_over(attempt)
        self._ledger.save(attempt, end)
        if attempt.holds_customer:
            self._core.in_hand.end(attempt.tenant_id, attempt.customer)
        del self._core.attempts[attempt.attempt_id]
        if attempt.group_id:
            self.many.ended(attempt)

    # --- the exchange refuses -------------------------------------------------------------------------

    def congested(self) -> None:
        self._core.congested_until = self._core.now + CONGESTED_S
