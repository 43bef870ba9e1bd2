"""What the mails say: an alarm, its recovery, the daily sign of life.  Pure: text from changes and checks.

They name the site and the device; never a customer, a user or a telephone number.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from appliance.monitoring import words
from appliance.monitoring.alarm import Change
from appliance.monitoring.messages import CheckHealth
from appliance.monitoring.plugin import Status, Verdict
from appliance.monitoring.words import Language

MAILED: Final = frozenset({"raised", "worse", "cleared", "flapping"})
ALIVE_TOPIC: Final = "alive"

_STATUS: Final[dict[Status, tuple[str, str]]] = {
    Status.OK: ("正常", "OK"),
    Status.WARNING: ("注意", "WARNING"),
    Status.CRITICAL: ("警報", "CRITICAL"),
    Status.UNKNOWN: ("不明", "UNKNOWN"),
}


class Letter(NamedTuple):
    """One mail.  A second one of a topic with the same subject is not queued (store/mail.py)."""

    topic: str
    subject: str
    body: str


def of_change(change: Change, verdict: Verdict, *, site: str, when: str, language: Language) -> Letter | None:
    """The mail about a change; None where nobody needs one."""
    if change.event not in MAILED or change.is_quiet:
        return None
    name = words.name(change.check, language)
    state = words.event(change.event, language)
    subject = f"[Yobirin {site}] {status(change.status, language)} {name}: {state}"
    lines = [words.sentence(verdict.key, verdict.values, language)]
    remedy = words.remedy(verdict.key, verdict.values, language)
    if remedy and change.event != "cleared":
        lines.append(remedy)
    if change.event == "flapping":
        lines.append(_pick(language, "変化をくり返しているため、落ち着くまでメールを控えます。",
                           "It keeps changing; no more mail about it until it is steady."))  # fmt: skip
    lines += ["", f"{_pick(language, '時刻', 'Time')}: {when}", f"{_pick(language, '装置', 'Box')}: {site}"]
    return Letter(change.check, subject, "\n".join(lines) + "\n")


def alive(checks: Iterable[CheckHealth], *, site: str, day: str, language: Language) -> Letter:
    """The daily mail: that the box and the way of its mails work, and every check in a line."""
    rows = [check for check in checks if check.is_fitted]
    bad = [check for check in rows if check.alarm in ("raised", "acknowledged")]
    summary = _pick(
        language,
        f"警報 {len(bad)}件" if bad else "正常",
        f"{len(bad)} alarms" if bad else "all is well",
    )
    subject = f"[Yobirin {site}] {_pick(language, '定時報告', 'Daily report')} {day}: {summary}"
    body = [
        f"{status(check.status, language)} {words.name(check.name, language)}: "
        f"{words.sentence(check.key, check.values, language)}"
        for check in rows
    ]
    return Letter(ALIVE_TOPIC, subject, "\n".join(body) + "\n")


def status(found: Status, language: Language) -> str:
    """A status as people call it."""
    ja, en = _STATUS[found]
    return _pick(language, ja, en)


def _pick(language: Language, ja: str, en: str) -> str:
    return ja if language == "ja" else en
