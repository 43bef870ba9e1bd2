"""The site file `site.toml` in the home directory: what a technician sets once per box.

Strict: an unknown key is an error that names the nearest known one.  Everything a manager changes while
working (projects, lists, users, pacing) is in the store, not here.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
import stat
import tomllib
import zoneinfo
from pathlib import Path
from typing import Literal

import msgspec

from appliance.errors import SettingsError

SPANS_MAX = 5
SEATS_MAX = 100
CHANNELS_PER_SPAN = 23
PORT_MAX = 65_535

SpanKind = Literal["dahdi", "simulated", "absent"]
LampsKind = Literal["pca9555", "gpio", "recorded", "absent"]
ChassisKind = Literal["can", "simulated", "absent"]


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every section: no unknown keys, nothing changes after reading."""


class Span(Strict, frozen=True, kw_only=True):
    """One INS1500 line.  `kind` picks the back end; `first_channel` is DAHDI's number of its channel 1."""

    number: int
    kind: SpanKind = "simulated"
    first_channel: int = 1
    lines_dir: str = "lines"  # simulated: directory of sockets, relative to the home directory
    slot_ms: int = 20


class Phones(Strict, frozen=True, kw_only=True):
    """The desk-phone side: where SIP listens, and who may talk to it."""

    address: str = "127.0.0.1"
    sip_port: int = 5060
    rtp_port_first: int = 16_000
    rtp_port_last: int = 16_999
    service_code: str = "9000"
    allowed_networks: tuple[str, ...] = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")


class Web(Strict, frozen=True, kw_only=True):
    """The page on the LAN: HTTPS only."""

    address: str = "127.0.0.1"
    port: int = 8443
    certificate: str = "tls/web.crt"
    private_key: str = "tls/web.key"


class Limits(Strict, frozen=True, kw_only=True):
    """Bounds of one import and of the disk; see product.md section 5."""

    import_rows_max: int = 200_000
    list_customers_max: int = 1_000_000
    import_bytes_max: int = 200_000_000
    recordings_bytes_max: int = 50_000_000_000
    trace_bytes_max: int = 64_000_000
    disk_free_min_bytes: int = 500_000_000


class Lamps(Strict, frozen=True, kw_only=True):
    """The front panel.  `bus` and `address` for a PCA9555 on I2C; `gpio_chip` for lines of a GPIO chip."""

    kind: LampsKind = "absent"
    bus: int = 0
    address: int = 0x20
    gpio_chip: str = "/dev/gpiochip0"


class Chassis(Strict, frozen=True, kw_only=True):
    """The chassis controller on CAN.  `channel` is the network interface, such as `can0`."""

    kind: ChassisKind = "absent"
    channel: str = "can0"
    node: int = 0x10
    has_line_relay: bool = False


class Watchdog(Strict, frozen=True, kw_only=True):
    """The hardware watchdog; an empty `device` means there is none.  The box resets after `timeout_s`."""

    device: str = ""
    timeout_s: int = 30


class Mail(Strict, frozen=True, kw_only=True):
    """The site's mail relay.  No `relay`: nothing is sent, everything stays on the page."""

    relay: str = ""
    port: int = 25
    sender: str = ""
    to: tuple[str, ...] = ()
    starttls: bool = False
    user: str = ""
    password_file: str = ""


class Monitor(Strict, frozen=True, kw_only=True):
    """Checks and alarms.  `metrics_networks` may read /metrics; empty: nobody may."""

    interval_s: int = 30
    alive_hour: int = 8  # of the daily "alive" mail, local time
    ping: tuple[str, ...] = ()  # addresses that must answer, such as the gateway and the phone gateways
    data_disks: tuple[str, ...] = ()  # whole disks watched by SMART, such as /dev/sda
    metrics_networks: tuple[str, ...] = ()


class Backup(Strict, frozen=True, kw_only=True):
    """Where the nightly backup goes: a directory (a mounted USB disk or NFS), or `ssh://user@host/path`."""

    target: str = ""
    hour: int = 3
    keep: int = 14  # database backups; recordings are kept once each


class Console(Strict, frozen=True, kw_only=True):
    """The technician's menu on a serial line; an empty `device` means there is none."""

    device: str = ""
    baud: int = 115_200


class Settings(Strict, frozen=True, kw_only=True):
    """The whole site file, with the home directory it came from."""

    site_name: str = "Yobirin"
    time_zone: str = "Asia/Tokyo"
    language: Literal["ja", "en"] = "ja"
    spans: tuple[Span, ...] = (Span(number=1),)
    phones: Phones = Phones()
    web: Web = Web()
    limits: Limits = Limits()
    lamps: Lamps = Lamps()
    chassis: Chassis = Chassis()
    watchdog: Watchdog = Watchdog()
    mail: Mail = Mail()
    monitor: Monitor = Monitor()
    backup: Backup = Backup()
    console: Console = Console()


def file_mode(directory: Path) -> int:
    """The mode for a new file: the owner's alone, or as open to the group as its directory; no one else's.

    A box prepares its directories for one system user a process (`appliance/rights.py`) and marks them with
    the set-group-id bit.  Everywhere else files get 0600.
    """
    group = _group_bits(directory)
    return 0o660 if group & 0o020 else 0o640 if group & 0o040 else 0o600


def _group_bits(directory: Path) -> int:
    mode = directory.stat().st_mode
    return mode & 0o070 if mode & stat.S_ISGID else 0


def make_directory(path: Path) -> None:
    """Make a directory, as open to the group as the one it is in (`file_mode`).  Raises SettingsError."""
    if not path.parent.is_dir():
        make_directory(path.parent)
    group = _group_bits(path.parent)
    _make(path)
    if group:
        path.chmod(stat.S_IMODE(path.stat().st_mode) | group)  # with the bit that hands the group on


def _make(path: Path) -> None:
    try:
        path.mkdir(mode=0o700)
    except FileExistsError as error:
        if not path.is_dir():
            raise SettingsError(f"{path} is not a directory.", remedy="Move the file away.") from error


class Home:
    """Paths below the data directory.

    A directory is made on first use, for its owner alone; below one that a box shares with a group, it is
    shared likewise.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    @property
    def site_file(self) -> Path:
        return self.root / "site.toml"

    @property
    def database(self) -> Path:
        return self.root / "data" / "yobirin.db"

    @property
    def key_file(self) -> Path:
        return self.root / "secrets" / "database.key"

    def directory(self, *parts: str) -> Path:
        """`root/parts…`, made if absent.  Raises SettingsError, OSError."""
        path = self.root.joinpath(*parts)
        if path.is_dir():
            return path
        if path == self.root:
            path.parent.mkdir(parents=True, exist_ok=True)
            _make(path)
        else:
            self.directory(*path.relative_to(self.root).parts[:-1])
            make_directory(path)
        return path

    @property
    def run(self) -> Path:
        """Unix sockets of the processes."""
        return self.directory("run")

    @property
    def recordings(self) -> Path:
        return self.directory("data", "recordings")

    @property
    def imports(self) -> Path:
        """Uploaded files, kept with their import job."""
        return self.directory("data", "imports")

    @property
    def trace(self) -> Path:
        """The flight recorder's rings."""
        return self.directory("data", "trace")

    @property
    def prompts(self) -> Path:
        """Speech made for this site: caller names, result-code names."""
        return self.directory("data", "prompts")

    @property
    def logs(self) -> Path:
        return self.directory("logs")

    def socket(self, process: str) -> Path:
        """The socket a process serves, e.g. `run/dialer.sock`."""
        return self.run / f"{process}.sock"


def load(home: Home) -> Settings:
    """Read and check the site file; the defaults where there is none.  Raises SettingsError."""
    if not home.site_file.exists():
        return check(Settings(), where=str(home.site_file))
    try:
        text = home.site_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{home.site_file} cannot be read: {error}.", remedy="Check that it exists and is UTF-8 text."
        ) from error
    return parse(text, where=str(home.site_file))


def parse(text: str, *, where: str) -> Settings:
    """Decode and check the text of a site file.  Raises SettingsError naming file and key."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{where}: not TOML: {error}.", remedy="Correct the line named.") from error
    try:
        settings = msgspec.convert(raw, Settings)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{where}: {error}.", remedy=_remedy(str(error))) from error
    return check(settings, where=where)


def check(settings: Settings, *, where: str) -> Settings:
    """Cross-field rules that types cannot say.  Raises SettingsError."""
    numbers = [span.number for span in settings.spans]
    if not 1 <= len(numbers) <= SPANS_MAX or sorted(numbers) != list(range(1, len(numbers) + 1)):
        raise SettingsError(
            f"{where}: spans are numbered {numbers}.", remedy=f"Number 1 to {SPANS_MAX} spans from 1 upwards."
        )
    for span in settings.spans:
        if not 10 <= span.slot_ms <= 1000 or span.slot_ms % 10:
            raise SettingsError(
                f"{where}: span {span.number}: slot_ms is {span.slot_ms}.",
                remedy="Give 10 to 1000 ms, in steps of 10.",
            )
    if settings.phones.rtp_port_last - settings.phones.rtp_port_first < 2 * SEATS_MAX:
        raise SettingsError(
            f"{where}: phones.rtp_port_first to rtp_port_last holds too few ports.",
            remedy=f"Leave at least {2 * SEATS_MAX} ports between them.",
        )
    if not re.fullmatch(r"\d{2,6}", settings.phones.service_code):
        raise SettingsError(
            f"{where}: phones.service_code is {settings.phones.service_code!r}.", remedy="Give 2 to 6 digits."
        )
    _check_time_zone(settings, where)
    _check_networks(settings, where)
    _check_ports(settings, where)
    return settings


def _check_time_zone(settings: Settings, where: str) -> None:
    try:
        zoneinfo.ZoneInfo(settings.time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        near = difflib.get_close_matches(settings.time_zone, zoneinfo.available_timezones(), n=1)
        raise SettingsError(
            f"{where}: time_zone is {settings.time_zone!r}, which is not known.",
            remedy=f"Did you mean `{near[0]}`?" if near else "Give a name such as `Asia/Tokyo`.",
        ) from error


def _check_networks(settings: Settings, where: str) -> None:
    for network in settings.phones.allowed_networks:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError as error:
            raise SettingsError(
                f"{where}: phones.allowed_networks holds {network!r}, which is no network.",
                remedy="Write it like `192.168.1.0/24`.",
            ) from error


def _check_ports(settings: Settings, where: str) -> None:
    phones = settings.phones
    ports = {
        "phones.sip_port": phones.sip_port,
        "phones.rtp_port_first": phones.rtp_port_first,
        "phones.rtp_port_last": phones.rtp_port_last,
        "web.port": settings.web.port,
    }
    for name, port in ports.items():
        if not 0 <= port <= PORT_MAX:
            raise SettingsError(f"{where}: {name} is {port}.", remedy=f"Give a port from 1 to {PORT_MAX}.")


SECTIONS = (
    *(Settings, Span, Phones, Web, Limits),
    *(Lamps, Chassis, Watchdog, Mail, Monitor, Backup, Console),
)


def _remedy(message: str) -> str:
    found = re.search(r"unknown field `(\w+)`", message)
    if not found:
        return "Correct the value named."
    known = {name for section in SECTIONS for name in section.__struct_fields__}
    near = difflib.get_close_matches(found.group(1), known, n=1)
    return f"Did you mean `{near[0]}`?" if near else "Remove it."
