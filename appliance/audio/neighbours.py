"""Whose RTP is let in: senders inside `phones.allowed_networks`, and this machine itself.

Pure; counts and names those outside.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable, Iterable
from typing import Final

KNOWN_MAX: Final = (
    4_096  # hosts remembered, so that a packet costs one look-up; a flood must not fill the memory
)

log = logging.getLogger("audio")


class Neighbours:
    """The networks phones may be in.  `strangers` counts refused packets."""

    def __init__(self, networks: Iterable[str], *, is_own: Callable[[str], bool]) -> None:
        """`is_own`: whether an address is this machine's; a phone on it may name any of them in its SDP.

        Raises ValueError on what is no network; the settings have been checked.
        """
        self._is_own = is_own
        self._networks = [ipaddress.ip_network(network, strict=False) for network in networks]
        self._known: dict[str, bool] = {}
        self.strangers = 0

    def has(self, host: str) -> bool:
        """Whether a host is in one of the networks."""
        known = self._known.get(host)
        if known is None:
            has_room = len(self._known) < KNOWN_MAX
            known = self._look(host, may_ask=has_room)  # a flood must not cost the tick a question a packet
            if has_room:
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

    def _look(self, host: str, *, may_ask: bool) -> bool:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._networks) or (may_ask and self._is_own(host))
