"""How crowded the machine is.

Bounds are written for a machine of our own, and grow with what else wants its cores.
"""

from __future__ import annotations

import os
from typing import Final

CROWD_MAX: Final = 6.0  # beyond this, waiting for what never comes would hold up the run


def crowd() -> float:
    """By how much longer than on a free machine something may take: runnable tasks a core, at least 1."""
    return min(CROWD_MAX, max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)))
