"""A machine with one project, one list and a few seats, driven by hand; what it decides is kept."""

from __future__ import annotations

from typing import Any, TypeVar

from appliance.audio.messages import Digit, Play
from appliance.dialer import inputs, outputs
from appliance.dialer.inputs import (
    CallingHours,
    Customer,
    ListSettings,
    ProjectSettings,
    ResultCode,
    SeatSettings,
)
from appliance.dialer.machine import Machine
from appliance.dialer.messages import SeatBoard
from appliance.phones import messages as phones
from appliance.pri_card import trunk

MONDAY_9H = 1_794_787_200.0
ALWAYS = tuple(CallingHours(day, 0, 1440) for day in range(7))
MEDIA = phones.Media("10.0.0.9", 4000)
CODES = (ResultCode("06", "見込", True, False, True), ResultCode("12", "成約", True, True))

T = TypeVar("T")


def project(**changes: Any) -> ProjectSettings:
    """Progressive, always open, with a main caller."""
    known: dict[str, Any] = {
        "project_id": 1, "tenant_id": 1, "mode": "progressive", "hours": ALWAYS, "main_caller": "0312345678",
        "codes": CODES,
    }  # fmt: skip
    return ProjectSettings(**(known | changes))


def customers(count: int, first: int = 1) -> tuple[Customer, ...]:
    return tuple(Customer(i, f"03{i:08d}") for i in range(first, first + count))


class Floor:
    """`floor.feed(…)` returns the decisions of one input; `floor.out` holds all of them."""

    def __init__(self, *, seats: int = 1, channels: int = 23, offer: int = 20, **changes: Any) -> None:
        self.machine = Machine()
        self.now = 0.0
        self.out: list[Any] = []
        self.seats = tuple(SeatSettings(i, str(200 + i), f"A-{i:02d}") for i in range(1, seats + 1))
        self.settings = project(**changes)
        self.feed(inputs.WallClock(MONDAY_9H))
        self.configure()
        self.feed(inputs.Start(1))
        self.feed(inputs.Channels(channels))
        self.feed(inputs.Offered(1, customers(offer), is_last=True, callable=offer))

    def feed(self, what: Any, after: float = 0.0) -> list[Any]:
        self.now += after
        decided = self.machine.feed(what, self.now)
        self.out += decided
        return decided

    def configure(self, *, is_started: bool = True, **changes: Any) -> list[Any]:
        self.settings = project(**{**_as_dict(self.settings), **changes})
        lists = (ListSettings(1, 1, True, is_started),)
        return self.feed(inputs.Configure((self.settings,), lists, self.seats))

    def wait(self, seconds: float) -> list[Any]:
        """Let time pass, with a tick whenever one is due."""
        end, decided = self.now + seconds, []
        while (due := self.machine.due(self.now)) is not None and due <= end:
            self.now = max(self.now, due)
            decided += self.feed(inputs.Tick())
        self.now = end
        return decided

    # --- operators ------------------------------------------------------------------------------------

    def keys(self, digits: str, seat: int = 1, after: float = 0.0) -> list[Any]:
        self.now += after
        decided: list[Any] = []
        for digit in digits:
            decided += self.feed(Digit(f"p{seat}", digit))
        return decided

    def lift(self, seat: int = 1) -> list[Any]:
        return self.feed(phones.Invited(f"p{seat}", str(200 + seat), "9000", MEDIA))

    def log_in(self, seat: int = 1) -> None:
        self.lift(seat)
        self.keys(f"{seat}#4711#", seat)
        self.feed(inputs.LoginChecked(seat, 100 + seat, f"操作者{seat}", 1, (1,)))

    def ready(self, seat: int = 1) -> list[Any]:
        self.log_in(seat)
        return self.keys("*", seat)

    def hang_up(self, seat: int = 1) -> list[Any]:
        return self.feed(phones.LegEnded(f"p{seat}"))

    def seat(self, seat: int = 1) -> SeatBoard:
        return self.machine.board(self.now).seats[seat - 1]

    # --- calls ----------------------------------------------------------------------------------------

    def ring(self, attempt_id: int = 1) -> None:
        """Committed, sent, ringing."""
        self.feed(inputs.AttemptCommitted(attempt_id))
        assert self.machine.may_setup(attempt_id, self.now)
        self.feed(trunk.SetupSent(attempt_id, trunk.Line(1, attempt_id)))
        self.feed(trunk.Alerting(attempt_id), after=1.0)

    def answer(self, attempt_id: int = 1, after: float = 4.0) -> list[Any]:
        return self.feed(trunk.Answered(attempt_id, trunk.Line(1, attempt_id)), after)

    def clear(self, attempt_id: int = 1, cause: int = 16, after: float = 0.1) -> list[Any]:
        return self.feed(trunk.Cleared(attempt_id, cause), after)

    def talk(self, attempt_id: int = 1) -> None:
        self.ring(attempt_id)
        self.answer(attempt_id)


def _as_dict(settings: ProjectSettings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.__struct_fields__}


def only(kind: type[T], decided: list[Any]) -> T:
    """The one output of a kind."""
    found = all_of(kind, decided)
    assert len(found) == 1, found
    return found[0]


def all_of(kind: type[T], decided: list[Any]) -> list[T]:
    return [output for output in decided if isinstance(output, kind)]


def said(decided: list[Any]) -> list[str]:
    """Prompts, in order."""
    return [prompt for play in all_of(Play, decided) for prompt in play.prompts]


def ends(decided: list[Any]) -> list[tuple[int, str, str]]:
    """(attempt, end, result) of attempts disposed."""
    return [(s.attempt_id, s.end, s.result) for s in all_of(outputs.SaveAttempt, decided) if s.end]
