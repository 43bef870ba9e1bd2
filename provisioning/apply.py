"""Brings a box to what is wanted over one line: log in, read, plan, apply step by step, read back, verify.

A broken line is opened again and the plan made anew from what is then present, so that nothing is done twice.
Talks to people only through `Told`.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from appliance import ipc
from appliance.errors import BadInput, DeviceError
from provisioning import messages
from provisioning.description import Description
from provisioning.link import Link, LinkLost
from provisioning.plan import digest, notes, plan, step_words
from provisioning.serial_port import PortGone
from provisioning.wanted import Wanted
from provisioning.words import Text

LINES_MAX: Final = 20  # how often a line may break in one run
REOPEN_S: Final = 120.0  # how long to wait for the cable
REOPEN_EVERY_S: Final = 1.0
ROUNDS_MAX: Final = 3  # reading back may find something left once; more often, it does not stay


class Told(Protocol):
    """The technician."""

    def say(self, text: Text) -> None:
        """One line."""

    def step(self, at: int, of: int, text: Text, note: str) -> None:
        """One step is done."""

    def confirm(self, notes: tuple[Text, ...], steps: tuple[messages.Step, ...]) -> bool:
        """Show the plan; may it be done?"""

    def secret(self, wants: str) -> str:
        """Ask for the `code` or the `pin`; '' gives up."""


class Outcome(msgspec.Struct, frozen=True):
    """What came of it.  `applied` counts steps; `is_recovery_set`: the passphrase is in the box.

    `backup` is secret: for the sheet alone.
    """

    present: messages.Present
    findings: tuple[messages.Finding, ...]
    applied: int
    is_recovery_set: bool
    backup: messages.BackupAccess = messages.BackupAccess()


class Stopped(BadInput):
    """The technician said no, or gave no PIN; nothing more was done."""


class Provisioner:
    """One run.  `open_link` opens the port anew each time; `now` and `sleep` are the laptop's."""

    def __init__(
        self,
        open_link: Callable[[], Link],
        site: Description,
        wanted: Wanted,
        told: Told,
        *,
        given: str = "",
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._open_link = open_link
        self._site = site
        self._wanted = wanted
        self._told = told
        self._given = given
        self._now = now
        self._sleep = sleep
        self._good = ""
        self._is_confirmed = False
        self._applied = 0

    def run(self) -> Outcome:
        """The whole way.  Raises LinkLost, Stopped, ipc.Refused with the box's words."""
        link = self._connected(self._open_link())
        for _ in range(LINES_MAX):
            try:
                return self._conversation(link)
            except LinkLost as error:
                self._told.say(
                    Text(f"線が切れました（{error.what}）。つなぎ直します。", f"{error.what} Reconnecting.")
                )
                link = self._reopened(error)
        raise LinkLost(f"The line broke {LINES_MAX} times.", remedy="Look at cable and plugs.")

    def plan_only(self) -> tuple[tuple[Text, ...], tuple[messages.Step, ...]]:
        """What a person should know, and the steps; nothing is done."""
        link = self._connected(self._open_link())
        present, nonce = self._read(link)
        return notes(self._site, present), plan(self._wanted, present, nonce=nonce)

    def _connected(self, link: Link) -> Link:
        hailed = link.greet()
        self._told.say(
            Text(
                f"{hailed.host_name}（版 {hailed.version}）につながりました。",
                f"Connected to {hailed.host_name}.",
            )
        )
        self._log_in(link, hailed)
        return link

    def _reopened(self, lost: LinkLost) -> Link:
        until = self._now() + REOPEN_S
        while self._now() < until:
            try:
                return self._connected(self._open_link())
            except (PortGone, LinkLost):
                self._sleep(REOPEN_EVERY_S)
        raise lost

    def _log_in(self, link: Link, hailed: messages.Hailed) -> None:
        if hailed.wait_s:
            self._told.say(
                Text(f"PINの待ち時間：あと{hailed.wait_s}秒", f"The box waits {hailed.wait_s} s more.")
            )
            self._sleep(hailed.wait_s)
        known = [self._good, self._given]
        if hailed.wants == "pin":
            known.append(self._wanted.pin)
        for secret in dict.fromkeys(filter(None, known)):
            if self._opens(link, secret):
                return
        while secret := self._told.secret(hailed.wants):
            if self._opens(link, secret):
                return
        raise Stopped(
            "No PIN was given.", remedy="The set-up code stands on the box's own screen or first line."
        )

    def _opens(self, link: Link, secret: str) -> bool:
        try:
            link.request(messages.LogIn(secret=secret))
        except ipc.Refused as error:
            self._told.say(Text(f"PINが違います。{error.remedy}", f"{error.what} {error.remedy}"))
            return False
        self._good = secret
        return True

    def _conversation(self, link: Link) -> Outcome:
        for _ in range(ROUNDS_MAX):
            present, nonce = self._read(link)
            steps = plan(self._wanted, present, nonce=nonce)
            if not self._is_confirmed:
                if present.unfinished:
                    self._told.say(
                        Text(
                            f"前回は途中で終わっています：{present.unfinished}",
                            f"Unfinished: {present.unfinished}",
                        )
                    )
                if not self._told.confirm(notes(self._site, present), steps):
                    raise Stopped("Stopped.", remedy="Nothing was changed.")
                self._is_confirmed = True
            if not steps:
                return self._verified(link, present)
            self._do(link, steps)
        left = "; ".join(step_words(step).en for step in steps)
        raise DeviceError(f"The box does not keep: {left}.", remedy="Read its log: yobirin support-bundle.")

    def _do(self, link: Link, steps: tuple[messages.Step, ...]) -> None:
        for at, step in enumerate(steps, 1):
            answer = link.request(messages.Apply(step=step, at=at, of=len(steps)))
            assert isinstance(answer, messages.Applied)
            if isinstance(step, messages.SetPin):
                self._good = step.pin
            self._applied += 1
            self._told.step(at, len(steps), step_words(step), answer.note)

    def _read(self, link: Link) -> tuple[messages.Present, str]:
        nonce = secrets.token_hex(16)
        present = link.request(messages.Read(nonce=nonce))
        assert isinstance(present, messages.Present)
        return present, nonce

    def _verified(self, link: Link, present: messages.Present) -> Outcome:
        found = link.request(messages.Verify())
        assert isinstance(found, messages.Findings)
        backup = link.request(messages.ReadBackup())
        assert isinstance(backup, messages.BackupAccess)
        link.request(messages.LogOut())
        return Outcome(
            present=present,
            findings=found.found,
            applied=self._applied,
            is_recovery_set=present.recovery_mark == digest(self._wanted.recovery) != "",
            backup=backup,
        )
