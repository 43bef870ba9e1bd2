"""The chance that an answer finds no free seat: sums of independent yes-or-no events.  Pure arithmetic.

Each ringing call is answered by a certain second, each busy seat free by then, with known chances; answers less
releases have a generalised Poisson-binomial law, taken here by its cumulants with an Edgeworth correction.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]

_Z: Final = np.linspace(-6.0, 6.0, 2401)
_DENSITY: Final = np.exp(-(_Z**2) / 2.0) / np.sqrt(2.0 * np.pi)
_NORMAL: Final = np.concatenate(([0.0], np.cumsum((_DENSITY[1:] + _DENSITY[:-1]) / 2.0 * (_Z[1] - _Z[0]))))


def chance_of_no_seat(
    free: int, answers: Vector, releases: Vector, candidate: Vector, *, window_steps: int, calls: int
) -> Vector:
    """For the 1st to `calls`-th further call: the chance that all seats are taken when it is answered.

    `answers` and `releases` are [call or seat, step]: chance to be answered or free by the end of each step,
    one second each; `candidate` the same for a new call.  A seat that comes free within `window_steps` after the
    answer still serves it, so releases are looked at that much later.
    """
    shifted = np.concatenate(
        (releases[:, window_steps:], np.repeat(releases[:, -1:], window_steps, axis=1)), axis=1
    )
    mean = answers.sum(0) - shifted.sum(0)
    variance = (answers * (1.0 - answers)).sum(0) + (shifted * (1.0 - shifted)).sum(0)
    third = (answers * (1.0 - answers) * (1.0 - 2.0 * answers)).sum(0)
    third -= (shifted * (1.0 - shifted) * (1.0 - 2.0 * shifted)).sum(0)
    more = np.arange(calls)[:, None]
    own_variance = candidate * (1.0 - candidate)
    means = mean + more * candidate
    spreads = np.sqrt(variance + more * own_variance + 1e-9)
    skews = (third + more * own_variance * (1.0 - 2.0 * candidate)) / spreads**3
    z = np.clip((free - 0.5 - means) / spreads, -6.0, 6.0)
    at = np.interp(z, _Z, _NORMAL) - skews / 6.0 * (z * z - 1.0) * np.interp(z, _Z, _DENSITY)
    weights = np.diff(candidate, prepend=0.0)
    return np.asarray(np.clip(1.0 - at, 0.0, 1.0) @ (weights / max(1e-9, float(weights.sum()))))
