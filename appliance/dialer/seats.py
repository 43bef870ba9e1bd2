"""Which seat gets an answer: the one that has waited longest among those that may have it."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def longest_waiting(waiting: Iterable[int], may_have: Callable[[int], bool]) -> int | None:
    """The seat to hand an answer to.  `waiting` seats in order of arrival."""
    return next(filter(may_have, waiting), None)
