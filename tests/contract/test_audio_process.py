"""The audio process as the dialer sees it: speech both ways, prompts, keys, recordings, restarts."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest

from appliance import ipc
from appliance.audio import messages, mulaw, prompts, tones
from appliance.audio.messages import Bridge, ClosePort, Hush, Listen, Play, Recording, SetRemote, Unbridge
from appliance.audio.music import hold_music
from appliance.phones.messages import Media
from tests.contract.audio_rig import Dialer, FakeLine, Rig, strongest_hz, tone, until

KEY = bytes(range(32))
PORTS = count(30_000 + os.getpid() % 20 * 1_000, 500)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Rig(tmp_path, rtp_port_first=next(PORTS) % 28_000 + 30_000) as made:
        yield made


def digits(rig: Rig) -> list[tuple[str, str]]:
    return [(event.digit, event.source) for event in rig.dialer.of(messages.Digit)]


def of_recording(reader_plain: bytes, side: int) -> bytes:
    return reader_plain[side::2]


def test_speech_passes_both_ways_and_into_both_sides_of_the_recording(rig: Rig) -> None:
    line, phone = rig.line(), rig.phone()
    line.saying, phone.saying = tone(700), tone(1_300)
    rig.dialer.ask(Bridge(7, "b1/1", "p1", Recording(9, "day/9.rec", KEY)))
    until(lambda: strongest_hz(phone.hears()) == 700, "the customer at the phone")
    until(lambda: strongest_hz(line.hears()) == 1_300, "the operator on the line")
    bridged = until(lambda: rig.dialer.of(messages.Bridged), "Bridged")
    assert (bridged[0].bridge_id, len(bridged)) == (7, 1)
    until(lambda: rig.reading("day/9.rec", KEY).seconds > 0, "a recording to listen to while it grows")
    rig.dialer.ask(Unbridge(7))
    done = until(lambda: rig.dialer.of(messages.RecordingDone), "RecordingDone")[0]
    reader = rig.reading("day/9.rec", KEY)
    assert (done.recording_id, reader.is_complete) == (9, True)
    assert done.seconds == reader.seconds
    plain = reader.plain(8_000, reader.plain_bytes)
    assert strongest_hz(of_recording(plain, 0)) == 1_300
    assert strongest_hz(of_recording(plain, 1)) == 700
    until(lambda: phone.heard[-1] == mulaw.SILENT_BLOCK, "silence at the phone after the bridge")
    before = len(phone.heard)
    until(lambda: len(phone.heard) > before + 10, "RTP that keeps flowing")


def test_packets_are_numbered_without_a_gap_through_a_bridge(rig: Rig) -> None:
    line, phone = rig.line(), rig.phone()
    line.saying = tone(700)
    until(lambda: len(phone.heard) > 10, "silence")
    for number in range(3):
        rig.dialer.ask(Bridge(number, "b1/1", "p1"))
        until(lambda: strongest_hz(phone.hears()) == 700, "the customer")
        rig.dialer.ask(Unbridge(number))
        until(lambda: strongest_hz(phone.hears()) == 0, "silence")
    assert {(b - a) & 0xFFFF for a, b in pairwise(phone.sequences)} == {1}
    assert {(b - a) & 0xFFFFFFFF for a, b in pairwise(phone.timestamps)} == {160}


def test_a_prompt_is_said_whole_and_a_bridge_cuts_it(rig: Rig) -> None:
    line, phone = rig.line(), rig.phone()
    line.saying = tone(700)
    rig.dialer.ask(Play("p1", ("digit-0", "digit-6", "code-saved"), tag="read-back"))
    until(lambda: rig.dialer.of(messages.Played), "Played")
    assert rig.dialer.of(messages.Played) == [messages.Played("p1", "read-back")]
    until(lambda: phone.heard[-1] == mulaw.SILENT_BLOCK, "the end of the prompt")
    spoken = b"".join(
        prompts.read_wav(prompts.SHIPPED / f"{name}.wav") for name in ("digit-0", "digit-6", "code-saved")
    )
    assert spoken in b"".join(phone.heard)
    rig.dialer.ask(Play("p1", ("apology",), tag="never"))
    until(lambda: mulaw.level_dbm0(mulaw.decode(phone.hears())) > -40, "the next prompt")
    rig.dialer.ask(Bridge(1, "b1/1", "p1"))
    until(lambda: phone.heard[-10:] == [tone(700)] * 10, "the customer alone")
    assert len(rig.dialer.of(messages.Played)) == 1


def is_apology_whole(rig: Rig, line: FakeLine) -> bool:
    """Play it to its end; whether the line heard every sample of it in a row."""
    before, played = len(line.heard), len(rig.dialer.of(messages.Played))
    rig.dialer.ask(Play("b1/1", ("apology",), tag="96"))
    until(lambda: len(rig.dialer.of(messages.Played)) > played, "the end of the apology", wait_s=15)
    return prompts.read_wav(prompts.SHIPPED / "apology.wav") in b"".join(line.heard[before:])


def test_a_line_hears_an_apology_and_tones(rig: Rig) -> None:
    line = rig.line()
    assert any(is_apology_whole(rig, line) for _try in range(3)), "each time ticks were skipped"
    rig.dialer.ask(Play("b1/1", ("tone:dial",), is_loop=True))
    until(lambda: strongest_hz(line.hears()) == 400, "dial tone")
    rig.dialer.ask(Hush("b1/1"))
    before = len(line.heard)
    until(lambda: len(rig.dialer.of(messages.TickReport)) > 1, "a second")
    assert len(line.heard) < before + 50  # nothing is written to a line that has nothing to hear


def test_keys_come_as_events_in_band_from_a_phone_and_from_the_line(rig: Rig) -> None:
    line, phone, old_phone = rig.line(), rig.phone(1), rig.phone(2, digits_payload=0)
    phone.press("*")
    until(lambda: ("*", "rfc4733") in digits(rig), "the event")
    pressed = tones.key("5", 0.2) + mulaw.SILENT_BLOCK * 5
    blocks = [pressed[at : at + 160] for at in range(0, len(pressed), 160)]
    old_phone.once += [(0, 10_000_000 + 160 * index, block) for index, block in enumerate(blocks)]
    until(lambda: ("5", "inband") in digits(rig), "the key heard from the phone")
    line.once += blocks  # on a line that is not listened to: what follows it is heard, so it has gone by
    line.saying = tone(700)
    rig.dialer.ask(Bridge(1, "b1/1", "p1"))
    until(lambda: strongest_hz(phone.hears()) == 700, "what follows the key on the line")
    rig.dialer.ask(Unbridge(1))
    line.saying = mulaw.SILENT_BLOCK
    rig.dialer.ask(Listen("b1/1"))
    pressed = tones.key("9", 0.2) + mulaw.SILENT_BLOCK * 5
    line.once += [pressed[at : at + 160] for at in range(0, len(pressed), 160)]
    until(lambda: ("9", "inband") in digits(rig), "the key heard from the line")
    phone.press("#")
    until(lambda: ("#", "rfc4733") in digits(rig), "the last key")
    assert digits(rig) == [("*", "rfc4733"), ("5", "inband"), ("9", "inband"), ("#", "rfc4733")]


def test_on_hold_the_customer_hears_music_and_the_phone_nothing(rig: Rig) -> None:
    line, phone = rig.line(), rig.phone()
    phone.saying = tone(1_300)
    rig.dialer.ask(Bridge(1, "b1/1", "p1"))
    until(lambda: strongest_hz(line.hears()) == 1_300, "the operator")
    held = Media(phone.media.address, phone.media.port, is_held=True)
    rig.dialer.ask(SetRemote("p1", held))
    rig.dialer.ask(Play("b1/1", ("music",), is_loop=True))
    music = hold_music()
    until(lambda: line.heard[-20:] and b"".join(line.heard[-20:]) in music, "the music alone")
    before = len(phone.heard)
    until(lambda: b"".join(line.heard[-30:]) in music, "more of it")
    assert len(phone.heard) <= before + 1
    rig.dialer.ask(Hush("b1/1"))
    rig.dialer.ask(SetRemote("p1", phone.media))
    until(lambda: strongest_hz(line.hears()) == 1_300, "the operator again")
    until(lambda: len(phone.heard) > before + 10, "RTP again")


def test_a_beep_is_laid_over_the_talk(rig: Rig) -> None:
    line, phone = rig.line(), rig.phone()
    line.saying = tone(400)
    rig.dialer.ask(Bridge(1, "b1/1", "p1"))
    until(lambda: strongest_hz(phone.hears()) == 400, "the customer")
    rig.dialer.ask(Play("p1", ("tone:beep",), tag="beep"))
    until(lambda: rig.dialer.of(messages.Played), "the beep")
    plain = (tone(400), mulaw.SILENT_BLOCK)
    until(lambda: sum(block not in plain for block in phone.heard) >= 8, "the beep over the talk")
    until(lambda: phone.heard[-5:] == [tone(400)] * 5, "the customer alone")


def test_a_new_client_is_told_what_stands_and_recordings_missed(rig: Rig) -> None:
    line, phone = rig.line(), rig.phone()
    rig.line(1, 2), rig.phone(2)
    line.saying = tone(700)
    rig.dialer.ask(Bridge(7, "b1/1", "p1", Recording(9, "9.rec", KEY)))
    commands = ipc.BlockingClient(rig.home.socket("audio"), messages.Union, name="last words")
    rig.dialer.close()
    until(lambda: strongest_hz(phone.hears()) == 700, "speech without a dialer")
    commands.close()
    again = Dialer(rig.home)
    snapshot = again.of(messages.AudioSnapshot)[0]
    assert set(snapshot.ports) == {"b1/1", "b1/2", "p1", "p2"}
    assert snapshot.bridges == {7: ("b1/1", "p1")}
    assert set(snapshot.legs) == {"p1", "p2"}
    again.ask(ClosePort("b1/1"))
    until(lambda: again.of(messages.RecordingDone), "the recording, ended by its port")
    again.close()
    rig.dialer = Dialer(rig.home)
    assert rig.dialer.of(messages.AudioSnapshot)[0].bridges == {}
    assert set(rig.dialer.of(messages.AudioSnapshot)[0].ports) == {"b1/2", "p1", "p2"}


def test_a_killed_process_loses_less_than_a_second_of_a_recording(rig: Rig) -> None:
    line, phone = rig.line(), rig.phone()
    line.saying, phone.saying = tone(700), tone(1_300)
    rig.dialer.ask(Bridge(7, "b1/1", "p1", Recording(9, "9.rec", KEY)))
    until(lambda: strongest_hz(phone.hears()) == 700, "the customer")
    heard = len(phone.heard)
    until(lambda: len(phone.heard) >= heard + 125, "two seconds and a half")
    rig.kill()
    reader = rig.reading("9.rec", KEY)
    assert reader.seconds >= 1.5
    assert not reader.is_complete
    assert strongest_hz(of_recording(reader.plain(3_200, reader.plain_bytes), 1)) == 700
    rig.restart()
    phone.heard.clear()
    assert rig.dialer.of(messages.AudioSnapshot)[0].ports == ()
    rig.line(), rig.phone()
    rig.dialer.ask(Bridge(7, "b1/1", "p1", Recording(9, "9.rec", KEY)))
    until(lambda: strongest_hz(phone.hears()) == 700, "the customer again")
    rig.dialer.ask(Unbridge(7))
    done = until(lambda: rig.dialer.of(messages.RecordingDone), "RecordingDone")[0]
    assert done.seconds > reader.seconds


def test_phones_that_were_told_nothing_are_heard_after_a_restart(rig: Rig) -> None:
    """A phone goes on sending where it always did: its port is opened again, in whatever order."""
    phones = {number: rig.phone(number) for number in (1, 2)}
    rig.kill()
    rig.restart()
    for number in (2, 1):
        phone = phones[number]
        media = Media(phone.media.address, phone.media.port, 101)
        opened = rig.dialer.ask(messages.OpenPhone(f"p{number}", media, phone.target[1]))
        assert opened.local.port == phone.target[1]
    phones[1].press("1")
    phones[2].press("2")
    until(lambda: len(rig.dialer.of(messages.Digit)) == 2, "both keys")
    assert {(key.port, key.digit) for key in rig.dialer.of(messages.Digit)} == {("p1", "1"), ("p2", "2")}


def test_a_port_that_somebody_else_took_is_replaced_by_another(rig: Rig) -> None:
    first = rig.phone(1).target[1]
    opened = rig.dialer.ask(messages.OpenPhone("p2", Media("127.0.0.1", 9), first))
    assert opened.local.port not in (0, first)


def test_sigterm_finishes_recordings_and_exits_cleanly(rig: Rig) -> None:
    rig.line(), rig.phone()
    rig.dialer.ask(Bridge(7, "b1/1", "p1", Recording(9, "9.rec", KEY)))
    until(lambda: rig.dialer.of(messages.TickReport), "a second")
    assert rig.stop() == 0
    assert rig.reading("9.rec", KEY).is_complete
    assert not rig.home.socket("audio").exists()


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (Bridge(1, "b1/1", "p9"), "p9"),
        (Bridge(1, "b9/9", "p1"), "b9/9"),
        (Play("p9", ("welcome",)), "p9"),
        (Hush("b2/2"), "b2/2"),
        (Listen("p9"), "p9"),
        (SetRemote("p9", Media("127.0.0.1", 9)), "p9"),
        (SetRemote("p1", Media("phone.example", 9)), "phone.example"),
        (messages.OpenPhone("p2", Media("", 9)), "no IPv4 address"),
        (messages.OpenLine("b4/1", 4, 1), "span 4"),
        (messages.OpenLine("b1/24", 1, 24), "channel 24"),
        (messages.Digit("p1", "5"), "no command"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(shared: Rig, command: Any, what: str) -> None:
    with pytest.raises(ipc.Refused, match=what):
        shared.dialer.ask(command)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("audio"), rtp_port_first=next(PORTS) % 28_000 + 30_000) as made:
        made.line(1, 1)
        made.phone(1)
        yield made


def test_an_unknown_prompt_is_a_fault_and_the_rest_is_said(shared: Rig) -> None:
    shared.dialer.ask(Play("p1", ("digit-0", "code-1-zz"), tag="half"))
    until(lambda: shared.dialer.of(messages.Played), "Played")
    faults = shared.dialer.of(messages.PortFault)
    assert [fault.port for fault in faults] == ["p1"]
    assert "code-1-zz" in faults[0].what


def test_a_silent_phone_is_reported_until_it_speaks_again(shared: Rig) -> None:
    phone = shared.phone(5)
    phone.saying = None
    silence = until(lambda: shared.dialer.of(messages.Silence), "Silence")
    assert silence[0].port == "p5"
    assert 3 <= silence[0].seconds < 4.5
    phone.saying = mulaw.SILENT_BLOCK
    until(lambda: len(phone.heard) > 160, "three seconds")
    assert len(shared.dialer.of(messages.Silence)) == 1


def test_garbage_on_the_rtp_port_and_on_the_socket_harms_nothing(shared: Rig) -> None:
    phone = shared.phone(1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for data in (b"", b"\x80", b"\xff" * 1_400, os.urandom(500)):
            stranger.sendto(data, phone.target)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as rude:
        rude.connect(str(shared.home.socket("audio")))
        rude.sendall(b"GET / HTTP/1.0\r\n\r\n")
        rude.settimeout(5)
        assert rude.recv(100) == b""
    before = len(phone.heard)
    until(lambda: len(phone.heard) > before + 10, "RTP as before")


def test_the_plane_reports_itself_once_a_second(shared: Rig) -> None:
    report = until(lambda: shared.dialer.of(messages.TickReport), "TickReport")[-1]
    assert report.ports >= 2
    assert 0 <= report.late_ms_p99 <= report.late_ms_max
    assert report.cpu_s > 0


def test_a_hundred_bridges_are_all_heard_and_recorded(tmp_path: Path) -> None:
    with Rig(tmp_path, spans=5, rtp_port_first=next(PORTS) % 28_000 + 30_000) as rig:
        pairs = [(span, channel) for span in range(1, 6) for channel in range(1, 21)]
        for number, (span, channel) in enumerate(pairs, 1):
            hz = 300 + 50 * (number % 50)
            rig.line(span, channel).saying = tone(hz)
            rig.phone(number).saying = tone(hz + 50)
        for number, (span, channel) in enumerate(pairs, 1):
            recording = Recording(number, f"{number}.rec", KEY)
            rig.dialer.ask(Bridge(number, f"b{span}/{channel}", f"p{number}", recording))
        for number, (span, channel) in enumerate(pairs, 1):
            hz, line, phone = (
                300 + 50 * (number % 50),
                rig.lines[f"b{span}/{channel}"],
                rig.phones[f"p{number}"],
            )
            until(lambda p=phone, hz=hz: strongest_hz(p.hears()) == hz, f"customer {number}")  # type: ignore[misc]  # a lambda of a loop
            until(lambda li=line, hz=hz: strongest_hz(li.hears()) == hz + 50, f"operator {number}")  # type: ignore[misc]  # a lambda of a loop
        until(lambda: len(rig.dialer.of(messages.Bridged)) == 100, "a hundred Bridged")
        before = len(rig.phones["p100"].heard)
        until(lambda: len(rig.phones["p100"].heard) > before + 60, "a second of talk")
        for number in range(1, 101):
            rig.dialer.ask(Unbridge(number))
        until(lambda: len(rig.dialer.of(messages.RecordingDone)) == 100, "a hundred recordings")
        assert rig.dialer.of(messages.RecordingLost) == []
        for number in (1, 50, 100):
            plain = rig.reading(f"{number}.rec", KEY).plain(3_200, 16_000)
            assert strongest_hz(of_recording(plain, 1)) == 300 + 50 * (number % 50)
