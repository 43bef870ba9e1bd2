"""SITE.toml, the technician's description of one site: what tables and keys there are, and nothing more.

Every key has a default, so that a file with ten mistakes can still be read whole and told about all ten;
REQUIRED names those that must be given.  reading.py reads, checks.py looks across tables.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

LineMode = Literal["j1", "t1", "e1"]
LampsKind = Literal["pca9555", "gpio", "recorded", "absent"]
ChassisKind = Literal["can", "simulated", "absent"]
DiskKey = Literal["usb", "none"]


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every table."""


class Site(Table, frozen=True, kw_only=True):
    """The box as a whole."""

    name: str = "Yobirin"
    host_name: str = "yobirin"
    language: Literal["ja", "en"] = "ja"
    time_zone: str = "Asia/Tokyo"


class Network(Table, frozen=True, kw_only=True):
    """The LAN side.  `address` carries its prefix; `vlan` 0: untagged; no `interface`: the first wired."""

    address: str = ""
    gateway: str = ""
    dns: tuple[str, ...] = ()
    ntp: tuple[str, ...] = ()
    vlan: int = 0
    interface: str = ""


class Span(Table, frozen=True, kw_only=True):
    """One INS1500 line.  `timing` 1-5: rank as a source of clock; 0: none (a line without an exchange)."""

    number: int = 0
    line_mode: LineMode = "j1"
    timing: int = 1
    slot_ms: int = 20


class Caller(Table, frozen=True, kw_only=True):
    """A number the site may show; the first one is the main number of the first project."""

    number: str = ""
    name: str = ""


class Seat(Table, frozen=True, kw_only=True):
    """A desk phone.  Without a `password` one is generated and printed on the hand-over sheet."""

    label: str = ""
    extension: str = ""
    password: str = ""


class Tenant(Table, frozen=True, kw_only=True):
    """The customer; `project` is made for the caller numbers."""

    entry_code: str = "main"
    name: str = ""
    project: str = "最初の案件"


class Manager(Table, frozen=True, kw_only=True):
    """The first manager: a one-time password is generated."""

    login_name: str = ""
    name: str = ""


class Mail(Table, frozen=True, kw_only=True):
    """The site's relay.  No `relay`: no mail."""

    relay: str = ""
    port: int = 25
    sender: str = ""
    to: tuple[str, ...] = ()
    starttls: bool = False
    user: str = ""
    password: str = ""


class Backup(Table, frozen=True, kw_only=True):
    """Where the nightly backup goes; an empty target: nowhere, and the monitor says so every day.

    `target`: `usb` (the disk labelled YOBIRIN-BACKUP), nfs://server/path, ssh://user@host/path, a directory.
    `host_key`: of an SSH server, as `ssh-keyscan` prints it after the name.
    """

    target: str = ""
    host_key: str = ""
    hour: int = 3
    keep: int = 14


class Access(Table, frozen=True, kw_only=True):
    """Who may reach the box over IP.  Empty `web` or `phones`: the box's own network.

    `nrpe`: a Nagios server's own addresses; none: NRPE does not run.
    """

    web: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    nrpe: tuple[str, ...] = ()


class Certificate(Table, frozen=True, kw_only=True):
    """The customer's own certificate: PEM files beside SITE.toml.  Empty: the appliance makes one."""

    chain: str = ""
    key: str = ""


class Disks(Table, frozen=True, kw_only=True):
    """The mirrored pair, the key of its data partition, and whether a recovery passphrase is made."""

    members: tuple[str, ...] = ()
    key: DiskKey = "none"
    recovery: bool = True


class Board(Table, frozen=True, kw_only=True):
    """What this model of box has: lamps, chassis controller, hardware watchdog."""

    lamps: LampsKind = "absent"
    lamps_bus: int = 0
    lamps_address: int = 0x20
    chassis: ChassisKind = "absent"
    chassis_channel: str = "can0"
    chassis_node: int = 0x10
    has_line_relay: bool = False
    watchdog: str = ""


class Console(Table, frozen=True, kw_only=True):
    """The box's own serial line (not the laptop's).  Without a `pin` one is generated."""

    device: str = "/dev/ttyS1"
    baud: int = 115_200
    pin: str = ""


class Description(Table, frozen=True, kw_only=True):
    """The whole file."""

    site: Site = Site()
    network: Network = Network()
    span: tuple[Span, ...] = ()
    caller: tuple[Caller, ...] = ()
    seat: tuple[Seat, ...] = ()
    tenant: Tenant = Tenant()
    manager: Manager = Manager()
    mail: Mail = Mail()
    backup: Backup = Backup()
    access: Access = Access()
    certificate: Certificate = Certificate()
    disks: Disks = Disks()
    board: Board = Board()
    console: Console = Console()


REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "network": ("address", "gateway"),
    "span": ("number",),
    "caller": ("number",),
    "seat": ("label", "extension"),
    "tenant": ("name",),
    "manager": ("login_name", "name"),
}
"""Keys that a table must have."""

assert set(REQUIRED) <= set(Description.__struct_fields__)
