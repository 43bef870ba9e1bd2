"""What a bench or `demo --json` reads: counts since the start, taken from what the machine writes down."""

from __future__ import annotations

import collections
from typing import Any

from appliance.dialer import outputs
from appliance.dialer.messages import Figures
from appliance.dialer.shell import Shell


class Sums:
    """Counts outputs as they are carried out."""

    def __init__(self, shell: Shell) -> None:
        self._counts: collections.Counter[str] = collections.Counter()
        self._seconds: collections.defaultdict[str, float] = collections.defaultdict(float)
        shell.overhear(outputs.SaveAttempt, self._attempt)
        shell.overhear(outputs.SaveInterval, self._interval)

    def figures(self, **samples: Any) -> Figures:
        """Counts with the samples given."""
        return Figures(
            attempts=self._counts["attempts"],
            answered=self._counts["answered"],
            connected=self._counts["connected"],
            abandoned=self._counts["abandoned"],
            talk_s=self._seconds["talk"],
            wrap_s=self._seconds["wrap"],
            wait_s=self._seconds["wait"],
            **samples,
        )

    def _attempt(self, output: outputs.SaveAttempt) -> None:
        if not output.end:
            return
        self._counts["attempts"] += output.setup_at > 0
        self._counts["answered"] += output.answered_at > 0
        self._counts["connected"] += output.connected_at > 0
        self._counts["abandoned"] += output.result in ("92", "96")

    def _interval(self, output: outputs.SaveInterval) -> None:
        self._seconds[output.kind] += output.seconds
