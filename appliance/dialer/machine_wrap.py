"""The machine's part from the end of a talk to its code: asks, reads back, stores, takes back.

A talk ends in exactly one history entry: the code that was keyed and confirmed, or 98.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from appliance.audio import messages as audio
from appliance.dialer import outputs
from appliance.dialer.attempt import Attempt
from appliance.dialer.attempt import Event as CallEvent
from appliance.dialer.machine_books import Books
from appliance.dialer.machine_core import Core
from appliance.dialer.machine_voice import Voice
from appliance.dialer.seat import SHOWN, Seat

TAKE_BACK_S: Final = 10.0
NO_CODE: Final = "98"
OWED: Final = "tone:owed"


class WrapUp:
    """Carries out what the seat's table says of codes.  `step` lets something happen to an attempt."""

    def __init__(
        self, core: Core, books: Books, voice: Voice, step: Callable[[Attempt, CallEvent], None]
    ) -> None:
        self._core, self._books, self._voice, self._step = core, books, voice, step

    # --- the limit --------------------------------------------------------------------------------------

    def watch(self, seat: Seat) -> None:
        """The seat came into wrap-up, or out of it: the project's limit runs from here."""
        core = self._core
        project = core.projects.get(seat.attempt.project_id) if seat.attempt else None
        limit_s = project.settings.wrap_limit_s if project is not None else 0.0
        if SHOWN[seat.state] == "wrapup" and limit_s > 0:
            core.timers.arm("wrap", seat.seat_id, core.now + limit_s)
        else:
            core.timers.disarm("wrap", seat.seat_id)

    def sound(self, seat: Seat) -> None:
        """The limit is over: a tone, after what is being said; the code stays owed, none is filled in."""
        if SHOWN[seat.state] == "wrapup" and seat.leg:
            self._core.emit(audio.Play(seat.leg, (OWED,), is_cutting=False))

    # --- the code ---------------------------------------------------------------------------------------

    def begin(self, seat: Seat) -> None:
        """The talk is over, whoever ended it."""
        self.count_talk(seat)
        self.ask_code(seat)

    def count_talk(self, seat: Seat) -> None:
        core, attempt = self._core, seat.attempt
        assert attempt is not None
        if not attempt.is_incoming:
            core.projects[attempt.project_id].pacer.seat_talked(core.now - attempt.connected)
        seat.wrap_from = core.now
        seat.dialled = ""

    def ask_code(self, seat: Seat) -> None:
        seat.typed = ""
        self._voice.say(seat, "enter-code")

    def say_unknown(self, seat: Seat) -> None:
        seat.typed = ""
        self._voice.say(seat, "code-unknown", "enter-code")

    def say_missing(self, seat: Seat) -> None:
        seat.typed = ""
        self._voice.say(seat, "code-missing", "enter-code")

    def save_keyed(self, seat: Seat) -> None:
        """`*`: the code is stored, and the seat is dialled for again."""
        self.save(seat, seat.typed)
        seat.typed = ""
        seat.wait_s = 0.0
        self._voice.say(seat, "code-saved")

    def save(self, seat: Seat, code: str) -> None:
        """Store a code for the call in hand, which may have one already that was taken back."""
        core, attempt = self._core, seat.attempt
        assert attempt is not None, f"seat {seat.seat_id} owes no code"
        is_replacing = bool(attempt.result)  # taken back, or stored when an earlier operator had left
        if is_replacing:
            self._count(seat, attempt.result, sign=-1)
        wrap_s = core.now - seat.wrap_from
        core.projects[attempt.project_id].pacer.seat_wrapped(wrap_s)
        attempt.result = code
        self._count(seat, code, sign=1)
        talk_s = attempt.parted - attempt.connected if attempt.connected >= 0 else 0.0
        core.emit(
            outputs.SaveHistory(
                attempt.attempt_id, attempt.tenant_id, attempt.project_id, attempt.list_id,
                attempt.customer.customer_id, attempt.customer.number, code, core.wall_now,
                seat.seat_id, seat.user_id, talk_s, attempt.wait_s, wrap_s, is_replacing,
            )
        )  # fmt: skip
        seat.attempt, seat.last, seat.saved_code, seat.coded = None, attempt, code, core.now
        self._step(attempt, CallEvent.CODE_ENTERED)
        self._books.keep(seat)

    def save_handed(self, seat: Seat, code: str) -> None:
        """The code of a hand-over: the talk is over, and nothing is owed."""
        self.count_talk(seat)
        self.save(seat, code)
        self._voice.say(seat, "transfer-handed", "press-star")

    def save_for(self, attempt: Attempt, seat_id: int, user_id: int, code: str) -> None:
        """Store a code for a call that no seat has in hand any more."""
        core, is_replacing = self._core, bool(attempt.result)
        attempt.result = code
        talk_s = attempt.parted - attempt.connected
        core.emit(
            outputs.SaveHistory(
                attempt.attempt_id, attempt.tenant_id, attempt.project_id, attempt.list_id,
                attempt.customer.customer_id, attempt.customer.number, code, core.wall_now,
                seat_id, user_id, talk_s, attempt.wait_s, 0.0, is_replacing,
            )
        )  # fmt: skip
        self._step(attempt, CallEvent.CODE_ENTERED)

    def can_take_back(self, seat: Seat) -> bool:
        """Whether `#` means the last code: where the project allows it, for a moment, until the next talk."""
        project = self._core.projects.get(seat.project_id)
        if project is None or not project.settings.is_take_back or seat.last is None:
            return False
        return self._core.now - seat.coded <= TAKE_BACK_S

    def take_back(self, seat: Seat) -> None:
        seat.attempt, seat.last = seat.last, None
        seat.saved_code = ""
        seat.wrap_from = self._core.now
        self.ask_code(seat)

    def _count(self, seat: Seat, code: str, *, sign: int) -> None:
        known = self._voice.code_of(seat, code)
        if known is not None and seat.attempt is not None:
            self._core.minutes.count_code(
                seat.attempt.list_id, self._core.wall_now,
                is_contact=known.is_contact, is_sales=known.is_sales, sign=sign,
            )  # fmt: skip
