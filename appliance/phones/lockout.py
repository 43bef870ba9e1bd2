"""Who tried too many wrong passwords: locked out for a time, per source and extension.

One misconfigured port of a gateway does not lock its seven neighbours out, nor the same extension tried from
elsewhere the desk that owns it.  No clock: monotonic seconds come in as `now`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FAILURES_MAX: Final = 5
WINDOW_S: Final = 300.0  # failures further apart than this are slips, not an attack
LOCK_S: Final = 300.0
WATCHED_MAX: Final = 4_096  # a flood of made-up extensions forgets the oldest, it does not eat memory

Key = tuple[str, str]
"""(source address, extension)."""


@dataclass(slots=True)
class _Record:
    since: float
    failures: int = 0
    locked_until: float = 0.0


class LockOut:
    """Counts wrong passwords."""

    def __init__(self) -> None:
        self._records: dict[Key, _Record] = {}

    def is_locked(self, key: Key, now: float) -> bool:
        """Whether even the right password is refused now."""
        record = self._records.get(key)
        return record is not None and now < record.locked_until

    def failed(self, key: Key, now: float) -> bool:
        """Book a wrong password; True when this one begins a lock-out."""
        record = self._records.pop(key, None)
        if record is None or now - record.since > WINDOW_S:
            record = _Record(since=now)
        self._records[key] = record
        while len(self._records) > WATCHED_MAX:
            self._records.pop(next(iter(self._records)))
        record.failures += 1
        if record.failures < FAILURES_MAX or now < record.locked_until:
            return False
        record.failures, record.since, record.locked_until = 0, now, now + LOCK_S
        return True

    def succeeded(self, key: Key) -> None:
        """The right password: forget the slips."""
        self._records.pop(key, None)

    def forgive(self, extension: str) -> None:
        """The extension has a new password, so old mistakes no longer count."""
        for key in [key for key in self._records if key[1] == extension]:
            del self._records[key]
