"""Seeded chaos on a line: every message, command and fault at any time, then healed.

Whatever happens, every placed call ends once, no call is told after its end, no channel is held by two calls,
and when all is over every channel is free again.  A seed that fails is printed by its name and kept.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest

from appliance.pri_card.d_events import DEvent, SetupArrived
from appliance.pri_card.trunk import (
    Alerting,
    Answered,
    Cleared,
    Disconnecting,
    Incoming,
    Proceeding,
    Progress,
    SetupSent,
    TrunkEvent,
    Withdrawn,
)
from tests.simulation.pri_rig import Network, Rig

CAUSES = (1, 16, 17, 18, 19, 21, 27, 31, 34, 41, 42, 44, 102)
STEPS = 400
OF_A_CALL = (SetupSent, Proceeding, Alerting, Progress, Answered, Disconnecting, Incoming)


class Chaos:
    """Both ends' moves, drawn from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.loss = 0.0
        self.rig = Rig(spans=2, is_lost=lambda _frame: self.random.random() < self.loss)
        self.placed: set[int] = set()
        self.live: set[int] = set()  # told about and not ended
        self.ends: Counter[int] = Counter()
        self.rig.on_trunk = self.told
        for network in self.rig.networks:
            network.on_event = lambda event, _now: None

    def told(self, event: TrunkEvent) -> None:
        if isinstance(event, Cleared | Withdrawn):
            self.ends[event.call_id] += 1
            self.live.discard(event.call_id)
        elif isinstance(event, OF_A_CALL):
            assert event.call_id not in self.ends, f"{event} after its end"
            if isinstance(event, SetupSent | Incoming):
                assert event.call_id not in self.live
                self.live.add(event.call_id)
            assert event.call_id in self.live

    def step(self) -> None:
        network = self.random.choice(self.rig.networks)
        move = self.random.choices(
            (
                self.place,
                self.clear,
                self.answer,
                self.far_move,
                self.far_place,
                self.far_restart,
                self.fault,
            ),
            weights=(30, 12, 5, 45, 6, 1, 1),
        )[0]
        move(network)
        self.rig.advance(self.random.choice((0.0, 0.001, 0.02, 0.2, 1.0)))
        self.check_channels()

    def place(self, _network: Network) -> None:
        if self.rig.trunk.channels_free():
            self.placed.add(self.rig.place())

    def clear(self, _network: Network) -> None:
        if self.live:
            self.rig.trunk.clear(self.random.choice(sorted(self.live)), 16, self.rig.now)

    def answer(self, _network: Network) -> None:
        incoming = sorted(call for call in self.live if call < 0)
        if incoming:
            self.rig.trunk.answer(self.random.choice(incoming), self.rig.now)

    def far_move(self, network: Network) -> None:
        """Any message of the network about any of its calls, in or out of turn."""
        calls = sorted(network.d.calls())
        if not calls:
            return
        d, call, cause = network.d, self.random.choice(calls), self.random.choice(CAUSES)
        channel = self.random.choice((0, 0, 0, self.random.randint(1, 23)))
        now = self.rig.now
        moves = (
            lambda: d.proceed(call, now, channel=channel),
            lambda: d.proceed(call, now, channel=channel),
            lambda: d.alert(call, now),
            lambda: d.progress(call, now, description=self.random.choice((1, 8)), cause=cause),
            lambda: d.answer(call, now),
            lambda: d.answer(call, now),
            lambda: d.hangup(call, cause, now),
            lambda: d.hangup(call, cause, now),
            lambda: d.release(call, cause, now),
            lambda: d.disconnect_in_band(call, cause, now),
            lambda: d.enquire(call, now),
            lambda: d.abandon(call, now),
        )
        self.random.choice(moves)()

    def far_place(self, network: Network) -> None:
        network.d.place(
            number="0300001111",
            caller="0451112222",
            channel=self.random.randint(1, 23),
            now=self.rig.now,
            is_exclusive=self.random.random() < 0.5,
        )

    def far_restart(self, network: Network) -> None:
        network.d.restart(self.random.choice((0, self.random.randint(1, 23))), self.rig.now)

    def fault(self, network: Network) -> None:
        """A fault for a while: noise, a mute exchange, a dead one, a pulled plug, a rebooted exchange."""
        kind = self.random.choice(("noise", "mute", "dead", "cut", "reboot"))
        user = self.rig.users[self.rig.networks.index(network)]
        seconds = self.random.choice((0.5, 3.0, 12.0))
        if kind == "noise":
            self.loss = 0.05
        elif kind == "reboot":
            self.rig.networks[self.rig.networks.index(network)] = Network(network.span, self.rig.now)
        elif kind == "cut":
            user.is_cut = network.span.is_cut = True
            user.wire.clear()
            network.span.wire.clear()
        else:
            setattr(network, f"is_{kind}", True)
        self.rig.advance(seconds)
        self.loss = 0.0
        network.is_mute = network.is_dead = False
        user.is_cut = network.span.is_cut = False

    def check_channels(self) -> None:
        for span in self.rig.trunk._spans:
            owners = [owner for channel in range(1, 24) if (owner := span.channels.owner(channel))]
            assert len(owners) == len(set(owners))
            assert set(owners) <= set(span._calls)

    def heal(self) -> None:
        """The exchange behaves again and ends what it still has; we end what we still have."""
        self.loss = 0.0
        for network in self.rig.networks:
            network.on_event = self.refuse(network)
            for call in network.d.calls():
                network.d.hangup(call, 16, self.rig.now)
        self.rig.advance(5.0)
        for call in sorted(self.live):
            self.rig.trunk.clear(call, 16, self.rig.now)
        self.rig.until(lambda: self.rig.trunk.channels_free() == 46, within_s=200.0)

    @staticmethod
    def refuse(network: Network) -> Callable[[DEvent, float], None]:
        def on_event(event: DEvent, now: float) -> None:
            if isinstance(event, SetupArrived):
                network.d.reject(event.call, 17, now)

        return on_event


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_every_call_ends_once_and_every_channel_comes_back(seed: int) -> None:
    chaos = Chaos(seed)
    for _ in range(STEPS):
        chaos.step()
    chaos.heal()
    assert chaos.live == set()
    assert chaos.placed <= set(chaos.ends)
    assert set(chaos.ends.values()) <= {1}
    call = chaos.rig.place()
    assert chaos.rig.one(Cleared, call, within_s=5.0) == Cleared(call, 17)
