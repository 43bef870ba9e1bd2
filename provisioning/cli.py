"""`yobirin-provision SITE.toml --port /dev/ttyUSB0`: the technician's script on the laptop.

Checks the file whole before it opens the port, shows the plan and asks, applies it with progress, reads it
back and writes the hand-over sheet.  Exit code 0 is done; an error's own code otherwise.
"""

from __future__ import annotations

import argparse
import getpass
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from appliance.errors import YobirinError
from appliance.files import write_atomically
from provisioning import handover, reading
from provisioning.apply import Outcome, Provisioner
from provisioning.description import Description
from provisioning.link import Link
from provisioning.messages import Step
from provisioning.plan import digest, step_words
from provisioning.serial_port import open_port
from provisioning.wanted import Secrets, Wanted, build, fill, load_secrets, save_secrets, secrets_file
from provisioning.words import Language, Text

FOUND_BAD: Final = 6
"""Exit code where everything was applied and something does not work yet."""


class Person:
    """The technician at the laptop's terminal."""

    def __init__(self, language: Language, *, is_sure: bool) -> None:
        self._language = language
        self._is_sure = is_sure

    def say(self, text: Text) -> None:
        print(text.in_(self._language), flush=True)

    def step(self, at: int, of: int, text: Text, note: str) -> None:
        more = f"  ({note})" if note else ""
        print(f"[{at:>3}/{of}] {text.in_(self._language)}{more}", flush=True)

    def confirm(self, notes: tuple[Text, ...], steps: tuple[Step, ...]) -> bool:
        show_plan(notes, steps, self._language)
        if self._is_sure or not steps:
            return True
        question = Text("実行しますか (y/N): ", "Do it? (y/N): ")
        return input(question.in_(self._language)).strip().lower() in ("y", "yes")

    def secret(self, wants: str) -> str:
        if self._is_sure and not sys.stdin.isatty():
            return ""
        question = (
            Text("設定コード（装置の画面に出ています）: ", "Set-up code (on the box's own screen): ")
            if wants == "code"
            else Text("コンソールのPIN: ", "Console PIN: ")
        )
        return getpass.getpass(question.in_(self._language)).strip()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the script; the exit code."""
    options = parser().parse_args(arguments)
    try:
        return _run(options)
    except YobirinError as error:
        print(f"yobirin-provision: {error.what}\n  {error.remedy}".rstrip(), file=sys.stderr)
        return error.exit_code
    except (KeyboardInterrupt, EOFError):
        print(file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        prog="yobirin-provision", description="Set a Yobirin box up over its serial console."
    )
    top.add_argument("site", metavar="SITE.toml", type=Path, help="the site's description")
    top.add_argument("--port", metavar="PORT", help="/dev/ttyUSB0, socket://host:port or unix:/path")
    top.add_argument("--baud", type=int, default=115_200, help="speed of the line (%(default)s)")
    top.add_argument("--check", action="store_true", help="look for mistakes in SITE.toml, touch nothing")
    top.add_argument("--plan", action="store_true", help="show what would be done, change nothing")
    top.add_argument(
        "--before-restore",
        action="store_true",
        help="only what a backup does not hold: no customer, no seats",
    )
    top.add_argument("--yes", action="store_true", help="do not ask")
    top.add_argument("--pin", default=os.environ.get("YOBIRIN_PIN", ""), help="PIN or code (else it asks)")
    top.add_argument("--sheet", metavar="FILE", type=Path, help="hand-over sheet (SITE-handover.html)")
    top.add_argument("--language", choices=("ja", "en"), default=_language(), help="of the messages")
    return top


def _language() -> Language:
    return "en" if os.environ.get("LANG", "").startswith("en") else "ja"


def _run(options: argparse.Namespace) -> int:
    language: Language = options.language
    site = reading.read(options.site, language=language)
    if options.check or not options.port:
        text = Text(f"{options.site}：誤りはありません。", f"{options.site}: no mistakes.")
        print(text.in_(language))
        return 0
    path = secrets_file(options.site)
    kept = fill(load_secrets(path), site)
    save_secrets(path, kept)  # before anything is sent: what is in the box is never lost
    wanted = build(site, kept, beside=options.site.parent, is_before_restore=options.before_restore)
    person = Person(language, is_sure=options.yes)
    provisioner = Provisioner(
        lambda: Link(open_port(options.port, options.baud)), site, wanted, person, given=options.pin
    )
    if options.plan:
        show_plan(*provisioner.plan_only(), language)
        return 0
    outcome = provisioner.run()
    if options.before_restore:
        _tell_restore(outcome, language)
    else:
        _hand_over(options, site, wanted, outcome, kept)
    return _close(outcome, language)


def _hand_over(
    options: argparse.Namespace, site: Description, wanted: Wanted, outcome: Outcome, kept: Secrets
) -> None:
    target = options.sheet or options.site.with_name(f"{options.site.stem}-handover.html")
    written_at = time.strftime("%Y-%m-%d %H:%M %z")
    page = handover.sheet(site, wanted, outcome, written_at=written_at)
    write_atomically(target, page.encode(), mode=0o600)
    if outcome.is_recovery_set:
        kept.recovery, kept.recovery_told = "", digest(kept.recovery)
        save_secrets(secrets_file(options.site), kept)
    text = Text(f"引き渡し書：{target}", f"Hand-over sheet: {target}")
    print(text.in_(options.language))


def _tell_restore(outcome: Outcome, language: Language) -> None:
    """No sheet: PIN, passwords and recovery key will be those of the backup."""
    if outcome.backup.public_key:
        text = Text("サーバの authorized_keys に入れる行：", "For the server's authorized_keys:")
        print(f"{text.in_(language)}\n  {outcome.backup.public_key}")
    following = Text(
        "次に、装置のメニュー b で復元し、そのあと yobirin-provision をもう一度実行してください。",
        "Now restore by the box's menu b, then run yobirin-provision once more.",
    )
    print(following.in_(language))


def _close(outcome: Outcome, language: Language) -> int:
    for found in outcome.findings:
        print(f"  {'○' if found.is_good else '×'} {found.name:<10} {found.seen}")
    done = Text(f"完了（{outcome.applied}件を設定しました）。", f"Done: {outcome.applied} steps.")
    print(done.in_(language))
    return 0 if all(found.is_good for found in outcome.findings) else FOUND_BAD


def show_plan(notes: tuple[Text, ...], steps: tuple[Step, ...], language: Language) -> None:
    """The plan as a numbered list."""
    for note in notes:
        print(f"  ! {note.in_(language)}")
    if not steps:
        print(Text("することはありません。", "There is nothing to do.").in_(language))
    for number, step in enumerate(steps, 1):
        print(f"  {number:>3}. {step_words(step).in_(language)}")


if __name__ == "__main__":
    sys.exit(main())
