"""Counts per list, for today and for each of the last 60 minutes.  Feeds the live board, not the reports."""

from __future__ import annotations

import collections
from dataclasses import dataclass, field
from typing import Final

from appliance.dialer.inputs import ListToday
from appliance.dialer.messages import MinutePoint

MINUTES_KEPT: Final = 60


@dataclass(slots=True)
class Counts:
    """One list's counts over one stretch of time."""

    attempts: int = 0
    answered: int = 0
    talks: int = 0
    wins: int = 0
    abandoned: int = 0
    waits: int = 0
    wait_s: float = 0.0

    @property
    def wait_s_mean(self) -> float:
        return self.wait_s / self.waits if self.waits else 0.0


@dataclass(slots=True)
class ListMinutes:
    """One list: today, and (minute, counts) with the newest last.  A minute is wall seconds // 60."""

    today: Counts = field(default_factory=Counts)
    minutes: collections.deque[tuple[int, Counts]] = field(default_factory=collections.deque)

    def at(self, minute: int) -> Counts:
        """The counts of the present minute; a wall clock that stepped back goes on in the newest."""
        if not self.minutes or self.minutes[-1][0] < minute:
            self.minutes.append((minute, Counts()))
            while len(self.minutes) > MINUTES_KEPT:
                self.minutes.popleft()
        return self.minutes[-1][1]


class Minutes:
    """Counts of all lists.  `at` is wall-clock seconds."""

    def __init__(self) -> None:
        self._lists: collections.defaultdict[int, ListMinutes] = collections.defaultdict(ListMinutes)

    def go_on_from(self, today: ListToday) -> None:
        """Take over the counts of before a restart."""
        self._lists[today.list_id].today = Counts(
            today.attempts, today.answered, today.talks, today.wins, today.abandoned
        )

    def count_attempt(self, list_id: int, at: float) -> None:
        for counts in self._both(list_id, at):
            counts.attempts += 1

    def count_answer(self, list_id: int, at: float) -> None:
        for counts in self._both(list_id, at):
            counts.answered += 1

    def count_abandon(self, list_id: int, at: float) -> None:
        for counts in self._both(list_id, at):
            counts.abandoned += 1

    def count_wait(self, list_id: int, at: float, wait_s: float) -> None:
        for counts in self._both(list_id, at):
            counts.waits += 1
            counts.wait_s += wait_s

    def count_code(self, list_id: int, at: float, *, is_contact: bool, is_sales: bool, sign: int = 1) -> None:
        """A result was saved, or with `sign` -1 taken back."""
        for counts in self._both(list_id, at):
            counts.talks += sign * is_contact
            counts.wins += sign * is_sales

    def today(self, list_id: int) -> Counts:
        listed = self._lists.get(list_id)
        return listed.today if listed is not None else Counts()

    def rate(self, list_id: int, at: float, minutes: int = 10) -> float:
        """Attempts a minute over the last `minutes` full ones; 0.0 without any."""
        listed = self._lists.get(list_id)
        newest = int(at // 60)
        if listed is None:
            return 0.0
        return sum(c.attempts for m, c in listed.minutes if newest - minutes <= m < newest) / minutes

    def points(self, list_id: int, at: float) -> list[MinutePoint]:
        """The minutes of the hour before `at`; those without any event are left out."""
        oldest = int(at // 60) - MINUTES_KEPT
        listed = self._lists.get(list_id)
        if listed is None:
            return []
        return [
            MinutePoint(m * 60.0, list_id, c.attempts, c.answered, c.talks, c.abandoned, c.wait_s_mean)
            for m, c in listed.minutes
            if m > oldest
        ]

    def new_day(self) -> None:
        for listed in self._lists.values():
            listed.today = Counts()

    def _both(self, list_id: int, at: float) -> tuple[Counts, Counts]:
        listed = self._lists[list_id]
        return listed.today, listed.at(int(at // 60))
