"""What the dialer reads of the store: settings, customers on offer, blocks, PINs.  To be run in a thread.

Nothing here waits on the dialer's loop or is waited for by it; `shell_desk` hands over what comes back.
"""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from appliance.clock import Clock
from appliance.dialer import inputs, outputs
from appliance.errors import StoreError, YobirinError
from appliance.phones.messages import Account, PhonesSnapshot
from appliance.store import (
    attempts,
    blocked,
    customers,
    incoming,
    listenings,
    lists,
    projects,
    recalls,
    recordings,
    seats,
    selection,
    throttle,
    transfers,
    users,
    visibility,
)
from appliance.store.models import SeatStanding
from appliance.store.open import Store
from appliance.store.routing import Tier
from appliance.store.times import day_of, ms

log = logging.getLogger("dialer")


class Reads:
    """The store, read.  One thread at a time, except `check_pin`, which has a thread of its own."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._last_block_id = 0
        self.known: tuple[lists.StartedList, ...] = ()
        self.next_recording_id = 0

    def select(self, output: outputs.OfferWanted, at: int) -> selection.Batch:
        return selection.next_customers(
            self._store, output.list_id, cursor=output.cursor, limit=output.count, at=at
        )

    def recalls_due(self, output: outputs.RecallsWanted, at: int) -> inputs.RecallsDue:
        """Promises of all tenants that are due soon, or since long."""
        found = recalls.due(self._store, at=at, within_ms=ms(output.within_s))
        return inputs.RecallsDue(tuple(_recall(due) for due in found), output.asked)

    def check_pin(self, output: outputs.CheckLogin, at: int) -> inputs.LoginChecked:
        try:
            phone_id = output.phone_id or self._phone_id(output.user_id)
            if not phone_id:
                return inputs.LoginChecked(output.seat_id, reason="wrong")
            subjects = (f"phone:{phone_id}",)
            if throttle.locked_until(self._store, subjects, at=at) > at:
                return inputs.LoginChecked(output.seat_id, reason="locked")
            user = users.check_pin(self._store, phone_id, output.pin)
            if user is None or output.seat_id not in visibility.seat_ids(self._store, user.tenant_id):
                throttle.failed(self._store, subjects, at=at)
                return inputs.LoginChecked(output.seat_id, reason="wrong")
            throttle.succeeded(self._store, subjects)
            return inputs.LoginChecked(
                output.seat_id,
                user_id=user.id,
                user_name=user.name,
                tenant_id=user.tenant_id,
                project_ids=lists.projects_of_user(self._store, user.tenant_id, user.id),
            )
        except StoreError as error:
            log.error("log-in at seat %d: %s", output.seat_id, error)
            return inputs.LoginChecked(output.seat_id, reason="wrong")

    def _phone_id(self, user_id: int) -> str:
        user = users.by_id(self._store, user_id)
        return user.phone_id or "" if user is not None else ""

    def begin(self, standing: PhonesSnapshot) -> list[Any]:
        now = ms(self._clock.wall())
        owed = self._standing_seats(standing)  # before recovery ends their attempts
        left = attempts.recover(self._store)
        if left.given_back or left.interrupted:
            log.warning(
                "the last stop interrupted %d calls, %d of them answered",
                left.given_back + len(left.interrupted),
                len(left.interrupted),
            )
        transfers.recover(self._store)
        incoming.recover(self._store)
        listenings.close_open(self._store, at=now)
        self.close_recordings()  # our calls went with us, so none goes on
        self.next_recording_id = recordings.next_id(self._store)
        known = blocked.standing(self._store)
        self._last_block_id = known.last_id
        today = lists.today(self._store, day_of(now, self._store.zone))
        return [
            self.wall_clock(),
            self.configure(),
            *(inputs.Remembered(number, memory) for number, memory in projects.memories(self._store).items()),
            inputs.Blocked(_blocks(known.added)),
            inputs.Today(
                tuple(msgspec.convert(found, inputs.ListToday, from_attributes=True) for found in today)
            ),
            inputs.Start(
                attempts.next_id(self._store),
                owed,
                tuple(standing.registered),
                transfers.next_id(self._store),
                incoming.next_id(self._store),
            ),
            standing,
        ]

    def close_recordings(self, only: tuple[int, ...] | None = None) -> None:
        """Recordings that a crash cut off (all, or those named) end with what is in their file."""
        at = ms(self._clock.wall())
        recordings.close_unfinished(self._store, at=at, seconds_of=_seconds_of, only=only)

    def _standing_seats(self, standing: PhonesSnapshot) -> tuple[inputs.StandingSeat, ...]:
        """Whose leg still stands, and who sat there when it was last written."""
        legs = {leg.leg: leg for leg in standing.legs if leg.is_answered}
        found = [seat for seat in seats.standing(self._store) if seat.leg in legs and seat.user_id]
        return tuple(filter(None, (self._standing_seat(seat) for seat in found)))

    def _standing_seat(self, seat: SeatStanding) -> inputs.StandingSeat | None:
        user = users.by_id(self._store, seat.user_id)
        if user is None or user.retired_at:
            return None
        attempt = attempts.get(self._store, user.tenant_id, seat.attempt_id) if seat.attempt_id else None
        call: dict[str, Any] = (
            {}
            if attempt is None or not attempt.answered_at  # a preview call that rang: nobody owes its code
            else {
                "attempt_id": attempt.id,
                "project_id": attempt.project_id,
                "list_id": attempt.list_id,
                "customer_id": attempt.customer_id,
                "number": attempt.number,
                "kind": attempt.kind,
            }
        )
        return inputs.StandingSeat(
            seat_id=seat.seat_id,
            leg=seat.leg,
            user_id=user.id,
            user_name=user.name,
            tenant_id=user.tenant_id,
            project_ids=lists.projects_of_user(self._store, user.tenant_id, user.id),
            **call,
        )

    def wall_clock(self) -> inputs.WallClock:
        """How the wall clock stands to the monotonic one now, and the site's zone to UTC."""
        wall = self._clock.wall()
        return inputs.WallClock(
            offset_s=wall - self._clock.monotonic(), utc_offset_s=_utc_offset_s(self._store, wall)
        )

    def accounts(self) -> tuple[Account, ...]:
        """The phones that may register."""
        return tuple(Account(seat.extension, seat.ha1) for seat in seats.every(self._store) if seat.ha1)

    def configure(self) -> inputs.Configure:
        self.known = lists.started(self._store)
        prompts = self._prompts()
        return inputs.Configure(
            projects=tuple(
                msgspec.convert(found, inputs.ProjectSettings, from_attributes=True)
                for found in projects.dial_settings(self._store, prompts=prompts)
            ),
            lists=tuple(
                msgspec.convert(found, inputs.ListSettings, from_attributes=True) for found in self.known
            ),
            seats=tuple(
                inputs.SeatSettings(seat.id, seat.extension, seat.label, seat.tenant_id or 0)
                for seat in seats.every(self._store)
            ),
        )

    def customer(self, customer_id: int, number: str = "") -> tuple[int, inputs.Customer] | None:
        """(list, facts), to be called at `number` if that was added to him, else at the list's own."""
        found = customers.by_id(self._store, customer_id)
        if found is None:
            return None
        added = customers.added_numbers(self._store, found.tenant_id, found.id) if number else []
        chosen = number if any(row.number == number for row in added) else found.number
        return found.list_id, inputs.Customer(found.id, chosen, found.attempts, found.last_called_at / 1000)

    def who_calls(self, output: outputs.WhoCalls) -> inputs.CallerKnown:
        """Whose call it is, and what its route says now: a change of it is in force with the next call."""
        found = incoming.whose(self._store, output.called, output.caller, at=ms(output.at))
        known = found.caller
        spoken = self._prompts()
        return inputs.CallerKnown(
            output.call_id,
            tenant_id=found.tenant_id,
            project_id=found.project_id,
            list_id=known.list_id,
            route_id=found.route_id,
            customer=inputs.Customer(
                known.customer_id, output.caller, known.attempts, known.last_called_at / 1000
            ),
            stages=tuple(_stage(found.route_id, tier, spoken) for tier in found.tiers),
        )

    def _prompts(self) -> frozenset[str]:
        """The site's own speech that is there."""
        return frozenset(path.stem for path in self._store.home.prompts.glob("*.wav"))

    def new_blocks(self) -> list[Any]:
        changes = blocked.changes_since(self._store, self._last_block_id)
        self._last_block_id = changes.last_id
        found: list[Any] = []
        if changes.released:
            found.append(inputs.Blocked(_blocks(changes.released), is_released=True))
        if changes.added:
            found.append(inputs.Blocked(_blocks(changes.added)))
        return found

    def version(self) -> int:
        return int(self._store.value("PRAGMA data_version"))


def _seconds_of(path: Path, key: bytes) -> float:
    from appliance.audio.recording_file import RecordingReader  # brings numpy; wanted after a crash only

    try:
        return RecordingReader(path, key).seconds
    except (YobirinError, OSError) as error:  # no recording is worth a floor that does not start
        log.warning("recording %s: %s", path.name, error)
        return 0.0


def _recall(due: recalls.Due) -> inputs.Recall:
    return inputs.Recall(
        recall_id=due.recall_id,
        tenant_id=due.tenant_id,
        project_id=due.project_id,
        list_id=due.list_id,
        customer=inputs.Customer(due.customer_id, due.number, due.attempts, due.last_called_at / 1000),
        due_at=due.due_at / 1000,
        anyone_at=due.anyone_at / 1000,
        user_id=due.user_id,
    )


def _stage(route_id: int, tier: Tier, spoken: frozenset[str]) -> inputs.Stage:
    return inputs.Stage(
        tier.place,
        tier.kind,
        tier.extensions,
        tier.ring_order,
        float(tier.ring_s),
        incoming.prompt_of(route_id, tier, spoken),
        tuple(inputs.StageChoice(each.digit, each.extensions, each.tier) for each in tier.choices),
    )


def _blocks(found: tuple[blocked.Block, ...]) -> tuple[inputs.Block, ...]:
    return tuple(msgspec.convert(block, inputs.Block, from_attributes=True) for block in found)


def _utc_offset_s(store: Store, wall: float) -> float:
    offset = datetime.fromtimestamp(wall, store.zone).utcoffset()
    return offset.total_seconds() if offset is not None else 0.0
