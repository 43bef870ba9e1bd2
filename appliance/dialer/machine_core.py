"""What the parts of the machine share: its facts, and the list its decisions go to.  Decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Final

import msgspec

from appliance.audio.messages import Mix
from appliance.dialer import party, rules, wall
from appliance.dialer.attempt import Attempt
from appliance.dialer.callback import Callback
from appliance.dialer.inputs import Configure, ListSettings, ProjectSettings, SeatSettings
from appliance.dialer.listening import HEARING, Listening
from appliance.dialer.many import Group
from appliance.dialer.many import State as ManyState
from appliance.dialer.messages import DialledBoard, Listener, PartyBoard, SeatBoard, SeatChanged
from appliance.dialer.minutes import Minutes
from appliance.dialer.outputs import Any_
from appliance.dialer.party import Talk
from appliance.dialer.party_leg import Leg
from appliance.dialer.project import Paces, Project
from appliance.dialer.rules import Blocks
from appliance.dialer.seat import SHOWN, Seat
from appliance.dialer.seat import State as SeatState
from appliance.dialer.selection import InHand, ListRun
from appliance.dialer.timers import Timers

CONGESTED_S: Final = 10.0  # a refusal of the exchange is the reason for slow dialling this long


class Core:
    """Facts of one machine.  `now` is the time of the input being fed."""

    def __init__(self, make_pacer: Callable[[ProjectSettings], Paces], service_code: str) -> None:
        self._make_pacer = make_pacer
        self.service_code = service_code
        self.now = 0.0
        self.wall_offset_s = 0.0
        self.utc_offset_s = 32_400.0
        self.out: list[Any_] = []
        self.projects: dict[int, Project] = {}
        self.lists: dict[int, ListRun] = {}
        self.seats: dict[int, Seat] = {}
        self.seat_of_extension: dict[str, Seat] = {}
        self.seat_of_leg: dict[str, Seat] = {}
        self.attempts: dict[int, Attempt] = {}
        self.talks: dict[int, Talk] = {}  # those that are or were held or had a third party, by attempt
        self.groups: dict[int, Group] = {}  # several numbers at once for one operator
        self.legs: dict[int, Leg] = {}  # third parties' calls, by call id
        self.callbacks: dict[int, Callback] = {}  # calls that came in, by call id
        self.listenings: dict[int, Listening] = {}  # by the supervisor's user
        self.mix_overlays: list[Callable[[int, Mix], Mix]] = []  # see machine_mix.py
        self.retries: dict[int, int] = {}
        self.refused: set[tuple[int, str]] = set()
        self.in_hand = InHand()
        self.blocks = Blocks()
        self.timers = Timers()
        self.minutes = Minutes()
        self.spans_up: set[int] = set()
        self.channels_total = 0
        self.is_disk_short = False
        self.calls_out = 0  # outgoing attempts that hold or will hold a channel, and incoming calls
        self.congested_until = -1.0
        self.next_attempt_id = 1
        self.next_transfer_id = 1
        self.next_incoming_id = 1
        self.seq = 0
        self.unpaced: set[int] = set()  # projects whose pace has to be looked at
        self.is_unplanned = False  # something changed for promises

    # --- time -----------------------------------------------------------------------------------------

    @property
    def wall_now(self) -> float:
        return self.now + self.wall_offset_s

    @property
    def day(self) -> int:
        """The local day as YYYYMMDD."""
        return wall.day_of(self.wall_now, self.utc_offset_s)

    def at(self, monotonic: float) -> float:
        """Wall-clock time of a monotonic one; 0.0 for "did not happen" (negative)."""
        return monotonic + self.wall_offset_s if monotonic >= 0 else 0.0

    # --- what holds everything back -------------------------------------------------------------------

    def refusal(self, project: ProjectSettings, at: float) -> rules.Refusal | None:
        """What holds a project back at a wall-clock time: its own rules, then the box's disk."""
        held = rules.project_refusal(project, at, self.utc_offset_s)
        return "disk" if held is None and self.is_disk_short else held

    def may_call(self, seat: Seat, list_id: int) -> bool:
        """Whether lists permit this one to whoever sits here."""
        run = self.lists.get(list_id)
        return run is not None and run.settings.permits(seat.user_id)

    # --- decisions ------------------------------------------------------------------------------------

    def emit(self, output: Any_) -> None:
        self.out.append(output)

    def show(self, seat: Seat) -> None:
        """Tell pages that a seat moved on."""
        self.seq += 1
        self.emit(SeatChanged(self.seq, self.wall_now, self.seat_board(seat)))

    def seat_board(self, seat: Seat) -> SeatBoard:
        attempt = seat.attempt
        talk = self.talks.get(attempt.attempt_id) if attempt else None
        caller = self.callbacks.get(seat.called_by)
        whose = attempt or caller
        totals = seat.day_totals
        return SeatBoard(
            seat_id=seat.seat_id,
            label=seat.label,
            extension=seat.extension,
            is_registered=seat.is_registered,
            state=SHOWN[seat.state],
            since_at=self.at(seat.since),
            user_id=seat.user_id,
            user_name=seat.user_name,
            tenant_id=seat.tenant_id,
            owner_id=seat.owner_id,
            project_id=seat.project_id,
            list_id=whose.list_id if whose else 0,
            attempt_id=attempt.attempt_id if attempt else 0,
            attempt_kind=attempt.kind if attempt else "incoming" if caller else "list",
            incoming_id=caller.incoming_id if caller else 0,
            is_manual=seat.is_manual,
            promise_at=seat.kept.due_at if seat.kept else 0.0,
            customer_id=whose.customer.customer_id if whose else 0,
            number=whose.customer.number if whose else "",
            typed=seat.typed if seat.state in (SeatState.ENTERING, SeatState.CONFIRMING) else "",
            saved_code=seat.saved_code,
            is_held=talk is not None and talk.state in party.CUSTOMER_WAITS,
            party=_party_board(talk) if talk else self._assisted(seat) if seat.rung_by else None,
            party_failed=talk.failed if talk is not None else "",
            talks_today=int(totals["talks"]),
            talk_s_today=totals["talk"],
            wait_s_today=totals["wait"],
            wrap_s_today=totals["wrap"],
            last_action_at=self.at(seat.last_action),
            break_reason=seat.break_reason,
            break_wanted=seat.break_wanted,
            help_since_at=self.at(seat.help_since),
            helper=seat.helper,
            listeners=self._listeners(seat) if self.listenings else (),
            message=seat.message,
            message_from=seat.message_from,
            message_at=self.at(seat.message_at),
            dialling=self._dialling(seat) if self.groups else (),
        )

    def group_of(self, seat: Seat) -> Group | None:
        """The numbers that are being dialled at once for a seat."""
        found = (g for g in self.groups.values() if g.seat_id == seat.seat_id)
        return next((group for group in found if group.state is ManyState.DIALLING), None)

    def _dialling(self, seat: Seat) -> tuple[DialledBoard, ...]:
        group = self.group_of(seat)
        return group.shown(self.attempts) if group is not None else ()

    def _listeners(self, seat: Seat) -> tuple[Listener, ...]:
        project = self.projects.get(seat.attempt.project_id if seat.attempt else seat.project_id)
        is_shown = project is not None and project.settings.is_listening_shown
        return tuple(
            Listener(who.user_id, who.name, who.how, who.state in HEARING, self.at(who.since), is_shown)
            for who in self.listenings.values()
            if who.seat_id == seat.seat_id
        )

    def _assisted(self, seat: Seat) -> PartyBoard | None:
        """The colleague whose transfer rings here, or is talked about."""
        leg = self.legs.get(seat.rung_by)
        colleague = self.seats.get(leg.seat_id) if leg is not None else None
        if leg is None or colleague is None:
            return None
        state: party.Shown = "private" if leg.answered >= 0 else "ringing"
        return PartyBoard(state, colleague.extension, colleague.user_name)

    # --- settings -------------------------------------------------------------------------------------

    def configure(self, new: Configure) -> None:
        """Put settings in force.  What is removed stops dialling; calls in hand are finished under it."""
        self._take_projects(new.projects)
        self._take_lists(new.lists)
        self._take_seats(new.seats)
        self.unpaced |= set(self.projects)
        self.is_unplanned = True

    def _take_projects(self, projects: tuple[ProjectSettings, ...]) -> None:
        for gone in self.projects.keys() - {settings.project_id for settings in projects}:
            removed = self.projects[gone]
            removed.settings = msgspec.structs.replace(removed.settings, is_active=False)
        for settings in projects:
            project = self.projects.get(settings.project_id)
            if project is None:
                project = Project(settings, self._make_pacer(settings))
                self.projects[settings.project_id] = project
            if project.settings.abandon_target != settings.abandon_target:
                project.pacer.set_target(settings.abandon_target)
            project.settings = settings
            project.codes = frozenset(code.code for code in settings.codes)

    def _take_lists(self, lists: tuple[ListSettings, ...]) -> None:
        for gone in self.lists.keys() - {settings.list_id for settings in lists}:
            self.lists.pop(gone).drop()
        for settings in lists:
            run = self.lists.setdefault(settings.list_id, ListRun(settings))
            run.settings = settings
            if not (settings.is_started and settings.is_enabled):
                run.drop()
        for project in self.projects.values():
            project.lists = [
                run for run in self.lists.values() if run.settings.project_id == project.project_id
            ]

    @staticmethod
    def _is_gone(seat: Seat, wanted: Container[int]) -> bool:
        """Removed, and nobody sits there any more, be it that he is on a break."""
        return not (seat.seat_id in wanted or seat.leg or seat.user_id or seat.called_by)

    def _take_seats(self, seats: tuple[SeatSettings, ...]) -> None:
        wanted = {settings.seat_id: settings for settings in seats}
        for gone in [seat for seat in self.seats.values() if self._is_gone(seat, wanted)]:
            del self.seats[gone.seat_id]
        for settings in seats:
            seat = self.seats.setdefault(
                settings.seat_id, Seat(settings.seat_id, settings.extension, settings.label)
            )
            seat.extension, seat.label, seat.owner_id = settings.extension, settings.label, settings.tenant_id
        self.seat_of_extension = {seat.extension: seat for seat in self.seats.values()}


def _party_board(talk: Talk) -> PartyBoard | None:
    shown = party.SHOWN.get(talk.state)
    if shown is None or talk.leg is None:
        return None
    return PartyBoard(shown, talk.leg.target.number, talk.leg.target.name)
