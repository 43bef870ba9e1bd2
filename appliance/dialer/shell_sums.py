"""What a bench or `demo --json` reads: counts since the start, taken from what the machine writes down."""

from __future__ import annotations

import collections
from typing import Any

from appliance.dialer import outputs
from appliance.dialer.messages import Figures, SeatChanged
from appliance.dialer.party_leg import FIRST_CALL
from appliance.dialer.seat import KEPT
from appliance.dialer.shell import Shell
from appliance.pri_card.trunk import SetupSent


class Sums:
    """Counts SETUPs as they leave and outputs as they are carried out.

    Seconds of seats are those of ended intervals and of those that run: otherwise a floor in its first
    conversations would seem to do nothing but wait.
    """

    def __init__(self, shell: Shell) -> None:
        self._wall = shell.clock.wall
        self._counts: collections.Counter[str] = collections.Counter()
        self._seconds: collections.defaultdict[str, float] = collections.defaultdict(float)
        self._open: dict[str, set[int]] = {"answered": set(), "connected": set()}
        shell.watch(SetupSent, self._sent)
        shell.overhear(outputs.SaveAttempt, self._attempt)
        self._running: dict[int, tuple[str, float]] = {}  # seat: kind of its interval, its beginning
        shell.overhear(outputs.SaveInterval, self._interval)
        shell.overhear(SeatChanged, self._seat)

    def figures(self, **samples: Any) -> Figures:
        """Counts with the samples given."""
        seconds = self._seconds.copy()
        for kind, begun_at in self._running.values():
            seconds[kind] += max(0.0, self._wall() - begun_at)
        return Figures(
            attempts=self._counts["attempts"],
            answered=self._counts["answered"],
            connected=self._counts["connected"],
            abandoned=self._counts["abandoned"],
            talk_s=seconds["talk"],
            wrap_s=seconds["wrap"],
            wait_s=seconds["wait"],
            **samples,
        )

    def _attempt(self, output: outputs.SaveAttempt) -> None:
        """An attempt is saved up to three times; each of its steps counts once, when it is first seen."""
        for name, at in (("answered", output.answered_at), ("connected", output.connected_at)):
            if output.setup_at > 0 and at > 0 and output.attempt_id not in self._open[name]:
                self._open[name].add(output.attempt_id)
                self._counts[name] += 1
        if output.end:
            self._counts["abandoned"] += output.result in ("92", "96")
            for ids in self._open.values():
                ids.discard(output.attempt_id)

    def _sent(self, event: SetupSent) -> None:
        self._counts["attempts"] += event.call_id < FIRST_CALL

    def _interval(self, output: outputs.SaveInterval) -> None:
        self._seconds[output.kind] += output.seconds
        if output.seat_id in self._running:
            self._running[output.seat_id] = (output.kind, output.from_at + output.seconds)

    def _seat(self, output: SeatChanged) -> None:
        seat = output.seat
        kind = KEPT.get(seat.state)
        _kind, booked_until = self._running.pop(seat.seat_id, ("", 0.0))
        if kind is not None:
            self._running[seat.seat_id] = (kind, max(seat.since_at, booked_until))
