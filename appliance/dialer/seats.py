"""Which seat gets an answer: the one that has waited longest among those of the project.

And the other way round: a seat that becomes ready gets the call that was answered first and still waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def longest_waiting(waiting: Mapping[int, float]) -> int | None:
    """The seat to hand an answer to.  `waiting` maps seats to since when, in order of arrival."""
    return next(iter(waiting), None)


def first_answered(unserved: Sequence[int]) -> int | None:
    """The attempt a ready seat gets, of those answered and without a seat, in order of answer."""
    return unserved[0] if unserved else None
