"""Whose RTP is let in: senders inside `phones.allowed_networks`.  Pure; counts and names those outside."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Iterable
from typing import Final

KNOWN_MAX: Final = (
    4_096  # hosts remembered, so that a packet costs one look-up; a flood must not fill the memory
)

log = logging.getLogger("audio")


class Neighbours:
    """The networks phones may be in.  `strangers` counts refused packets."""

    def __init__(self, networks: Iterable[str]) -> None:
        """Raises ValueError on what is no network; the settings have been checked."""
        self._networks = [ipaddress.ip_network(network, strict=False) for network in networks]
        self._known: dict[str, bool] = {}
        self.strangers = 0

    def has(self, host: str) -> bool:
        """Whether a host is in one of the networks."""
        known = self._known.get(host)
        if known is None:
            known = self._look(host)
            if len(self._known) < KNOWN_MAX:
                self._known[host] = known
        return known

    def admits(self, host: str) -> bool:
        """Whether a packet from there may be heard; counted when not."""
        if self.has(host):
            return True
        self.strangers += 1
        if self.strangers == 1:
            log.warning("RTP from %s is dropped: outside phones.allowed_networks", host)
        return False

    def _look(self, host: str) -> bool:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._networks)
