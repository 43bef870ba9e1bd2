"""The machine's part that shows: the board of projects, lists, seats and minutes.  Changes nothing."""

from __future__ import annotations

from appliance.dialer import callback as callbacks
from appliance.dialer import why
from appliance.dialer.attempt import Attempt, State
from appliance.dialer.callback import Callback
from appliance.dialer.machine_core import Core
from appliance.dialer.machine_pace import Pace
from appliance.dialer.messages import Board, IncomingBoard, ListBoard, ProjectBoard, TransferBoard
from appliance.dialer.party_leg import Leg
from appliance.dialer.project import Project
from appliance.dialer.selection import ListRun


def board(core: Core, pace: Pace, now: float) -> Board:
    """Everything live at `now`; spans and alarms are the shell's to add."""
    out: dict[int, list[Attempt]] = {}
    for attempt in core.attempts.values():
        out.setdefault(attempt.list_id, []).append(attempt)
    projects = [project for project in core.projects.values() if project.settings.is_active]
    lists = [run for run in core.lists.values() if run.settings.is_enabled]
    return Board(
        seq=core.seq,
        now_at=now + core.wall_offset_s,
        projects=tuple(_project(project, pace, now) for project in projects),
        lists=tuple(_list(core, run, out.get(run.list_id, []), now) for run in lists),
        seats=tuple(core.seat_board(seat) for seat in core.seats.values()),
        transfers=tuple(_transfer(core, leg) for leg in core.legs.values() if leg.is_house),
        incoming=tuple(
            _incoming(core, each) for each in core.callbacks.values() if each.state in callbacks.SHOWN
        ),
        minutes=tuple(
            point for run in lists for point in core.minutes.points(run.list_id, now + core.wall_offset_s)
        ),
    )


def _project(project: Project, pace: Pace, now: float) -> ProjectBoard:
    settings = project.settings
    answered, abandoned = project.rolling(now)
    return ProjectBoard(
        project_id=project.project_id,
        tenant_id=settings.tenant_id,
        mode=settings.mode,
        overdial=settings.overdial,
        ratio=settings.ratio,
        abandon_target=settings.abandon_target,
        channel_share=settings.channel_share,
        reason=why.binding(pace.reason(project)),
        seats_ready=len(project.waiting) + len(project.kept),
        seats_talking=len(project.talking),
        calls_out=project.calls_out,
        abandon_ratio_30min=abandoned / answered if answered else 0.0,
        answered_30min=answered,
        answer_rate=project.answer_rate.mean,
        ring_s_mean=project.ring_s.mean,
    )


def _list(core: Core, run: ListRun, out: list[Attempt], now: float) -> ListBoard:
    today = core.minutes.today(run.list_id)
    at = now + core.wall_offset_s
    per_minute = core.minutes.rate(run.list_id, at)
    return ListBoard(
        list_id=run.list_id,
        project_id=run.settings.project_id,
        is_started=run.settings.is_started,
        callable=run.callable,
        attempts=today.attempts,
        answered=today.answered,
        talks=today.talks,
        wins=today.wins,
        abandoned=today.abandoned,
        talking_now=sum(attempt.state is State.CONNECTED for attempt in out),
        ringing_now=sum(attempt.state in (State.SETUP, State.RINGING) for attempt in out),
        wait_s_mean=today.wait_s_mean,
        finish_at=at + run.callable / per_minute * 60 if per_minute and run.is_counted else 0.0,
    )


def _transfer(core: Core, leg: Leg) -> TransferBoard:
    attempt, caller = core.attempts.get(leg.attempt_id), core.seats.get(leg.seat_id)
    is_gone = caller is None or attempt is None or caller.attempt is not attempt
    return TransferBoard(
        transfer_id=leg.transfer_id,
        tenant_id=leg.tenant_id,
        from_seat_id=leg.seat_id,
        from_name=caller.user_name if caller is not None else "",
        to_seat_id=leg.to_seat_id,
        to_extension=leg.target.number,
        project_id=leg.project_id,
        list_id=attempt.list_id if attempt is not None else 0,
        customer_id=attempt.customer.customer_id if attempt is not None else 0,
        attempt_id=leg.attempt_id,
        number=attempt.customer.number if attempt is not None else "",
        since_at=core.at(leg.asked),
        is_answered=leg.answered >= 0,
        is_blind=is_gone,
    )


def _incoming(core: Core, callback: Callback) -> IncomingBoard:
    return IncomingBoard(
        incoming_id=callback.incoming_id,
        tenant_id=callback.tenant_id,
        project_id=callback.project_id,
        list_id=callback.list_id,
        customer_id=callback.customer.customer_id,
        number=callback.number,
        called=callback.called,
        state=callbacks.SHOWN[callback.state],
        since_at=core.at(callback.arrived),
        tier=callback.place,
        seat_ids=tuple(callback.turn),
    )
