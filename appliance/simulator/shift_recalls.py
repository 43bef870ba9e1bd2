"""Promises to call again in a simulated shift, drawn from a seed: made after talks, due within minutes.

Answers the machine's question as the store does (`store/recalls.py`): open ones, tries put off, customers in
hand left out.  What must hold: no promise is called before its minute, nor by another than whose it is before
anyone may; and in the end each has been kept, or is reported with its reason.
"""

from __future__ import annotations

import collections
import random
from dataclasses import dataclass
from typing import Any, Final

from appliance.dialer import inputs, outputs
from appliance.simulator.shift import PROJECT, TENANT, Shift
from appliance.simulator.shift_store import QUERY_S

PROMISED_SHARE: Final = 0.2  # of the codes entered
ANYONE_AFTER_S: Final = 120.0
RETRY_S: Final = 90.0
TRIES_MAX: Final = 3
CLOCK_STEP_S: Final = 600.0  # faults set the wall clock by so much at most, either way
LATE_S_MAX: Final = 300.0  # after anyone may: a floor at work has a free seat and a line within this


@dataclass(slots=True)
class Promise:
    """One promise.  `why` is empty while it is open; then kept, or what it is reported as."""

    recall_id: int
    customer_id: int
    number: str
    list_id: int
    user_id: int
    due_at: float
    tries: int = 0
    attempt_id: int = 0  # that goes on for it
    why: str = ""


class Promised:
    """Hand `prepare` to `Shift.run`; no promise is made after `until_s`."""

    def __init__(self, seed: int, *, until_s: float) -> None:
        self._rng = random.Random(f"recalls {seed}")  # noqa: S311  # chance that must repeat, no secret
        self._until_s = until_s
        self._shift: Shift
        self.promises: dict[int, Promise] = {}  # by customer
        self.counts: collections.Counter[str] = collections.Counter()
        self._rows: dict[int, outputs.OpenAttempt] = {}  # attempts that stand
        self._answered: set[int] = set()
        self._made = 0

    def prepare(self, shift: Shift) -> None:
        self._shift = shift
        shift.world.carries_out({outputs.RecallsWanted: self._wanted})
        shift.world.observers.append(self._observe)

    def dialer_restarted(self) -> None:
        """Attempts without an answer are given back, and their promises are open; answered ones were kept."""
        for promise in self.promises.values():
            if promise.attempt_id and not promise.why:
                if promise.attempt_id in self._answered:
                    self._over(promise, "interrupted")
                promise.attempt_id = 0
        self._rows.clear()

    def forget(self) -> None:
        """Promises that are over, and answers of calls that are."""
        self.promises = {number: one for number, one in self.promises.items() if not one.why}
        self._answered &= self._rows.keys()

    def at_rest(self) -> None:
        """Whatever was due long ago on a floor at work has been kept, or has its reason."""
        for promise in self.promises.values():
            if promise.why or promise.number in self._shift.store.blocked:
                continue
            late_s = self._ended_at - promise.due_at - ANYONE_AFTER_S
            assert late_s < LATE_S_MAX, f"{promise} is neither kept nor reported, {late_s:.0f} s late"

    def note_end(self) -> None:
        """The floor goes home now: what is due from here on is tomorrow's."""
        self._ended_at = self._wall()

    def _wall(self) -> float:
        return self._shift.world.now + self._shift.wall_offset_s

    # --- the store's part -----------------------------------------------------------------------------

    def _wanted(self, what: outputs.RecallsWanted) -> None:
        until = self._wall() + what.within_s
        taken = {row.customer_id for row in self._rows.values()}
        due = sorted(
            (one for one in self.promises.values() if not one.why and one.due_at <= until),
            key=lambda one: one.due_at,
        )
        found = tuple(
            inputs.Recall(
                one.recall_id, TENANT, PROJECT, one.list_id, inputs.Customer(one.customer_id, one.number),
                one.due_at, one.due_at + ANYONE_AFTER_S, one.user_id,
            )
            for one in due
            if one.customer_id not in taken
        )  # fmt: skip
        self._shift.world.after(QUERY_S, self._shift.world.tell, inputs.RecallsDue(found, what.asked))

    def _observe(self, _now: float, what: Any, decided: list[Any]) -> None:
        for output in decided:
            match output:
                case outputs.OpenAttempt():
                    self._opened(output)
                case outputs.SaveAttempt():
                    self._saved(output)
                case outputs.SaveHistory():
                    self._entered(output)
                case outputs.SaveRefusal():
                    promise = self.promises.get(output.customer_id)
                    if promise is not None and not promise.why:
                        self._over(promise, f"refused {output.code}")

    def _opened(self, row: outputs.OpenAttempt) -> None:
        self._rows[row.attempt_id] = row
        if row.kind != "recall":
            return
        promise, at = self.promises[row.customer_id], self._wall()
        assert not promise.why, f"{promise} was over, and is called again"
        assert at >= promise.due_at - 1e-3, f"{promise} is called {promise.due_at - at:.1f} s too early"
        is_own = row.user_id == promise.user_id
        is_anyones = at >= promise.due_at + ANYONE_AFTER_S
        assert is_own or is_anyones, f"{promise} is called by user {row.user_id} before anyone may"
        promise.attempt_id = row.attempt_id
        self.counts["called by its own operator" if is_own else "called by another"] += 1

    def _saved(self, row: outputs.SaveAttempt) -> None:
        if row.answered_at:
            self._answered.add(row.attempt_id)
        opened = self._rows.get(row.attempt_id)
        if not row.end or opened is None:
            return
        del self._rows[row.attempt_id]
        promise = self.promises.get(opened.customer_id)
        if promise is None or promise.why or promise.attempt_id != row.attempt_id:
            return
        promise.attempt_id = 0
        if row.attempt_id in self._answered:
            self._over(promise, "abandoned" if row.result == "96" else "kept")
        elif row.end == "result":
            promise.tries += 1
            promise.due_at = self._wall() + RETRY_S
            if promise.tries >= TRIES_MAX:
                self._over(promise, "nobody answers")

    def _entered(self, row: outputs.SaveHistory) -> None:
        is_talk = row.customer_id and row.user_id and row.talk_s > 0
        if not is_talk or self._shift.world.now > self._until_s or row.customer_id in self.promises:
            return
        if self._rng.random() < PROMISED_SHARE:
            due_at = self._wall() + self._rng.choice((30.0, 100.0, 240.0))
            self._made += 1
            number = self._made
            self.promises[row.customer_id] = Promise(
                number, row.customer_id, row.number, row.list_id, row.user_id, due_at
            )

    def _over(self, promise: Promise, why: str) -> None:
        promise.why = why
        self.counts[why] += 1
