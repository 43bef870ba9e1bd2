"""What the menu shows of the box: one snapshot, gathered from the other processes, each within a time.

A process that does not answer is a fact too; gathering never fails as a whole.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from appliance import ipc
from appliance.dialer import messages as dialer
from appliance.errors import YobirinError
from appliance.gpio_leds import reset_request
from appliance.monitoring import messages as monitor
from appliance.monitoring import words as monitor_words
from appliance.settings import Home, Settings
from appliance.watchdog import messages as watchdog
from provisioning import messages as setup
from provisioning.words import Text

ASK_S: Final = 2.0
MDSTAT: Final = Path("/proc/mdstat")
ALARMS_MAX: Final = 8


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A line: `channels` has a letter per channel, as dialer.SpanBoard."""

    number: int
    is_up: bool
    alarm: str
    channels: str


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The snapshot.  `is_answering` of dialer and monitor: whether what they would say is here."""

    processes: tuple[tuple[str, str], ...] = ()
    has_dialer: bool = False
    spans: tuple[Span, ...] = ()
    phones: tuple[tuple[str, str, bool], ...] = ()  # label, extension, is registered
    calls: int = 0
    has_monitor: bool = False
    alarms: tuple[Text, ...] = ()
    is_reset_asked: bool = False  # the front panel's button was held for 15 s
    mirror: str = ""
    free_bytes: int = 0
    restarted: Text = Text("", "")
    address: str = ""
    up_s: int = 0
    clock: str = ""


def gather(home: Home, settings: Settings, ask_setup: Callable[[Any], Any]) -> Facts:
    """Look at everything, in at most a few seconds.  supervisord is seen through the `setup` process."""
    return Facts(
        processes=_processes(ask_setup),
        mirror=_mirror(),
        free_bytes=_free(home),
        restarted=_restarted(home),
        address=settings.phones.address,
        up_s=int(time.clock_gettime(time.CLOCK_BOOTTIME)),
        clock=time.strftime("%Y-%m-%d %H:%M:%S"),
        is_reset_asked=_is_reset_asked(home),
        **_dialer(home),
        **_monitor(home),
    )


def _processes(ask_setup: Callable[[Any], Any]) -> tuple[tuple[str, str], ...]:
    try:
        found = ask_setup(setup.ReadProcesses())
    except YobirinError as error:
        return (("supervisord", error.what),)
    assert isinstance(found, setup.Processes)
    return found.states


def _dialer(home: Home) -> dict[str, Any]:
    board = _ask(home, "dialer", dialer.Union, dialer.AskBoard())
    if not isinstance(board, dialer.Board):
        return {}
    return {
        "has_dialer": True,
        "spans": tuple(
            Span(number=span.span, is_up=span.is_up, alarm=span.alarm, channels=span.channels)
            for span in board.spans
        ),
        "phones": tuple((seat.label, seat.extension, seat.is_registered) for seat in board.seats),
        "calls": sum(letter in "srt" for span in board.spans for letter in span.channels),
    }


def _monitor(home: Home) -> dict[str, Any]:
    health = _ask(home, "monitor", monitor.Union, monitor.AskHealth())
    if not isinstance(health, monitor.Health):
        return {}
    raised = [check for check in health.checks if check.alarm in ("raised", "acknowledged")]
    return {
        "has_monitor": True,
        "alarms": tuple(_alarm(check) for check in raised[:ALARMS_MAX]),
    }


def _alarm(check: monitor.CheckHealth) -> Text:
    return Text(
        f"{monitor_words.name(check.name, 'ja')}：{monitor_words.sentence(check.key, check.values, 'ja')}",
        f"{monitor_words.name(check.name, 'en')}: {monitor_words.sentence(check.key, check.values, 'en')}",
    )


def _ask(home: Home, name: str, union: Any, question: Any) -> Any:
    try:
        client = ipc.BlockingClient(home.socket(name), union, name="console", timeout_s=ASK_S)
    except ipc.PeerGone:
        return None
    try:
        return client.request(question)
    except YobirinError:
        return None
    finally:
        client.close()


def _mirror() -> str:
    """The mirror's own words, such as `[2/2] [UU]`; '' without one."""
    try:
        lines = MDSTAT.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return ""
    return "  ".join(line.split("blocks", 1)[-1].strip() for line in lines if "[U" in line or "[_" in line)


def _is_reset_asked(home: Home) -> bool:
    with contextlib.suppress(OSError):
        return reset_request.pending(home, wall=time.time()) is not None
    return False


def _free(home: Home) -> int:
    with contextlib.suppress(OSError):
        found = os.statvfs(home.root)
        return found.f_bavail * found.f_frsize
    return 0


def _restarted(home: Home) -> Text:
    status = watchdog.read(home, now=time.monotonic())
    return Text(status.restarted.ja, status.restarted.en) if status else Text("", "")
