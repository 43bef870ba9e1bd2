"""The machine's part that decides how many calls start now, for whom, and says why not more.

Asks the mode or the pacer, takes customers from the started lists in turn, and asks the rules of each.
"""

from __future__ import annotations

from typing import Final, Protocol

from appliance.dialer import modes, narrow, outputs, rules, wall, why
from appliance.dialer.attempt import Attempt
from appliance.dialer.inputs import Customer
from appliance.dialer.machine_core import Core
from appliance.dialer.project import NO_WISH, Paced, Project, Wish
from appliance.dialer.selection import ASK_TIMEOUT_S, EXHAUSTED_S, OFFER_COUNT, ListRun, next_free

CALLS_AT_ONCE_MAX: Final = 115  # all channels of five spans
ASK_AGAIN_MIN_S: Final = 0.1  # a pacer is not asked more often than this without an event


class Calls(Protocol):
    """What this part needs of the attempts' part."""

    def open(
        self, project: Project, list_id: int, customer: Customer, *, is_narrow: bool = False
    ) -> Attempt: ...

    def cut_ringing(self, project: Project) -> None: ...


class Pace:
    """Starts calls for the projects marked in `Core.unpaced`."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.calls: Calls

    def run(self) -> None:
        """Look at each marked project; who placed a call last comes last: scarce channels are shared."""
        core = self._core
        marked = [core.projects[project_id] for project_id in sorted(core.unpaced)]
        for project in sorted(marked, key=lambda project: project.last_placed):
            self._pace(project)
        core.unpaced.clear()

    def due(self) -> float | None:
        """When a pacer wants to be asked again though nothing happened."""
        dues = [self._due_of(project) for project in self._core.projects.values()]
        return min((due for due in dues if due is not None), default=None)

    def mark_due(self, now: float) -> None:
        """Mark the projects whose pacer asked for this moment."""
        for project in self._core.projects.values():
            due = self._due_of(project)
            if due is not None and due <= now:
                self._core.unpaced.add(project.project_id)

    def _due_of(self, project: Project) -> float | None:
        """A pacer that was not asked, because something else holds the project back, keeps an old due."""
        if project.settings.mode != "adaptive" or not project.ready:
            return None
        due = project.pacer.due(self._core.now)
        return None if due is None else max(due, project.asked_at + ASK_AGAIN_MIN_S)

    # --- one project ----------------------------------------------------------------------------------

    def _pace(self, project: Project) -> None:
        core, settings = self._core, project.settings
        self.calls.cut_ringing(project)
        refusal = core.refusal(settings, core.wall_now)
        started = project.started() if refusal is None else []
        for run in started:
            self._refill(run)
        limited = narrow.lists(core, project, started)
        wide = [run for run in started if run not in limited] if limited else started
        buffered = sum(len(run.buffer) for run in wide)
        free = max(0, min(core.channels_total - core.calls_out, settings.channel_share - project.calls_out))
        beside = self._place_limited(project, limited, free) if core.channels_total else 0
        free -= beside
        wish = self._wish(project, buffered, free) if wide and core.channels_total else NO_WISH
        placed = self._place(project, wide, min(wish.calls, free, CALLS_AT_ONCE_MAX))
        project.asked_at = core.now
        project.last_pace = Paced(refusal, wish, placed, buffered + sum(len(run.buffer) for run in limited))

    def _wish(self, project: Project, buffered: int, free: int) -> Wish:
        """A hard gate: nobody ready, nothing dialled."""
        core, settings = self._core, project.settings
        if not project.ready or settings.mode == "preview":
            return NO_WISH
        out = sum(project.narrow.values())
        reserved = len(narrow.reserved(core, project))
        if settings.mode == "adaptive":
            verdict = project.pacer.calls_to_place(
                core.now, project.seats_seen(reserved), callable=buffered, channels_free=free
            )
            is_short = verdict.limit in ("channels", "customers")
            return Wish(verdict.count, verdict.count + is_short, verdict.limit, verdict.figures)
        allowed = modes.calls_allowed(settings, len(project.waiting) - reserved)
        count = max(0, allowed - (project.dialling - out) - len(project.unserved))
        return Wish(count, count, "mode", {"allowed": float(allowed), "out": float(project.dialling)})

    def _place_limited(self, project: Project, limited: list[ListRun], free: int) -> int:
        """One call for each waiting seat that may call such a list; they are paced by nothing else."""
        core, placed = self._core, 0
        if project.settings.mode == "preview":
            return 0
        for run in limited:
            taken = narrow.reserved(core, project)
            able = [seat_id for seat_id in narrow.able_to(core, project, run.list_id) if seat_id not in taken]
            count = len(able) - narrow.paced(core, run.list_id)
            for _call in range(max(0, min(count, free - placed))):
                customer = self._next(project, run)
                if customer is None:
                    break
                attempt = self.calls.open(project, run.list_id, customer, is_narrow=True)
                project.last_placed = attempt.attempt_id
                run.callable = max(0, run.callable - 1)
                placed += 1
        return placed

    def _place(self, project: Project, started: list[ListRun], count: int) -> int:
        placed, empty = 0, 0
        hour = wall.hour_of(self._core.wall_now, self._core.utc_offset_s)
        while placed < count and empty < len(started):
            project.turn += 1
            run = started[project.turn % len(started)]
            customer = self._next(project, run)
            if customer is None:
                empty += 1
                continue
            empty = 0
            attempt = self.calls.open(project, run.list_id, customer)
            project.pacer.placed(attempt.attempt_id, run.list_id, hour, self._core.now)
            project.last_placed = attempt.attempt_id
            run.callable = max(0, run.callable - 1)
            placed += 1
        return placed

    def _next(self, project: Project, run: ListRun) -> Customer | None:
        """The next customer of a list whom no rule holds back; refusals are written down, once each."""
        core, settings = self._core, project.settings
        for _try in range(len(run.buffer)):
            customer = next_free(run, core.in_hand, settings.tenant_id)
            if customer is None:
                return None
            last = core.in_hand.called_at.get((settings.tenant_id, customer.number), 0.0)
            code = rules.customer_refusal(
                settings,
                customer,
                core.blocks,
                at=core.wall_now,
                day=core.day,
                last_called_at=max(customer.last_called_at, last),
            )
            if code is None:
                return customer
            self._refuse(project, run, customer, code)
        return None

    def _refuse(self, project: Project, run: ListRun, customer: Customer, code: str) -> None:
        core = self._core
        run.callable = max(0, run.callable - 1)
        if (customer.customer_id, code) in core.refused:
            return
        core.refused.add((customer.customer_id, code))
        core.emit(
            outputs.SaveRefusal(
                project.settings.tenant_id, project.project_id, run.list_id, customer.customer_id,
                customer.number, code, core.wall_now,
            )
        )  # fmt: skip

    # --- customers ------------------------------------------------------------------------------------

    def _refill(self, run: ListRun) -> None:
        core = self._core
        if run.wants_offer():
            run.ask(core.now)
            core.timers.arm("offer", run.list_id, core.now + ASK_TIMEOUT_S)
            core.emit(outputs.OfferWanted(run.list_id, OFFER_COUNT, run.cursor))

    def offered(self, run: ListRun) -> None:
        """An answer was buffered; an exhausted list is asked from its start again after a while."""
        core = self._core
        if run.is_exhausted:
            core.timers.arm("offer", run.list_id, core.now + EXHAUSTED_S)
        else:
            core.timers.disarm("offer", run.list_id)
        core.unpaced.add(run.settings.project_id)

    def offer_timer(self, list_id: int) -> None:
        """No answer came, or an exhausted list may have callable customers again."""
        run = self._core.lists.get(list_id)
        if run is None:
            return
        run.restart()
        if run.settings.project_id in self._core.projects:
            self._core.unpaced.add(run.settings.project_id)

    def reason(self, project: Project) -> why.Seen:
        """What `why.binding` needs, as it was when the project was last paced."""
        core = self._core
        refusal, wish, placed, buffered = project.last_pace
        started = project.started()
        return why.Seen(
            refusal=refusal,
            lists_started=len(started),
            spans_up=len(core.spans_up),
            channels_total=core.channels_total,
            channels_used=core.calls_out,
            share=project.settings.channel_share,
            share_used=project.calls_out,
            waiting=len(project.waiting) + len(project.kept),
            talking=len(project.talking),
            wrapup=len(project.wrapup),
            callable=buffered,
            is_exhausted=all(run.is_exhausted for run in started),
            is_congested=core.now < core.congested_until,
            wanted=wish.wanted,
            placed=placed,
            verdict=wish.limit,
            figures=wish.figures,
        )
