"""Nagios' plugin form: exit codes, threshold ranges, performance data, the one line of output.  Pure.

Source: the Monitoring Plugins Development Guidelines, 2 "Plugin Output" to 2.6 "Performance data".  Nothing
here reads anything.
"""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import msgspec

from appliance.errors import BadInput

_RANGE: Final = re.compile(r"(@)?(?:(~|-?\d+(?:\.\d+)?)?:)?(-?\d+(?:\.\d+)?)?")


class Status(enum.IntEnum):
    """The exit codes of guidelines 2.3; also an order only through `SEVERITY`."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


SEVERITY: Final = {Status.OK: 0, Status.UNKNOWN: 1, Status.WARNING: 2, Status.CRITICAL: 3}
"""What outranks what when several findings meet: a known fault outranks not knowing."""


@dataclass(frozen=True)
class Range:
    """A threshold of guidelines 2.5, `[@]start:end`: a value outside alerts; with `@` one inside."""

    text: str
    low: float
    high: float
    is_inside: bool

    @staticmethod
    def parse(text: str) -> Range:
        """Read `10`, `10:`, `~:10`, `10:20` or `@10:20`.  Raises BadInput."""
        found = _RANGE.fullmatch(text)
        if not found or not text.strip("@"):
            raise BadInput(f"{text!r} is no threshold.", remedy="Write 10, 10:, ~:10, 10:20 or @10:20.")
        at, start, end = found.groups()
        low = -math.inf if start == "~" else float(start or 0)
        high = float(end) if end else math.inf
        if low > high:
            raise BadInput(f"The threshold {text!r} begins after its end.", remedy="Write start:end.")
        return Range(text, low, high, bool(at))

    def alerts(self, value: float) -> bool:
        """Whether the value is to be alarmed about; the ends belong to the range."""
        return (self.low <= value <= self.high) is self.is_inside


@dataclass(frozen=True)
class Thresholds:
    """A check's two ranges.  What they apply to, and in which unit, is said in the table of checks."""

    warn: Range
    crit: Range

    @staticmethod
    def parse(warn: str, crit: str) -> Thresholds:
        """Both from text.  Raises BadInput."""
        return Thresholds(Range.parse(warn), Range.parse(crit))

    def status(self, value: float) -> Status:
        if self.crit.alerts(value):
            return Status.CRITICAL
        return Status.WARNING if self.warn.alerts(value) else Status.OK


class Figure(msgspec.Struct, frozen=True, omit_defaults=True):
    """One performance datum (guidelines 2.6).  `warn` and `crit` are ranges as text, in the same unit."""

    label: str
    value: float
    unit: str = ""  # "", s, ms, %, B, MB, c
    warn: str = ""
    crit: str = ""
    low: str = ""  # least and greatest possible value
    high: str = ""

    def __str__(self) -> str:
        label = f"'{self.label}'" if re.search(r"[\s=]", self.label) else self.label
        tail = ";".join((self.warn, self.crit, self.low, self.high)).rstrip(";")
        return f"{label}={_plain(self.value)}{self.unit}" + (f";{tail}" if tail else "")


class Verdict(msgspec.Struct, frozen=True):
    """What a check found.  `key` names the sentence of words.py that `values` fill."""

    status: Status
    key: str
    values: dict[str, str] = {}
    figures: tuple[Figure, ...] = ()


def worst(found: Iterable[Status]) -> Status:
    """The gravest of several; OK when there is none."""
    return max(found, key=lambda status: SEVERITY[status], default=Status.OK)


def limited(label: str, value: float, unit: str, thresholds: Thresholds, *, low: str = "0") -> Figure:
    """The figure that the thresholds apply to."""
    return Figure(label, value, unit, thresholds.warn.text, thresholds.crit.text, low)


def line(name: str, status: Status, text: str, figures: tuple[Figure, ...]) -> str:
    """The one line: `NAME STATUS - text | performance data`.  What would break it is taken out."""
    clean = re.sub(r"[|\s]+", " ", text).strip()
    data = " ".join(str(figure) for figure in figures)
    return f"{name.upper()} {status.name} - {clean}" + (f" | {data}" if data else "")


def _plain(value: float) -> str:
    """A number in the class [-0-9.]: never 1e-05, never more digits than anybody reads."""
    return f"{value:.3f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"
