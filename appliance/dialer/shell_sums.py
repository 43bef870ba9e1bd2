"""What a bench or `demo --json` reads: counts since the start, taken from what the machine writes down."""

from __future__ import annotations

import collections
from typing import Any

from appliance.dialer import outputs
from appliance.dialer.messages import Figures
from appliance.dialer.shell import Shell
from appliance.pri_card.trunk import SetupSent


class Sums:
    """Counts SETUPs as they leave and outputs as they are carried out."""

    def __init__(self, shell: Shell) -> None:
        self._counts: collections.Counter[str] = collections.Counter()
        self._seconds: collections.defaultdict[str, float] = collections.defaultdict(float)
        self._open: dict[str, set[int]] = {"answered": set(), "connected": set()}
        shell.watch(SetupSent, self._sent)
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
        """An attempt is saved up to three times; each of its steps counts once, when it is first seen."""
        for name, at in (("answered", output.answered_at), ("connected", output.connected_at)):
            if at > 0 and output.attempt_id not in self._open[name]:
                self._open[name].add(output.attempt_id)
                self._counts[name] += 1
        if output.end:
            self._counts["abandoned"] += output.result in ("92", "96")
            for ids in self._open.values():
                ids.discard(output.attempt_id)

    def _sent(self, _event: SetupSent) -> None:
        self._counts["attempts"] += 1

    def _interval(self, output: outputs.SaveInterval) -> None:
        self._seconds[output.kind] += output.seconds
