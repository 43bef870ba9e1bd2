"""Where the files of a site description lie on the box, and what puts each of them in force.

`HOME` holds what the appliance reads; `/data/box` holds what the system reads, through the image's own
`apply-site`, at each start.  A file whose program fails is put back as it was.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from appliance import settings
from appliance.errors import BadInput
from appliance.files import sync_directory, write_atomically
from appliance.settings import Home
from provisioning.commands import NOT_INSTALLED, Commands
from provisioning.messages import FILE_CHARACTERS_MAX, FILE_NAMES, FileName
from provisioning.plan import digest

BOX: Final = Path("/data/box")
BOX_MODE: Final = 0o644  # no secrets: chronyd and networkd, which are not root, read copies of them
APPLY_SITE: Final = ("/usr/lib/yobirin/apply-site",)
SET_UP_LINES: Final = ("/usr/lib/yobirin/set-up-lines",)
RELOAD_CHRONY: Final = ("chronyc", "reload", "sources")
RESTART_NETWORK: Final = ("systemctl", "restart", "systemd-networkd")
MAY_FAIL: Final = frozenset({RELOAD_CHRONY, RESTART_NETWORK})
"""What only hastens: at the next start the file is in force anyway."""

IN_HOME: Final[dict[FileName, str]] = {
    "site": "site.toml",
    "mail_password": "secrets/mail.password",
    "backup_hosts": "secrets/backup_known_hosts",
}
IN_BOX: Final[dict[FileName, str]] = {
    "network": "network/10-site.network",
    "vlan": "network/05-site.netdev",
    "vlan_parent": "network/20-parent.network",
    "chrony": "chrony/site.sources",
    "nft": "nft.d/site.nft",
    "dahdi": "dahdi/system.conf",
    "host_name": "hostname",
    "backup_place": "backup.place",
    "nrpe": "nrpe.allow",
}
assert {*IN_HOME, *IN_BOX} == set(FILE_NAMES)

IN_FORCE_BY: Final[dict[FileName, tuple[tuple[str, ...], ...]]] = {
    "site": (),
    "mail_password": (),
    "backup_hosts": (),
    "backup_place": (),  # looked at every 10 s
    "nrpe": (APPLY_SITE,),
    "network": (APPLY_SITE, RESTART_NETWORK),
    "vlan": (),  # with the network, which comes after
    "vlan_parent": (),
    "chrony": (APPLY_SITE, RELOAD_CHRONY),
    "nft": (APPLY_SITE,),
    "dahdi": (SET_UP_LINES,),
    "host_name": (),  # at the next start
}
assert set(IN_FORCE_BY) == set(FILE_NAMES)


class BoxFiles:
    """The files of one box."""

    def __init__(self, home: Home, commands: Commands, *, box: Path = BOX) -> None:
        self._home = home
        self._commands = commands
        self._box = box

    def path(self, name: FileName) -> Path:
        """Where a file lies."""
        return self._home.root / IN_HOME[name] if name in IN_HOME else self._box / IN_BOX[name]

    def text(self, name: FileName) -> str:
        """What it says now; '' without it."""
        try:
            return self.path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return ""

    def digests(self) -> dict[str, str]:
        """SHA-256 of every file's text; '' where there is none."""
        return {name: digest(self.text(name)) for name in FILE_NAMES}

    def write(self, name: FileName, text: str) -> str:
        """Replace a file and put it in force; a note for people, '' mostly.

        Raises BadInput where the text is refused or its program fails; the file is then as it was.
        """
        if len(text) > FILE_CHARACTERS_MAX:
            raise BadInput(
                f"The file {name} is too long.", remedy=f"At most {FILE_CHARACTERS_MAX} characters."
            )
        if name == "site":
            settings.parse(text, where="site.toml")  # raises SettingsError, and nothing was written
        before = self.text(name)
        self._put(name, text)
        try:
            return self._put_in_force(name)
        except BadInput:
            self._put(name, before)
            raise

    def _put(self, name: FileName, text: str) -> None:
        path = self.path(name)
        if not text:
            path.unlink(missing_ok=True)
            return
        if name in IN_HOME:
            self._home.directory(*Path(IN_HOME[name]).parts[:-1])
        write_atomically(path, text.encode(), mode=_mode(path) if name in IN_HOME else BOX_MODE)
        if name in IN_HOME:
            _give_to_group(path)
        sync_directory(path.parent)

    def _put_in_force(self, name: FileName) -> str:
        notes = []
        for words in IN_FORCE_BY[name]:
            ran = self._commands.run(*words)
            if ran.code == NOT_INSTALLED or (words in MAY_FAIL and not ran.is_good):
                notes.append(f"{words[0]}: {ran.reason}; in force after the next start.")
            elif not ran.is_good:
                raise BadInput(
                    f"{Path(words[0]).name} refuses {name}: {ran.reason}.",
                    remedy="The old file is back; correct the site description.",
                )
        return " ".join(notes)


def _mode(path: Path) -> int:
    return settings.file_mode(path.parent) if path.parent.exists() else 0o600


def _give_to_group(path: Path) -> None:
    """A file in the home belongs to whom its directory belongs: the writer is root there."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)
