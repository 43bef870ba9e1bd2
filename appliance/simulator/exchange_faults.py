"""What an exchange does wrong: frames lost, links that die, SETUPs refused for congestion.

Pure and seeded: `now` comes in, the generator is given.  All three can be changed while it runs.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

BURST_S: Final = 0.25  # this much of a second's SETUPs may come at once before the rate counts


class FrameLoss:
    """Loses a share of the D-channel frames."""

    def __init__(self, share: float, rng: random.Random) -> None:
        self.share = share
        self.lost = 0
        self._rng = rng

    def takes(self) -> bool:
        """Whether the next frame is lost."""
        is_lost = self.share > 0.0 and self._rng.random() < self.share
        self.lost += is_lost
        return is_lost


class CongestionGate:
    """Refuses SETUPs above a rate, by a bucket of tokens; or all of them, with a cause that is set."""

    def __init__(self, setups_per_s: float, causes: tuple[int, ...], rng: random.Random) -> None:
        self.setups_per_s = setups_per_s
        self.causes = causes
        self.forced_cause = 0
        self._rng = rng
        self._tokens = self._depth()
        self._filled_at: float | None = None

    def cause_for_setup(self, now: float) -> int:
        """The cause this SETUP is refused with, 0 when it may pass."""
        if self.forced_cause:
            return self.forced_cause
        if self.setups_per_s <= 0.0:
            return 0
        elapsed = 0.0 if self._filled_at is None else now - self._filled_at
        self._filled_at = now
        self._tokens = min(self._depth(), self._tokens + elapsed * self.setups_per_s)
        if self._tokens >= 1.0:
            self._tokens -= 1.0
            return 0
        return self.causes[int(self._rng.random() * len(self.causes))]

    def _depth(self) -> float:
        return max(1.0, self.setups_per_s * BURST_S)


@dataclass(slots=True)
class LinkFlaps:
    """A link that dies after exponential times of mean `mean_s` (0: never) and stays away `down_s`.

    `set_down` holds it down, or brings it back, from outside.
    """

    mean_s: float
    down_s: float
    rng: random.Random
    is_down: bool = False
    count: int = 0
    _change_at: float | None = None

    def begin(self, now: float) -> None:
        """Arm the first flap."""
        self._change_at = now + self.rng.expovariate(1 / self.mean_s) if self.mean_s > 0.0 else None

    def set_down(self, is_down: bool, now: float) -> None:
        """Cut the link, or heal it; a cut from outside lasts until it is healed from outside."""
        self.count += is_down and not self.is_down
        self.is_down = is_down
        if is_down:
            self._change_at = None
        else:
            self.begin(now)

    def run(self, now: float) -> None:
        """Take the changes that are due."""
        while self._change_at is not None and self._change_at <= now:
            at = self._change_at
            if self.is_down:
                self.is_down = False
                self.begin(at)
            else:
                self.is_down = True
                self.count += 1
                self._change_at = at + self.down_s

    def due(self) -> float | None:
        return self._change_at
