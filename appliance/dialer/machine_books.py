"""The machine's books of seats: whose time went where, who sits in which project, what a restart must know.

Every second of a seat that is logged in ends up in exactly one interval: wait, talk, wrap, break or paused.
"""

from __future__ import annotations

from collections.abc import Iterable

from appliance.dialer import outputs
from appliance.dialer.machine_core import Core
from appliance.dialer.project import Project
from appliance.dialer.seat import KEPT, SHOWN, Seat, State


class Books:
    """Keeps them; decides nothing but which of a user's projects a seat is dialled for."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def moved(self, seat: Seat, before: State) -> None:
        """The shown state changed: close the interval, keep the project's books."""
        self.close_interval(seat, before)
        if SHOWN[before] == "break":
            seat.break_reason = ""
        seat.since = self._core.now
        self.sit(seat, is_in=False)
        self.sit(seat, is_in=True)
        self.keep(seat)

    def close_interval(self, seat: Seat, before: State) -> None:
        core, kind = self._core, KEPT.get(SHOWN[before])
        seconds = core.now - seat.interval_from
        if kind is not None and seat.user_id:  # whoever took a caller without a log-in has no time to count
            attempt = seat.attempt
            core.emit(
                outputs.SaveInterval(
                    kind, seat.tenant_id, seat.seat_id, seat.user_id, seat.project_id,
                    core.wall_now - seconds, seconds,
                    attempt.list_id if attempt else 0, attempt.attempt_id if attempt else 0,
                    seat.break_reason if kind == "break" else "",
                )
            )  # fmt: skip
            if kind in ("wait", "talk", "wrap"):
                seat.day_totals[kind] += seconds
            if kind == "wait":
                seat.wait_s += seconds
        seat.interval_from = core.now

    def sit(self, seat: Seat, *, is_in: bool) -> None:
        """Take the seat out of its project's books, or put it into the one of its state."""
        project = self._core.projects.get(seat.project_id)
        if project is None:
            return
        if not is_in:
            for book in (project.waiting, project.talking, project.wrapup, project.kept):
                book.pop(seat.seat_id, None)
            project.uncounted.discard(seat.seat_id)
        elif seat.state is State.WAITING:
            self._wait(project, seat, self._core.now)
        elif seat.state is State.TALKING:
            project.talking[seat.seat_id] = self._core.now
        elif seat.state in (State.ENTERING, State.CONFIRMING):
            project.wrapup[seat.seat_id] = self._core.now
        if is_in and (seat.kept is not None or seat.is_manual):
            project.uncounted.add(seat.seat_id)
        self._core.unpaced.add(project.project_id)
        self._core.is_unplanned = True

    @staticmethod
    def _wait(project: Project, seat: Seat, since: float) -> None:
        """Among those that wait for list calls, in order of since when; or kept for a promise."""
        if seat.kept is not None:
            project.kept[seat.seat_id] = seat.kept.is_strict
            return
        last = next(reversed(project.waiting.values()), since)
        project.waiting[seat.seat_id] = since
        if since < last:
            project.waiting = dict(sorted(project.waiting.items(), key=lambda item: item[1]))

    def keep_free(self, seat: Seat) -> None:
        """Kept for a promise, or in normal mode, now or no more: it keeps its place among those that wait."""
        project = self._core.projects.get(seat.project_id)
        if project is None:
            return
        project.uncounted.discard(seat.seat_id)
        if seat.state is State.WAITING:
            project.waiting.pop(seat.seat_id, None)
            project.kept.pop(seat.seat_id, None)
            self._wait(project, seat, seat.since)
        if seat.kept is not None or seat.is_manual:
            project.uncounted.add(seat.seat_id)
        self._core.unpaced.add(project.project_id)

    def keep(self, seat: Seat) -> None:
        """What a restart must know."""
        attempt_id = seat.attempt.attempt_id if seat.attempt else 0
        if seat.user_id:
            self._core.emit(
                outputs.SaveSeat(
                    seat.seat_id, seat.leg, seat.user_id, seat.project_id, attempt_id, self._core.wall_now
                )
            )

    def home_of(self, seat: Seat) -> int:
        """The project a seat is dialled for: its user's first with somebody to call, or a started list."""
        projects = [self._core.projects[p] for p in seat.project_ids if p in self._core.projects]
        started = [project for project in projects if project.settings.is_active and _calls(project, seat)]
        best = [project for project in started if project.has_customers()] or started or projects
        return best[0].project_id if best else 0

    def rehome(self) -> None:
        """Seats that wait for a project that has stopped or run out go to another of theirs."""
        for seat in self._core.seats.values():
            if seat.state is State.WAITING:
                self.go_home(seat)

    def go_home(self, seat: Seat) -> None:
        """Move a waiting seat, unless calls are on their way for it."""
        project = self._core.projects.get(seat.project_id)
        if project is not None and (project.dialling or project.unserved):
            return
        self.move(seat, self.home_of(seat))

    def project_for(self, seat: Seat, list_ids: Iterable[int]) -> Project | None:
        """The one project of these lists, if of the operator's tenant.  Pages have asked for his rights."""
        core = self._core
        runs = [core.lists.get(list_id) for list_id in list_ids]
        found = {run.settings.project_id if run is not None else 0 for run in runs} or {seat.project_id}
        project = core.projects.get(found.pop()) if len(found) == 1 else None
        return project if project is not None and project.settings.tenant_id == seat.tenant_id else None

    def move(self, seat: Seat, project_id: int) -> None:
        """Let a seat work for another project, if it does not already."""
        if project_id != seat.project_id:
            self.close_interval(seat, seat.state)
            self.sit(seat, is_in=False)
            seat.project_id = project_id
            self.sit(seat, is_in=True)
            self.keep(seat)


def _calls(project: Project, seat: Seat) -> bool:
    """Whether lists are dialled whose calls the seat may have."""
    return any(run.settings.permits(seat.user_id) for run in project.started())
