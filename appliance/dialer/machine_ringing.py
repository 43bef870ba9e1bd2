"""The machine's part that rings desk phones for others: log-ins from a page, supervisors who listen."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Final

from appliance.audio import messages as audio
from appliance.dialer import outputs
from appliance.dialer.inputs import PhoneRings
from appliance.dialer.machine_core import Core
from appliance.dialer.ringing import RING_S, Do, Event, Rung, State, Told
from appliance.phones import messages as phones

SILENT_GONE_S: Final = 60.0  # a phone without RTP this long has lost its power


class Rings:
    """Phones that ring or whose handset is up because of it, until they are given to a seat or are down."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._next = 1
        self._rungs: dict[int, Rung] = {}
        self._do: dict[Do, Callable[[Rung], None]] = {
            Do.NOTHING: lambda _rung: None,
            Do.TELL_UP: self._tell_up,
            Do.TELL_FAILED: lambda rung: rung.tell("failed"),
            Do.TELL_DOWN: self._tell_down,
            Do.HANG_UP: self._hang_up,
            Do.HANG_UP_AND_TELL: self._hang_up_and_tell,
        }
        assert set(self._do) == set(Do)

    def order(
        self, extension: str, caller: str, tell: Callable[[Told], None], *, ring_s: float = RING_S
    ) -> Rung:
        """Ring a phone for so long; `caller` is what its display shows."""
        rung = Rung(self._next, extension, tell)
        self._next += 1
        self._rungs[rung.ref] = rung
        self._core.emit(outputs.RingPhone(rung.ref, extension, caller))
        self._core.timers.arm("rung", rung.ref, self._core.now + ring_s)
        return rung

    def drop(self, rung: Rung) -> None:
        """It is not wanted any more, in whatever state."""
        self._step(rung, Event.DROPPED)

    def give(self, rung: Rung) -> str:
        """The leg is a seat's from now on."""
        self._forget(rung)
        return rung.leg

    def standing(self) -> list[Rung]:
        """All of them, for a look."""
        return list(self._rungs.values())

    def is_busy(self, extension: str) -> bool:
        """Whether a phone rings, or is up, because of us."""
        return any(rung.extension == extension for rung in self._rungs.values())

    # --- from the shell and the phones ----------------------------------------------------------------

    def placed(self, what: PhoneRings) -> None:
        rung = self._rungs.get(what.ref)
        if rung is not None:
            rung.leg = what.leg
            self._step(rung, Event.PLACED if what.leg else Event.REFUSED)

    def lifted(self, what: phones.LegAnswered) -> None:
        if (rung := self._of(what.leg)) is not None:
            self._step(rung, Event.LIFTED)

    def ended(self, leg: str) -> None:
        if (rung := self._of(leg)) is not None:
            self._step(rung, Event.ENDED)

    def silent(self, leg: str, seconds: float) -> None:
        if (rung := self._of(leg)) is not None and seconds >= SILENT_GONE_S:
            self._core.emit(phones.HangUpLeg(leg))
            self._step(rung, Event.ENDED)

    def timer(self, ref: int) -> None:
        if (rung := self._rungs.get(ref)) is not None:
            self._step(rung, Event.TOO_LONG)

    def knows(self, leg: str) -> bool:
        """Whether a leg is one of ours; one whose name we do not know yet may be."""
        return self._of(leg) is not None

    def is_ordered(self, extension: str) -> bool:
        """Whether a leg of this phone may be ours, its name being on the way."""
        nameless = (State.ORDERED, State.UNWANTED)
        return any(rung.extension == extension and rung.state in nameless for rung in self._rungs.values())

    def look(self, standing: Container[str]) -> None:
        """The phones process told what stands: legs that are gone have ended."""
        for rung in list(self._rungs.values()):
            if rung.leg and rung.leg not in standing:
                self._step(rung, Event.ENDED)

    def reattach(self, ports: Container[str]) -> None:
        """Audio restarted: handsets that are up get a port again."""
        for rung in self._rungs.values():
            if rung.state is State.UP and rung.leg not in ports:
                self._core.emit(outputs.AnswerPhone(rung.leg, is_again=True))

    # --- what the table says --------------------------------------------------------------------------

    def _of(self, leg: str) -> Rung | None:
        return next((rung for rung in self._rungs.values() if leg and rung.leg == leg), None)

    def _step(self, rung: Rung, event: Event) -> None:
        do = rung.step(event)
        if do is None:
            return
        if rung.state is State.OVER:
            self._forget(rung)
        self._do[do](rung)

    def _forget(self, rung: Rung) -> None:
        self._rungs.pop(rung.ref, None)
        self._core.timers.disarm("rung", rung.ref)

    def _tell_up(self, rung: Rung) -> None:
        self._core.timers.disarm("rung", rung.ref)
        rung.tell("up")

    def _tell_down(self, rung: Rung) -> None:
        rung.tell("down")
        self._core.emit(audio.ClosePort(rung.leg))

    def _hang_up(self, rung: Rung) -> None:
        self._core.emit(phones.HangUpLeg(rung.leg))
        self._core.emit(audio.ClosePort(rung.leg))

    def _hang_up_and_tell(self, rung: Rung) -> None:
        self._core.emit(phones.HangUpLeg(rung.leg))
        rung.tell("failed")
