"""The machine's part for promises to call again: keeps their operators' seats and dials ahead of lists.

Asks the store every few seconds which are due; what is done about each is promises.py's table.  A call is
bound to its seat like a preview call: the customer gets exactly that operator.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final, Protocol

from appliance.dialer import outputs, promises, rules
from appliance.dialer.attempt import Attempt
from appliance.dialer.inputs import Customer, Recall, RecallsDue
from appliance.dialer.machine_books import Books
from appliance.dialer.machine_core import Core
from appliance.dialer.messages import AttemptKind
from appliance.dialer.project import Project
from appliance.dialer.promises import AHEAD_S, Desk, Kept, Owner
from appliance.dialer.seat import Event, Seat, State

ASK_EVERY_S: Final = 5.0
EDGE_S: Final = 0.001  # the wall clock in a float is coarser than the monotonic one
AGAIN_S: Final = 60.0  # a call that came to nothing by itself (a fault, the customer open elsewhere)

BUSY: Final = frozenset(
    {
        State.CALLING,
        State.TALKING,
        State.OFFERED,
        State.RUNG,
        State.ASSISTING,
        State.ENTERING,
        State.CONFIRMING,
    }
)


class Calls(Protocol):
    """What this part needs of the attempts' part."""

    def open(
        self, project: Project, list_id: int, customer: Customer, *, seat_id: int, kind: AttemptKind
    ) -> Attempt: ...


class Desks(Protocol):
    """What this part needs of the seats' part."""

    books: Books

    def step(self, seat: Seat, event: Event) -> bool: ...


class Recalls:
    """Keeps promises."""

    def __init__(self, core: Core, calls: Calls, desks: Desks) -> None:
        self._core, self._calls, self._desks = core, calls, desks
        self._due: tuple[Recall, ...] = ()
        self._asked = 0.0  # when the question was asked that these answer
        self._is_keeping = False
        self._not_before: dict[int, float] = {}  # recall -> monotonic
        core.timers.arm("recalls", 0, ASK_EVERY_S)

    def handlers(self) -> dict[type, Callable[[Any], None]]:
        return {RecallsDue: self._take}

    def ask(self, _number: int) -> None:
        """Which are due soon?"""
        core = self._core
        core.timers.arm("recalls", 0, core.now + ASK_EVERY_S)
        core.emit(outputs.RecallsWanted(AHEAD_S + ASK_EVERY_S, core.now))

    def look(self, _number: int) -> None:
        """The stage of one of them has changed."""
        self._core.is_unplanned = True

    def _take(self, what: RecallsDue) -> None:
        self._due, self._asked = what.recalls, what.asked
        self._not_before = {one: at for one, at in self._not_before.items() if at > self._core.now}
        self._core.is_unplanned = True

    def run(self) -> None:
        """Keep seats, let them go, dial: after anything that may have changed who can."""
        core = self._core
        core.is_unplanned = False
        if not self._due:
            if self._is_keeping:
                self._keep({})
            return
        standing = [promise for promise in self._due if self._may_be_called(promise)]
        free = max(0, core.channels_total - core.calls_out)
        plan = promises.plan(standing, self._seated(), core.wall_now, lines_free=free)
        self._keep(plan.kept)
        for promise, seat_id in plan.dials:
            self._dial(promise, core.seats[seat_id])
        change = promises.next_change(standing, core.wall_now)
        if change is not None:
            core.timers.arm("promise", 0, core.now + change - core.wall_now + EDGE_S)

    # --- what may be called ---------------------------------------------------------------------------

    def _may_be_called(self, promise: Recall) -> bool:
        """Whether anything but time and people stands against it now."""
        core, customer = self._core, promise.customer
        project, run = core.projects.get(promise.project_id), core.lists.get(promise.list_id)
        if project is None or run is None or not run.settings.is_enabled or not core.channels_total:
            return False
        settings = project.settings
        if settings.mode == "preview" or settings.channel_share <= project.calls_out:
            return False  # in preview the operator picks whom he calls, promises too
        if not core.in_hand.is_free(settings.tenant_id, customer):
            return False
        if core.in_hand.ended_since(customer.customer_id, self._asked):
            return False  # the question is older than the result
        if self._not_before.get(promise.recall_id, -1.0) > core.now:
            return False
        return core.refusal(settings, core.wall_now) is None and self._is_allowed(project, promise)

    def _is_allowed(self, project: Project, promise: Recall) -> bool:
        """The customer's own rules but 95: he asked for the call.  A refusal is written down when due."""
        core, customer = self._core, promise.customer
        code = rules.customer_refusal(
            project.settings, customer, core.blocks, at=core.wall_now, day=core.day, last_called_at=0.0
        )
        if code is None:
            return True
        if promise.due_at <= core.wall_now and (customer.customer_id, code) not in core.refused:
            core.refused.add((customer.customer_id, code))
            core.emit(
                outputs.SaveRefusal(
                    promise.tenant_id, promise.project_id, promise.list_id, customer.customer_id,
                    customer.number, code, core.wall_now,
                )
            )  # fmt: skip
        return False

    def _seated(self) -> list[Desk]:
        """Everybody who sits somewhere; who has waited longest first."""
        core = self._core
        seated = [seat for seat in core.seats.values() if seat.user_id]
        return [
            Desk(
                seat.seat_id, seat.user_id, seat.tenant_id, seat.project_id, seat.project_ids, _owner(seat),
                functools.partial(core.may_call, seat),
            )
            for seat in sorted(seated, key=lambda seat: seat.since)
        ]  # fmt: skip

    # --- seats ----------------------------------------------------------------------------------------

    def _keep(self, wanted: dict[int, Kept]) -> None:
        self._is_keeping = bool(wanted)
        for seat in self._core.seats.values():
            kept = wanted.get(seat.seat_id)
            if kept != seat.kept:
                seat.kept = kept
                self._desks.books.keep_free(seat)
                self._core.show(seat)

    def _dial(self, promise: Recall, seat: Seat) -> None:
        core, project = self._core, self._core.projects[promise.project_id]
        if project.settings.channel_share <= project.calls_out:
            return  # another promise took the last one
        self._not_before[promise.recall_id] = core.now + AGAIN_S
        if seat.project_id != promise.project_id:
            self._desks.books.move(seat, promise.project_id)
        for run in project.lists:
            run.forget(promise.customer.customer_id)
        seat.attempt = self._calls.open(
            project, promise.list_id, promise.customer, seat_id=seat.seat_id, kind="recall"
        )
        self._desks.step(seat, Event.PREVIEW)


def _owner(seat: Seat) -> Owner:
    if seat.logout_reason or seat.break_wanted:
        return Owner.AWAY
    if seat.state is State.WAITING:
        return Owner.FREE
    return Owner.BUSY if seat.state in BUSY else Owner.AWAY
