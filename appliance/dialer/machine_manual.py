"""The machine's part for normal mode and manual calls: any number, of no list and no customer.

A manual call is bound to its seat like a preview call.  The do-not-call rules, the hours and the caller
number hold as for any call, here and again in the instant before SETUP; the interval (95) does not.
"""

from __future__ import annotations

from typing import Final, Protocol

from appliance.dialer import rules
from appliance.dialer.attempt import Attempt
from appliance.dialer.inputs import Customer
from appliance.dialer.machine_books import Books
from appliance.dialer.machine_core import Core
from appliance.dialer.machine_wishes import is_dialable
from appliance.dialer.messages import AttemptKind, DialNumber, SetMode
from appliance.dialer.project import Project
from appliance.dialer.seat import Event, Seat, State

HELD: Final[dict[rules.Refusal, str]] = {
    "stopped": "project-stopped",
    "caller": "no-caller",
    "hours": "closed",
    "disk": "disk-short",
}
BLOCKED: Final[dict[rules.Refusal, str]] = {
    "9a": "number-forbidden",
    "90": "number-suspended",
    "99": "number-excluded",
}


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


class Desks(Protocol):
    """What this part needs of the seats' part."""

    books: Books

    def step(self, seat: Seat, event: Event) -> bool: ...


def can_call(seat: Seat) -> bool:
    """Whether an operator may begin a call of his own: he waits, or calls by himself."""
    return seat.state in (State.WAITING, State.MANUAL)


def may_be_called_for(seat: Seat, project: Project) -> bool:
    """… or rests where calls come by themselves: then the pause goes on after the call."""
    return can_call(seat) or (seat.state is State.PAUSED and project.settings.mode != "preview")


class Manual:
    """Takes `DialNumber` and `SetMode`.  Refusals are words of `shell_requests.REFUSALS`."""

    def __init__(self, core: Core, calls: Calls, desks: Desks) -> None:
        self._core, self._calls, self._desks = core, calls, desks

    # --- normal mode ----------------------------------------------------------------------------------

    def mode_refusal(self, seat: Seat, what: SetMode, _now: float) -> str:
        if seat.is_manual == what.is_manual:
            return "as-it-is"
        project = self._core.projects.get(seat.project_id)
        is_free = project is not None and project.settings.is_mode_free
        return "" if is_free or not what.is_manual else "mode-fixed"

    def set_mode(self, seat: Seat, what: SetMode) -> None:
        seat.is_manual = what.is_manual
        if not self._desks.step(seat, Event.MANUAL_ON if what.is_manual else Event.MANUAL_OFF):
            self._desks.books.keep_free(seat)  # in a call: what comes free after it is not for list calls
            self._core.show(seat)

    # --- any number -----------------------------------------------------------------------------------

    def refusal(self, seat: Seat, what: DialNumber, now: float) -> str:
        core, project = self._core, self._core.projects.get(seat.project_id)
        if not (can_call(seat) or seat.state is State.PAUSED):
            return "on-break" if seat.state in (State.BREAK, State.UNLOCKING) else "call-in-hand"
        if not is_dialable(what.number):
            return "number-invalid"
        if project is None:
            return "no-project"
        settings, at = project.settings, now + core.wall_offset_s
        held = core.refusal(settings, at)
        if held is not None:
            return HELD[held]
        if what.caller and what.caller not in settings.callers:
            return "not-a-caller"
        code = core.blocks.code(settings.tenant_id, settings.project_id, what.number, core.day)
        if code is not None:
            return BLOCKED[code]
        if not core.in_hand.is_free(settings.tenant_id, Customer(0, what.number)):
            return "number-in-hand"
        is_full = core.channels_total <= core.calls_out or settings.channel_share <= project.calls_out
        return "channels" if is_full else ""

    def dial(self, seat: Seat, what: DialNumber) -> None:
        project = self._core.projects[seat.project_id]
        seat.is_pause_wanted = seat.state is State.PAUSED
        seat.attempt = self._calls.open(
            project, 0, Customer(0, what.number), seat_id=seat.seat_id, caller=what.caller, kind="manual"
        )
        self._desks.step(seat, Event.PREVIEW)
