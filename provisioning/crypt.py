"""The recovery passphrase of the data partition: key slot 1 of its LUKS header, added with the key stick.

Never touches slot 0 (the stick's key), and never formats.  cryptsetup does the work.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from appliance.errors import BadInput
from appliance.files import write_atomically
from appliance.settings import Home
from provisioning.commands import Commands
from provisioning.plan import digest

DATA_LABEL: Final = "YOBIRIN-DATA"
KEY_LABEL: Final = "YOBIRIN-KEY"
SLOT: Final = "1"
SECRETS_IN_MEMORY: Final = Path("/run")
PASSPHRASE_MIN: Final = 20
CHEAP: Final = ("--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "100000")
"""The passphrase is chance of 158 bits: no one guesses it, and argon2 would ask for half the memory."""


class Crypt:
    """The encrypted data partition of one box, if it has one."""

    def __init__(self, home: Home, commands: Commands) -> None:
        self._mark = home.root / "secrets" / "recovery.mark"
        self._commands = commands

    def device(self) -> str:
        """The partition's device, '' without one."""
        return self._labelled(DATA_LABEL)

    def stick(self) -> str:
        """The key stick's device, '' when it is not in the box."""
        return self._labelled(KEY_LABEL)

    def recovery_mark(self) -> str:
        """SHA-256 of the passphrase that was put in, '' without one."""
        try:
            return self._mark.read_text(encoding="ascii").strip()
        except OSError:
            return ""

    def set_recovery(self, passphrase: str) -> None:
        """Put a passphrase in the recovery slot, in place of the one there.  Raises BadInput."""
        if len(passphrase) < PASSPHRASE_MIN:
            raise BadInput(
                "The recovery passphrase is too short.", remedy=f"At least {PASSPHRASE_MIN} letters."
            )
        device, stick = self.device(), self.stick()
        if not device:
            raise BadInput(
                "There is no encrypted data partition.", remedy="Set `recovery = false` in [disks]."
            )
        if not stick:
            raise BadInput(
                f"The key stick ({KEY_LABEL}) is not in the box.", remedy="Plug it in, then run this again."
            )
        with tempfile.TemporaryDirectory(prefix="yobirin-", dir=_memory()) as made:
            self._with_stick(device, stick, Path(made), passphrase)
        write_atomically(self._mark, digest(passphrase).encode(), mode=0o600)

    def _with_stick(self, device: str, stick: str, made: Path, passphrase: str) -> None:
        mounted = made / "key"
        mounted.mkdir(mode=0o700)
        self._do("mount", "-o", "ro,nosuid,nodev,noexec", stick, str(mounted), what="The key stick")
        try:
            uuid = self._commands.run("cryptsetup", "luksUUID", device).said.strip()
            self._add(device, mounted / f"{uuid}.key", made / "new", passphrase)
        finally:
            self._commands.run("umount", str(mounted))

    def _add(self, device: str, key: Path, fresh: Path, passphrase: str) -> None:
        if not key.exists():
            raise BadInput("The stick holds no key for this box.", remedy="Plug in this box's own stick.")
        write_atomically(fresh, passphrase.encode(), mode=0o600)
        try:
            fits = self._commands.run(
                "cryptsetup",
                "open",
                "--test-passphrase",
                "--key-slot",
                SLOT,
                "--key-file",
                str(fresh),
                device,
            )
            if fits.is_good:
                return  # an earlier run got this far
            # The slot may be empty: then there is nothing to kill, and the answer does not matter.
            self._commands.run("cryptsetup", "luksKillSlot", "-q", "--key-file", str(key), device, SLOT)
            words = ("cryptsetup", "luksAddKey", "-q", *CHEAP, "--key-file", str(key), "--new-key-slot", SLOT)
            self._do(*words, device, str(fresh), what="The recovery slot")
        finally:
            fresh.unlink(missing_ok=True)

    def _do(self, *words: str, what: str) -> None:
        ran = self._commands.run(*words)
        if not ran.is_good:
            raise BadInput(f"{what} refuses: {ran.reason}.", remedy="Look at the disks, then run this again.")

    def _labelled(self, label: str) -> str:
        ran = self._commands.run("blkid", "-c", "/dev/null", "-t", f"LABEL={label}", "-o", "device")
        lines = ran.said.split()
        return lines[0] if ran.is_good and lines else ""


def _memory() -> Path | None:
    """A directory that is never on a disk, where there is one."""
    return SECRETS_IN_MEMORY if SECRETS_IN_MEMORY.is_dir() else None
