"""`yobirin backup` and `yobirin restore`: the way out of the box and back, by hand."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from appliance import settings as site
from appliance.backup import key as backup_key
from appliance.backup.nightly import now_ms, opened_target, run_once
from appliance.backup.restore import drill, restore
from appliance.errors import BadInput, SettingsError
from appliance.settings import Home


def backup(home: Home, options: argparse.Namespace) -> int:
    """Back up now; with `--drill` only prove the newest one, with `--key` only print the recovery key."""
    if options.key:
        print(backup_key.words(home, at=now_ms()))
        return 0
    settings = site.load(home)
    if not settings.backup.target:
        raise SettingsError(
            f"{home.site_file} names no backup.target.",
            remedy='Write [backup] target = "/mnt/backup" into it.',
        )
    if options.drill:
        with opened_target(settings.backup.target, home) as target:
            least = settings.limits.disk_free_min_bytes
            made = drill(home, target, backup_key.ensure(home), at=now_ms(), least=least, say=_progress)
        print(f"Every row of the backup of {_time(made.at)} came back as it was.")
        return 0
    status = run_once(home, settings)
    print(
        f"Backed up to {status.target}: {status.recordings} recordings, {status.copied_bytes} bytes copied."
    )
    if not status.key_shown_at:
        print(
            "Nobody has seen its recovery key yet: print it with `yobirin backup --key`, keep it elsewhere."
        )
    return 0


def restore_home(home: Home, options: argparse.Namespace) -> int:
    """Restore onto a blank box.  The recovery key is asked for, or read from a file."""
    if options.key_file:
        key = backup_key.spoken(Path(options.key_file).read_text(encoding="ascii"))
    elif sys.stdin.isatty():
        key = backup_key.spoken(input("Recovery key: "))
    else:
        raise BadInput("There is no recovery key.", remedy="Give --key-file, or type it at a terminal.")
    with opened_target(options.source, None) as target:
        made = restore(home, target, key, until=options.until, say=_progress)
    recordings = sum(not kept.is_sealed for kept in made.files)
    print(f"Restored {made.site_name} as it was on {_time(made.at)}: {recordings} recordings.")
    for path in made.left_out:
        print(f"  not in this backup: {path}")
    return 0


def _progress(what: str, share: float) -> None:
    if sys.stderr.isatty():
        print(f"\r{what} {100 * share:3.0f} %", end="" if share < 1 else "\n", file=sys.stderr, flush=True)


def _time(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
