"""A new address on trial: it goes back by itself after 60 s, or at the next start, unless it is confirmed.

Whoever types a wrong gateway over the network cannot take it back over the network; so the box does.
Meanwhile the allow-list knows both networks, so that a PC on the new one can look; readdress.py says how.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Final

from appliance.errors import BadInput, YobirinError
from appliance.files import write_atomically
from appliance.settings import Home
from provisioning import readdress
from provisioning.box_files import BoxFiles
from provisioning.readdress import place_of

TRIAL_S: Final = 60


class NetworkTrial:
    """At most one trial at a time.  `now` is monotonic seconds."""

    def __init__(self, home: Home, files: BoxFiles) -> None:
        # Not beside the database: root reads it back at a start, and others write there.
        self._before: Path = home.directory("secrets") / "network.before"
        self._allowed_before: Path = self._before.with_name("nft.before")
        self._files = files
        self._until: float | None = None

    def begin(self, address: str, gateway: str, now: float) -> int:
        """Put the address in force; the seconds it has.  Raises BadInput."""
        own, router = _checked(address, gateway)
        text = self._files.text("network")
        if not text:
            raise BadInput("The box has no network file.", remedy="Run yobirin-provision first.")
        changed = re.sub(r"(?m)^Address=.*$", f"Address={own}", text)
        changed = re.sub(r"(?m)^Gateway=.*$", f"Gateway={router}", changed)
        allowed = self._files.text("nft")
        if not self._before.exists():
            write_atomically(self._allowed_before, allowed.encode(), mode=0o600)
            write_atomically(self._before, text.encode(), mode=0o600)
        self._until = now + TRIAL_S  # what is written now goes back also where the rest is refused
        if allowed:
            self._files.write("nft", self._allowed(changed, is_old_kept=True))
        self._files.write("network", changed)
        self._until = now + TRIAL_S
        return TRIAL_S

    def keep(self) -> str:
        """The address stays; site file and allow-list name it, its network and its router.

        Raises BadInput where none is on trial.
        """
        if not self._before.exists():
            raise BadInput("No address is on trial.", remedy="It went back after 60 s: try it again.")
        now, text = self._files.text("network"), self._files.text("site")
        old, new = place_of(self._before.read_text(encoding="utf-8")), place_of(now)
        if self._files.text("nft"):  # none after a rescue, which lets in more
            self._files.write("nft", self._allowed(now, is_old_kept=False))
        if text and old and new:
            self._files.write("site", readdress.site(text, old, new))
        self._forget()
        return str(new.own.ip) if new else ""

    def revert_if_due(self, now: float) -> bool:
        """Put the old address back when the trial is over; True where it was."""
        if self._until is None or now < self._until:
            return False
        self.revert()
        return True

    def revert(self) -> bool:
        """Put the old address back, as after a start in the middle of a trial; True where there was one."""
        self._until = None
        if not self._before.exists():
            return False
        try:
            self._files.write("network", self._before.read_text(encoding="utf-8"))
            if self._files.text("nft"):
                self._files.write("nft", _text(self._allowed_before))
        except YobirinError:
            return False  # tried again at the next start
        self._forget()
        return True

    def _allowed(self, network: str, *, is_old_kept: bool) -> str:
        """The allow-list of before, for the network file on trial."""
        before = _text(self._allowed_before)
        old, new = place_of(self._before.read_text(encoding="utf-8")), place_of(network)
        return readdress.nft(before, old, new, is_old_kept=is_old_kept) if old and new else before

    def _forget(self) -> None:
        self._before.unlink()  # first: it alone says that an address is on trial
        self._allowed_before.unlink(missing_ok=True)
        self._until = None


def _checked(address: str, gateway: str) -> tuple[ipaddress.IPv4Interface, ipaddress.IPv4Address]:
    try:
        own, router = ipaddress.IPv4Interface(address), ipaddress.IPv4Address(gateway)
    except ValueError as error:
        raise BadInput(f"This is no IPv4 address: {error}.", remedy="Such as 192.168.10.5/24.") from error
    if "/" not in address or router not in own.network or router == own.ip:
        raise BadInput(f"{gateway} is no gateway of {address}.", remedy="Give address/prefix and its router.")
    return own, router


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
