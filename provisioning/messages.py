"""What laptop, console and the privileged `setup` process tell each other: requests, steps, what is present.

The same Structs travel as frames over the serial line (frames.py) and as lines over `run/setup.sock`
(appliance/ipc.py).  A step is idempotent: doing it twice leaves the box as doing it once.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

FileName = Literal[
    "site",
    "mail_password",
    "network",
    "vlan",
    "chrony",
    "nft",
    "dahdi",
    "vlan_parent",
    "host_name",
    "backup_hosts",
    "backup_place",
    "nrpe",
]
FILE_NAMES: Final[tuple[FileName, ...]] = (
    "site",
    "mail_password",
    "network",
    "vlan",
    "chrony",
    "nft",
    "dahdi",
    "vlan_parent",
    "host_name",
    "backup_hosts",
    "backup_place",
    "nrpe",
)
FILE_CHARACTERS_MAX: Final = 20_000
RestartKind = Literal["processes", "box", "power_off"]


class Message(msgspec.Struct, frozen=True, tag=True, tag_field="t", kw_only=True):
    """Base of all."""


# --- steps of a plan: each an argument of `Apply` ----------------------------------------------------


class WriteFile(Message, frozen=True, kw_only=True):
    """Replace one of the files that a site description decides, and put it in force.  Empty: remove it."""

    name: FileName
    text: str


class SetTenant(Message, frozen=True, kw_only=True):
    """The customer, and the first project with its caller numbers (bare digits, name), the main one first."""

    entry_code: str
    name: str
    project: str = ""
    callers: tuple[tuple[str, str], ...] = ()


class SetManager(Message, frozen=True, kw_only=True):
    """The first manager, with a password that works once."""

    entry_code: str
    login_name: str
    name: str
    password: str


class SetSeat(Message, frozen=True, kw_only=True):
    """A desk phone and its password; a seat of this extension gets the new password."""

    entry_code: str
    label: str
    extension: str
    password: str


class SetPin(Message, frozen=True, kw_only=True):
    """The console's PIN, in place of the set-up code."""

    pin: str


class SetCertificate(Message, frozen=True, kw_only=True):
    """The customer's own certificate.  Empty: back to one of the appliance's authority."""

    chain: str = ""
    key: str = ""


class SetRecovery(Message, frozen=True, kw_only=True):
    """A recovery passphrase for the data partition, in a key slot of its own."""

    passphrase: str


class Restart(Message, frozen=True, kw_only=True):
    """Put the new site file in force.  `processes` leaves console and set-up running."""

    what: RestartKind = "processes"


Step = WriteFile | SetTenant | SetManager | SetSeat | SetPin | SetCertificate | SetRecovery | Restart


# --- requests ----------------------------------------------------------------------------------------


class Hail(Message, frozen=True, kw_only=True):
    """Who is there?  Needs no log-in.  Answered by `Hailed`."""


class LogIn(Message, frozen=True, kw_only=True):
    """Open this connection with the PIN or the one-time set-up code.  Answered by `Opened`, or refused."""

    secret: str


class LogOut(Message, frozen=True, kw_only=True):
    """Close this connection's rights."""


class Read(Message, frozen=True, kw_only=True):
    """What is on the box?  `nonce` is mixed into the marks of secrets, so that none can be compared later."""

    nonce: str = ""


class Apply(Message, frozen=True, kw_only=True):
    """Do one step.  `at` of `of` is kept in the journal, for the console to tell."""

    step: Step
    at: int = 0
    of: int = 0


class Verify(Message, frozen=True, kw_only=True):
    """Does the box work as set up?  Answered by `Findings`."""


class TryNetwork(Message, frozen=True, kw_only=True):
    """Change the address for 60 s; without `KeepNetwork` it goes back by itself."""

    address: str
    gateway: str


class KeepNetwork(Message, frozen=True, kw_only=True):
    """The address that was tried stays."""


class RescueAccess(Message, frozen=True, kw_only=True):
    """Let every address of the box's own network in again, whatever the allow-list says."""


class MakeBundle(Message, frozen=True, kw_only=True):
    """A support bundle with customers' data masked.  Answered by `Bundle`."""


class CopyBundle(Message, frozen=True, kw_only=True):
    """Copy the bundle made last to a USB stick.  Answered by `Done`, or refused: no stick, no room."""


class ReadProcesses(Message, frozen=True, kw_only=True):
    """How the programs stand.  Answered by `Processes`."""


class ReadLog(Message, frozen=True, kw_only=True):
    """The last lines of a process's log.  Answered by `LogLines`."""

    name: str
    lines: int = 200


class ReadBackup(Message, frozen=True, kw_only=True):
    """What people must keep of the backups.  Answered by `BackupAccess`; it is noted that it was shown."""


class FactoryReset(Message, frozen=True, kw_only=True):
    """Destroy the customer's data.  `confirmation` is what a person typed: RESET_WORD and nothing else."""

    confirmation: str


BackupPlace = Literal["usb", "site"]


class FindBackups(Message, frozen=True, kw_only=True):
    """What backups does `key` open: on a USB disk, or at the site's own target?  Answered by `Backups`.

    Refused on a box that knows a tenant.
    """

    place: BackupPlace
    key: str


class RestoreBackup(Message, frozen=True, kw_only=True):
    """Restore the backup of this number, from 1, in what this connection found.  By `RestoreProgress`."""

    number: int


class ReadRestore(Message, frozen=True, kw_only=True):
    """How does the restore stand?  Answered by `RestoreProgress`."""


RESET_WORD: Final = "ERASE"

Request = (
    Hail | LogIn | LogOut | Read | Apply | Verify | TryNetwork | KeepNetwork | RescueAccess
    | MakeBundle | CopyBundle | ReadProcesses | ReadLog | ReadBackup | FactoryReset
    | FindBackups | RestoreBackup | ReadRestore
)  # fmt: skip


# --- answers -----------------------------------------------------------------------------------------


class Hailed(Message, frozen=True, kw_only=True):
    """A Yobirin box.  `wants` is what opens it; `wait_s` until it takes a try."""

    version: str
    host_name: str
    wants: Literal["code", "pin"]
    wait_s: int = 0


class Opened(Message, frozen=True, kw_only=True):
    """Logged in.  `is_code`: by the one-time code: no PIN is set yet.  `is_blank`: no tenant is here."""

    is_code: bool
    is_blank: bool = False


class Applied(Message, frozen=True, kw_only=True):
    """The step is done; `note` is what a person should know, in English ('' mostly)."""

    note: str = ""


class SeatPresent(msgspec.Struct, frozen=True, kw_only=True):
    """A desk phone on the box.  `mark`: SHA-256 of nonce and the password's digest."""

    label: str
    extension: str
    mark: str


class CardSpan(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the card as its driver shows it."""

    number: int
    line_mode: str
    description: str


class Present(Message, frozen=True, kw_only=True):
    """What is on the box now.  `files`: SHA-256 of each file's text, '' where there is none."""

    version: str
    host_name: str
    files: dict[str, str] = {}
    tenants: tuple[tuple[str, str], ...] = ()  # entry code, name
    projects: tuple[str, ...] = ()  # of the first tenant
    callers: tuple[str, ...] = ()  # of the first project, the main one first
    managers: tuple[str, ...] = ()
    seats: tuple[SeatPresent, ...] = ()
    is_pin_set: bool = False
    pin_mark: str = ""
    certificate: str = ""  # SHA-256 of a customer's own chain, '' for the appliance's
    authority: str = ""  # fingerprint, '' before first boot is through
    has_crypt: bool = False
    recovery_mark: str = ""  # SHA-256 of the passphrase in the recovery slot, '' without one
    has_key_stick: bool = False
    disks: tuple[str, ...] = ()
    card: tuple[CardSpan, ...] = ()
    needs_restart: bool = False
    unfinished: str = ""  # the step that the last provisioning did not get through


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing looked at after the set-up: name, whether it is as it should be, what was seen."""

    name: str
    is_good: bool
    seen: str


class Findings(Message, frozen=True, kw_only=True):
    """What was looked at."""

    found: tuple[Finding, ...]


class NetworkTried(Message, frozen=True, kw_only=True):
    """The new address is in force, until `seconds` have passed."""

    seconds: int


class Bundle(Message, frozen=True, kw_only=True):
    """A bundle was made: where, how large, what is in it."""

    path: str
    size: int
    content: tuple[str, ...]


class BackupAccess(Message, frozen=True, kw_only=True):
    """`recovery_key` opens the backups ('' where none are made); `public_key` lets the box into the server
    ('' where there is none).
    """

    recovery_key: str = ""
    public_key: str = ""


class FoundBackup(msgspec.Struct, frozen=True, kw_only=True):
    """One backup.  `at`: milliseconds since 1970 (UTC)."""

    stamp: str
    at: int
    site_name: str
    recordings: int


class Backups(Message, frozen=True, kw_only=True):
    """The backups found, newest first."""

    found: tuple[FoundBackup, ...]


class RestoreProgress(Message, frozen=True, kw_only=True):
    """`share` is 0 to 1.  `note`: the restored site's name, or why it failed."""

    state: Literal["none", "working", "done", "failed"]
    share: float = 0.0
    note: str = ""


class Processes(Message, frozen=True, kw_only=True):
    """supervisord's word for each program: RUNNING, STARTING, BACKOFF, …"""

    states: tuple[tuple[str, str], ...]


class LogLines(Message, frozen=True, kw_only=True):
    """Log lines, oldest first; not yet safe for a terminal."""

    lines: tuple[str, ...]


Answer = (
    Hailed | Opened | Applied | Present | Findings | NetworkTried | Bundle | Processes | LogLines
    | BackupAccess | Backups | RestoreProgress
)  # fmt: skip

Union = Request | Answer
