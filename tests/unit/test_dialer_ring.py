"""The shell's hand that rings phones: ports, names that come late, and what is let go again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, cast

import pytest

from appliance import ipc
from appliance.audio import messages as audio
from appliance.dialer import inputs, outputs
from appliance.dialer.shell_ring import Ringer
from appliance.phones import messages as phones

PHONE = phones.Media("10.0.0.3", 4_000)
BOX = phones.Media("10.0.0.1", 16_002)
RING = outputs.RingPhone(1, "203", "201")


class Peer:
    """The client of one room: keeps what it was told, answers from a table."""

    def __init__(self, answers: dict[type, Callable[[], Any]]) -> None:
        self.told: list[Any] = []
        self._answers = answers

    def send(self, body: Any) -> bool:
        self.told.append(body)
        return True

    def ask(self, body: Any) -> Awaitable[Any]:
        self.told.append(body)

        async def answer() -> Any:
            return self._answers[type(body)]()

        return answer()


def refuse() -> Any:
    raise ipc.Refused("Phone 203 is not registered.")


class Bench:
    """A ringer between two rooms."""

    def __init__(self, *, opened: phones.Media = BOX, place: Callable[[], Any] | None = None) -> None:
        self.fed: list[Any] = []
        self.noted: dict[str, int] = {}
        self.opened = opened
        self.audio = Peer({audio.OpenPhone: lambda: audio.PhoneOpened("x", self.opened)})
        self.phones = Peer({phones.RingPhone: place or (lambda: phones.PlacedLeg("p7"))})
        self.ringer = Ringer(
            audio_client=cast(ipc.Client, self.audio),
            phones_client=cast(ipc.Client, self.phones),
            feed=self.fed.append,
            note=self.noted.__setitem__,
        )
        self.ringer.heard(phones.Registered("203", "10.0.0.3:5060"))

    async def until(self, count: int) -> None:
        for _turn in range(100):
            if len(self.fed) >= count:
                return
            await asyncio.sleep(0)
        raise AssertionError(self.fed)


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def test_the_leg_takes_over_the_port_that_the_phone_was_told() -> None:
    async def work() -> None:
        bench = Bench()
        bench.ringer.ring(RING)
        await bench.until(1)
        assert bench.fed == [inputs.PhoneRings(1, "p7")]
        assert bench.phones.told == [phones.RingPhone("203", BOX, "201")]
        assert bench.audio.told == [audio.OpenPhone("ring-1", phones.Media("10.0.0.3", 9, is_held=True))]

        bench.ringer.heard(phones.LegAnswered("p7", PHONE))

        assert bench.audio.told[1:] == [audio.ClosePort("ring-1"), audio.OpenPhone("p7", PHONE, BOX.port)]
        assert bench.noted == {"p7": BOX.port}
        await asyncio.sleep(0.01)
        assert bench.fed == [inputs.PhoneRings(1, "p7")]

    run(work())


@pytest.mark.parametrize("is_early", [False, True])
def test_a_phone_that_cannot_be_rung_or_declines_at_once_frees_its_port(is_early: bool) -> None:
    async def work() -> None:
        bench = Bench(place=None if is_early else refuse)
        if is_early:
            bench.ringer.heard(phones.LegEnded("p7", 486))  # told before its name was
        bench.ringer.ring(RING)
        await bench.until(1)
        assert bench.fed == [inputs.PhoneRings(1)]
        assert bench.audio.told[-1] == audio.ClosePort("ring-1")

    run(work())


@pytest.mark.parametrize("by_us", [False, True])
def test_what_rang_in_vain_frees_its_port_once(by_us: bool) -> None:
    async def work() -> None:
        bench = Bench()
        bench.ringer.ring(RING)
        await bench.until(1)
        if by_us:
            bench.ringer.hung_up(phones.HangUpLeg("p7"))
        bench.ringer.heard(phones.LegEnded("p7"))
        assert bench.audio.told[1:] == [audio.ClosePort("ring-1")]
        bench.ringer.heard(phones.LegAnswered("p7", PHONE))
        assert len(bench.audio.told) == 2

    run(work())


def test_a_leg_whose_port_was_taken_meanwhile_is_hung_up() -> None:
    async def work() -> None:
        bench = Bench()
        bench.ringer.ring(RING)
        await bench.until(1)
        bench.opened = phones.Media("10.0.0.1", 16_004)
        bench.ringer.heard(phones.LegAnswered("p7", PHONE))
        await bench.until(2)
        assert bench.fed[1:] == [phones.LegEnded("p7")]
        assert bench.phones.told[-1] == phones.HangUpLeg("p7")

    run(work())
