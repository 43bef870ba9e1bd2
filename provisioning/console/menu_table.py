"""The menu as one table: page, key, what to do, the page that follows.  Checked whole at import.

A row with a `what` waits for its answer on the page WORKING; a refusal is shown on TOLD.  What is not in the
table cannot happen.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from provisioning.console.keys import ENTER, ESC
from provisioning.words import Text

TIMEOUT: Final = "timeout"


class Page(StrEnum):
    """The pages."""

    LOGIN = "login"
    MAIN = "main"
    STATUS = "status"
    LINES = "lines"
    NETWORK = "network"
    ADDRESS = "address"
    TRIAL = "trial"
    TEST = "test"
    TESTED = "tested"
    LOGS = "logs"
    LOG = "log"
    BUNDLE = "bundle"
    MADE = "made"
    ACCESS = "access"
    RESTART = "restart"
    RESET = "reset"
    PIN = "pin"
    RESTORE = "restore"
    RESTORE_USB = "restore_usb"
    RESTORE_SITE = "restore_site"
    BACKUPS = "backups"
    RESTORING = "restoring"
    WORKING = "working"
    TOLD = "told"


class What(StrEnum):
    """What the shell is asked to do."""

    LOG_IN = "log_in"
    LOG_OUT = "log_out"
    LOOK = "look"
    TRY_NETWORK = "try_network"
    KEEP_NETWORK = "keep_network"
    TEST_CALL = "test_call"
    READ_LOG = "read_log"
    MAKE_BUNDLE = "make_bundle"
    SEND_BUNDLE = "send_bundle"
    COPY_BUNDLE = "copy_bundle"
    RESCUE = "rescue"
    RESTART = "restart"
    REBOOT = "reboot"
    POWER_OFF = "power_off"
    RESET = "reset"
    SET_PIN = "set_pin"
    FIND_USB = "find_usb"
    FIND_SITE = "find_site"
    RESTORE = "restore"
    READ_RESTORE = "read_restore"


class Row(NamedTuple):
    """What to do (None: nothing) and where it leads.  `argument` is handed to the shell."""

    page: Page
    what: What | None = None
    argument: str = ""


class Field(NamedTuple):
    """One question of a form.  `pattern` is what may stand there when Enter is pressed."""

    label: Text
    pattern: str
    is_secret: bool = False


KEY: Final = (Field(Text("鍵", "Key"), r"[A-Za-z0-9 -]{56,75}"),)
"""Shown as it is typed: 56 letters from paper cannot be typed blindly."""

FORMS: Final[dict[Page, tuple[Field, ...]]] = {
    Page.LOGIN: (Field(Text("PIN または設定コード", "PIN or set-up code"), r"[0-9-]{4,16}", True),),
    Page.ADDRESS: (
        Field(Text("アドレス（例 192.168.10.5/24）", "Address (as 192.168.10.5/24)"), r"[0-9./]{9,18}"),
        Field(Text("ゲートウェイ", "Gateway"), r"[0-9.]{7,15}"),
    ),
    Page.TEST: (
        Field(Text("回線（1〜5）", "Line (1-5)"), r"[1-5]"),
        Field(Text("チャネル（1〜23）", "Channel (1-23)"), r"[1-9]|1[0-9]|2[0-3]"),
        Field(Text("相手の番号（お客様にはかけません）", "Number (never a customer's)"), r"[0-9-]{2,20}"),
    ),
    Page.RESET: (Field(Text("消すなら ERASE と入力", "Type ERASE to erase"), r"ERASE"),),
    Page.RESTORE_USB: KEY,
    Page.RESTORE_SITE: KEY,
    Page.PIN: (Field(Text("新しいPIN（6〜12桁）", "New PIN (6-12 digits)"), r"[0-9]{6,12}", True),),
}

LOG_NAMES: Final = (
    *("dialer", "audio", "phones", "web", "worker"),
    *("monitor", "chassis", "setup", "supervisord"),
)
"""The logs of page LOGS, by key 1 to 9."""

BACK: Final[dict[str, Row]] = {"0": Row(Page.MAIN), ESC: Row(Page.MAIN)}

TABLE: Final[dict[Page, dict[str, Row]]] = {
    Page.LOGIN: {ENTER: Row(Page.MAIN, What.LOG_IN), ESC: Row(Page.LOGIN)},
    Page.MAIN: {
        "1": Row(Page.STATUS, What.LOOK),
        "2": Row(Page.LINES, What.LOOK),
        "3": Row(Page.NETWORK, What.LOOK),
        "4": Row(Page.TEST),
        "5": Row(Page.LOGS),
        "6": Row(Page.BUNDLE),
        "7": Row(Page.ACCESS),
        "8": Row(Page.RESTART, What.LOOK),
        "9": Row(Page.RESET, What.LOOK),
        "p": Row(Page.PIN),
        "b": Row(Page.RESTORE),
        "0": Row(Page.LOGIN, What.LOG_OUT),
    },
    Page.STATUS: {"r": Row(Page.STATUS, What.LOOK), **BACK},
    Page.LINES: {"r": Row(Page.LINES, What.LOOK), **BACK},
    Page.NETWORK: {"1": Row(Page.ADDRESS), "r": Row(Page.NETWORK, What.LOOK), **BACK},
    Page.ADDRESS: {ENTER: Row(Page.TRIAL, What.TRY_NETWORK), ESC: Row(Page.MAIN)},
    Page.TRIAL: {
        "y": Row(Page.TOLD, What.KEEP_NETWORK),
        TIMEOUT: Row(Page.NETWORK, What.LOOK),
    },
    Page.TEST: {ENTER: Row(Page.TESTED, What.TEST_CALL), ESC: Row(Page.MAIN)},
    Page.TESTED: {"1": Row(Page.TEST), **BACK},
    Page.LOGS: {
        **{str(key): Row(Page.LOG, What.READ_LOG, name) for key, name in enumerate(LOG_NAMES, 1)},
        **BACK,
    },
    Page.LOG: {"0": Row(Page.LOGS), ESC: Row(Page.LOGS)},
    Page.BUNDLE: {"1": Row(Page.MADE, What.MAKE_BUNDLE), **BACK},
    Page.MADE: {
        "1": Row(Page.TOLD, What.SEND_BUNDLE),
        "2": Row(Page.TOLD, What.COPY_BUNDLE),
        **BACK,
    },
    Page.ACCESS: {"y": Row(Page.TOLD, What.RESCUE), **BACK},
    Page.RESTART: {
        "1": Row(Page.TOLD, What.RESTART),
        "2": Row(Page.TOLD, What.REBOOT),
        "3": Row(Page.TOLD, What.POWER_OFF),
        **BACK,
    },
    Page.RESET: {ENTER: Row(Page.TOLD, What.RESET), ESC: Row(Page.MAIN)},
    Page.PIN: {ENTER: Row(Page.TOLD, What.SET_PIN), ESC: Row(Page.MAIN)},
    Page.RESTORE: {
        "1": Row(Page.RESTORE_USB),
        "2": Row(Page.RESTORE_SITE),
        "3": Row(Page.RESTORING, What.READ_RESTORE),
        **BACK,
    },
    Page.RESTORE_USB: {ENTER: Row(Page.BACKUPS, What.FIND_USB), ESC: Row(Page.RESTORE)},
    Page.RESTORE_SITE: {ENTER: Row(Page.BACKUPS, What.FIND_SITE), ESC: Row(Page.RESTORE)},
    Page.BACKUPS: {
        **{str(key): Row(Page.RESTORING, What.RESTORE, str(key)) for key in range(1, 10)},
        **BACK,
    },
    Page.RESTORING: {
        "r": Row(Page.RESTORING, What.READ_RESTORE),
        TIMEOUT: Row(Page.RESTORING, What.READ_RESTORE),
        **BACK,
    },
    Page.WORKING: {},
    Page.TOLD: {"0": Row(Page.MAIN), ENTER: Row(Page.MAIN), ESC: Row(Page.MAIN)},
}

assert set(TABLE) == set(Page), "every page has its row"
assert {row.what for rows in TABLE.values() for row in rows.values()} == {*What, None}, "every What is asked"
assert all(ENTER in TABLE[page] for page in FORMS), "every form ends with Enter"
assert all(rows for page, rows in TABLE.items() if page is not Page.WORKING), "every page can be left"
