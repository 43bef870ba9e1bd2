"""What a seat's phone says, state by state.  Reads facts and emits what is played; changes no seat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from appliance.audio import messages as audio
from appliance.dialer.inputs import ResultCode
from appliance.dialer.machine_core import Core
from appliance.dialer.seat import Seat, State

BYE: Final = "bye"  # tag of the last prompt before a leg is hung up


class Voice:
    """Prompts for seats.  A method takes the seat that hears it."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._standing: dict[State, Callable[[Seat], None]] = {
            State.OUT: self.say_goodbye,
            State.ASKING_ID: lambda seat: self.say(seat, "login-id"),
            State.ASKING_PIN: lambda seat: self.say(seat, "login-pin"),
            State.CHECKING: lambda _seat: None,  # the answer is spoken
            State.PAUSED: lambda seat: self.say(seat, "press-star"),
            State.WAITING: self.say_readiness,
            State.MANUAL: lambda _seat: None,  # the operator calls by himself
            State.CALLING: self.ring,
            State.TALKING: lambda _seat: None,  # the customer is heard
            State.RUNG: self.ring_transfer,
            State.ASSISTING: lambda _seat: None,  # the colleague is heard
            State.ENTERING: lambda seat: self.say(seat, "enter-code"),
            State.CONFIRMING: self.read_back,
            State.SUMMONED: lambda _seat: None,
            State.CALLED: lambda _seat: None,  # the phone rings by itself
            State.OFFERED: self.ring_caller,
            State.BREAK: lambda seat: self.say(seat, "break-begun"),
            State.UNLOCKING: lambda _seat: None,  # the answer is spoken
        }
        assert set(self._standing) == set(State)

    def repeat(self, seat: Seat) -> None:
        """What the seat's state asks for, once more: nobody knows what was heard of it."""
        self._standing[seat.state](seat)

    def say(self, seat: Seat, *prompts: str) -> None:
        """Nothing where the handset is down."""
        if seat.leg:
            self._core.emit(audio.Play(seat.leg, prompts))

    def say_goodbye(self, seat: Seat) -> None:
        """The leg is hung up when it has been said."""
        if seat.leg:
            self._core.emit(audio.Play(seat.leg, ("goodbye",), tag=BYE))

    def say_readiness(self, seat: Seat) -> None:
        """The operator is told where `*` cannot lead to calls yet: nothing started, closed, no line."""
        core, project = self._core, self._core.projects.get(seat.project_id)
        is_dialled = project is not None and core.channels_total > 0 and bool(project.started())
        if is_dialled and project is not None:
            is_dialled = core.refusal(project.settings, core.wall_now) is None
        self.say(seat, "ready" if is_dialled else "not-ready")

    def ring(self, seat: Seat) -> None:
        """A preview call, or one of several, once it rings."""
        group = self._core.group_of(seat)
        called = group.standing(self._core.attempts) if group is not None else [seat.attempt]
        if any(attempt is not None and attempt.alerting >= 0 for attempt in called):
            self._core.emit(audio.Play(seat.leg, ("tone:ringback",), is_loop=True))

    def ring_transfer(self, seat: Seat) -> None:
        """A colleague's transfer: which key answers it, then a ringing tone."""
        self.say(seat, "transfer-rings")
        self._core.emit(audio.Play(seat.leg, ("tone:ringback",), is_loop=True, is_cutting=False))

    def ring_caller(self, seat: Seat) -> None:
        """Somebody calls us: which key answers, then a ringing tone."""
        self.say(seat, "incoming-rings")
        self._core.emit(audio.Play(seat.leg, ("tone:ringback",), is_loop=True, is_cutting=False))

    def read_back(self, seat: Seat) -> None:
        """The code that was keyed, and which key confirms it."""
        prompts = [f"digit-{digit}" for digit in seat.typed]
        code = self.code_of(seat, seat.typed)
        if code is not None and code.has_prompt:
            prompts.append(f"code-{seat.project_id}-{seat.typed}")
        self.say(seat, *prompts, "code-confirm")

    def code_of(self, seat: Seat, code: str) -> ResultCode | None:
        """What the seat's project means by a code."""
        project = self._core.projects.get(seat.project_id)
        codes = project.settings.codes if project is not None else ()
        return next((known for known in codes if known.code == code), None)
