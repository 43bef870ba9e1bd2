"""A store in memory for simulated shifts: offers customers, commits attempts, checks log-ins.

It answers after a moment, as a database does, and holds what was written as rows for the invariants.
"""

from __future__ import annotations

import random
from collections.abc import Container
from typing import Final

import msgspec

from appliance.dialer import inputs, outputs
from appliance.simulator.shift_world import World

COMMIT_S: Final = 0.010
QUERY_S: Final = 0.005
CHECK_S: Final = 0.080  # argon2id
WRONG_PIN: Final = "00000"  # every other one is right


class Store:
    """Lists of `customers` each; customer ids begin at list_id * 10**9."""

    def __init__(self, world: World, *, tenant_id: int, project_ids: tuple[int, ...], customers: int) -> None:
        self._world = world
        self._tenant_id, self._project_ids, self._customers = tenant_id, project_ids, customers
        self.closed: set[int] = set()  # have a result
        self.blocked: set[str] = set()
        self.attempts: dict[int, outputs.SaveAttempt] = {}
        world.carries_out(
            {
                outputs.OfferWanted: self._offer_wanted,
                outputs.OpenAttempt: self._open_attempt,
                outputs.OpenIncoming: self._open_incoming,
                outputs.SaveAttempt: self._save_attempt,
                outputs.SaveRefusal: lambda what: self.closed.add(what.customer_id),
                outputs.CheckLogin: self._check_login,
                outputs.SaveSeat: self._save_seat,
            }
        )
        self._opened: dict[int, outputs.OpenAttempt | outputs.OpenIncoming] = {}
        self._answered: set[int] = set()
        self._seats: dict[int, outputs.SaveSeat] = {}

    @staticmethod
    def number(customer_id: int) -> str:
        """Ten digits, different for every customer."""
        list_id, index = divmod(customer_id, 10**9)
        return f"0{list_id % 10}{index:08d}"

    def block(self, numbers: set[str]) -> None:
        """Forbid numbers, and tell the machine a moment later."""
        self.blocked |= numbers
        blocks = tuple(inputs.Block(self._tenant_id, number, "forbid") for number in sorted(numbers))
        self._world.tell(inputs.Blocked(blocks))

    def some_numbers(self, list_id: int, count: int, rng: random.Random) -> set[str]:
        """Numbers that are likely to be buffered now: those of customers just beyond the newest attempt."""
        newest = max((row.customer_id for row in self._opened.values()), default=list_id * 10**9)
        return {self.number(newest + rng.randrange(1, 100)) for _ in range(count)}

    def _offer_wanted(self, what: outputs.OfferWanted) -> None:
        """A query sees the rows of the moment it began, and its answer arrives later."""
        first = what.list_id * 10**9
        index = int(what.cursor or 0)
        offered: list[inputs.Customer] = []
        while index < self._customers and len(offered) < what.count:
            customer_id, index = first + index, index + 1
            number = self.number(customer_id)
            if customer_id not in self.closed and number not in self.blocked:
                offered.append(inputs.Customer(customer_id, number))
        is_last = index >= self._customers
        left = self._customers - index + len(offered)
        answer = inputs.Offered(what.list_id, tuple(offered), is_last, left, str(index))
        self._world.after(QUERY_S, self._world.tell, answer)

    def _open_attempt(self, what: outputs.OpenAttempt) -> None:
        self._opened[what.attempt_id] = what
        self._world.after(COMMIT_S, self._world.tell, inputs.AttemptCommitted(what.attempt_id))

    def _open_incoming(self, what: outputs.OpenIncoming) -> None:
        self._opened[what.attempt_id] = what
        self._answered.add(what.attempt_id)

    def _save_attempt(self, what: outputs.SaveAttempt) -> None:
        if what.answered_at:
            self._answered.add(what.attempt_id)
        if what.end:
            opened = self._opened.pop(what.attempt_id, None)
            self._answered.discard(what.attempt_id)
            if what.end == "result" and opened is not None:
                self.closed.add(opened.customer_id)

    def _save_seat(self, what: outputs.SaveSeat) -> None:
        self._seats[what.seat_id] = what

    def forget_closed(self) -> None:
        """For shifts of days, whose invariants are not asked: lists go on behind their cursors anyway."""
        self.closed.clear()

    def recover(self, standing: Container[str]) -> tuple[inputs.StandingSeat, ...]:
        """As the dialer's start does: who answered is not called again; seats whose leg stands go on."""
        seats = tuple(
            self._standing_seat(row) for row in self._seats.values() if row.user_id and row.leg in standing
        )
        for attempt_id, row in self._opened.items():
            if attempt_id in self._answered:
                self.closed.add(row.customer_id)
        owed = {seat.attempt_id for seat in seats}
        self._opened = {number: row for number, row in self._opened.items() if number in owed}
        self._answered &= owed
        return seats

    def _standing_seat(self, row: outputs.SaveSeat) -> inputs.StandingSeat:
        seat = inputs.StandingSeat(
            row.seat_id, row.leg, row.user_id, f"robot {row.seat_id}", self._tenant_id, self._project_ids
        )
        call = self._opened.get(row.attempt_id)
        if call is None or row.attempt_id not in self._answered:
            return seat
        return msgspec.structs.replace(
            seat, attempt_id=call.attempt_id, project_id=call.project_id, list_id=call.list_id,
            customer_id=call.customer_id, number=call.number,
        )  # fmt: skip

    def _check_login(self, what: outputs.CheckLogin) -> None:
        if what.pin == WRONG_PIN:
            refused = inputs.LoginChecked(what.seat_id, reason="wrong")
            self._world.after(CHECK_S, self._world.tell, refused)
            return
        login = inputs.LoginChecked(
            what.seat_id, 1000 + what.seat_id, f"robot {what.seat_id}", self._tenant_id, self._project_ids
        )
        self._world.after(CHECK_S, self._world.tell, login)
