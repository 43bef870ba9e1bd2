"""The menu's machine: bytes in, screens and wishes out.  Pure; `now` is monotonic seconds.

It shows nothing and does nothing before the log-in, keeps at most one line of typed text, and takes no key
while the shell is at work.  The pages' words are screens.py's, the table is menu_table.py's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from provisioning.console import screens
from provisioning.console.keys import BACKSPACE, ENTER, ESC, GREETING, Keys
from provisioning.console.menu_table import FORMS, TABLE, TIMEOUT, Page, Row, What
from provisioning.console.seen import Seen
from provisioning.messages import RestoreProgress
from provisioning.words import Language, Text

TYPED_MAX: Final = 75  # the backups' recovery key with its hyphens has 69
LOOK_AGAIN_S: Final = 5.0
IDLE_S: Final = 900.0
TRIAL_TICK_S: Final = 1.0


@dataclass(frozen=True)
class Show:
    """Bytes for the terminal."""

    data: bytes


@dataclass(frozen=True)
class Do:
    """Do this and tell `came` or `refused`.  `arguments` are a form's answers, or the row's own."""

    what: What
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Leave:
    """A laptop has greeted: the line is its own now."""


Output = Show | Do | Leave


class Menu:
    """One terminal at the serial line."""

    def __init__(self, now: float, *, language: Language = "ja") -> None:
        self._keys = Keys()
        self._page = Page.LOGIN
        self._seen = Seen(language=language)
        self._after: Row | None = None
        self._is_in = False
        self._pressed_at = now
        self._trial_until = 0.0
        self._look_at = 0.0

    @property
    def page(self) -> Page:
        """Where it stands."""
        return self._page

    @property
    def is_logged_in(self) -> bool:
        """Whether the PIN was right, and nobody has been away since."""
        return self._is_in

    def value(self, what: What) -> Any:
        """What last came of a wish; None where nothing did."""
        return self._seen.values.get(what)

    def show(self) -> list[Output]:
        """The page, drawn anew."""
        return [Show(screens.draw(self._page, self._seen))]

    def feed(self, data: bytes, now: float) -> list[Output]:
        """What to do about bytes from the terminal."""
        outputs: list[Output] = []
        for key in self._keys.feed(data):
            outputs += self._press(key, now)
        return outputs

    def tick(self, now: float) -> list[Output]:
        """Once or more a second: a lone ESC, an idle terminal, a trial that counts down."""
        outputs: list[Output] = []
        for key in self._keys.pause():
            outputs += self._press(key, now)
        if self._is_in and now - self._pressed_at > IDLE_S and self._page is not Page.WORKING:
            outputs += self._log_out()
        if self._page is Page.TRIAL:
            outputs += self._count_down(now)
        if self._page is Page.RESTORING:
            outputs += self._look_again(now)
        return outputs

    def came(self, what: What, value: Any, now: float) -> list[Output]:
        """The shell has done it.  `value` is what the page shows."""
        row = self._answered(what)
        if row is None:
            return []
        if what is What.LOG_IN:
            self._is_in = True
        elif what is What.LOG_OUT:
            self._is_in = False
        elif what is What.TRY_NETWORK:
            self._trial_until = now + float(value)
        elif what in (What.RESTORE, What.READ_RESTORE):
            self._look_at = now + LOOK_AGAIN_S
        elif what in (What.FIND_USB, What.FIND_SITE):
            self._forget_backups()
        self._seen.values[What.READ_RESTORE if what is What.RESTORE else what] = value
        self._seen.told = screens.done(what, value)
        return self._go(row.page)

    def refused(self, what: What, why: Text, now: float) -> list[Output]:
        """It could not be done, and why."""
        del now
        row = self._answered(what)
        if row is None:
            return []
        if what is What.LOG_OUT:
            return self._log_out()
        self._seen.told = why
        return self._go(Page.TOLD if self._is_in else Page.LOGIN)

    def _answered(self, what: What) -> Row | None:
        """The row that waits for this answer; None for one that nobody waits for any more."""
        row = self._after
        if row is None or row.what is not what:
            return None
        self._after = None
        return row

    def _press(self, key: str, now: float) -> list[Output]:
        if key == GREETING:
            return [Leave()]
        self._pressed_at = now
        if self._page is Page.WORKING:
            return []
        if key in ("l", "L") and (self._page not in FORMS or self._page is Page.LOGIN):
            self._seen.language = "en" if self._seen.language == "ja" else "ja"
            return self.show()
        if self._page is Page.LOG and key in ("n", "b"):
            self._seen.turn(1 if key == "n" else -1)
            return self.show()
        if self._page in FORMS:
            return self._type(key)
        row = TABLE[self._page].get(key.lower())
        return self._follow(row) if row else []

    def _type(self, key: str) -> list[Output]:
        """A key in a form."""
        if key == ESC:
            return self._go(TABLE[self._page][ESC].page)
        if key == BACKSPACE:
            self._seen.typed = self._seen.typed[:-1]
            return self.show()
        if key != ENTER:
            if len(self._seen.typed) >= TYPED_MAX:
                return [Show(b"\a")]
            self._seen.typed += key
            field = FORMS[self._page][len(self._seen.answers)]
            return [Show(b"*" if field.is_secret else key.encode("ascii"))]
        return self._enter()

    def _enter(self) -> list[Output]:
        fields = FORMS[self._page]
        typed, self._seen.typed = self._seen.typed.strip(), ""
        if not typed:
            return self.show()
        if not re.fullmatch(fields[len(self._seen.answers)].pattern, typed):
            self._seen.told = screens.NOT_THAT
            return self.show()
        self._seen.told = Text("", "")
        self._seen.answers += (typed,)
        if len(self._seen.answers) < len(fields):
            return self.show()
        return self._follow(TABLE[self._page][ENTER])

    def _follow(self, row: Row) -> list[Output]:
        if row.what is None:
            self._after = None
            return self._go(row.page)
        arguments = (row.argument,) if row.argument else self._seen.answers
        self._after = row
        do = Do(row.what, arguments)
        return [*self._go(Page.WORKING), do]

    def _go(self, page: Page) -> list[Output]:
        if page in FORMS and page is not Page.LOGIN:
            self._seen.told = Text("", "")
        self._page = page
        self._seen.typed, self._seen.answers = "", ()
        self._seen.at = 0
        return self.show()

    def _count_down(self, now: float) -> list[Output]:
        left = self._trial_until - now
        if left <= 0:
            return self._follow(TABLE[Page.TRIAL][TIMEOUT])
        if int(left) == self._seen.left_s:
            return []
        self._seen.left_s = int(left)
        return self.show()

    def _look_again(self, now: float) -> list[Output]:
        """A restore takes minutes to hours: what the page shows is asked for again, without a key."""
        found = self._seen.values.get(What.READ_RESTORE)
        is_over = not isinstance(found, RestoreProgress) or found.state != "working"
        if is_over or self._after is not None or now < self._look_at:
            return []
        self._after = TABLE[Page.RESTORING][TIMEOUT]
        return [Do(What.READ_RESTORE)]

    def _forget_backups(self) -> None:
        """What was found at another place is not what a number means now."""
        for what in (What.FIND_USB, What.FIND_SITE):
            self._seen.values.pop(what, None)

    def _log_out(self) -> list[Output]:
        language = self._seen.language
        self._seen = Seen(language=language)
        self._is_in, self._after = False, None
        return [*self._go(Page.LOGIN), Do(What.LOG_OUT)]
