"""From a site description to the texts of the files that the box reads.  Pure: texts in, texts out.

systemd.network(5), nft(8), chrony.conf(5) and dahdi's system.conf are their formats.  What a text says is
decided here alone; where it lies and how it is put in force is box_files.py's.
"""

from __future__ import annotations

import ipaddress
import json
import urllib.parse
from collections.abc import Iterable, Mapping
from typing import Any, Final

from appliance.settings import CHANNELS_PER_SPAN, Settings, parse
from provisioning.checks_network import network_of
from provisioning.description import Description
from provisioning.messages import FileName

HEAD: Final = "# Written by yobirin-provision from the site description; changes here are lost.\n"
SLOTS_PER_SPAN: Final = CHANNELS_PER_SPAN + 1  # 23 B channels and D: DAHDI numbers channels through
MAIL_FILE: Final = "secrets/mail.password"
BACKUP_PLACE: Final = "/run/yobirin/backup"
"""Where the image's keep-backup-place mounts a USB disk or a share."""


def every(site: Description) -> dict[FileName, str]:
    """The text of every file, '' for one that should not be there."""
    return {
        "site": site_file(site),
        "mail_password": site.mail.password,
        "network": network(site),
        "vlan": vlan(site),
        "chrony": chrony(site),
        "nft": nft(site),
        "dahdi": dahdi(site),
        "vlan_parent": vlan_parent(site),
        "host_name": f"{site.site.host_name}\n",
        "backup_hosts": backup_hosts(site),
        "backup_place": backup_place(site),
        "nrpe": ",".join(site.access.nrpe),
    }


def site_file(site: Description) -> str:
    """HOME/site.toml, as appliance/settings.py reads it."""
    own = network_of(site)
    address = str(own.ip) if own else "127.0.0.1"
    board, mail, backup, console = site.board, site.mail, site.backup, site.console
    tables: dict[str, Mapping[str, Any]] = {
        "": {
            "site_name": site.site.name,
            "time_zone": site.site.time_zone,
            "language": site.site.language,
        },
        "phones": {"address": address, "allowed_networks": phone_networks(site)},
        "web": {},  # nginx stands in front of it and has the LAN's port
        "lamps": {"kind": board.lamps, "bus": board.lamps_bus, "address": board.lamps_address},
        "chassis": {
            "kind": board.chassis,
            "channel": board.chassis_channel,
            "node": board.chassis_node,
            "has_line_relay": board.has_line_relay,
        },
        "watchdog": {"device": board.watchdog},
        "mail": {
            "relay": mail.relay,
            "port": mail.port,
            "sender": mail.sender,
            "to": mail.to,
            "starttls": mail.starttls,
            "user": mail.user,
            "password_file": MAIL_FILE if mail.password else "",
        },
        "monitor": {
            "ping": (site.network.gateway,),
            "data_disks": site.disks.members,
            "metrics_networks": site.access.metrics,
        },
        "backup": {"target": backup_target(site), "hour": backup.hour, "keep": backup.keep},
        "console": {"device": console.device, "baud": console.baud},
    }
    spans = [
        {
            "number": span.number,
            "kind": "dahdi",
            "first_channel": 1 + SLOTS_PER_SPAN * (span.number - 1),
            "slot_ms": span.slot_ms,
        }
        for span in sorted(site.span, key=lambda span: span.number)
    ]
    return HEAD + toml(tables) + "".join(f"\n[[spans]]\n{_pairs(span)}" for span in spans)


def toml(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """TOML of flat tables; the one without a name comes first.  Strings are JSON's, which TOML's include."""
    return "".join((f"\n[{name}]\n" if name else "") + _pairs(table) for name, table in tables.items())


def _pairs(table: Mapping[str, Any]) -> str:
    return "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in table.items())


def phone_networks(site: Description) -> tuple[str, ...]:
    """Who may register a phone: as described, else the box's own network."""
    return site.access.phones or _own_network(site)


def web_networks(site: Description) -> tuple[str, ...]:
    """Who may open the page: as described, else the box's own network."""
    return site.access.web or _own_network(site)


def _own_network(site: Description) -> tuple[str, ...]:
    own = network_of(site)
    return (str(own.network),) if own else ()


def network(site: Description) -> str:
    """A systemd .network file with the box's addresses, on the wired interface or its VLAN."""
    match = f"vlan{site.network.vlan}" if site.network.vlan else _interface(site)
    return f"{HEAD}[Match]\nName={match}\n\n{_addresses(site)}"


def _interface(site: Description) -> str:
    return site.network.interface or "en* eth*"


def _addresses(site: Description) -> str:
    lan = site.network
    lines = ["[Network]", f"Address={lan.address}", f"Gateway={lan.gateway}"]
    lines += [f"DNS={server}" for server in lan.dns]
    lines += ["DHCP=no", "LinkLocalAddressing=no", "IPv6AcceptRA=no", "LLMNR=no", "MulticastDNS=no"]
    return "\n".join(lines) + "\n"


def vlan(site: Description) -> str:
    """The tagged interface as a .netdev file; '' without a VLAN."""
    number = site.network.vlan
    return f"{HEAD}[NetDev]\nName=vlan{number}\nKind=vlan\n\n[VLAN]\nId={number}\n" if number else ""


def vlan_parent(site: Description) -> str:
    """The .network file of the interface that carries the VLAN; '' without one."""
    if not site.network.vlan:
        return ""
    return (
        f"{HEAD}[Match]\nName={_interface(site)}\n\n"
        f"[Network]\nVLAN=vlan{site.network.vlan}\nLinkLocalAddressing=no\n"
    )


def chrony(site: Description) -> str:
    """Time servers; '' leaves the box to its own clock."""
    return "".join(f"server {server} iburst\n" for server in site.network.ntp)


def nft(site: Description) -> str:
    """The allow-list: who may reach the page and the phones' ports, in place of every private network.

    Who may read /metrics must reach the page's port.  nft refuses a set in which one network lies in another.
    """
    sets = {
        "lan": (*web_networks(site), *site.access.metrics),
        "phones": phone_networks(site),
        "nrpe": site.access.nrpe,
    }
    return HEAD + "".join(_set(name, networks) for name, networks in sets.items())


def _set(name: str, networks: Iterable[str]) -> str:
    whole = ipaddress.collapse_addresses(ipaddress.IPv4Network(network) for network in networks)
    listed = ", ".join(map(str, whole))
    return f"flush set inet box {name}\n" + (
        f"add element inet box {name} {{ {listed} }}\n" if listed else ""
    )


def dahdi(site: Description) -> str:
    """system.conf: each line with its rank as a source of clock, ESF and B8ZS as INS1500 has them."""
    lines = [HEAD.rstrip()]
    for span in sorted(site.span, key=lambda span: span.number):
        first = 1 + SLOTS_PER_SPAN * (span.number - 1)
        last = first + CHANNELS_PER_SPAN - 1
        lines += [
            f"span={span.number},{span.timing},0,esf,b8zs",
            f"bchan={first}-{last}",
            f"dchan={last + 1}",
        ]
    return "\n".join([*lines, "loadzone=jp", "defaultzone=jp"]) + "\n"


def backup_hosts(site: Description) -> str:
    """known_hosts of the backup's SSH server (sshd(8)); '' without one."""
    server = urllib.parse.urlsplit(site.backup.target)
    if server.scheme != "ssh":
        return ""
    name = f"[{server.hostname}]:{server.port}" if server.port not in (None, 22) else server.hostname
    return f"{name} {site.backup.host_key}\n"


def backup_place(site: Description) -> str:
    """What the image mounts for the backup: `usb`, or `nfs SERVER:/PATH`; '' where nothing is mounted."""
    place = urllib.parse.urlsplit(site.backup.target)
    if place.scheme == "nfs":
        return f"nfs {place.hostname}:{place.path}\n"
    return "usb\n" if site.backup.target == "usb" else ""


def backup_target(site: Description) -> str:
    """The target as the appliance knows it: what is mounted is a directory."""
    return BACKUP_PLACE if backup_place(site) else site.backup.target


def settings_of(site: Description) -> Settings:
    """The site file as the appliance will see it.  Raises SettingsError."""
    return parse(site_file(site), where="site.toml")
