"""The machine's part that logs operators in: asks for ID and PIN, and makes of the answer who sits there."""

from __future__ import annotations

from typing import Final

from appliance.dialer import outputs
from appliance.dialer.inputs import LoginChecked
from appliance.dialer.machine_books import Books
from appliance.dialer.machine_core import Core
from appliance.dialer.machine_voice import Voice
from appliance.dialer.seat import Seat

REFUSED_PROMPTS: Final = {
    "": "login-failed",
    "wrong": "login-failed",
    "locked": "login-locked",
    "taken": "login-taken",
}


class LogIn:
    """Carries out what the seat's table says of a log-in."""

    def __init__(self, core: Core, books: Books, voice: Voice) -> None:
        self._core, self._books, self._voice = core, books, voice
        self._answer = LoginChecked(0)  # the store's, while the seat takes its step

    def judge(self, answer: LoginChecked) -> bool:
        """Whether the store's answer lets its user in: he sits at one seat only."""
        is_taken = answer.user_id and any(
            seat.user_id == answer.user_id for seat in self._core.seats.values()
        )
        self._answer = LoginChecked(answer.seat_id, reason="taken") if is_taken else answer
        return self._answer.user_id != 0

    def know(self, answer: LoginChecked) -> None:
        """Somebody else has asked who it is."""
        self._answer = answer

    def ask_id(self, seat: Seat) -> None:
        seat.typed = seat.phone_id = ""
        self._voice.say(seat, "login-id")

    def ask_pin(self, seat: Seat) -> None:
        seat.phone_id, seat.typed = seat.typed, ""
        self._voice.say(seat, "login-pin")

    def check(self, seat: Seat) -> None:
        pin, seat.typed = seat.typed, ""
        self._core.emit(outputs.CheckLogin(seat.seat_id, seat.phone_id, pin))

    def welcome(self, seat: Seat) -> None:
        answer = self._answer
        seat.user_id, seat.user_name, seat.tenant_id = answer.user_id, answer.user_name, answer.tenant_id
        seat.project_ids = answer.project_ids
        seat.project_id = self._books.home_of(seat)
        seat.since = seat.interval_from = self._core.now
        seat.new_day()
        seat.wait_s = 0.0
        seat.saved_code = ""
        self._books.keep(seat)
        self._voice.say(seat, "welcome", "press-star")

    def say_refused(self, seat: Seat) -> None:
        seat.typed = seat.phone_id = ""
        self._voice.say(seat, REFUSED_PROMPTS[self._answer.reason], "login-id")
