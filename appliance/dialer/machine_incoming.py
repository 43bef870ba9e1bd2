"""The machine's part for calls that come in: carries out what `callback.py` says of each.

The store says who answers and which customer calls; phones ring tier by tier; whoever takes the caller has
an attempt like any other, with bridge, recording, hold, transfer, code and wrap-up.  Who comes to nobody is
missed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from appliance.audio import messages as audio
from appliance.dialer import attempt as attempts
from appliance.dialer import outputs
from appliance.dialer.attempt import Attempt
from appliance.dialer.callback import TAKES, Callback, Do, Event, State, next_stage, ring_ends
from appliance.dialer.inputs import CallerKnown, CallerNamed, Customer, Stage
from appliance.dialer.machine_books import Books
from appliance.dialer.machine_core import Core
from appliance.dialer.machine_tiers import Phones, Tiers
from appliance.dialer.ringing import Told
from appliance.dialer.seat import Event as SeatEvent
from appliance.dialer.seat import Seat
from appliance.dialer.seat import State as SeatState
from appliance.pri_card import trunk

ANNOUNCEMENT: Final = "incoming-announcement"
BUSY: Final = "incoming-busy"
TAG: Final = "incoming"
ASK_STORE_S: Final = 3.0  # a store that says nothing by then: the announcement
WORDS_MAX_S: Final = 90.0  # 300 characters, should audio never say that they were said
DIGIT_S: Final = 8.0  # after a menu's last word
ASKS_MAX: Final = 3  # menus said to one caller; then the next tier
LOOK_S: Final = 1.0  # phones put down meanwhile ring then
CAUSE_NORMAL: Final = 16
KINDS: Final = {"ring": Event.RING, "announce": Event.TELL, "menu": Event.ASK}
GUEST: Final = "incoming"  # why a seat without a log-in is free again after its code


class Desks(Protocol):
    """What this part needs of the seats' part."""

    books: Books

    def step(self, seat: Seat, event: SeatEvent) -> bool: ...

    def hand_over(self, seat_id: int, attempt: Attempt) -> None: ...


class Incoming:
    """Calls that came in, by their (negative) call id."""

    def __init__(self, core: Core, rings: Phones, desks: Desks) -> None:
        self._core, self._desks = core, desks
        self._tiers = Tiers(core, rings, desks, self._phone_is)
        self._do: dict[Do, Callable[[Callback], None]] = {
            Do.FIND_TIER: self._find_tier,
            Do.GREET: self._say_tier,
            Do.BEGIN_RINGING: self._begin_ringing,
            Do.RING_ON: self._ring_on,
            Do.QUEUE: self._queue,
            Do.ASK: self._ask,
            Do.AWAIT_DIGIT: lambda callback: self._arm(callback, DIGIT_S),
            Do.TELL: self._say_tier,
            Do.SAY_SORRY: self._say_sorry,
            Do.CONNECT: self._connect,
            Do.CLEAR: self._clear,
            Do.MISS: self._miss,
            Do.END: self._end,
        }
        assert set(self._do) == set(Do)

    def step(self, callback: Callback, event: Event) -> bool:
        """Let something happen to a call; False where it has no meaning."""
        do = callback.step(event)
        if do is None:
            return False
        self._do[do](callback)
        return True

    # --- from the trunk, audio and the store ----------------------------------------------------------

    def arrived(self, what: trunk.Incoming) -> None:
        core = self._core
        callback = Callback(
            what.call_id, core.next_incoming_id, what.line, what.called, what.caller, core.now,
            customer=Customer(0, what.caller),
        )  # fmt: skip
        core.next_incoming_id += 1
        core.callbacks[what.call_id] = callback
        core.calls_out += 1
        core.emit(outputs.WhoCalls(what.call_id, what.called, what.caller, core.wall_now))
        self._arm(callback, ASK_STORE_S)

    def known(self, what: CallerKnown) -> None:
        """The store's answer; too late for who has heard the announcement by now."""
        callback = self._core.callbacks.get(what.call_id)
        if callback is None or not callback.takes(Event.ROUTED):
            return
        callback.tenant_id, callback.project_id = what.tenant_id, what.project_id
        callback.list_id, callback.route_id = what.list_id, what.route_id
        callback.customer = what.customer
        callback.stages = what.stages if what.project_id in self._core.projects else ()
        callback.holds_customer = self._hold(callback.tenant_id, callback.customer)
        self._save(callback)
        self.step(callback, Event.ROUTED)

    def cleared(self, call_id: int) -> Attempt | None:
        """The line is free; the attempt of whoever had the caller."""
        callback = self._core.callbacks.get(call_id)
        if callback is None:
            return None
        attempt = self._core.attempts.get(callback.attempt_id)
        self.step(callback, Event.CLEARED)
        return attempt

    def dropped(self, call_id: int) -> Attempt | None:
        """The network disconnects, or a technician clears; the attempt of whoever has the caller."""
        callback = self._core.callbacks.get(call_id)
        if callback is None:
            return None
        self.step(callback, Event.DROPPED)
        return self._core.attempts.get(callback.attempt_id)

    def said(self, port: str) -> None:
        """What was being said to a line has been said."""
        callback = self._at(port)
        if callback is not None:
            self.step(callback, Event.SAID)

    def digit(self, port: str, digit: str) -> None:
        """A key of the caller."""
        callback = self._at(port)
        if callback is None or callback.state is not State.CHOOSING:
            return
        assert callback.stage is not None
        choice = next((each for each in callback.stage.choices if each.digit == digit), None)
        stage = callback.stage
        if choice is not None and choice.extensions:
            callback.detour = Stage(stage.place, "ring", choice.extensions, ring_s=stage.ring_s)
        elif choice is not None:
            callback.detour = next((each for each in callback.stages if each.place == choice.place), None)
        self.step(callback, Event.CHOSEN if callback.detour is not None else self._again(callback))

    def timer(self, call_id: int) -> None:
        """The wait of this state is over."""
        callback = self._core.callbacks.get(call_id)
        if callback is None:
            return
        if callback.state is State.CHOOSING:
            self.step(callback, self._again(callback))
        elif callback.state in (State.RINGING, State.QUEUED):
            self._look(callback)
        else:
            self.step(callback, Event.TIMEOUT)

    def reattach(self, snapshot: audio.AudioSnapshot) -> None:
        """Audio restarted: callers who hear us get their port and what they heard again."""
        for callback in self._core.callbacks.values():
            if callback.is_connected and callback.state not in (State.TALKING, State.CLEARING, State.GONE):
                if callback.port not in snapshot.ports:
                    self._open(callback)
                self._sound(callback)

    # --- from seats, phones and pages -----------------------------------------------------------------

    def answered_at(self, seat: Seat) -> None:
        """`*` at a seat where a caller rings."""
        callback = self._core.callbacks.get(seat.called_by)
        if callback is not None:
            self.take(callback, seat)

    def seat_left(self, seat: Seat) -> None:
        """The seat where it rings does not want him, or its handset moves for another reason."""
        callback = self._core.callbacks.get(seat.called_by)
        seat.called_by = 0
        if callback is not None:
            self._tiers.leave(callback, seat)
            self._look_whether_any_rings(callback)

    def seat_free(self, seat: Seat) -> None:
        """A seat waits: who queues for it, or rings all of its tier, has it ring."""
        for callback in list(self._core.callbacks.values()):
            if seat.state is not SeatState.WAITING:
                return
            is_wanted = callback.state is State.QUEUED or self._rings_all(callback)
            if is_wanted and seat in self._tiers.free(callback):
                self.step(callback, Event.SEAT_FREE)

    def take(self, callback: Callback, seat: Seat) -> None:
        """The seat has him, be it the one that rings or another one."""
        callback.turn.pop(seat.seat_id, None)
        seat.called_by = 0
        callback.seat_id, callback.user_id = seat.seat_id, seat.user_id
        self.step(callback, Event.TAKEN)

    def pick_up_refusal(self, seat: Seat, incoming_id: int) -> str:
        """Why a page cannot take him for a seat, as a word; else empty."""
        callback = self.of_id(incoming_id)
        if callback is None or callback.state not in TAKES or callback.tenant_id != seat.tenant_id:
            return "caller-gone"
        free = (SeatState.PAUSED, SeatState.WAITING)
        is_mine = seat.state is SeatState.OFFERED and seat.called_by == callback.call_id
        return "" if is_mine or seat.state in free else "call-in-hand"

    def of_id(self, incoming_id: int) -> Callback | None:
        """A caller by the number of his row."""
        every = self._core.callbacks.values()
        return next((each for each in every if each.incoming_id == incoming_id), None)

    def named(self, what: CallerNamed) -> None:
        """A page says who he is."""
        seat = self._core.seats.get(what.seat_id)
        if seat is None or self.name_refusal(what.seat_id, what.attempt_id):
            return
        attempt = seat.attempt
        assert attempt is not None
        if attempt.holds_customer:
            self._core.in_hand.end(attempt.tenant_id, attempt.customer)
        attempt.list_id = what.list_id
        number = attempt.customer.number or what.customer.number
        attempt.customer = Customer(what.customer.customer_id, number)
        attempt.holds_customer = self._hold(attempt.tenant_id, attempt.customer)
        self._core.emit(
            outputs.NameAttempt(attempt.attempt_id, attempt.list_id, attempt.customer.customer_id)
        )
        self._core.show(seat)

    def name_refusal(self, seat_id: int, attempt_id: int) -> str:
        """Why a seat's call cannot be given a customer."""
        seat = self._core.seats.get(seat_id)
        attempt = seat.attempt if seat is not None else None
        is_here = attempt is not None and attempt.attempt_id == attempt_id and attempt.is_incoming
        return "" if is_here else "no-call"

    def _phone_is(self, callback: Callback, seat: Seat, told: Told) -> None:
        """What became of a phone that rang for him."""
        if seat.seat_id not in callback.turn:
            return
        if told == "up" and callback.takes(Event.TAKEN):
            self._tiers.lift(callback, seat)
            seat.tenant_id, seat.logout_reason = callback.tenant_id, GUEST
            self.take(callback, seat)
            return
        self._tiers.leave(callback, seat, is_phone_gone=told != "up")
        self._look_whether_any_rings(callback)

    # --- tiers ----------------------------------------------------------------------------------------

    def _find_tier(self, callback: Callback) -> None:
        self._tiers.stop(callback)
        last, stage = callback.stage, next_stage(callback)
        callback.detour, callback.tried = None, set()
        if last is not None and last.kind == "menu":
            self._core.emit(audio.Listen(callback.port, is_on=False))
        if stage is None:
            self.step(callback, Event.NO_TIER)
            return
        callback.stage, callback.place = stage, stage.place
        self._save(callback)
        event = KINDS[stage.kind]
        self.step(callback, Event.GREET if event is Event.RING and stage.prompt else event)

    def _say_tier(self, callback: Callback) -> None:
        self._answer(callback)
        self._sound(callback)
        self._arm(callback, WORDS_MAX_S)

    def _say_sorry(self, callback: Callback) -> None:
        """Nobody answered.  Who has just heard an announcement needs no second one."""
        if callback.stage is not None and callback.stage.kind == "announce":
            self.step(callback, Event.SAID)
            return
        self._say_tier(callback)

    def _ask(self, callback: Callback) -> None:
        callback.asked += 1
        self._answer(callback)
        self._sound(callback)
        self._arm(callback, WORDS_MAX_S)

    @staticmethod
    def _again(callback: Callback) -> Event:
        return Event.MISKEYED if callback.asked < ASKS_MAX else Event.TIMEOUT

    def _begin_ringing(self, callback: Callback) -> None:
        callback.rung_from = self._core.now
        if callback.is_connected:
            self._sound(callback)
        self._ring_on(callback)

    def _ring_on(self, callback: Callback) -> None:
        """Let ring whoever may now; in turn, the next one alone."""
        stage = callback.stage
        assert stage is not None
        if stage.ring_order == "all":
            for seat in self._tiers.free(callback):
                self._tiers.ring(callback, seat)
        else:
            self._tiers.stop(callback)
            for seat in self._tiers.free(callback)[:1]:
                self._tiers.ring(callback, seat)
        callback.turn_from = self._core.now
        if callback.is_connected:
            self._sound(callback)
        self._arm(callback, LOOK_S)
        if not callback.turn:
            self.step(callback, Event.ALL_BUSY if self._tiers.is_any_busy(callback) else Event.TIMEOUT)

    def _queue(self, callback: Callback) -> None:
        """All are busy: he is told so once, and hears music."""
        is_first = not callback.is_connected
        self._answer(callback)
        if is_first:
            self._core.emit(audio.Play(callback.port, (BUSY,)))
        self._core.emit(audio.Play(callback.port, ("music",), is_loop=True, is_cutting=not is_first))
        self._arm(callback, LOOK_S)

    def _look(self, callback: Callback) -> None:
        """Once a second: has it rung long enough, has a phone been put down?"""
        stage = callback.stage
        assert stage is not None
        now = self._core.now
        if now >= ring_ends(callback):
            self.step(callback, Event.TIMEOUT)
        elif callback.state is State.QUEUED or stage.ring_order == "all":
            self._arm(callback, LOOK_S)
            if self._tiers.free(callback):
                self.step(callback, Event.SEAT_FREE)
        elif now - callback.turn_from >= stage.ring_s:
            self.step(callback, Event.TURN_OVER)
        else:
            self._arm(callback, LOOK_S)

    def _look_whether_any_rings(self, callback: Callback) -> None:
        if callback.state is State.RINGING and not callback.turn:
            self.step(callback, Event.TURN_OVER)

    @staticmethod
    def _rings_all(callback: Callback) -> bool:
        stage = callback.stage
        return callback.state is State.RINGING and stage is not None and stage.ring_order == "all"

    # --- the talk, and the end ------------------------------------------------------------------------

    def _connect(self, callback: Callback) -> None:
        """A seat has him: an attempt as if it had been dialled, answered and connected now."""
        core = self._core
        self._core.timers.disarm("incoming", callback.call_id)
        self._tiers.stop(callback)
        if callback.stage is not None and callback.stage.kind == "menu" and callback.is_connected:
            core.emit(audio.Listen(callback.port, is_on=False))
        self._answer(callback)
        callback.taken = core.now
        attempt = self._attempt_of(callback)
        core.emit(
            outputs.OpenIncoming(
                attempt.attempt_id, attempt.tenant_id, attempt.project_id, attempt.list_id,
                attempt.customer.customer_id, attempt.customer.number, callback.called,
                core.at(callback.arrived), core.wall_now, callback.seat_id, callback.user_id,
                callback.line.span, callback.line.channel,
            )
        )  # fmt: skip
        self._desks.books.move(core.seats[callback.seat_id], attempt.project_id)
        self._desks.hand_over(callback.seat_id, attempt)
        self._save(callback)

    def _attempt_of(self, callback: Callback) -> Attempt:
        core = self._core
        attempt = Attempt(
            core.next_attempt_id, callback.project_id, callback.tenant_id, callback.list_id,
            callback.customer, callback.arrived,
        )  # fmt: skip
        core.next_attempt_id += 1
        attempt.kind, attempt.incoming_call, attempt.line = "incoming", callback.call_id, callback.line
        attempt.state, attempt.is_dialled = attempts.State.CONNECTED, True
        attempt.seat_id, attempt.user_id = callback.seat_id, callback.user_id
        attempt.answered = attempt.connected = core.now
        attempt.holds_customer = callback.holds_customer
        callback.attempt_id = attempt.attempt_id
        core.attempts[attempt.attempt_id] = attempt
        return attempt

    def _clear(self, callback: Callback) -> None:
        self._tiers.stop(callback)
        self._core.emit(outputs.ClearCall(callback.call_id, CAUSE_NORMAL))

    def _miss(self, callback: Callback) -> None:
        """He has gone, and nobody had him."""
        core = self._core
        core.calls_out -= 1
        if callback.holds_customer:
            core.in_hand.end(callback.tenant_id, callback.customer)
        self._tiers.stop(callback)
        if callback.is_connected:
            core.emit(audio.ClosePort(callback.port))
        core.unpaced |= set(core.projects)
        self._end(callback)

    def _end(self, callback: Callback) -> None:
        """Its line is free; what the attempt holds is the attempt's to give back."""
        callback.ended = self._core.now
        self._core.timers.disarm("incoming", callback.call_id)
        del self._core.callbacks[callback.call_id]
        self._save(callback)

    # --- small things ---------------------------------------------------------------------------------

    def _at(self, port: str) -> Callback | None:
        """Whoever waits on a line."""
        every = self._core.callbacks.values()
        return next((each for each in every if each.port == port and each.state is not State.TALKING), None)

    def _hold(self, tenant_id: int, customer: Customer) -> bool:
        """Nobody dials him meanwhile; False where he is being dialled already."""
        if not self._core.in_hand.is_free(tenant_id, customer):
            return False
        self._core.in_hand.begin(tenant_id, customer)
        return True

    def _arm(self, callback: Callback, seconds: float) -> None:
        self._core.timers.arm("incoming", callback.call_id, self._core.now + seconds)

    def _answer(self, callback: Callback) -> None:
        """Lift for him, once: from now on he hears us."""
        if not callback.is_connected:
            callback.connected = self._core.now
            self._core.emit(outputs.AnswerIncoming(callback.call_id))
            self._open(callback)

    def _open(self, callback: Callback) -> None:
        line = callback.line
        self._core.emit(audio.OpenLine(callback.port, line.span, line.channel))

    def _sound(self, callback: Callback) -> None:
        """What he hears in this state."""
        stage, state = callback.stage, callback.state
        if state is State.RINGING:
            self._core.emit(audio.Play(callback.port, ("tone:ringback",), is_loop=True))
        elif state is State.QUEUED:
            self._core.emit(audio.Play(callback.port, ("music",), is_loop=True))
        elif state is not State.ASKED:
            own = stage.prompt if stage is not None and state is not State.PARTING else ""
            self._core.emit(audio.Play(callback.port, (own or ANNOUNCEMENT,), tag=TAG))
        if state is State.CHOOSING:
            self._core.emit(audio.Listen(callback.port))

    def _save(self, callback: Callback) -> None:
        core = self._core
        core.emit(
            outputs.SaveIncoming(
                callback.called, callback.number, core.at(callback.arrived), callback.line.span,
                callback.line.channel, callback.incoming_id, callback.tenant_id, callback.project_id,
                callback.customer.customer_id, callback.route_id, callback.place, core.at(callback.connected),
                core.at(callback.taken), core.at(callback.ended), callback.attempt_id, callback.seat_id,
                callback.user_id, callback.outcome,
            )
        )  # fmt: skip
