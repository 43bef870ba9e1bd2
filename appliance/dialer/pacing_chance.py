"""The chance that an answer finds no free seat: sums of independent yes-or-no events.  Pure arithmetic.

Each ringing call is answered, each busy seat free, by a certain second with known chances.  Answers less
releases follow a Poisson-binomial law: taken exactly for a small floor, where its tails decide, as the
product of the events' discrete Fourier transforms (Hong 2013); and by three cumulants (Edgeworth's series)
for a large one, where that would cost too much.
"""

from __future__ import annotations

import functools
from typing import Final

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

Z_MAX: Final = 6.0
SKEW_MAX: Final = 1.0  # beyond it the series is no longer a law
SEVERAL_MAX: Final = 64  # calls weighed in one decision
_Z: Final = np.linspace(-Z_MAX, Z_MAX, 2401)
_PER_Z: Final = 200.0  # entries of the tables per unit of z
_DENSITY: Final = np.exp(-(_Z**2) / 2.0) / np.sqrt(2.0 * np.pi)
_NORMAL: Final = np.concatenate(([0.0], np.cumsum((_DENSITY[1:] + _DENSITY[:-1]) / 2.0 / _PER_Z)))
_SKEWED: Final = _DENSITY * (_Z**2 - 1.0) / 6.0


COARSE: Final = slice(1, None, 2)  # every other step: moves the chance by less than 0.01


def _weights(answered_by: Vector) -> Vector:
    density = np.diff(answered_by, prepend=0.0)
    return np.asarray(density / max(1e-9, float(density.sum())))


@functools.lru_cache(maxsize=256)
def _roots(size: int) -> Complexes:
    """e^(-2 pi i k / size) - 1 for the lower half of k; an event of chance p has the transform 1 + p x it."""
    return np.asarray(np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size) - 1.0)


@functools.lru_cache(maxsize=4096)
def _tail(size: int, taken: int) -> Complexes:
    """Weights that make of the lower half of a law's transform the chance of `taken` or more events."""
    half = np.arange(size // 2 + 1)
    weights = np.exp(2j * np.pi * np.outer(half, np.arange(taken, size)) / size).sum(1) / size
    weights[1 : (size + 1) // 2] *= 2.0  # the upper half is the mirror of the lower one
    return np.asarray(weights)


def cumulants(chances: Vector, *, counts: float = 1.0) -> Vector:
    """Mean, variance and third cumulant of events that count +1 or -1: three blocks on the last axis."""
    variance = chances * (1.0 - chances)
    return np.concatenate((counts * chances, variance, counts * variance * (1.0 - 2.0 * chances)), axis=-1)


class Candidate:
    """A call not yet started: `answered_by` is the chance that it is answered by the end of each step."""

    def __init__(self, answered_by: Vector) -> None:
        self._several = np.arange(SEVERAL_MAX + 1.0)[:, None] * cumulants(answered_by)
        self._steps = len(answered_by)
        self._weights = _weights(answered_by)
        self._coarse = answered_by[COARSE]
        self._coarse_weights = _weights(self._coarse)

    def exact_chances(self, free: int, answers: Vector, releases: Vector, calls: int) -> Vector:
        """For the 1st to `calls`-th such call: the chance that all seats are taken when it is answered.

        `free` seats now; `answers` [call, step] and `releases` [seat, step] the chances by the end of each
        step.  A release counts -1, which is +1 for each seat still busy less the number of busy seats.
        """
        size = len(answers) + len(releases) + calls  # one more than there can be events
        roots, tail = _roots(size), _tail(size, max(0, free + len(releases)))
        by_step = np.concatenate((answers[:, COARSE], 1.0 - releases[:, COARSE]))
        law = np.multiply.reduce(1.0 + by_step[:, :, None] * roots, axis=0)  # the transform, by step
        one_more = 1.0 + self._coarse[:, None] * roots
        chances = np.empty(calls)
        for call in range(calls):
            chances[call] = self._coarse_weights @ (law @ tail).real
            law = law * one_more
        return np.minimum(np.maximum(chances, 0.0), 1.0)

    def chances(self, free: int, excess: Vector, calls: int) -> Vector:
        """The same from `excess`, the summed cumulants, by step, of answers less releases."""
        at = self._several[:calls] + excess
        steps = self._steps
        deviation = np.sqrt(at[:, steps : 2 * steps] + 1e-6)
        z = (free - 0.5 - at[:, :steps]) / deviation
        index = np.minimum(np.maximum((z + Z_MAX) * _PER_Z, 0.0), len(_Z) - 1.0).astype(np.intp)
        skew = np.minimum(np.maximum(at[:, 2 * steps :] / deviation**3, -SKEW_MAX), SKEW_MAX)
        served = np.minimum(np.maximum(_NORMAL[index] - skew * _SKEWED[index], 0.0), 1.0)
        return np.asarray(1.0 - served @ self._weights)
