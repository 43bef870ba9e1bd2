"""The machine's part that brings a user to his phone: it rings, and its handset lifted is the answer.

Logs in whom a page knows, and ends a break whose handset was down.  The page has asked for the password.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from appliance.dialer.inputs import LoginChecked
from appliance.dialer.machine_breaks import RESTED
from appliance.dialer.machine_core import Core
from appliance.dialer.machine_ringing import Rings
from appliance.dialer.messages import TakeSeat
from appliance.dialer.ringing import Rung, Told
from appliance.dialer.seat import Event, Seat, State

ASKING = frozenset({State.ASKING_ID, State.ASKING_PIN, State.CHECKING})
"""The handset is up, and whoever holds it is asked who he is."""


class Desks(Protocol):
    """What this part needs of the seats' part."""

    def step(self, seat: Seat, event: Event) -> bool: ...

    def know(self, seat: Seat, who: LoginChecked) -> None: ...


@dataclass(slots=True)
class Summons:
    """One phone that rings for a user.  `who` is None where he sits there already."""

    rung: Rung
    user_id: int
    who: LoginChecked | None = None


class Summoning:
    """Phones that ring for their users, by seat."""

    def __init__(self, core: Core, rings: Rings, desks: Desks) -> None:
        self._core, self._rings, self._desks = core, rings, desks
        self._standing: dict[int, Summons] = {}

    # --- a log-in from a page -------------------------------------------------------------------------

    def refusal(self, seat: Seat, what: TakeSeat) -> str:
        """Why `take_seat` would do nothing, as a word; else empty."""
        if seat.owner_id not in (0, what.tenant_id):
            return "seat-unknown"
        if seat.user_id:
            return "" if seat.user_id == what.user_id else "seat-taken"
        if self._sits_elsewhere(what.user_id):
            return "seated-elsewhere"
        if seat.state in ASKING or self._is_summoned(seat, what.user_id):
            return ""
        return self.phone_refusal(seat)

    def phone_refusal(self, seat: Seat) -> str:
        """Why a seat's phone cannot be rung."""
        if seat.leg or self._rings.is_busy(seat.extension):
            return "phone-in-use"
        return "" if seat.is_registered else "phone-away"

    def take_seat(self, seat: Seat, what: TakeSeat) -> None:
        """Log in at once where the handset is up, else ring."""
        if seat.user_id:
            if seat.state in RESTED and not seat.leg:
                self.bring_back(seat)
            return
        if self._is_summoned(seat, what.user_id):
            return
        who = LoginChecked(seat.seat_id, what.user_id, what.user_name, what.tenant_id, what.project_ids)
        if seat.state in ASKING:
            self._desks.know(seat, who)
        else:
            self._desks.step(seat, Event.SUMMON)
            self._ring(seat, what.user_id, who)

    def bring_back(self, seat: Seat) -> None:
        """Ring the phone of an operator on a break; its handset lifted ends the break."""
        if seat.seat_id not in self._standing:
            self._ring(seat, seat.user_id, None)

    def drop(self, seat: Seat) -> None:
        """The seat moved on without it."""
        summons = self._standing.pop(seat.seat_id, None)
        if summons is not None:
            self._rings.drop(summons.rung)

    # --- what becomes of it ---------------------------------------------------------------------------

    def _ring(self, seat: Seat, user_id: int, who: LoginChecked | None) -> None:
        rung = self._rings.order(seat.extension, self._core.service_code, lambda told: self._told(seat, told))
        self._standing[seat.seat_id] = Summons(rung, user_id, who)

    def _told(self, seat: Seat, told: Told) -> None:
        summons = self._standing.pop(seat.seat_id, None)
        if summons is None:
            return
        if told != "up":
            self._desks.step(seat, Event.UNSUMMONED)
            return
        seat.leg = self._rings.give(summons.rung)
        self._core.seat_of_leg[seat.leg] = seat
        if summons.who is None:
            self._desks.step(seat, Event.BREAK_OFF)
        else:
            self._desks.know(seat, summons.who)

    def _is_summoned(self, seat: Seat, user_id: int) -> bool:
        summons = self._standing.get(seat.seat_id)
        return summons is not None and summons.user_id == user_id

    def _sits_elsewhere(self, user_id: int) -> bool:
        """At another seat whose handset is up; one he left for a break he may leave for good."""
        return any(
            seat.user_id == user_id and not (seat.state in RESTED and not seat.leg)
            for seat in self._core.seats.values()
        )
