"""The machine's part for several numbers dialled at once for one operator: carries out the table of many.py.

The rules are asked of each number when they are dialled, and by the gate again before each SETUP.  Nobody is
put on another operator's line, and no ringing call of the predictive pacing is ever cut by it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from appliance.audio import messages as audio
from appliance.dialer import machine_gate as gate
from appliance.dialer import outputs, rules
from appliance.dialer.attempt import Attempt
from appliance.dialer.attempt import Event as CallEvent
from appliance.dialer.attempt import State as CallState
from appliance.dialer.inputs import Chosen, Customer, DialMany
from appliance.dialer.machine_books import Books
from appliance.dialer.machine_core import Core
from appliance.dialer.machine_manual import may_be_called_for
from appliance.dialer.many import Do, Event, Group
from appliance.dialer.messages import AttemptKind
from appliance.dialer.project import Project
from appliance.dialer.seat import Event as SeatEvent
from appliance.dialer.seat import Seat
from appliance.dialer.seat import State as SeatState

INSTANT_S: Final = 0.02  # one packet of voice: answers that come in one breath are told apart from later ones


class Calls(Protocol):
    """What this part needs of the attempts' part."""

    def open(
        self,
        project: Project,
        list_id: int,
        customer: Customer,
        *,
        seat_id: int,
        caller: str,
        kind: AttemptKind,
    ) -> Attempt: ...

    def step(self, attempt: Attempt, event: CallEvent) -> None: ...

    def save(self, attempt: Attempt) -> None: ...


class Desks(Protocol):
    """What this part needs of the seats' part."""

    books: Books

    def step(self, seat: Seat, event: SeatEvent) -> bool: ...

    def many_over(self, seat_id: int) -> None: ...


class Many:
    """Two to four numbers, one operator."""

    def __init__(self, core: Core, calls: Calls, desks: Desks) -> None:
        self._core, self._calls, self._desks = core, calls, desks
        self._do: dict[Do, Callable[[Group, Attempt | None], None]] = {
            Do.NOTHING: lambda _group, _attempt: None,
            Do.SHOW: lambda group, _attempt: core.show(core.seats[group.seat_id]),
            Do.GIVE: self._give,
            Do.TURN_AWAY: self._turn_away,
            Do.CLEAR: self._clear,
            Do.TELL_SEAT: self._tell_seat,
            Do.FORGET: lambda group, _attempt: self._forget(group),
        }
        assert set(self._do) == set(Do)

    # --- may they be dialled? -------------------------------------------------------------------------

    def refusal(self, what: DialMany, now: float) -> str:
        """Why `DialMany` would dial nobody, as a rule's code or a word; empty when it would."""
        core, seat, chosen = self._core, self._core.seats.get(what.seat_id), what.chosen
        if seat is None or not seat.takes(SeatEvent.PREVIEW):
            return "not-ready"
        project = self._project_of(seat, what)
        if project is None:
            return "stopped"
        if not may_be_called_for(seat, project):
            return "not-ready"
        at = now + core.wall_offset_s
        held = core.refusal(project.settings, at)
        if held is not None:
            return held
        if not 1 <= len(chosen) <= project.settings.dials_at_once:
            return "too-many"
        if what.caller and what.caller not in project.settings.callers:
            return "not-a-caller"
        if self._room(project) <= 0:
            return "channels"
        words = [self._customer_refusal(project, one.customer, at) for one in chosen]
        return "" if "" in words else words[0]

    def _project_of(self, seat: Seat, what: DialMany) -> Project | None:
        return self._desks.books.project_for(seat, (one.list_id for one in what.chosen))

    def _room(self, project: Project) -> int:
        """Channels that this project may take now."""
        core = self._core
        free = core.channels_total - core.calls_out
        return min(free, project.settings.channel_share - project.calls_out)

    def _customer_refusal(self, project: Project, customer: Customer, at: float) -> str:
        if not self._core.in_hand.is_free(project.settings.tenant_id, customer):
            return "in-hand"
        return gate.customer_refusal(self._core, project, customer, at) or ""

    # --- dialling -------------------------------------------------------------------------------------

    def dial(self, what: DialMany) -> None:
        core = self._core
        if self.refusal(what, core.now):
            return
        seat = core.seats[what.seat_id]
        project = self._project_of(seat, what)
        assert project is not None
        self._desks.books.move(seat, project.project_id)
        seat.is_pause_wanted = seat.state is SeatState.PAUSED
        group = Group(core.next_attempt_id, seat.seat_id, project.project_id)
        core.groups[group.group_id] = group
        for one in what.chosen:
            self._dial_one(group, project, one, what.caller)
        self._desks.step(seat, SeatEvent.PREVIEW)

    def _dial_one(self, group: Group, project: Project, one: Chosen, caller: str) -> None:
        """Who may not be called now is left out, and written down where a rule settles him."""
        refusal = self._customer_refusal(project, one.customer, self._core.wall_now)
        if refusal:
            self._write_down(project, one, refusal)
        elif self._room(project) > 0:
            for run in project.lists:
                run.forget(one.customer.customer_id)
            attempt = self._calls.open(
                project, one.list_id, one.customer, seat_id=group.seat_id, caller=caller, kind="preview"
            )
            group.add(attempt)

    def _write_down(self, project: Project, one: Chosen, code: str) -> None:
        core, customer = self._core, one.customer
        if code not in rules.CODES or (customer.customer_id, code) in core.refused:
            return
        core.refused.add((customer.customer_id, code))
        core.emit(
            outputs.SaveRefusal(
                project.settings.tenant_id, project.project_id, one.list_id, customer.customer_id,
                customer.number, code, core.wall_now,
            )
        )  # fmt: skip

    # --- what attempts and seats tell -----------------------------------------------------------------

    def alerting(self, attempt: Attempt) -> None:
        """One rings: the operator hears it, once."""
        core, group = self._core, self._core.groups[attempt.group_id]
        ringing = [one for one in group.standing(core.attempts) if one.alerting >= 0]
        seat = core.seats[group.seat_id]
        if core.group_of(seat) is not group:
            return
        if len(ringing) == 1:
            core.emit(audio.Play(seat.leg, ("tone:ringback",), is_loop=True))
        core.show(seat)

    def answered(self, attempt: Attempt) -> None:
        self._step(self._core.groups[attempt.group_id], Event.ANSWERED, attempt)

    def ended(self, attempt: Attempt) -> None:
        """An attempt has its end.  The winner's, long after, finds no group that waits for it."""
        group = self._core.groups.get(attempt.group_id)
        if group is None or attempt.attempt_id not in group.open:
            return
        group.open.discard(attempt.attempt_id)
        group.dialled[attempt.attempt_id].code = attempt.result
        self._step(group, Event.ENDED if group.open else Event.LAST_ENDED, attempt)

    def left(self, seat: Seat) -> None:
        """The operator hung up while they rang."""
        group = self._core.group_of(seat)
        if group is not None:
            self._step(group, Event.LEFT)

    def timer(self, group_id: int) -> None:
        group = self._core.groups.get(group_id)
        if group is not None:
            self._step(group, Event.INSTANT_OVER)

    def _step(self, group: Group, event: Event, attempt: Attempt | None = None) -> None:
        do = group.step(event)
        if do is not None:
            self._do[do](group, attempt)

    # --- what the table says --------------------------------------------------------------------------

    def _give(self, group: Group, attempt: Attempt | None) -> None:
        """The first answer.  What has not gone out yet is recalled at once, the rest after an instant."""
        assert attempt is not None
        core = self._core
        group.open.discard(attempt.attempt_id)
        self._calls.step(attempt, CallEvent.SEAT_FOUND)
        for other in group.standing(core.attempts):
            if other.state in (CallState.QUEUED, CallState.COMMITTED):
                self._calls.step(other, CallEvent.OUTRUN)
        if group.open:
            core.timers.arm("many", group.group_id, core.now + INSTANT_S)
        else:
            self._forget(group)

    def _turn_away(self, _group: Group, attempt: Attempt | None) -> None:
        """A second answer in the same instant: the apology, and 96."""
        assert attempt is not None
        self._calls.step(attempt, CallEvent.WINDOW_OVER)
        self._calls.save(attempt)

    def _clear(self, group: Group, _attempt: Attempt | None) -> None:
        for other in group.standing(self._core.attempts):
            self._calls.step(other, CallEvent.OUTRUN)

    def _tell_seat(self, group: Group, _attempt: Attempt | None) -> None:
        self._forget(group)
        self._desks.many_over(group.seat_id)

    def _forget(self, group: Group) -> None:
        self._core.timers.disarm("many", group.group_id)
        self._core.groups.pop(group.group_id, None)
