"""What a simulated chassis is like at the moment, faults included, and the file that says so.

The file is JSON and read again when it changes; a key left out is healthy.  For example
`{"supply_a": {"is_ok": false}, "fans_rpm": [3000, 0, 3000, 65535], "is_silent": false}`.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

import msgspec

log = logging.getLogger("chassis")

LOOK_EVERY_S: Final = 0.1


class SimulatedSupply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One power supply."""

    is_present: bool = True
    is_ok: bool = True
    millivolts: int = 12_000
    milliamperes: int = 4_000


class SimulatedState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole chassis.  65535 is a fan that is not fitted, -32768 a sensor that is not."""

    supply_a: SimulatedSupply = SimulatedSupply()
    supply_b: SimulatedSupply = SimulatedSupply()
    fans_rpm: tuple[int, int, int, int] = (3000, 3000, 3000, 3000)
    inlet_tenths_c: int = 250
    cpu_tenths_c: int = 500
    card_tenths_c: int = 400
    has_relay: bool = True
    is_relay_stuck: bool = False
    is_silent: bool = False  # says nothing and does nothing, as if without power
    babble_per_s: int = 0  # repeats its own first PDO without end
    stray_per_s: int = 0  # frames of an identifier that is nobody's


class StateFile:
    """The file a test or a demonstration writes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._look_at = 0.0

    def changed(self, now: float) -> SimulatedState | None:
        """The new state when the file has changed; None else.  What cannot be read is logged and left."""
        if now < self._look_at:
            return None
        self._look_at = now + LOOK_EVERY_S
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_ino)
            if stamp == self._stamp:
                return None
            self._stamp = stamp
            return msgspec.json.decode(self._path.read_bytes(), type=SimulatedState)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as error:
            log.error("%s is left aside: %s", self._path, error)
            return None
