"""A new address in the texts that follow from the old one.  Pure.

The box's own network stands in the allow-lists unless the site describes others, and the monitor pings the
gateway; only these change.  What a site names itself (servers, other networks) stays as it is.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

NETWORK: Final = re.compile(r"(?m)^Address=(\S+)$(?s:.*?)(?m:^)Gateway=(\S+)$")
ALLOWED: Final = re.compile(r"(?m)^(add element inet box (?:lan|phones) \{ )(.+)( \})$")


@dataclass(frozen=True)
class Place:
    """Where a box stands in its LAN."""

    own: ipaddress.IPv4Interface
    gateway: str


def place_of(network: str) -> Place | None:
    """The place that a systemd .network file gives; None where it gives none."""
    found = NETWORK.search(network)
    try:
        return Place(ipaddress.IPv4Interface(found[1]), found[2]) if found else None
    except ValueError:
        return None


def site(text: str, old: Place, new: Place) -> str:
    """The site file: the phones' address and networks, and whom the monitor pings."""
    text = _in_lines(text, "address", str(old.own.ip), str(new.own.ip))
    text = _in_lines(text, "allowed_networks", str(old.own.network), str(new.own.network))
    return _in_lines(text, "ping", old.gateway, new.gateway)


def nft(text: str, old: Place, new: Place, *, is_old_kept: bool) -> str:
    """The allow-list: the new network where the old one was, or beside it."""

    def changed(line: re.Match[str]) -> str:
        networks = [ipaddress.IPv4Network(each.strip()) for each in line[2].split(",")]
        if old.own.network not in networks:
            return line[0]
        stay = [each for each in networks if is_old_kept or each != old.own.network]
        whole = ipaddress.collapse_addresses([*stay, new.own.network])
        return f"{line[1]}{', '.join(map(str, whole))}{line[3]}"

    return ALLOWED.sub(changed, text)


def _in_lines(text: str, key: str, old: str, new: str) -> str:
    """`old` in quotes becomes `new`, in the lines of one key alone."""
    return re.sub(rf"(?m)^{key} = .*$", lambda line: str(line[0]).replace(f'"{old}"', f'"{new}"'), text)
