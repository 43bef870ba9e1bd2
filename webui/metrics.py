"""/metrics: what the monitor and the dialer say, in Prometheus' text form.  Pure.

Source: Prometheus, "Exposition formats", text-based format 0.0.4.  Names no customer, user or number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from appliance.dialer.messages import Board
from appliance.monitoring.messages import CheckHealth, Health

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


@dataclass
class Family:
    """One metric with its samples."""

    name: str
    help: str
    samples: list[tuple[dict[str, str], float]] = field(default_factory=list)

    def add(self, value: float, **labels: str) -> None:
        self.samples.append((labels, value))

    def lines(self) -> Iterable[str]:
        yield f"# HELP {self.name} {self.help}"
        yield f"# TYPE {self.name} gauge"
        for labels, value in self.samples:
            shown = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
            yield f"{self.name}{{{shown}}} {value:.10g}" if shown else f"{self.name} {value:.10g}"


def text(health: Health | None, board: Board, *, is_up: bool) -> str:
    """The whole page."""
    families = [_up(health, is_up), *_checks(health), *_mail(health)]
    if is_up:
        families += _floor(board)
    return "".join(f"{line}\n" for family in families if family.samples for line in family.lines())


def _up(health: Health | None, is_up: bool) -> Family:
    family = Family("yobirin_process_up", "Whether a process answers the page.")
    family.add(float(is_up), process="dialer")
    family.add(float(health is not None), process="monitor")
    return family


def _checks(health: Health | None) -> list[Family]:
    status = Family(
        "yobirin_check_status", "Nagios status of a check: 0 ok, 1 warning, 2 critical, 3 unknown."
    )
    alarm = Family("yobirin_check_alarm", "Whether an alarm of a check stands.")
    seen = Family("yobirin_check_acknowledged", "Whether a person has acknowledged the alarm.")
    value = Family("yobirin_check_value", "A figure of a check, in the unit of its label.")
    for check in health.checks if health is not None else ():
        if check.is_fitted:
            _check(check, status, alarm, seen, value)
    return [status, alarm, seen, value]


def _check(check: CheckHealth, status: Family, alarm: Family, seen: Family, value: Family) -> None:
    status.add(float(check.status), check=check.name)
    alarm.add(float(check.alarm in ("raised", "acknowledged")), check=check.name)
    seen.add(float(check.alarm == "acknowledged"), check=check.name)
    for figure in check.figures:
        value.add(figure.value, check=check.name, figure=figure.label, unit=figure.unit)


def _mail(health: Health | None) -> list[Family]:
    waiting = Family("yobirin_mail_waiting", "Mails that wait for the relay.")
    if health is not None and health.mail.is_set_up:
        waiting.add(health.mail.waiting)
    return [waiting]


def _floor(board: Board) -> list[Family]:
    up = Family("yobirin_span_up", "Whether an INS1500 span is up.")
    channels = Family("yobirin_channels", "B channels of a span by state.")
    seats = Family("yobirin_seats", "Seats by state.")
    for span in board.spans:
        up.add(float(span.is_up), span=str(span.span))
        for letter, word in (
            (".", "idle"),
            ("s", "setup"),
            ("r", "ringing"),
            ("t", "talking"),
            ("x", "fault"),
        ):
            channels.add(span.channels.count(letter), span=str(span.span), state=word)
    states = [seat.state for seat in board.seats]
    for state in sorted(set(states)):
        seats.add(states.count(state), state=state)
    return [up, channels, seats]


def _escaped(label: str) -> str:
    return label.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
