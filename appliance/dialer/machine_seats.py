"""The machine's part that handles seats: carries out what the seat's table says, in prompts and in records.

Every second of a seat that is logged in ends up in exactly one interval: wait, talk, wrap, break or paused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from appliance.audio import messages as audio
from appliance.dialer import outputs
from appliance.dialer.attempt import Attempt
from appliance.dialer.attempt import Event as CallEvent
from appliance.dialer.inputs import LoginChecked, StandingSeat
from appliance.dialer.machine_books import Books
from appliance.dialer.machine_breaks import RESTED, Breaks
from appliance.dialer.machine_core import Core
from appliance.dialer.machine_login import LogIn
from appliance.dialer.machine_voice import BYE, Voice
from appliance.dialer.machine_wrap import NO_CODE, WrapUp
from appliance.dialer.project import Project
from appliance.dialer.seat import SHOWN, TYPED_MAX, Do, Event, Seat, State
from appliance.phones import messages as phones

BUSY: Final = frozenset({State.CALLING, State.TALKING, State.ASSISTING, State.ENTERING, State.CONFIRMING})
"""States whose end a log-out waits for."""


class Calls(Protocol):
    """What this part needs of the attempts' part."""

    def step(self, attempt: Attempt, event: CallEvent) -> None: ...

    def serve(self, project: Project) -> None: ...


class Transfers(Protocol):
    """What this part needs of the transfers' part."""

    def hash(self, seat: Seat) -> bool: ...

    def leave(self, seat: Seat) -> bool: ...

    def code_of(self, attempt: Attempt) -> str: ...

    def seat_free(self, seat: Seat) -> bool: ...

    def answered_at(self, seat: Seat) -> None: ...

    def seat_left(self, seat: Seat) -> None: ...


class Listenings(Protocol):
    """What this part needs of the part for supervisors who listen."""

    def seat_moved(self, seat: Seat) -> None: ...

    def talk_began(self, seat: Seat, attempt: Attempt) -> None: ...


class Summoning(Protocol):
    """What this part needs of the part that rings phones for their users."""

    def drop(self, seat: Seat) -> None: ...


class Many(Protocol):
    """What this part needs of the part for several numbers at once."""

    def left(self, seat: Seat) -> None: ...


class Callers(Protocol):
    """What this part needs of the part for calls that come in."""

    def seat_free(self, seat: Seat) -> None: ...

    def answered_at(self, seat: Seat) -> None: ...

    def seat_left(self, seat: Seat) -> None: ...


class TalkKeys(Protocol):
    """What this part needs of the part for keys in a talk."""

    def key(self, seat: Seat, digit: str) -> None: ...


class Desks:
    """Seats, from the handset lifted to the handset down."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.calls: Calls
        self.transfers: Transfers
        self.talk_keys: TalkKeys
        self.listenings: Listenings
        self.summoning: Summoning
        self.many: Many
        self.callers: Callers
        self.books = Books(core)
        self._voice = Voice(core)
        self._login = LogIn(core, self.books, self._voice)
        self.breaks = Breaks(core, self.books, self._voice, self.step)
        self._wrap = WrapUp(
            core, self.books, self._voice, lambda attempt, event: self.calls.step(attempt, event)
        )
        self._do: dict[Do, Callable[[Seat], None]] = {
            Do.NOTHING: lambda _seat: None,
            Do.TYPE: lambda _seat: None,  # `key` keeps what is typed
            Do.ASK_ID: self._login.ask_id,
            Do.ASK_PIN: self._login.ask_pin,
            Do.CHECK: self._login.check,
            Do.WELCOME: self._login.welcome,
            Do.SAY_REFUSED: self._login.say_refused,
            Do.BE_READY: self._be_ready,
            Do.BE_PAUSED: lambda seat: self._voice.say(seat, "press-star"),
            Do.DIAL: lambda _seat: None,  # `Machine` opens the attempt
            Do.GIVE_UP: self._give_up,
            Do.SAY_NO_ANSWER: self._say_no_answer,
            Do.TALK: self._talk,
            Do.TALK_AGAIN: self._talk_again,
            Do.TALK_KEY: lambda _seat: None,  # `key` hands it on
            Do.SAVE_HANDED: self._save_handed,
            Do.BE_RELIEVED: self._be_relieved,
            Do.RING_SEAT: self._voice.ring_transfer,
            Do.ANSWER_TRANSFER: self._answer_transfer,
            Do.DECLINE: self._decline,
            Do.LEAVE_RUNG: self._leave_rung,
            Do.SEE_OFF_RUNG: self._see_off_rung,
            Do.END_TALK: self._end_talk,
            Do.ASK_CODE: self._wrap.begin,
            Do.RE_ASK_CODE: self._wrap.ask_code,
            Do.TAKE_BACK: self._wrap.take_back,
            Do.READ_BACK: self._voice.read_back,
            Do.SAY_UNKNOWN: self._wrap.say_unknown,
            Do.SAY_MISSING: self._wrap.say_missing,
            Do.SAVE_CODE: self._wrap.save_keyed,
            Do.SAVE_AND_PAUSE: self._wrap.save_keyed,
            Do.REST: self.breaks.rest,
            Do.REST_ON: lambda _seat: None,  # another reason
            Do.PUT_DOWN: self.breaks.put_down,
            Do.ASK_UNLOCK: self.breaks.ask_unlock,
            Do.CHECK_UNLOCK: self.breaks.check_unlock,
            Do.SAY_LOCKED: self.breaks.say_locked,
            Do.DESK_KEY: lambda _seat: None,  # `key` hands it on
            Do.RING_CALLER: self._voice.ring_caller,
            Do.ANSWER_CALLER: lambda seat: self.callers.answered_at(seat),
            Do.DECLINE_CALLER: self._decline_caller,
            Do.LEAVE_CALLER: self._leave_caller,
            Do.SEE_OFF_CALLER: self._see_off_caller,
            Do.UNSUMMON: lambda seat: self.summoning.drop(seat),
            Do.LEAVE: self._leave,
            Do.LEAVE_CALLING: self._leave_calling,
            Do.LEAVE_TALK: self._leave_talk,
            Do.LEAVE_OWING: self._leave_owing,
            Do.SEE_OFF: self._see_off,
            Do.SEE_OFF_CALLING: self._see_off_calling,
            Do.SEE_OFF_TALK: self._see_off_talk,
            Do.SEE_OFF_OWING: self._see_off_owing,
        }
        assert set(self._do) == set(Do)

    def step(self, seat: Seat, event: Event) -> bool:
        """Let something happen to a seat; False where it has no meaning in the seat's state."""
        before, shown_before = seat.state, SHOWN[seat.state]
        do = seat.step(event)
        if do is None:
            return False
        if SHOWN[seat.state] != shown_before:
            self.books.moved(seat, before)
            self._wrap.watch(seat)
        self._do[do](seat)
        self.listenings.seat_moved(seat)
        self._core.show(seat)
        if seat.state is State.WAITING and before is not State.WAITING:
            self._after_ready(seat)
        elif seat.state is State.PAUSED and before is not State.PAUSED:
            self._after_pause(seat)
        return True

    # --- what happens to a seat -----------------------------------------------------------------------

    def off_hook(self, seat: Seat, leg: str) -> None:
        """A phone dialled the service code.  A leg left over from before is over."""
        if seat.leg:
            self._core.emit(phones.HangUpLeg(seat.leg))  # it may stand on a second line of the same phone
            self.on_hook(seat)
        self.summoning.drop(seat)
        self.callers.seat_left(seat)
        seat.leg = leg
        self._core.seat_of_leg[leg] = seat
        self._core.emit(outputs.AnswerPhone(leg))
        self.step(seat, Event.OFF_HOOK)

    def on_hook(self, seat: Seat) -> None:
        """The handset is down, or the leg failed."""
        self._core.seat_of_leg.pop(seat.leg, None)
        self._core.emit(audio.ClosePort(seat.leg))
        self.step(seat, Event.ON_HOOK)
        seat.leg = ""
        seat.logout_reason = ""

    def key(self, seat: Seat, digit: str) -> None:
        """A key of the phone, or the same from a screen."""
        core = self._core
        seat.last_action = core.now
        project = core.projects.get(seat.project_id)
        codes = project.codes if project is not None else frozenset[str]()
        event = seat.key_event(digit, codes=codes, can_take_back=self._wrap.can_take_back(seat))
        if event is None or not seat.takes(event):
            return
        if seat.state is State.TALKING:
            self._key_in_talk(seat, digit, event)
            return
        if event is Event.DIGIT and seat.state in (State.PAUSED, State.WAITING, State.MANUAL):
            self.breaks.key(seat, digit)
            return
        if event in (Event.DIGIT, Event.CODE_KNOWN, Event.CODE_UNKNOWN):
            seat.typed = (seat.typed + digit)[:TYPED_MAX]
        self.step(seat, event)

    def _key_in_talk(self, seat: Seat, digit: str, event: Event) -> None:
        """`#` ends what the operator hears: a third party first, then the talk."""
        if event is Event.HASH:
            self.hang_up(seat)
        elif self.step(seat, event):
            self.talk_keys.key(seat, digit)

    def hang_up(self, seat: Seat) -> None:
        """End what the operator is in, by key or from a screen."""
        seat.dialled = ""
        if seat.state is not State.TALKING or not self.transfers.hash(seat):
            self.step(seat, Event.HASH)

    def login_checked(self, seat: Seat, login: LoginChecked) -> None:
        """The store's word on ID and PIN, or on the PIN of a break's end."""
        if seat.state in RESTED:
            self.breaks.unlock_checked(seat, login)
            return
        self._free_resting(login.user_id)
        self.step(seat, Event.LOGIN_OK if self._login.judge(login) else Event.LOGIN_REFUSED)

    def know(self, seat: Seat, who: LoginChecked) -> None:
        """A page says who sits here."""
        self._free_resting(who.user_id)
        self._login.know(who)
        self.step(seat, Event.KNOWN)

    def _free_resting(self, user_id: int) -> None:
        """Who left for a break and sits down elsewhere has left his seat for good."""
        for seat in self._core.seats.values():
            if user_id and seat.user_id == user_id and seat.state in RESTED and not seat.leg:
                self.step(seat, Event.FORCED_OUT)

    def force_out(self, seat: Seat, *, is_now: bool, reason: str) -> None:
        """Log a seat out; a call, and its code, are waited for unless `is_now`."""
        if not is_now and seat.state in BUSY:
            seat.logout_reason = reason or "forced"
            return
        self.step(seat, Event.FORCED_OUT)

    def played(self, leg: str, tag: str) -> None:
        """The last word to a leg has been said."""
        seat = self._core.seat_of_leg.get(leg)
        if tag == BYE and seat is not None and seat.state is State.OUT:
            self._core.emit(phones.HangUpLeg(leg))
            self._core.emit(audio.ClosePort(leg))
            del self._core.seat_of_leg[leg]
            seat.leg = ""

    def repeat(self, seat: Seat) -> None:
        """Audio restarted: keys may be lost, so what is asked for is asked again, from its first digit."""
        if seat.state is not State.CONFIRMING:
            seat.typed = ""
        self._voice.repeat(seat)
        self._core.show(seat)

    def stand(self, seat: Seat, standing: StandingSeat) -> None:
        """Rebuild a seat after a restart: paused, or in wrap-up for the call whose code is owed."""
        core = self._core
        seat.leg, seat.user_id, seat.user_name = standing.leg, standing.user_id, standing.user_name
        seat.tenant_id, seat.project_ids = standing.tenant_id, standing.project_ids
        seat.project_id = standing.project_id or self.books.home_of(seat)
        core.seat_of_leg[standing.leg] = seat
        seat.since = seat.interval_from = seat.last_action = core.now
        if seat.attempt is None:
            seat.state = State.PAUSED
            self._voice.say(seat, "press-star")
        else:
            seat.state = State.ENTERING
            seat.wrap_from = core.now
            self.books.sit(seat, is_in=True)
            self._wrap.watch(seat)
            self._wrap.ask_code(seat)
        core.show(seat)

    def say(self, seat: Seat, *prompts: str) -> None:
        """Words for one seat."""
        if seat.leg:
            self._voice.say(seat, *prompts)

    def wrap_timer(self, seat_id: int) -> None:
        """A code is owed for as long as the project allows."""
        seat = self._core.seats.get(seat_id)
        if seat is not None:
            self._wrap.sound(seat)

    def save_code(self, attempt: Attempt, seat_id: int, user_id: int, code: str) -> None:
        """The code of a call that no seat has in hand any more."""
        self._wrap.save_for(attempt, seat_id, user_id, code)

    # --- what calls do to seats -----------------------------------------------------------------------

    def hand_over(self, seat_id: int, attempt: Attempt) -> None:
        """This seat gets the customer."""
        core, seat = self._core, self._core.seats[seat_id]
        seat.attempt = attempt
        core.emit(outputs.BridgeCall(attempt.attempt_id, attempt.tenant_id, attempt.port, seat.leg))
        moved = self.step(seat, Event.CALL)
        assert moved, f"seat {seat_id} was handed a call while {seat.state}"
        self.listenings.talk_began(seat, attempt)

    def customer_left(self, attempt: Attempt) -> None:
        """The customer hung up."""
        self.step(self._core.seats[attempt.seat_id], Event.PARTED)

    def preview_over(self, attempt: Attempt) -> None:
        """A preview call came to nothing."""
        seat = self._core.seats[attempt.seat_id]
        if seat.attempt is attempt:
            seat.attempt = None
            self.step(seat, Event.PREVIEW_OVER)

    def many_over(self, seat_id: int) -> None:
        """None of several numbers was answered."""
        self.step(self._core.seats[seat_id], Event.PREVIEW_OVER)

    # --- ready, and talking ---------------------------------------------------------------------------

    def _be_ready(self, seat: Seat) -> None:
        seat.wait_s = 0.0
        self._voice.say_readiness(seat)

    def _after_ready(self, seat: Seat) -> None:
        """A ready seat is first asked whether it had to leave, then takes a call that waits."""
        if seat.logout_reason:
            self.step(seat, Event.FORCED_OUT)
            return
        if self.breaks.take_wanted(seat) or self.transfers.seat_free(seat):
            return
        if seat.is_manual or seat.is_pause_wanted:
            is_pausing, seat.is_pause_wanted = seat.is_pause_wanted, False
            self.step(seat, Event.HASH if is_pausing else Event.MANUAL_ON)
            return
        self.books.go_home(seat)
        project = self._core.projects.get(seat.project_id)
        if project is not None:
            self.calls.serve(project)
        if seat.state is State.WAITING:
            self.callers.seat_free(seat)

    def _talk(self, seat: Seat) -> None:
        core, attempt = self._core, seat.attempt
        assert attempt is not None
        attempt.wait_s = seat.wait_s
        seat.last = None
        seat.saved_code = seat.typed = ""
        seat.day_totals["talks"] += 1
        if not attempt.is_incoming:
            core.minutes.count_wait(attempt.list_id, core.wall_now, seat.wait_s)

    def _after_pause(self, seat: Seat) -> None:
        """A paused seat too is asked whether it had to leave, and gets its own customer back."""
        seat.is_pause_wanted = False
        if seat.logout_reason:
            self.step(seat, Event.FORCED_OUT)
        elif not self.breaks.take_wanted(seat):
            self.transfers.seat_free(seat)

    def _talk_again(self, seat: Seat) -> None:
        """A customer was handed over to this seat, or has come back to it."""
        seat.last, seat.rung_by = None, 0
        seat.saved_code = seat.typed = seat.dialled = ""

    def _save_handed(self, seat: Seat) -> None:
        assert seat.attempt is not None
        self._wrap.save_handed(seat, self.transfers.code_of(seat.attempt))

    def _be_relieved(self, seat: Seat) -> None:
        """Another seat has the customer, or is rung for him."""
        self._wrap.count_talk(seat)
        seat.attempt = None
        self._voice.say(seat, "transfer-handed", "press-star")
        self.books.keep(seat)

    def _answer_transfer(self, seat: Seat) -> None:
        self._core.emit(audio.Hush(seat.leg))
        self.transfers.answered_at(seat)

    def _decline(self, seat: Seat) -> None:
        self.transfers.seat_left(seat)
        self._voice.say(seat, "press-star")

    def _decline_caller(self, seat: Seat) -> None:
        self.callers.seat_left(seat)
        self._voice.say(seat, "press-star")

    def _end_talk(self, seat: Seat) -> None:
        assert seat.attempt is not None
        self.calls.step(seat.attempt, CallEvent.HUNG_UP)
        self._wrap.begin(seat)

    def _give_up(self, seat: Seat) -> None:
        self._drop_preview(seat)
        self._voice.say(seat, "ready")

    def _say_no_answer(self, seat: Seat) -> None:
        self._voice.say(seat, "tone:busy", "ready")

    # --- leaving --------------------------------------------------------------------------------------

    def _leave(self, seat: Seat) -> None:
        core = self._core
        was_in = seat.user_id
        seat.user_id, seat.user_name, seat.tenant_id = 0, "", 0
        seat.project_ids, seat.project_id = (), 0
        seat.attempt = seat.last = seat.kept = None
        seat.is_manual = seat.is_pause_wanted = False
        seat.dialled = ""
        seat.typed = seat.phone_id = seat.saved_code = seat.logout_reason = ""
        self.breaks.forget(seat)
        self.summoning.drop(seat)
        if was_in:
            core.emit(outputs.SaveSeat(seat.seat_id, at=core.wall_now))

    def _leave_calling(self, seat: Seat) -> None:
        self._drop_preview(seat)
        self._leave(seat)

    def _leave_talk(self, seat: Seat) -> None:
        """The customer goes on where somebody else is there for him, or is about to be."""
        attempt = seat.attempt
        assert attempt is not None
        self._wrap.count_talk(seat)
        if not self.transfers.leave(seat):
            self.calls.step(attempt, CallEvent.HUNG_UP)
        self._leave_owing(seat)

    def _leave_owing(self, seat: Seat) -> None:
        if seat.attempt is not None:
            self._wrap.save(seat, self.transfers.code_of(seat.attempt) or NO_CODE)
        self._leave(seat)

    def _see_off(self, seat: Seat) -> None:
        self._leave(seat)
        self._voice.say_goodbye(seat)

    def _see_off_calling(self, seat: Seat) -> None:
        self._drop_preview(seat)
        self._see_off(seat)

    def _see_off_talk(self, seat: Seat) -> None:
        self._leave_talk(seat)
        self._voice.say_goodbye(seat)

    def _see_off_owing(self, seat: Seat) -> None:
        self._leave_owing(seat)
        self._voice.say_goodbye(seat)

    def _leave_rung(self, seat: Seat) -> None:
        self.transfers.seat_left(seat)
        self._leave(seat)

    def _see_off_rung(self, seat: Seat) -> None:
        self._leave_rung(seat)
        self._voice.say_goodbye(seat)

    def _leave_caller(self, seat: Seat) -> None:
        self.callers.seat_left(seat)
        self._leave(seat)

    def _see_off_caller(self, seat: Seat) -> None:
        self._leave_caller(seat)
        self._voice.say_goodbye(seat)

    def _drop_preview(self, seat: Seat) -> None:
        attempt, seat.attempt = seat.attempt, None
        if attempt is not None:
            self.calls.step(attempt, CallEvent.GIVEN_UP)
        self.many.left(seat)
