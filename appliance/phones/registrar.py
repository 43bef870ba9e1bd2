"""The registrar: who may register or call, decided from the facts of a request.  No SIP library, no I/O.

Answers are a `Reply` (a SIP status with headers) and what changed is a list of messages to the dialer.
RFC 3261 10.3 for bindings; wrong passwords lead to a lock-out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from appliance.phones import digest
from appliance.phones.bindings import EXPIRES_S_MAX, EXPIRES_S_MIN, Bindings, Contact
from appliance.phones.digest import Nonces, Verdict
from appliance.phones.lockout import LockOut
from appliance.phones.messages import Account, LockedOut, Message, Registered, Unregistered

CALLED_BINDING_S: Final = 600  # a call tells where its phone is, until the phone registers again by itself
NO_HA1: Final = "0" * 32  # an unknown extension costs the same arithmetic as a known one
RETRY_AFTER_S: Final = 5


@dataclass(frozen=True, slots=True)
class Facts:
    """What a REGISTER or INVITE says.  `expires_s` is -1 where a request gives none."""

    method: str
    extension: str
    source_host: str
    source_port: int
    authorization: str = ""
    user_agent: str = ""
    contacts: tuple[tuple[Contact, int], ...] = ()
    is_star: bool = False
    expires_s: int = -1

    @property
    def source(self) -> str:
        return f"{self.source_host}:{self.source_port}"


@dataclass(frozen=True, slots=True)
class Reply:
    """A final answer: SIP status and headers."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Registrar:
    """Accounts, bindings and what is known of wrong passwords.  `events` is drained by the shell."""

    nonces: Nonces
    bindings: Bindings = field(default_factory=Bindings)
    lockout: LockOut = field(default_factory=LockOut)
    events: list[Message] = field(default_factory=list)
    _ha1: dict[str, str] | None = None

    def set_accounts(self, accounts: Iterable[Account]) -> None:
        """Replace all accounts.  A phone that lost its account, or whose password changed, is unbound."""
        fresh = {account.extension: account.ha1.lower() for account in accounts}
        old = self._ha1 or {}
        self._ha1 = fresh
        for extension in [known for known in old if old[known] != fresh.get(known)]:
            self.lockout.forgive(extension)
            if self.bindings.remove(extension):
                self.events.append(Unregistered(extension, "removed"))

    def authenticate(self, facts: Facts, now: float) -> Reply | None:
        """None: the request is from its extension's phone.  Otherwise the refusal or the challenge."""
        if self._ha1 is None:  # the dialer has not told us the phones yet: nobody is refused for that
            return Reply(503, (("Retry-After", str(RETRY_AFTER_S)),))
        key = (facts.source_host, facts.extension)
        if self.lockout.is_locked(key, now):
            return Reply(403)
        if not facts.authorization:
            return self._challenge(now)
        credentials = digest.parse(facts.authorization)
        if credentials is None:
            return Reply(400)
        ha1 = self._ha1.get(facts.extension, NO_HA1)
        verdict = self.nonces.check(credentials, ha1, facts.method, now)
        if verdict is Verdict.STALE:
            return self._challenge(now, is_stale=True)
        is_own = facts.extension in self._ha1 and credentials.username == facts.extension
        if verdict is Verdict.WRONG or not is_own:
            if self.lockout.failed(key, now):
                self.events.append(LockedOut(facts.extension, facts.source))
            return Reply(403)
        self.lockout.succeeded(key)
        return None

    def register(self, facts: Facts, now: float) -> Reply:
        """A REGISTER whose sender may be anyone."""
        refusal = self.authenticate(facts, now)
        if refusal is not None:
            return refusal
        if facts.is_star:  # RFC 3261 10.2.2: only to remove everything
            if facts.expires_s != 0 or facts.contacts:
                return Reply(400)
            self._unbind(facts.extension, None)
            return self._listing(facts.extension, now)
        for contact, own_expires_s in facts.contacts:
            wanted_s = own_expires_s if own_expires_s >= 0 else facts.expires_s
            expires_s = EXPIRES_S_MAX if wanted_s < 0 else min(wanted_s, EXPIRES_S_MAX)
            if expires_s == 0:
                self._unbind(facts.extension, contact)
            elif expires_s < EXPIRES_S_MIN:
                return Reply(423, (("Min-Expires", str(EXPIRES_S_MIN)),))
            else:
                self._bind(facts, contact, expires_s, now)
        return self._listing(facts.extension, now)

    def called(self, facts: Facts, contact: Contact, now: float) -> None:
        """An authenticated call: it shows where its phone is, also when we forgot (a restart)."""
        if self.bindings.get(facts.extension) is None:
            self._bind(facts, contact, CALLED_BINDING_S, now)
        else:
            self.bindings.alive(facts.extension, now)

    def tick(self, now: float) -> None:
        """End what expired or fell silent."""
        for extension, reason in self.bindings.sweep(now):
            self.events.append(Unregistered(extension, reason))

    def _challenge(self, now: float, *, is_stale: bool = False) -> Reply:
        return Reply(401, (("WWW-Authenticate", self.nonces.challenge(now, is_stale=is_stale)),))

    def _bind(self, facts: Facts, contact: Contact, expires_s: int, now: float) -> None:
        is_new = self.bindings.put(
            facts.extension,
            contact,
            source=facts.source,
            user_agent=facts.user_agent,
            expires_s=expires_s,
            now=now,
        )
        if is_new:
            self.events.append(Registered(facts.extension, facts.source, facts.user_agent))

    def _unbind(self, extension: str, contact: Contact | None) -> None:
        if self.bindings.remove(extension, contact):
            self.events.append(Unregistered(extension, "removed"))

    def _listing(self, extension: str, now: float) -> Reply:
        """200 with the binding that stands, RFC 3261 10.3 step 8."""
        binding = self.bindings.get(extension)
        if binding is None:
            return Reply(200)
        left_s = max(1, round(binding.expires_at - now))
        return Reply(200, (("Contact", f"<{binding.contact}>;expires={left_s}"),))
