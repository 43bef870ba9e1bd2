"""What a site description wants of a box, with every generated secret filled in.

Generated secrets live beside SITE.toml in `SITE.secrets.json` (mode 0600): a second run, or one after a
broken cable, wants the same ones, so that nothing is done twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from appliance.files import write_atomically
from appliance.store import numbers
from provisioning import generate
from provisioning.description import Description
from provisioning.messages import FileName

LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # can be read aloud: no 0 and O, no 1 and l
PASSWORD_LETTERS: Final = 12  # 59 bits
RECOVERY_LETTERS: Final = 32  # 158 bits: it alone stands between a stolen disk and the data
PIN_DIGITS: Final = 8


class Secrets(msgspec.Struct, kw_only=True):
    """What was generated for a site.

    `recovery` is forgotten once the sheet that carries it is written; `recovery_told` is its SHA-256, by
    which a box is known that still has it.  One that was reset gets a new key.
    """

    seats: dict[str, str] = {}
    manager: str = ""
    pin: str = ""
    recovery: str = ""
    recovery_told: str = ""


class WantedSeat(msgspec.Struct, frozen=True, kw_only=True):
    """A desk phone with its password."""

    label: str
    extension: str
    password: str
    is_generated: bool


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of it."""

    files: dict[FileName, str]
    entry_code: str
    tenant: str
    project: str
    callers: tuple[tuple[str, str], ...]
    manager_login: str
    manager_name: str
    manager_password: str
    seats: tuple[WantedSeat, ...]
    pin: str
    chain: str
    key: str
    recovery: str  # the next one to be told; '' where none is wanted
    recovery_told: str  # SHA-256 of the one on an earlier sheet
    is_before_restore: bool = False  # no customer, no seats, no PIN: they come out of a backup


def secrets_file(site: Path) -> Path:
    """Where the generated secrets of a description are kept."""
    return site.with_suffix(".secrets.json")


def load_secrets(path: Path) -> Secrets:
    """The secrets generated before, or none.  A damaged file counts as none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Secrets)
    except (OSError, msgspec.MsgspecError):
        return Secrets()


def save_secrets(path: Path, kept: Secrets) -> None:
    """Keep them, for the owner alone."""
    write_atomically(path, msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n", mode=0o600)


def fill(kept: Secrets, site: Description, choose: Callable[[str], str] = secrets.choice) -> Secrets:
    """`kept` with what the description leaves to be generated; what it had stays."""
    seats = {
        seat.extension: kept.seats.get(seat.extension) or word(PASSWORD_LETTERS, choose)
        for seat in site.seat
        if not seat.password
    }
    return Secrets(
        seats=seats,
        manager=kept.manager or word(PASSWORD_LETTERS, choose),
        pin=kept.pin or _pin(choose),
        recovery=(kept.recovery or word(RECOVERY_LETTERS, choose)) if site.disks.recovery else "",
        recovery_told=kept.recovery_told,
    )


def _pin(choose: Callable[[str], str]) -> str:
    """Digits, three of them different at least: the box takes no other PIN."""
    drawn = "".join(choose("0123456789") for _ in range(PIN_DIGITS))
    return drawn if len(set(drawn)) >= 3 else drawn[:-3] + "427"


def word(letters: int, choose: Callable[[str], str]) -> str:
    """Groups of four letters that can be read aloud."""
    drawn = "".join(choose(LETTERS) for _ in range(letters))
    return "-".join(drawn[at : at + 4] for at in range(0, letters, 4))


def build(site: Description, kept: Secrets, *, beside: Path, is_before_restore: bool = False) -> Wanted:
    """What to bring the box to.  `kept` comes from `fill`; certificate files lie in `beside`."""
    own = site.certificate
    return Wanted(
        files=generate.every(site),
        entry_code=site.tenant.entry_code,
        tenant=site.tenant.name,
        project=site.tenant.project if site.caller else "",
        callers=tuple((_digits(caller.number), caller.name) for caller in site.caller),
        manager_login=site.manager.login_name,
        manager_name=site.manager.name,
        manager_password=kept.manager,
        seats=tuple(
            WantedSeat(
                label=seat.label,
                extension=seat.extension,
                password=seat.password or kept.seats[seat.extension],
                is_generated=not seat.password,
            )
            for seat in site.seat
        ),
        pin=site.console.pin or kept.pin,
        chain=(beside / own.chain).read_text(encoding="ascii") if own.chain else "",
        key=(beside / own.key).read_text(encoding="ascii") if own.key else "",
        recovery=kept.recovery,
        recovery_told=kept.recovery_told,
        is_before_restore=is_before_restore,
    )


def _digits(number: str) -> str:
    found = numbers.normalise(number)
    assert isinstance(found, numbers.Number), "the description is checked before it is wanted"
    return found.digits
