"""The dialer's core: one deterministic machine.  `feed(input, now)` gives outputs; no I/O, clock or chance.

The same machine runs live, in `yobirin simulate` and in replay.  Feed `WallClock`, `Configure` and `Start`
first, then whatever happens, and `Tick` when `due` has come.  Times are the shell's monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from appliance.dialer import inputs, machine_board, machine_gate, outputs, rules
from appliance.dialer.attempt import Attempt, State
from appliance.dialer.attempt import Event as CallEvent
from appliance.dialer.callback import Callback
from appliance.dialer.inputs import Customer, ProjectSettings
from appliance.dialer.machine_calls import Calls
from appliance.dialer.machine_core import Core
from appliance.dialer.machine_floor import FloorRequests
from appliance.dialer.machine_incoming import Incoming
from appliance.dialer.machine_legs import PartyLines
from appliance.dialer.machine_lines import Lines
from appliance.dialer.machine_listening import Listenings
from appliance.dialer.machine_manual import Manual, may_be_called_for
from appliance.dialer.machine_many import Many
from appliance.dialer.machine_pace import Pace
from appliance.dialer.machine_phones import Phones
from appliance.dialer.machine_recalls import Recalls
from appliance.dialer.machine_ringing import Rings
from appliance.dialer.machine_screen import Screen
from appliance.dialer.machine_seats import Desks
from appliance.dialer.machine_summons import Summoning
from appliance.dialer.machine_talk_keys import TalkKeys
from appliance.dialer.machine_transfer import Transfers
from appliance.dialer.messages import Board, LogOutSeat, PressKey
from appliance.dialer.outputs import Any_
from appliance.dialer.pacing import Pacer
from appliance.dialer.party import Talk
from appliance.dialer.party_leg import Leg
from appliance.dialer.project import Paces
from appliance.dialer.ringing import Rung
from appliance.dialer.seat import Event as SeatEvent
from appliance.dialer.seat import Seat
from appliance.dialer.seat import State as SeatState
from appliance.dialer.timers import Kind

HOUSEKEEPING_S: Final = 10.0  # calling hours and days begin and end within this
KEEP_ENDED_S: Final = 3600.0  # far longer than any question to the store takes
KEEP_CALLED_S: Final = 86_400.0 * 2  # the longest interval between two calls that is kept here


def adaptive_pacer(settings: ProjectSettings) -> Paces:
    """The pacer in use."""
    return Pacer(target=settings.abandon_target, answer_window_s=settings.answer_window_s)


class Machine:
    """Whom to call, when, and what happens to the answer."""

    def __init__(
        self,
        *,
        service_code: str = "9000",
        make_pacer: Callable[[ProjectSettings], Paces] = adaptive_pacer,
    ) -> None:
        core = self._core = Core(make_pacer, service_code)
        self._calls = Calls(core)
        self._desks = Desks(core)
        self._pace = Pace(core)
        self._calls.desks, self._desks.calls, self._pace.calls = self._desks, self._calls, self._calls
        self._many = Many(core, self._calls, self._desks)
        self._calls.many, self._desks.many = self._many, self._many
        self._transfers = Transfers(core)
        self._talk_keys = TalkKeys(core, self._desks, self._transfers)
        self._rings = Rings(core)
        self._incoming = self._desks.callers = Incoming(core, self._rings, self._desks)
        self._wire_transfers()
        self._listenings = Listenings(core, self._rings)
        summoning = Summoning(core, self._rings, self._desks)
        self._desks.listenings, self._desks.summoning = self._listenings, summoning
        self._floor = FloorRequests(core, self._desks.breaks, summoning, self._listenings)
        self._phones = Phones(core, self._desks, self._transfers, self._rings)
        manual = Manual(core, self._calls, self._desks)
        self._screen = Screen(core, self._desks, self._transfers, self._incoming, manual)
        self._lines = Lines(
            core, self._calls, self._incoming, self._phones, PartyLines(core, self._transfers)
        )
        self._recalls = Recalls(core, self._calls, self._desks)
        self._day = 0
        self._timers: dict[Kind, Callable[[int], None]] = {
            "ring": lambda number: self._lines.call(number, CallEvent.RING_TIMEOUT),
            "window": lambda number: self._lines.call(number, CallEvent.WINDOW_OVER),
            "apology": lambda number: self._lines.call(number, CallEvent.APOLOGY_OVER),
            "incoming": self._incoming.timer,
            "offer": self._pace.offer_timer,
            "house": self._keep_house,
            "party": self._transfers.parties.timeout,
            "talk": self._transfers.timer,
            "keys": self._talk_keys.timer,
            "rung": self._rings.timer,
            "listen": self._listenings.timer,
            "many": self._many.timer,
            "recalls": self._recalls.ask,
            "promise": self._recalls.look,
            "wrap": self._desks.wrap_timer,
        }
        self._handlers: dict[type, Callable[[Any], None]] = self._store_handlers() | self._lines.handlers()
        self._handlers |= self._phones.handlers() | self._people_handlers()
        self._handlers |= self._screen.handlers() | self._floor.handlers() | self._recalls.handlers()
        assert set(self._handlers) == set(inputs.TYPES)
        core.timers.arm("house", 0, HOUSEKEEPING_S)

    def _wire_transfers(self) -> None:
        transfers, calls, desks = self._transfers, self._calls, self._desks
        transfers.calls, transfers.desks, transfers.parties.desks = calls, desks, desks
        transfers.parties.rings = self._rings
        calls.transfers, desks.transfers, desks.talk_keys = transfers, transfers, self._talk_keys

    # --- what a shell calls ---------------------------------------------------------------------------

    def feed(self, what: inputs.Any_, now: float) -> list[Any_]:
        """Tell the machine something; what it decides, in order.  `now` never runs backwards."""
        core = self._core
        assert now >= core.now, f"time ran backwards from {core.now} to {now}"
        core.now = now
        while (key := core.timers.pop(now)) is not None:
            self._timers[key[0]](key[1])
        self._handlers[type(what)](what)
        if core.is_unplanned:
            self._recalls.run()  # ahead of lists
        if core.unpaced:
            self._pace.run()
        out, core.out = core.out, []
        return out

    def due(self, now: float) -> float | None:
        """When to feed `Tick` if nothing else happens before."""
        dues = [due for due in (self._core.timers.due(), self._pace.due()) if due is not None]
        return max(now, min(dues)) if dues else None

    def may_setup(self, call_id: int, now: float) -> bool:
        """The trunk's gate, asked in the instant before SETUP.  Changes nothing."""
        attempt = self._core.attempts.get(call_id)
        if attempt is None:
            return self._transfers.parties.may_setup(call_id, now)
        return machine_gate.may_setup(self._core, attempt, now)

    def preview_refusal(
        self, seat_id: int, customer: Customer, now: float, *, caller: str = "", list_id: int = 0
    ) -> str:
        """Why `PreviewDial` would not dial, as a rule's code or a word; empty when it would.

        The customer's list says whose rules, caller numbers and codes hold; 0: those of the seat's project.
        """
        core, seat = self._core, self._core.seats.get(seat_id)
        if seat is None or not seat.user_id:
            return "not-ready"
        project = self._desks.books.project_for(seat, (list_id,) if list_id else ())
        if project is None:
            return "stopped" if seat.takes(SeatEvent.PREVIEW) else "not-ready"
        settings, at = project.settings, now + core.wall_offset_s
        if not may_be_called_for(seat, project):
            return "not-ready"
        held = core.refusal(settings, at)
        if held is not None:
            return held
        if caller and caller not in settings.callers:
            return "not-a-caller"
        if not core.in_hand.is_free(settings.tenant_id, customer):
            return "in-hand"
        if core.channels_total <= core.calls_out or settings.channel_share <= project.calls_out:
            return "channels"
        last = core.in_hand.called_at.get((settings.tenant_id, customer.number), 0.0)
        return (
            rules.customer_refusal(
                settings,
                customer,
                core.blocks,
                at=at,
                day=core.day,
                last_called_at=max(last, customer.last_called_at),
            )
            or ""
        )

    def many_refusal(self, what: inputs.DialMany, now: float) -> str:
        """Why `DialMany` would dial nobody, as a rule's code or a word; empty when it would."""
        return self._many.refusal(what, now)

    def request_refusal(self, what: inputs.SeatRequest, now: float) -> str:
        """Why a page's request to a seat would do nothing, as a word; else empty.  Changes nothing."""
        is_floor = type(what) in self._floor.rows
        return self._floor.refusal(what) if is_floor else self._screen.refusal(what, now)

    def name_refusal(self, seat_id: int, attempt_id: int) -> str:
        """Why `CallerNamed` would do nothing, as a word; else empty."""
        return self._incoming.name_refusal(seat_id, attempt_id)

    def board(self, now: float) -> Board:
        """What is shown live; spans and alarms are the shell's to add."""
        return machine_board.board(self._core, self._pace, now)

    def memory(self) -> dict[int, dict[str, Any]]:
        """What each project's pacer has learnt, to be given back by `Remembered` after a restart."""
        return {project_id: project.pacer.memory() for project_id, project in self._core.projects.items()}

    def is_secret(self, what: inputs.Any_) -> bool:
        """Whether an input is a key of somebody's PIN; ask before feeding it."""
        return self._phones.is_secret(what)

    def calls(self) -> list[Attempt]:
        """Attempts that stand now, for a look; not to be changed."""
        return list(self._core.attempts.values())

    def legs(self) -> list[Leg]:
        """Third parties' calls that stand now, for a look; not to be changed."""
        return list(self._core.legs.values())

    def callers(self) -> list[Callback]:
        """Calls that came in and stand now, for a look; not to be changed."""
        return list(self._core.callbacks.values())

    def seats(self) -> list[Seat]:
        """All seats, for a look; not to be changed."""
        return list(self._core.seats.values())

    def rungs(self) -> list[Rung]:
        """Desk phones that ring or are up because we rang them, for a look; not to be changed."""
        return self._rings.standing()

    def talks(self) -> list[Talk]:
        """Talks that are or were more than plain ones, for a look; not to be changed."""
        return list(self._core.talks.values())

    def tallies(self) -> dict[str, int]:
        """The machine's own counts, for those who compare them with rows; of today, all lists."""
        core = self._core
        today = [core.minutes.today(list_id) for list_id in (*core.lists, 0)]  # 0: manual calls
        return {
            "attempts": sum(counts.attempts for counts in today),
            "answered": sum(counts.answered for counts in today),
            "abandoned": sum(counts.abandoned for counts in today),
            "dialling": sum(project.dialling for project in core.projects.values()),
            "calls_out": core.calls_out,
        }

    # --- handlers -------------------------------------------------------------------------------------

    def _store_handlers(self) -> dict[type, Callable[[Any], None]]:
        return {
            inputs.Configure: self._configure,
            inputs.Start: self._start,
            inputs.Today: self._today,
            inputs.WallClock: self._wall_clock,
            inputs.Offered: self._offered,
            inputs.ListChanged: self._list_changed,
            inputs.Blocked: self._blocked,
            inputs.AttemptCommitted: lambda what: self._lines.call(what.attempt_id, CallEvent.WRITTEN),
            inputs.LoginChecked: self._login_checked,
            inputs.Remembered: self._remembered,
            inputs.CallerKnown: self._incoming.known,
            inputs.CallerNamed: self._incoming.named,
            inputs.Channels: self._channels,
            inputs.DiskSpace: self._disk_space,
            inputs.Tick: self._tick,
        }

    def _people_handlers(self) -> dict[type, Callable[[Any], None]]:
        return {
            inputs.PreviewDial: self._preview_dial,
            inputs.DialMany: self._many.dial,
            inputs.PhoneRings: self._rings.placed,
            inputs.ClearCall: self._clear_call,
            PressKey: self._press_key,
            LogOutSeat: self._log_out,
        }

    # --- the store and the clock ----------------------------------------------------------------------

    def _configure(self, what: inputs.Configure) -> None:
        self._core.configure(what)
        self._desks.books.rehome()

    def _start(self, what: inputs.Start) -> None:
        core = self._core
        core.next_attempt_id = max(core.next_attempt_id, what.next_attempt_id)
        core.next_transfer_id = max(core.next_transfer_id, what.next_transfer_id)
        core.next_incoming_id = max(core.next_incoming_id, what.next_incoming_id)
        for extension in what.registered:
            if extension in core.seat_of_extension:
                core.seat_of_extension[extension].is_registered = True
        for standing in what.seats:
            seat = core.seats.get(standing.seat_id)
            if seat is None:
                continue
            if standing.attempt_id and standing.project_id in core.projects:
                seat.attempt = self._owed(standing)
            self._desks.stand(seat, standing)

    def _owed(self, standing: inputs.StandingSeat) -> Attempt:
        """The call a seat still owes a code for; its line has gone with the former process."""
        core = self._core
        customer = Customer(standing.customer_id, standing.number)
        attempt = Attempt(
            standing.attempt_id, standing.project_id, standing.tenant_id, standing.list_id, customer, core.now
        )
        attempt.state, attempt.is_dialled, attempt.is_released = State.OWED, True, True
        attempt.is_inherited = True
        attempt.seat_id, attempt.user_id = standing.seat_id, standing.user_id
        attempt.answered = attempt.connected = attempt.parted = core.now
        attempt.setup = attempt.cleared = core.now
        core.attempts[attempt.attempt_id] = attempt
        attempt.holds_customer = core.in_hand.is_free(attempt.tenant_id, customer)
        if attempt.holds_customer:  # another seat may owe his code too: he had called while that one had him
            core.in_hand.begin(attempt.tenant_id, customer)
        return attempt

    def _today(self, what: inputs.Today) -> None:
        for listed in what.lists:
            self._core.minutes.go_on_from(listed)

    def _wall_clock(self, what: inputs.WallClock) -> None:
        core = self._core
        core.wall_offset_s, core.utc_offset_s = what.offset_s, what.utc_offset_s
        self._look_at_day()
        core.unpaced |= set(core.projects)
        core.is_unplanned = True

    def _offered(self, what: inputs.Offered) -> None:
        run = self._core.lists.get(what.list_id)
        if run is not None and run.is_asked and run.settings.project_id in self._core.projects:
            run.take_offer(what, self._core.in_hand)
            self._pace.offered(run)

    def _list_changed(self, what: inputs.ListChanged) -> None:
        run = self._core.lists.get(what.list_id)
        if run is not None:
            run.drop()
            run.valid_from = self._core.next_attempt_id
            self._pace.offer_timer(what.list_id)

    def _blocked(self, what: inputs.Blocked) -> None:
        if what.is_released:
            self._core.blocks.release(what.blocks)
        else:
            self._core.blocks.add(what.blocks)

    def _login_checked(self, what: inputs.LoginChecked) -> None:
        seat = self._core.seats.get(what.seat_id)
        if seat is not None:
            self._desks.login_checked(seat, what)

    def _remembered(self, what: inputs.Remembered) -> None:
        project = self._core.projects.get(what.project_id)
        if project is not None:
            project.pacer.remember(what.memory)

    def _channels(self, what: inputs.Channels) -> None:
        self._core.channels_total = what.total
        self._core.unpaced |= set(self._core.projects)
        self._core.is_unplanned = True

    def _disk_space(self, what: inputs.DiskSpace) -> None:
        self._core.is_disk_short = what.is_short
        self._core.unpaced |= set(self._core.projects)
        self._core.is_unplanned = True

    def _tick(self, _what: inputs.Tick) -> None:
        self._pace.mark_due(self._core.now)

    def _keep_house(self, _number: int) -> None:
        core = self._core
        core.timers.arm("house", 0, core.now + HOUSEKEEPING_S)
        self._look_at_day()
        core.in_hand.forget_before(core.now - KEEP_ENDED_S, core.wall_now - KEEP_CALLED_S)
        self._desks.books.rehome()
        core.unpaced |= set(core.projects)
        core.is_unplanned = True

    def _look_at_day(self) -> None:
        """Counters of the day begin anew at midnight, and what was offered yesterday is asked for again."""
        core = self._core
        if core.day == self._day:
            return
        if self._day:
            core.minutes.new_day()
            core.refused.clear()
            for seat in core.seats.values():
                seat.new_day()
            for run in core.lists.values():
                run.drop()
        self._day = core.day

    # --- people ---------------------------------------------------------------------------------------

    def _preview_dial(self, what: inputs.PreviewDial) -> None:
        core = self._core
        if self.preview_refusal(
            what.seat_id, what.customer, core.now, caller=what.caller, list_id=what.list_id
        ):
            return
        seat = core.seats[what.seat_id]
        project = self._desks.books.project_for(seat, (what.list_id,) if what.list_id else ())
        assert project is not None
        self._desks.books.move(seat, project.project_id)
        for run in project.lists:
            run.forget(what.customer.customer_id)
        seat.is_pause_wanted = seat.state is SeatState.PAUSED
        seat.attempt = self._calls.open(
            project, what.list_id, what.customer, seat_id=seat.seat_id, caller=what.caller, kind="preview"
        )
        self._desks.step(seat, SeatEvent.PREVIEW)

    def _clear_call(self, what: inputs.ClearCall) -> None:
        if what.call_id < 0:
            self._incoming.dropped(what.call_id)
        elif what.call_id in self._core.legs:
            self._core.emit(outputs.ClearCall(what.call_id))  # its end comes back like any other
        else:
            self._lines.call(what.call_id, CallEvent.GIVEN_UP)

    def _press_key(self, what: PressKey) -> None:
        seat = self._core.seats.get(what.seat_id)
        if seat is not None and seat.leg:
            self._desks.key(seat, what.digit)

    def _log_out(self, what: LogOutSeat) -> None:
        seat = self._core.seats.get(what.seat_id)
        if seat is not None:
            self._desks.force_out(seat, is_now=what.is_now, reason=what.reason)
