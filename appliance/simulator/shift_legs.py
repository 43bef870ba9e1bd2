"""No leg without an owner: desk phones' legs and the ports of speech, judged from outside after every event.

A model of the phones process and of the audio process, from what they tell and are told.  Whatever stands in
either must be somebody's in the machine, and what the machine has must stand.  Raises AssertionError.
"""

from __future__ import annotations

from typing import Any, Final

from appliance.audio import messages as audio
from appliance.dialer import inputs, outputs
from appliance.dialer.machine import Machine
from appliance.phones import messages as phones
from appliance.simulator.shift_exchange import Exchange
from appliance.simulator.shift_robots import MEDIA
from appliance.simulator.shift_world import World

SERVICE_CODE: Final = "9000"


class Legs:
    """Which legs stand, at whose phone, and which ports are open."""

    def __init__(self, world: World, machine: Machine, exchange: Exchange) -> None:
        self.machine, self._exchange = machine, exchange
        self.standing: dict[str, phones.LegState] = {}
        self.registered: dict[str, str] = {}
        self.ports: set[str] = set()
        self._rung: dict[int, str] = {}  # orders on the way, to their extension
        self.most = 0
        self._is_starting = False  # a new dialer has not been told yet what stands
        world.observers.append(self.observe)

    def observe(self, now: float, what: Any, decided: list[Any]) -> None:
        """Look at one event."""
        self._told(what)
        for output in decided:
            self._decided(now, output)
        self.most = max(self.most, len(self.standing))
        self._is_starting &= not isinstance(what, phones.PhonesSnapshot)
        if not self._is_starting:
            self._judge(now, what)

    def restarted(self, machine: Machine) -> None:
        """The dialer is a new one: legs stand on, ports are closed for it, orders are forgotten."""
        self.machine, self._is_starting = machine, True
        self.ports.clear()
        self._rung.clear()

    def snapshot(self) -> phones.PhonesSnapshot:
        """What the phones process would tell a dialer that has just come."""
        return phones.PhonesSnapshot(dict(self.registered), tuple(self.standing.values()))

    # --- the models -----------------------------------------------------------------------------------

    def _told(self, what: Any) -> None:
        match what:
            case phones.Registered():
                self.registered[what.extension] = what.source
            case phones.Invited():
                self._stand(what.leg, what.extension, what.dialled)
            case inputs.PhoneRings() if what.leg:
                self._stand(what.leg, self._rung.pop(what.ref, ""), "")
            case phones.LegAnswered() if what.leg in self.standing:
                self._lifted(what.leg)
            case phones.LegEnded():
                self._ended(what.leg)
            case phones.PhonesSnapshot():
                kept = {leg.leg for leg in what.legs}
                self.standing = {leg: state for leg, state in self.standing.items() if leg in kept}
                self.registered = dict(what.registered)
            case audio.AudioSnapshot():
                self.ports = set(what.ports)

    def _decided(self, now: float, output: Any) -> None:
        match output:
            case outputs.RingPhone():
                self._rung[output.ref] = output.extension
            case outputs.AnswerPhone():
                assert output.leg in self.standing, f"{now:.3f}: {output.leg} is answered and does not stand"
                self._lifted(output.leg)
            case audio.OpenLine():
                self.ports.add(output.port)
            case audio.ClosePort():
                self.ports.discard(output.port)
            case phones.HangUpLeg() | phones.RejectLeg():
                self._ended(output.leg)

    def _stand(self, leg: str, extension: str, dialled: str) -> None:
        self.standing[leg] = phones.LegState(leg, extension, dialled, MEDIA, is_answered=False)

    def _lifted(self, leg: str) -> None:
        old = self.standing[leg]
        self.standing[leg] = phones.LegState(leg, old.extension, old.dialled, MEDIA, is_answered=True)
        self.ports.add(leg)

    def _ended(self, leg: str) -> None:
        self.standing.pop(leg, None)

    # --- judgement ------------------------------------------------------------------------------------

    def _judge(self, now: float, what: Any) -> None:
        seats = [seat.leg for seat in self.machine.seats() if seat.leg]
        rungs = [rung.leg for rung in self.machine.rungs() if rung.leg]
        owned = set(seats) | set(rungs)
        assert len(owned) == len(seats) + len(rungs), f"{now:.3f}: a leg has two owners: {seats} {rungs}"
        lost = self.standing.keys() - owned
        assert not lost, f"{now:.3f}: nobody has the leg {lost}, after {what}"
        gone = owned - self.standing.keys()
        assert not gone, f"{now:.3f}: the leg {gone} does not stand any more, after {what}"
        self._judge_ports(now, what)

    def _judge_ports(self, now: float, what: Any) -> None:
        lines = {f"b{call.line.span}/{call.line.channel}" for call in self._exchange.calls.values()}
        up = {leg for leg, state in self.standing.items() if state.is_answered}
        lost = self.ports - lines - up
        assert not lost, f"{now:.3f}: the port {lost} is open for nobody, after {what}"

    def at_rest(self) -> None:
        """After everybody went home: no handset is up, nothing rings, no port is open."""
        assert not self.standing, f"legs left over: {self.standing}"
        assert not self.ports, f"ports left open: {self.ports}"
