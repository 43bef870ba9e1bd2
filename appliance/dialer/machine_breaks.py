"""The machine's part for what an operator does beside calls: breaks, calls for help, words from a supervisor.

A break takes the seat out of WAIT at once, or after the call in hand and its code.  The page ends it, having
asked for a password, or the PIN on the phone; the handset may be down meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from appliance.dialer import outputs
from appliance.dialer.desk_keys import PAUSE_S, Wish, read
from appliance.dialer.inputs import LoginChecked
from appliance.dialer.machine_books import Books
from appliance.dialer.machine_core import Core
from appliance.dialer.machine_voice import Voice
from appliance.dialer.seat import Event, Seat, State

RESTED: Final = frozenset({State.BREAK, State.UNLOCKING})
BY_KEY: Final = "break"  # the reason of a break that was begun on the phone


class Step(Protocol):
    """Lets something happen to a seat."""

    def __call__(self, seat: Seat, event: Event) -> bool: ...


class Breaks:
    """Carries out what the seat's table says of breaks, and keeps help and messages."""

    def __init__(self, core: Core, books: Books, voice: Voice, step: Step) -> None:
        self._core, self._books, self._voice, self._step = core, books, voice, step
        self._wishes: dict[Wish, Callable[[Seat], None]] = {
            Wish.BREAK: lambda seat: self.start(seat, BY_KEY),
            Wish.HELP: self.help_by_key,
        }
        assert set(self._wishes) == set(Wish)

    # --- breaks ---------------------------------------------------------------------------------------

    def start(self, seat: Seat, reason: str) -> None:
        """Now, or once the call in hand has its code."""
        if not seat.takes(Event.BREAK_ON):
            seat.break_wanted = "" if seat.state is State.UNLOCKING else reason
            self._core.show(seat)
            return
        if seat.state is State.BREAK:
            self._books.close_interval(seat, State.BREAK)
        seat.break_reason, seat.break_wanted = reason, ""
        self._step(seat, Event.BREAK_ON)

    def take_wanted(self, seat: Seat) -> bool:
        """The seat has become free: whether it goes on its break."""
        if not seat.break_wanted:
            return False
        self.start(seat, seat.break_wanted)
        return True

    def end(self, seat: Seat) -> None:
        """Back, or no break wanted any more."""
        seat.break_wanted = ""
        if not self._step(seat, Event.BREAK_OFF):
            self._core.show(seat)

    def rest(self, seat: Seat) -> None:
        seat.typed = seat.keyed = ""
        self._voice.say(seat, "break-begun")

    def put_down(self, seat: Seat) -> None:
        """The handset is down: whoever sits here still does."""
        seat.typed = seat.leg = ""
        self._books.keep(seat)

    def ask_unlock(self, seat: Seat) -> None:
        seat.typed = ""
        self._voice.say(seat, "login-pin")

    def check_unlock(self, seat: Seat) -> None:
        pin, seat.typed = seat.typed, ""
        self._core.emit(outputs.CheckLogin(seat.seat_id, "", pin, seat.user_id))

    def unlock_checked(self, seat: Seat, answer: LoginChecked) -> None:
        """The store's word on the PIN of a break's end."""
        is_own = bool(answer.user_id) and answer.user_id == seat.user_id
        self._step(seat, Event.LOGIN_OK if is_own else Event.LOGIN_REFUSED)

    def say_locked(self, seat: Seat) -> None:
        self._voice.say(seat, "login-failed", "login-pin")

    # --- keys -----------------------------------------------------------------------------------------

    def key(self, seat: Seat, digit: str) -> None:
        """One digit of a seat that is paused or waits."""
        core = self._core
        if core.now - seat.keyed_at > PAUSE_S:
            seat.keyed = ""
        seat.keyed, seat.keyed_at = seat.keyed + digit, core.now
        wish = read(seat.keyed)
        if wish == "more":
            return
        seat.keyed = ""
        if isinstance(wish, Wish):
            self._wishes[wish](seat)
        else:
            self._voice.say(seat, "desk-keys")

    def help_by_key(self, seat: Seat) -> None:
        """A supervisor is called, or not any more; in a talk the operator alone hears so."""
        is_on = seat.help_since < 0
        self.call_for_help(seat, is_on=is_on)
        self._voice.say(seat, "help-called" if is_on else "help-ended")

    # --- help, and words ------------------------------------------------------------------------------

    def call_for_help(self, seat: Seat, *, is_on: bool) -> None:
        """On: since when stays that of the first call.  Off: nobody is needed any more."""
        if not is_on:
            seat.help_since = -1.0
        elif seat.help_since < 0:
            seat.help_since = self._core.now
        seat.helper = ""
        self._core.show(seat)

    def answer_help(self, seat: Seat, name: str) -> None:
        seat.help_since, seat.helper = -1.0, name
        self._core.show(seat)

    def show_message(self, seat: Seat, text: str, name: str) -> None:
        """Words for the operator's screen; empty takes them away."""
        seat.message, seat.message_from = text, name if text else ""
        seat.message_at = self._core.now if text else -1.0
        self._core.show(seat)

    @staticmethod
    def forget(seat: Seat) -> None:
        """Somebody has left the seat: nothing of it waits for the next one."""
        seat.break_reason = seat.break_wanted = seat.helper = seat.keyed = ""
        seat.message = seat.message_from = ""
        seat.help_since = seat.message_at = seat.keyed_at = -1.0
