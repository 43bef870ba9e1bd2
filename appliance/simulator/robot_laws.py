"""The habits of a robot operator: how long things take and how often they go otherwise.  Draws only.

A home may carry its own in `robots.toml`, e.g. `wrap_s_mean = 3.0` for a demonstration of a minute.
"""

from __future__ import annotations

import math
import random
import tomllib
from typing import Final

import msgspec

from appliance.errors import SettingsError
from appliance.settings import Home

CODES: Final[tuple[tuple[str, float], ...]] = (
    ("01", 6), ("12", 28), ("11", 22), ("08", 15), ("09", 8), ("10", 8), ("06", 7), ("05", 5), ("07", 1),
)  # fmt: skip
"""Result codes by weight; those of the demonstration's project."""


class Laws(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds are `_s`; the rest are shares, 0-1.  Talk is lognormal, wrap-up exponential."""

    start_s_max: float = 4.0  # operators do not all sit down at once
    read_s: float = 1.0  # from hearing a prompt to the first key
    talk_s_mean: float = 90.0  # how long an operator would talk; a customer may leave earlier
    talk_cv: float = 1.1
    talk_s_least: float = 5.0
    wrap_s_mean: float = 8.0
    wrap_s_least: float = 1.0
    break_s_mean: float = 20.0
    ends_share: float = 0.3  # ends the talk by `#`; the others stay as long as the customer
    stays_s_max: float = 600.0  # then even the patient ones end it
    unknown_share: float = 0.03  # keys a code that does not exist first
    corrects_share: float = 0.05  # keys a wrong code, hears it, presses `#`
    forgets_share: float = 0.01  # puts the handset down with the code still owed: 98
    breaks_share: float = 0.02  # after a code: handset down for a while

    def talk_s(self, rng: random.Random) -> float:
        variance = math.log(1 + self.talk_cv**2)
        drawn = rng.lognormvariate(math.log(self.talk_s_mean) - variance / 2, math.sqrt(variance))
        return max(self.talk_s_least, drawn)

    def wrap_s(self, rng: random.Random) -> float:
        return self.wrap_s_least + rng.expovariate(1 / max(0.01, self.wrap_s_mean - self.wrap_s_least))

    def break_s(self, rng: random.Random) -> float:
        return 2.0 + rng.expovariate(1 / self.break_s_mean)

    def code(self, rng: random.Random) -> str:
        return rng.choices([code for code, _ in CODES], [weight for _, weight in CODES])[0]


def load(home: Home) -> Laws:
    """The home's own habits, or the usual ones.  Raises SettingsError naming file and key."""
    path = home.root / "robots.toml"
    if not path.exists():
        return Laws()
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Laws)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise SettingsError(f"{path}: {error}.", remedy="Correct the line or key named.") from error
