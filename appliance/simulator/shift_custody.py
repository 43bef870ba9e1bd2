"""No customer lost, none in silence, nobody overheard: judged from outside, after every event of a shift.

A model of the audio plane hears what the machine tells it.  Whoever talked to us hears somebody, or music, a
tone or a prompt, until he hangs up, operator or third party ends the talk, or we said that we are sorry.
Raises AssertionError naming the attempt.
"""

from __future__ import annotations

import collections
from typing import Any, Final

from appliance.audio import messages as audio
from appliance.dialer import inputs, outputs, party
from appliance.dialer.attempt import IN_TALK, Attempt
from appliance.dialer.machine import Machine
from appliance.dialer.messages import HangUp, LogOutSeat, PressKey
from appliance.dialer.party import WITHOUT_SEAT
from appliance.dialer.seat import State as SeatState
from appliance.phones import messages as phones
from appliance.pri_card import trunk
from appliance.simulator.shift_world import World

BY_HAND: Final = (
    HangUp, LogOutSeat, PressKey, audio.Digit, phones.InfoDigit, phones.LegEnded, phones.PhonesSnapshot,
    phones.Invited, audio.Silence,
)  # fmt: skip
"""Inputs by which an operator ends a talk that has no third party."""


class Custody:
    """Who has each customer who talks, and what everybody hears."""

    def __init__(self, world: World, machine: Machine) -> None:
        self.machine = machine
        self._hears: dict[int, dict[str, tuple[str, ...]]] = {}
        self._looping: set[str] = set()
        self._speaking: dict[str, str] = {}  # port to the tag of what is said to it
        self.counts: collections.Counter[str] = collections.Counter()
        self._stood: dict[int, party.State] = {}  # talks as they stood before this event
        self._in_house: dict[int, str] = {}  # those with a third party in the house, and its port
        world.observers.append(self.observe)

    def observe(self, now: float, what: Any, decided: list[Any]) -> None:
        """Look at one event."""
        if isinstance(what, audio.AudioSnapshot):
            self._hears, self._looping, self._speaking = {}, set(), {}
        if isinstance(what, audio.Played):
            self._speaking.pop(what.port, None)
        for output in decided:
            self._hear(output)
            self._judge(now, what, output)
        talks = {talk.attempt.attempt_id: talk for talk in self.machine.talks()}
        in_talk = [attempt for attempt in self.machine.calls() if attempt.state in IN_TALK]
        self._stood = dict.fromkeys((a.attempt_id for a in in_talk), party.State.OPEN)
        self._stood |= {number: talk.state for number, talk in talks.items() if number in self._stood}
        self._in_house = {
            number: talk.leg.port for number, talk in talks.items() if talk.leg and talk.leg.is_house
        }
        for attempt in in_talk:
            self._look_after(now, attempt, talks.get(attempt.attempt_id))
        self._look_for_strays(now)

    def restarted(self, machine: Machine) -> None:
        """The dialer was killed: its lines went with it, and nothing is heard."""
        self.machine = machine
        self._hears, self._looping, self._speaking = {}, set(), {}
        self._stood, self._in_house = {}, {}

    # --- a model of the audio plane -------------------------------------------------------------------

    def _hear(self, output: Any) -> None:
        match output:
            case outputs.BridgeCall():
                self._mix(output.attempt_id, {output.line: (output.phone,), output.phone: (output.line,)})
            case audio.Mix():
                self._mix(output.bridge_id, dict(output.hears))
            case audio.Unbridge():
                self._hears.pop(output.bridge_id, None)
            case audio.Play():
                self._looping.discard(output.port)
                self._speaking.pop(output.port, None)
                if output.is_loop:
                    self._looping.add(output.port)
                elif output.tag:
                    self._speaking[output.port] = output.tag
            case audio.Hush() | audio.ClosePort():
                self._silence(output)

    def _mix(self, bridge_id: int, hears: dict[str, tuple[str, ...]]) -> None:
        before = self._hears.get(bridge_id, {})
        self._hears[bridge_id] = hears
        for port, sources in hears.items():
            if sources and not before.get(port):
                self._looping.discard(port)

    def _silence(self, output: audio.Hush | audio.ClosePort) -> None:
        self._looping.discard(output.port)
        self._speaking.pop(output.port, None)
        if isinstance(output, audio.ClosePort):
            for hears in self._hears.values():
                hears.pop(output.port, None)
                for port in [port for port, sources in hears.items() if output.port in sources]:
                    hears[port] = tuple(source for source in hears[port] if source != output.port)

    # --- judgement ------------------------------------------------------------------------------------

    def _judge(self, now: float, what: Any, output: Any) -> None:
        """A customer who talked is cleared only upon somebody's hand, or with our apology."""
        if isinstance(output, audio.Play):
            self.counts["apologised"] += output.tag == "sorry"
            self.counts["given back"] += "transfer-returned" in output.prompts
        if isinstance(output, outputs.ClearCall) and output.call_id in self._stood:
            # All phones at once: the colleague's may go before the operator's, who then has a plain talk.
            third = self._in_house.get(output.call_id)
            is_house = third is not None and isinstance(what, phones.PhonesSnapshot)
            stood = self._stood[output.call_id]
            if stood is party.State.HANDED and isinstance(what, phones.LegEnded):
                is_house = what.leg == third  # he has put his handset down
            is_due = is_house or _is_due(stood, output.call_id, what)
            assert is_due, f"{now:.3f}: customer of attempt {output.call_id} was cleared upon {what}"

    def _look_after(self, now: float, attempt: Attempt, talk: party.Talk | None) -> None:
        name = f"{now:.3f}: customer of attempt {attempt.attempt_id}"
        is_seated = any(
            seat.attempt is attempt and seat.state is SeatState.TALKING and seat.leg
            for seat in self.machine.seats()
        )
        is_alone = talk is not None and talk.state in WITHOUT_SEAT
        assert is_seated != is_alone, f"{name}: with a seat {is_seated}, without {talk}"
        heard = self._hears.get(attempt.attempt_id, {}).get(attempt.port, ())
        is_told = attempt.port in self._looping or attempt.port in self._speaking
        is_ending = talk is not None and talk.state is party.State.PARTING
        assert heard or is_told or is_ending, f"{name} hears nothing: {talk}"

    def _look_for_strays(self, now: float) -> None:
        """A port is in one conversation, hears only those of it, and each conversation is a call's."""
        calls = {attempt.attempt_id for attempt in self.machine.calls()}
        seen: dict[str, int] = {}
        for bridge_id, hears in self._hears.items():
            assert bridge_id in calls, f"{now:.3f}: conversation {bridge_id} is left over"
            for port, sources in hears.items():
                assert set(sources) <= hears.keys(), f"{now:.3f}: {port} hears a stranger among {sources}"
                other = seen.setdefault(port, bridge_id)
                assert other == bridge_id, f"{now:.3f}: {port} is in {other} and {bridge_id}"
        talks = {talk.attempt.attempt_id: talk for talk in self.machine.talks()}
        for leg in self.machine.legs():
            talk = talks.get(leg.attempt_id)
            is_owned = talk is not None and talk.leg is leg
            is_clearing = leg.state.name == "CLEARING"
            assert is_owned or is_clearing, f"{now:.3f}: nobody has the third party {leg}"

    def at_rest(self) -> None:
        """After everybody went home: no leg, no talk, no conversation is left over."""
        assert not self.machine.legs(), f"legs left over: {self.machine.legs()}"
        assert not self.machine.talks(), f"talks left over: {self.machine.talks()}"
        assert not self._hears, f"conversations left over: {self._hears}"


def _is_due(stood: party.State, call_id: int, what: Any) -> bool:
    """Whether a customer whose talk stood so may be cleared upon an input."""
    if getattr(what, "call_id", 0) == call_id:
        return True  # his own DISCONNECT, or a technician
    match stood:
        case party.State.OPEN | party.State.HELD:
            return isinstance(what, BY_HAND)
        case party.State.HANDED:
            return isinstance(what, trunk.Cleared | trunk.Disconnecting | inputs.Tick)
        case party.State.SORRY:
            return isinstance(what, audio.Played | inputs.Tick)
    return False
