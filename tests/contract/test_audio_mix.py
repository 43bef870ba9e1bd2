"""Who hears whom, told by tones: each port says one frequency, and the spectrum shows whose it hears."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from appliance.audio import messages, mulaw, tones
from appliance.audio.messages import Bridge, ClosePort, Mix, Play, Recording, Unbridge
from appliance.audio.music import hold_music
from tests.contract.audio_rig import FakeLine, FakePhone, Rig, tone, until

PORTS = itertools.count(6_000 + (os.getpid() * 500) % 20_000, 500)
KEY = bytes(range(32))
CUSTOMER, OPERATOR, SUPERVISOR, THIRD = 500, 900, 1_300, 1_700
TONES = (CUSTOMER, OPERATOR, SUPERVISOR, THIRD)
FLOOR_DB = 30.0  # below the strongest: mu-law's own noise of a sum; who is not there is far below


def heard_hz(speech: bytes) -> set[int]:
    """Which of the tones are in there."""
    samples = mulaw.decode(speech[: len(speech) // 160 * 160]).astype(float)
    if not len(samples) or mulaw.level_dbm0(mulaw.clipped(samples)) < -50:
        return set()
    power = np.sum(np.abs(np.fft.rfft(samples.reshape(-1, 160), axis=1)) ** 2, axis=0)
    least = max(power) / 10 ** (FLOOR_DB / 10)
    return {hz for hz in TONES if power[hz // 50] > least}


class Talk:
    """Customer b1/1 and operator p1 in conversation 7; supervisor p2 and third party b1/2 beside it."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.customer, self.third = rig.line(1, 1), rig.line(1, 2)
        self.operator, self.supervisor = rig.phone(1), rig.phone(2)
        ends: tuple[FakeLine | FakePhone, ...] = (
            self.customer,
            self.operator,
            self.supervisor,
            self.third,
        )
        for end, hz in zip(ends, TONES, strict=True):
            end.saying = tone(hz)

    def ask(self, *commands: messages.Message) -> None:
        for command in commands:
            self.rig.dialer.ask(command)

    def mix(
        self,
        hears: Mapping[str, tuple[str, ...]],
        *,
        left: tuple[str, ...] = ("p1",),
        right: tuple[str, ...] = ("b1/1",),
    ) -> None:
        self.ask(Mix(7, hears, left, right))

    def expect(
        self, *, customer: set[int], operator: set[int], supervisor: set[int], third: set[int]
    ) -> None:
        wanted: dict[str, tuple[FakeLine | FakePhone, set[int]]] = {
            "customer": (self.customer, customer),
            "operator": (self.operator, operator),
            "supervisor": (self.supervisor, supervisor),
            "third": (self.third, third),
        }
        for who, (port, hz) in wanted.items():
            until(lambda e=port, hz=hz: self._heard_now(e) == hz, f"{who} hears {sorted(hz)}")  # type: ignore[misc]  # a lambda of a loop

    def _heard_now(self, end: FakeLine | FakePhone) -> set[int]:
        """What arrives from now on, in a tenth of a second; a line that hears nobody is sent nothing."""
        end.heard.clear()
        self.supervisor.heard.clear()  # his phone is sent speech, or silence, without a pause
        until(lambda: len(self.supervisor.heard) >= 5, "a tenth of a second")
        return heard_hz(end.hears())


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with Rig(tmp_path, rtp_port_first=next(PORTS) % 28_000 + 30_000) as made:
        yield Talk(made)


def test_each_way_of_listening_is_heard_by_whom_it_should(talk: Talk) -> None:
    talk.ask(Bridge(7, "b1/1", "p1"))
    talk.expect(customer={OPERATOR}, operator={CUSTOMER}, supervisor=set(), third=set())
    talk.mix({"b1/1": ("p1",), "p1": ("b1/1",), "p2": ("b1/1", "p1")})  # listens
    talk.expect(customer={OPERATOR}, operator={CUSTOMER}, supervisor={CUSTOMER, OPERATOR}, third=set())
    talk.mix({"b1/1": ("p1",), "p1": ("b1/1", "p2"), "p2": ("b1/1", "p1")})  # whispers
    talk.expect(
        customer={OPERATOR},
        operator={CUSTOMER, SUPERVISOR},
        supervisor={CUSTOMER, OPERATOR},
        third=set(),
    )
    talk.mix({"b1/1": ("p1", "p2"), "p1": ("b1/1", "p2"), "p2": ("b1/1", "p1")})  # barges
    talk.expect(
        customer={OPERATOR, SUPERVISOR},
        operator={CUSTOMER, SUPERVISOR},
        supervisor={CUSTOMER, OPERATOR},
        third=set(),
    )
    talk.mix({"b1/1": ("p1",), "p1": ("b1/1",)})  # has left
    talk.expect(customer={OPERATOR}, operator={CUSTOMER}, supervisor=set(), third=set())
    assert len(talk.rig.dialer.of(messages.Bridged)) == 1


def test_held_consulted_joined_and_handed_over_without_a_phone(talk: Talk) -> None:
    talk.ask(Bridge(7, "b1/1", "p1", Recording(9, "9.rec", KEY)))
    talk.mix({"b1/1": (), "p1": ("b1/2",), "b1/2": ("p1",)}, right=("b1/2",))  # the customer is held
    talk.ask(Play("b1/1", ("music",), is_loop=True))
    music = hold_music()
    until(lambda: b"".join(talk.customer.heard[-20:]) in music, "music for the customer")
    until(lambda: heard_hz(talk.operator.hears()) == {THIRD}, "the third party, in private")
    talk.mix({"b1/1": (), "p1": ("b1/2",), "b1/2": ("p1",)}, right=("b1/2",))  # said again: music goes on
    before = len(talk.customer.heard)
    until(lambda: len(talk.customer.heard) > before + 20, "more of the music")
    assert b"".join(talk.customer.heard[before:]) in music * 2
    everybody = {"b1/1": ("p1", "b1/2"), "p1": ("b1/1", "b1/2"), "b1/2": ("p1", "b1/1")}
    talk.mix(everybody, right=("b1/1", "b1/2"))
    talk.expect(
        customer={OPERATOR, THIRD}, operator={CUSTOMER, THIRD}, supervisor=set(), third={OPERATOR, CUSTOMER}
    )
    talk.mix({"b1/1": ("b1/2",), "b1/2": ("b1/1",)}, left=(), right=("b1/1", "b1/2"))
    talk.expect(customer={THIRD}, operator=set(), supervisor=set(), third={CUSTOMER})
    talk.ask(ClosePort("p1"))
    talk.expect(customer={THIRD}, operator=set(), supervisor=set(), third={CUSTOMER})
    assert not talk.rig.dialer.of(messages.RecordingDone)
    talk.ask(Unbridge(7))
    talk.expect(customer=set(), operator=set(), supervisor=set(), third=set())
    until(lambda: talk.rig.dialer.of(messages.RecordingDone), "the end of the recording")


def test_a_recording_holds_the_sides_it_was_told_and_ends_when_told_none(talk: Talk) -> None:
    talk.ask(Bridge(7, "b1/1", "p1", Recording(9, "9.rec", KEY)))
    hears = {"b1/1": ("p1", "p2"), "p1": ("b1/1", "p2"), "p2": ("b1/1", "p1")}
    talk.mix(hears, left=("p1",), right=("b1/1",))  # whispering is not recorded
    recorded_s(talk, "9.rec", 1.0)
    talk.mix(hears, left=("p1", "p2"), right=("b1/1", "b1/2"))
    recorded_s(talk, "9.rec", 2.5)
    talk.mix(hears, left=(), right=())
    done = until(lambda: talk.rig.dialer.of(messages.RecordingDone), "the end of the recording")[0]
    reader = talk.rig.reading("9.rec", KEY)
    assert (done.recording_id, reader.is_complete) == (9, True)
    early, late = reader.plain(3_200, 9_600), reader.plain(reader.plain_bytes - 9_600, reader.plain_bytes)
    assert (heard_hz(early[0::2]), heard_hz(early[1::2])) == ({OPERATOR}, {CUSTOMER})
    assert (heard_hz(late[0::2]), heard_hz(late[1::2])) == ({OPERATOR, SUPERVISOR}, {CUSTOMER, THIRD})
    talk.ask(Mix(7, hears, ("p1",), ("b1/1",), Recording(10, "10.rec", KEY)))
    recorded_s(talk, "10.rec", 0.5)


def recorded_s(talk: Talk, path: str, seconds: float) -> None:
    until(
        lambda: (talk.rig.home.recordings / path).exists() and talk.rig.reading(path, KEY).seconds >= seconds,
        f"{seconds:g} s of {path}",
    )


def test_two_loud_voices_are_clipped_and_never_wrap_round(talk: Talk) -> None:
    loud = tones.encoded(tones.sine(1_000, mulaw.TICK_S, 2.0))
    talk.customer.saying = talk.operator.saying = loud
    talk.ask(Mix(7, {"p2": ("b1/1", "p1")}))
    until(lambda: mulaw.level_dbm0(mulaw.decode(talk.supervisor.hears())) > 3, "both")
    one, both = (mulaw.decode(blocks).astype(int) for blocks in (loud, talk.supervisor.heard[-1]))
    assert np.max(np.abs(both)) > 32_000
    assert np.corrcoef(one, both)[0, 1] > 0.95


def test_the_matrix_told_again_after_a_restart_is_the_same(talk: Talk) -> None:
    whisper = Mix(7, {"b1/1": ("p1",), "p1": ("b1/1", "p2"), "p2": ("b1/1", "p1")}, ("p1",), ("b1/1",))
    talk.ask(Bridge(7, "b1/1", "p1"), whisper)
    talk.rig.kill()
    talk.rig.restart()
    talk.rig.line(1, 1), talk.rig.line(1, 2), talk.rig.phone(1), talk.rig.phone(2)
    for end in (talk.customer, talk.operator, talk.supervisor):
        end.heard.clear()
    talk.ask(whisper)
    talk.expect(
        customer={OPERATOR}, operator={CUSTOMER, SUPERVISOR}, supervisor={CUSTOMER, OPERATOR}, third=set()
    )
    talk.ask(Mix(8, {"b1/2": ("p9", "p1"), "p9": ("b1/2",)}))  # p1 leaves 7; there is no p9
    talk.expect(customer=set(), operator=set(), supervisor={CUSTOMER}, third={OPERATOR})
    faults = until(lambda: talk.rig.dialer.of(messages.PortFault), "a fault")
    assert [fault.port for fault in faults] == ["p9"]
    talk.ask(Bridge(9, "b1/1", "p1"))
    talk.expect(customer={OPERATOR}, operator={CUSTOMER}, supervisor=set(), third=set())
    talk.ask(ClosePort("b1/2"), ClosePort("p2"))
    again = messages.AudioSnapshot(("b1/1", "p1"), {9: ("b1/1", "p1")}, legs=("p1",))
    talk.rig.dialer.close()
    talk.rig.dialer = type(talk.rig.dialer)(talk.rig.home)
    assert talk.rig.dialer.of(messages.AudioSnapshot) == [again]


def test_a_conversation_mixed_at_once_still_reports_its_first_packet(talk: Talk) -> None:
    talk.customer.saying = mulaw.SILENT_BLOCK
    talk.ask(Bridge(7, "b1/1", "p1"), Mix(7, {"b1/1": ("p1",), "p1": ("b1/1",), "p2": ("b1/1", "p1")}))
    until(lambda: talk.rig.dialer.of(messages.Bridged), "Bridged")
    assert [event.bridge_id for event in talk.rig.dialer.of(messages.Bridged)] == [7]
