"""Keys heard in-band: spandsp behind cffi."""

from __future__ import annotations

import socket

import pytest

from appliance.audio import dtmf, mixer, mulaw, tones
from appliance.audio.dtmf import KeyEar
from appliance.audio.music import hold_music
from appliance.audio.ports import LinePort, PhonePort
from appliance.audio.rtp import Sender
from appliance.audio.rtp_socket import PortRange
from appliance.errors import DeviceError
from appliance.phones.messages import Media


def heard(data: bytes) -> str:
    ear = KeyEar()
    return "".join(ear.feed(data[at : at + 160]) for at in range(0, len(data), 160))


@pytest.mark.parametrize("key", sorted(tones.KEY_HZ))
@pytest.mark.parametrize("level_dbm0", [-6.0, -25.0])
def test_each_key_is_heard_once_through_mulaw(key: str, level_dbm0: float) -> None:
    assert heard(mulaw.SILENT_BLOCK * 5 + tones.key(key, 0.08, level_dbm0) + mulaw.SILENT_BLOCK * 5) == key


def test_keys_in_a_row_are_told_apart() -> None:
    gap = mulaw.SILENT_BLOCK * 3
    assert heard(b"".join(gap + tones.key(key, 0.06) for key in "1159*#") + gap) == "1159*#"


def blocks_of(*sounds: bytes) -> list[bytes]:
    data = b"".join(sounds)
    return [data[at : at + 160] for at in range(0, len(data), 160)]


class LateWire:
    """A B channel that brings what each tick has in turn: nothing, a block, or those that were late."""

    def __init__(self, ticks: list[list[bytes]]) -> None:
        self.ticks = ticks

    def read(self) -> bytes:
        return self.ticks[0].pop(0) if self.ticks and self.ticks[0] else b""

    def write(self, block: bytes) -> bool:
        return bool(block)

    def fileno(self) -> int:
        return -1

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("late_ticks", [1, 2, 3, 4, 5, 7, 9])
@pytest.mark.parametrize("after", [6, 7, 8, 9, 12])
def test_a_key_whose_sound_comes_late_is_one_key(late_ticks: int, after: int) -> None:
    blocks = blocks_of(mulaw.SILENT_BLOCK * 5, tones.key("5", 0.2), mulaw.SILENT_BLOCK * 8)
    ticks = [[block] for block in blocks[:after]] + [[] for _ in range(late_ticks)]
    ticks += [blocks[after : after + late_ticks]] + [[block] for block in blocks[after + late_ticks :]]
    wire = LateWire(ticks)
    port = LinePort("b1/1", wire, 0.0)
    port.listen(is_on=True)
    keys = ""
    for _ in range(len(blocks) + 20):
        port.hear(0.0)
        keys += port.hear_keys()
        wire.ticks = wire.ticks[1:]
    assert keys == "5"


@pytest.mark.parametrize("pause_ticks", [5, 40])
@pytest.mark.parametrize(("is_suppressed", "expected"), [(True, "55"), (False, "5")])
def test_a_pause_that_the_phone_sends_nothing_for_parts_keys_and_a_late_packet_does_not(
    pause_ticks: int, is_suppressed: bool, expected: str
) -> None:
    box = PortRange("127.0.0.1", 30_000, 60_000).open()
    port = PhonePort(
        "p1", box, Media("127.0.0.1", 9, 0), Sender(source=1, sequence=1, timestamp=1), print, 0.0,
        is_allowed=bool,
    )  # fmt: skip
    port.listen(is_on=True)
    sender = Sender(source=2, sequence=65_530, timestamp=2**32 - 500)
    key = blocks_of(tones.key("5", 0.1))
    keys = ""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        for block in [*key, *[b""] * pause_ticks, *key]:
            if block:
                phone.sendto(sender.packet(block), ("127.0.0.1", box.port))
            elif is_suppressed:
                sender.skip(160)
            port.hear(0.0)
            keys += port.hear_keys()
    port.close()
    assert keys == expected


def test_music_and_tones_are_no_keys() -> None:
    sounds = tones.all_tones()
    assert heard(b"".join(sounds[name] for name in sorted(sounds))) == ""
    assert heard(mixer.mix([tones.dial(), hold_music()[: len(tones.dial())]])) == ""


def test_a_missing_library_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dtmf, "LIBRARIES", ("libspandsp-not-here.so.9",))
    dtmf._spandsp.cache_clear()
    try:
        with pytest.raises(DeviceError, match="apt install libspandsp2"):
            KeyEar()
    finally:
        dtmf._spandsp.cache_clear()
