"""Where each phone can be reached: one binding an extension, its expiry and its signs of life.

A desk phone is one device, so a new address replaces the old one.  Pure: `now` is monotonic seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

EXPIRES_S_MIN: Final = 60
EXPIRES_S_MAX: Final = 3_600
PING_EVERY_S: Final = 30.0  # a phone whose cable was pulled is noticed within PING_EVERY_S + PING_ANSWER_S
PING_ANSWER_S: Final = 10.0  # six transmissions of RFC 3261's timer E

Reason = Literal["expired", "removed", "silent"]


@dataclass(frozen=True, slots=True)
class Contact:
    """Where a phone wants its requests.  `user` is the name it gave itself, often random."""

    user: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"sip:{self.user}@{self.host}:{self.port}" if self.user else f"sip:{self.host}:{self.port}"


@dataclass(slots=True)
class Binding:
    """One reachable phone.  `source` is host:port as seen by us."""

    extension: str
    contact: Contact
    source: str
    user_agent: str
    expires_at: float
    alive_at: float
    pinged_at: float = 0.0  # 0: no ping is under way


class Bindings:
    """All reachable phones."""

    def __init__(self, *, ping_every_s: float = PING_EVERY_S) -> None:
        self._ping_every_s = ping_every_s
        self._of: dict[str, Binding] = {}

    def get(self, extension: str) -> Binding | None:
        return self._of.get(extension)

    def sources(self) -> dict[str, str]:
        """Extension to source of every registered phone."""
        return {binding.extension: binding.source for binding in self._of.values()}

    def put(
        self, extension: str, contact: Contact, *, source: str, user_agent: str, expires_s: float, now: float
    ) -> bool:
        """Make or refresh a binding; True when the phone was not reachable there before."""
        known = self._of.get(extension)
        self._of[extension] = Binding(extension, contact, source, user_agent, now + expires_s, now)
        return known is None or known.source != source

    def remove(self, extension: str, contact: Contact | None = None) -> bool:
        """End a binding, if it is the one of `contact` (None: whichever); True when there was one."""
        known = self._of.get(extension)
        if known is None or (contact is not None and known.contact != contact):
            return False
        del self._of[extension]
        return True

    def alive(self, extension: str, now: float) -> None:
        """The phone said something."""
        binding = self._of.get(extension)
        if binding is not None:
            binding.alive_at, binding.pinged_at = now, 0.0

    def due_pings(self, now: float) -> list[Binding]:
        """Phones to ask for a sign of life now; asking is booked."""
        due = [b for b in self._of.values() if not b.pinged_at and now - b.alive_at >= self._ping_every_s]
        for binding in due:
            binding.pinged_at = now
        return due

    def sweep(self, now: float) -> list[tuple[str, Reason]]:
        """Bindings that ended by time or silence; they are gone afterwards."""
        ended: list[tuple[str, Reason]] = []
        for binding in list(self._of.values()):
            if now >= binding.expires_at:
                ended.append((binding.extension, "expired"))
            elif binding.pinged_at and now - binding.pinged_at >= PING_ANSWER_S:
                ended.append((binding.extension, "silent"))
        for extension, _ in ended:
            del self._of[extension]
        return ended
