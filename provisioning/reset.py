"""Factory reset: destroys the keys first, so that a reset cut short still leaves nothing to read."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Final

from appliance.errors import BadInput
from appliance.files import sync_directory
from appliance.gpio_leds import reset_request
from appliance.settings import Home
from provisioning.commands import Commands
from provisioning.messages import RESET_WORD

BLOCK: Final = 4_096
RUN: Final = "run"  # memory, and the sockets of processes that still run


def factory_reset(home: Home, commands: Commands, *, box: Path, confirmation: str) -> None:
    """Destroy keys, then data and settings, then restart the box.  Raises BadInput unless confirmed."""
    if confirmation != RESET_WORD:
        raise BadInput(f"Not confirmed: type {RESET_WORD}.", remedy="Nothing was erased.")
    with contextlib.suppress(OSError):
        reset_request.withdraw(home)
    _destroy(home.key_file)
    for directory in (*(child for child in home.root.iterdir() if child.name != RUN), box):
        _empty(directory)
    home.site_file.unlink(missing_ok=True)
    sync_directory(home.root)
    commands.run("systemctl", "--no-block", "reboot")


def _destroy(path: Path) -> None:
    """Overwrite a key before its name goes: the disk below is encrypted too, this is the second wall."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        file.write(os.urandom(BLOCK))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    sync_directory(path.parent)


def _empty(directory: Path) -> None:
    if not directory.is_dir():
        return
    for child in directory.iterdir():
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child, ignore_errors=True)
        else:
            child.unlink(missing_ok=True)
