"""Promises to call again: which seat is kept for which, and which is dialled now, as one table.  Pure.

A promise goes to its operator; he is kept free of list calls when its minute comes, and waited for when he is
not there.  From `anyone_at` on a free seat of the project does.  What forbids a call is asked elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Final, NamedTuple

from appliance.dialer.inputs import Recall

AHEAD_S: Final = 90.0  # pacing counts on the seat no more: list calls placed for it ring on some 30 s
HOLD_S: Final = 45.0  # it gets none of those either: a talk begun now would outlast the promised minute


class Stage(Enum):
    """How near a promise is."""

    FAR = auto()
    AHEAD = auto()
    NEAR = auto()
    DUE = auto()
    ANYONE = auto()


class Owner(Enum):
    """Where its operator is."""

    AWAY = auto()  # not logged in, paused, on a break, in normal mode, or about to leave
    BUSY = auto()  # in a call, or in its wrap-up
    FREE = auto()


class Do(Enum):
    """What is done about it."""

    NOTHING = auto()
    KEEP_LIGHTLY = auto()  # not counted on; takes a list call that would else be abandoned
    KEEP = auto()  # takes no list call
    DIAL = auto()
    DIAL_ANYONE = auto()  # by whoever of the project is free


RULES: Final[dict[Stage, dict[Owner, Do]]] = {
    Stage.FAR: {Owner.AWAY: Do.NOTHING, Owner.BUSY: Do.NOTHING, Owner.FREE: Do.NOTHING},
    Stage.AHEAD: {Owner.AWAY: Do.NOTHING, Owner.BUSY: Do.KEEP_LIGHTLY, Owner.FREE: Do.KEEP_LIGHTLY},
    Stage.NEAR: {Owner.AWAY: Do.NOTHING, Owner.BUSY: Do.KEEP, Owner.FREE: Do.KEEP},
    Stage.DUE: {Owner.AWAY: Do.NOTHING, Owner.BUSY: Do.KEEP, Owner.FREE: Do.DIAL},
    Stage.ANYONE: {Owner.AWAY: Do.DIAL_ANYONE, Owner.BUSY: Do.DIAL_ANYONE, Owner.FREE: Do.DIAL},
}
assert set(RULES) == set(Stage)
assert all(set(row) == set(Owner) for row in RULES.values())
assert {do for row in RULES.values() for do in row.values()} == set(Do)


class Desk(NamedTuple):
    """One seat with somebody at it.  `may_call(list)`: whether lists permit it."""

    seat_id: int
    user_id: int
    tenant_id: int
    project_id: int  # for which it is dialled now
    project_ids: tuple[int, ...]
    owner: Owner
    may_call: Callable[[int], bool] = lambda _list_id: True


class Kept(NamedTuple):
    """A seat is kept for a promise."""

    recall_id: int
    due_at: float
    is_strict: bool


class Plan(NamedTuple):
    """Which seats are kept, and which promises are dialled, by which seat."""

    kept: dict[int, Kept]
    dials: list[tuple[Recall, int]]


def stage(promise: Recall, at: float) -> Stage:
    """How near it is at a wall-clock moment."""
    if at >= promise.anyone_at:
        return Stage.ANYONE
    if at >= promise.due_at:
        return Stage.DUE
    if at >= promise.due_at - HOLD_S:
        return Stage.NEAR
    return Stage.AHEAD if at >= promise.due_at - AHEAD_S else Stage.FAR


def next_change(promises: Sequence[Recall], at: float) -> float | None:
    """The wall-clock moment at which the stage of one of them changes next."""
    edges = (
        edge
        for promise in promises
        for edge in (promise.due_at - AHEAD_S, promise.due_at - HOLD_S, promise.due_at, promise.anyone_at)
        if edge > at
    )
    return min(edges, default=None)


def plan(promises: Sequence[Recall], desks: Sequence[Desk], at: float, *, lines_free: int) -> Plan:
    """What to do about all of them.  `promises`: those that may be called, the earliest first; `desks`: who
    has waited longest first.  A seat is kept for one promise at a time; without a line it goes on waiting.
    """
    made = Plan({}, [])
    of_user = {desk.user_id: desk for desk in desks}
    taken: set[int] = set()
    for promise in promises:
        own = of_user.get(promise.user_id)
        if own is not None and (own.seat_id in taken or not _serves(own, promise)):
            own = None
        do = RULES[stage(promise, at)][own.owner if own is not None else Owner.AWAY]
        if do is Do.DIAL_ANYONE:
            own = _anyone(promise, desks, taken)
            do = Do.NOTHING if own is None else Do.DIAL
        if own is None or do is Do.NOTHING:
            continue
        taken.add(own.seat_id)
        if do is Do.DIAL and len(made.dials) < lines_free:
            made.dials.append((promise, own.seat_id))
        else:
            is_strict = do is not Do.KEEP_LIGHTLY
            made.kept[own.seat_id] = Kept(promise.recall_id, promise.due_at, is_strict)
    return made


def _serves(desk: Desk, promise: Recall) -> bool:
    is_there = desk.tenant_id == promise.tenant_id and promise.project_id in desk.project_ids
    return is_there and desk.may_call(promise.list_id)


def _anyone(promise: Recall, desks: Sequence[Desk], taken: set[int]) -> Desk | None:
    """Whoever is dialled for this project now before those who could be."""
    free = [
        desk
        for desk in desks
        if desk.owner is Owner.FREE and desk.seat_id not in taken and _serves(desk, promise)
    ]
    here = [desk for desk in free if desk.project_id == promise.project_id]
    return next(iter(here or free), None)
