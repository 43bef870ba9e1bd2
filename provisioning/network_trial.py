"""A new address on trial: it goes back by itself after 60 s, or at the next start, unless it is confirmed.

Whoever types a wrong gateway over the network cannot take it back over the network; so the box does.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Final

from appliance.errors import BadInput, YobirinError
from appliance.settings import Home
from provisioning.box_files import BoxFiles
from provisioning.files import write_atomically
from provisioning.messages import FileName

TRIAL_S: Final = 60
NAMED_IN: Final[tuple[tuple[FileName, str], ...]] = (("site", '"{}"'), ("nft", " {}"))
"""Files that name the box's network, and how each writes a name."""


class NetworkTrial:
    """At most one trial at a time.  `now` is monotonic seconds."""

    def __init__(self, home: Home, files: BoxFiles) -> None:
        # Not beside the database: root reads it back at a start, and others write there.
        self._before: Path = home.directory("secrets") / "network.before"
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
        if not self._before.exists():
            write_atomically(self._before, text.encode(), mode=0o600)
        self._files.write("network", changed)
        self._until = now + TRIAL_S
        return TRIAL_S

    def keep(self) -> str:
        """The address stays; site file and allow-list name it, its network and its router.

        Raises BadInput where none is on trial.
        """
        if not self._before.exists():
            raise BadInput("No address is on trial.", remedy="It went back after 60 s: try it again.")
        new, old = _names(self._files.text("network")), _names(self._before.read_text(encoding="utf-8"))
        for file, form in NAMED_IN:
            text = self._files.text(file)
            renamed = _renamed(text, old, new, form)
            if renamed != text:
                self._files.write(file, renamed)
        self._before.unlink()
        self._until = None
        return new[0] if new else ""

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
        except YobirinError:
            return False  # tried again at the next start
        self._before.unlink()
        return True


def _checked(address: str, gateway: str) -> tuple[ipaddress.IPv4Interface, ipaddress.IPv4Address]:
    try:
        own, router = ipaddress.IPv4Interface(address), ipaddress.IPv4Address(gateway)
    except ValueError as error:
        raise BadInput(f"This is no IPv4 address: {error}.", remedy="Such as 192.168.10.5/24.") from error
    if "/" not in address or router not in own.network or router == own.ip:
        raise BadInput(f"{gateway} is no gateway of {address}.", remedy="Give address/prefix and its router.")
    return own, router


def _names(network_file: str) -> tuple[str, ...]:
    """The box's address, its network and its router as other files name them; none where it says none."""
    own = re.search(r"(?m)^Address=([0-9./]+)$", network_file)
    router = re.search(r"(?m)^Gateway=([0-9.]+)$", network_file)
    if own is None or router is None:
        return ()
    interface = ipaddress.IPv4Interface(own.group(1))
    return str(interface.ip), str(interface.network), router.group(1)


def _renamed(text: str, old: tuple[str, ...], new: tuple[str, ...], form: str) -> str:
    """Each old name as a whole word of its file's own form, all at once: a new one may equal an old one."""
    names = {form.format(was): form.format(now) for was, now in zip(old, new, strict=False)}
    if not names:
        return text
    pattern = "|".join(map(re.escape, names))
    return re.sub(rf"(?:{pattern})(?![0-9./])", lambda found: names[found.group(0)], text)
