"""One suite for every back end of the span seam, then what each of them promises alone."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance import settings
from appliance.errors import DeviceError
from appliance.pri_card import span_dahdi
from appliance.pri_card.span import Span, open_span
from appliance.pri_card.span_absent import AbsentSpan
from appliance.pri_card.span_dahdi import DahdiSpan
from appliance.pri_card.span_memory import memory_pair
from appliance.pri_card.span_simulated import SimulatedSpan
from appliance.pri_card.wire import frame_s
from appliance.settings import Home
from tests.contract.fake_dahdi import FakeDahdi
from tests.crowd import crowd

PATIENCE_S = 5.0
QUIET_S = 0.1
BLOCK = bytes(range(160))
SILENCE = b"\xff" * 160


@dataclass
class Line:
    """Both ends, and a clock: real for what runs on sockets, pushed on for what does not."""

    user: Span
    network: Span
    is_virtual: bool
    now: float = 100.0

    def tick(self) -> float:
        self.now = self.now + 0.001 if self.is_virtual else time.monotonic()
        return self.now

    def until_d(self, end: Span, count: int) -> list[bytes]:
        """Frames that arrive at `end`, waiting for `count` of them."""
        far = self.network if end is self.user else self.user
        frames: list[bytes] = []
        deadline = time.monotonic() + PATIENCE_S * crowd()
        while len(frames) < count:
            assert time.monotonic() < deadline, f"only {len(frames)} of {count} frames came"
            assert far.receive_d(self.tick()) == []
            frames += end.receive_d(self.tick())
        return frames


def find_each_other(line: Line) -> None:
    """A real driver loses what is sent before its receiver has seen a flag, some 20 ms after it was opened.

    The link repeats such frames by itself; here a first one is repeated, each way, until it is heard.
    """
    for sender, receiver in ((line.user, line.network), (line.network, line.user)):
        deadline = time.monotonic() + PATIENCE_S * crowd()
        heard = False
        while not heard:
            assert time.monotonic() < deadline, "the ends do not hear each other"
            sender.send_d(b"\x02\x01\x7f", line.tick())
            heard = not quiet_for(receiver, QUIET_S, line)
        while not quiet_for(receiver, QUIET_S, line):  # its repetitions
            pass


def quiet_for(end: Span, seconds: float, line: Line) -> bool:
    """Whether no frame arrives for so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if end.receive_d(line.tick()):
            return False
    return True


CARD = ["card"] if "YOBIRIN_SPAN_PAIR" in os.environ else []  # spans 1 and 2 of the real driver, joined


@pytest.fixture(params=["memory", "simulated", "dahdi", *CARD])
def line(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    if request.param == "memory":
        made = Line(*memory_pair(), is_virtual=True)
    elif request.param == "simulated":
        deep = tmp_path / ("a-very-deep-home-directory" * 6)
        made = Line(SimulatedSpan(1, deep, "user"), SimulatedSpan(1, deep, "network"), is_virtual=False)
    elif request.param == "card":
        made = Line(DahdiSpan(1, 1), DahdiSpan(2, 25), is_virtual=False)
    else:
        kernel = FakeDahdi()
        monkeypatch.setattr(span_dahdi, "os", kernel)
        monkeypatch.setattr(span_dahdi, "fcntl", kernel)
        made = Line(DahdiSpan(1, 1), DahdiSpan(2, 25), is_virtual=True)
    made.network.open_d(made.tick())
    made.user.open_d(made.tick())
    made.network.receive_d(made.tick())
    if request.param == "card":
        find_each_other(made)
    yield made
    made.user.close()
    made.network.close()


def test_d_frames_arrive_whole_in_order_and_without_check_sum(line: Line) -> None:
    frames = [bytes([2, 1, number]) + bytes(number) for number in range(20)]
    for frame in frames:
        line.user.send_d(frame, line.tick())
        line.network.send_d(frame[::-1], line.tick())
    sent_back: list[bytes] = []
    arrived: list[bytes] = []
    deadline = time.monotonic() + PATIENCE_S * crowd()
    while len(arrived) < 20 or len(sent_back) < 20:
        assert time.monotonic() < deadline
        arrived += line.network.receive_d(line.tick())
        sent_back += line.user.receive_d(line.tick())
    assert arrived == frames
    assert sent_back == [frame[::-1] for frame in frames]


def test_the_longest_frame_passes(line: Line) -> None:
    frame = bytes(index % 251 for index in range(264))
    line.user.send_d(frame, line.tick())
    assert line.until_d(line.network, 1) == [frame]


def test_a_quiet_line_gives_nothing_and_has_no_alarm(line: Line) -> None:
    assert line.user.receive_d(line.tick()) == []
    assert line.network.receive_d(line.tick()) == []
    assert (line.user.alarm(), line.network.alarm()) == ("", "")


def needs_a_quiet_line(line: Line) -> None:
    """A card's line is never quiet, a block of idle comes every 20 ms: its speech has a test of its own."""
    if isinstance(line.user, DahdiSpan) and not line.is_virtual:
        pytest.skip("a card's line always carries something")


def test_speech_passes_both_ways_in_order(line: Line) -> None:
    needs_a_quiet_line(line)
    near, far = line.user.open_b(7), line.network.open_b(7)
    near.read()
    far.read()
    near.close()
    near = line.user.open_b(7)  # whoever opens first, the two find each other
    blocks = [bytes([number]) * 160 for number in range(6)]
    connect(near.read, far.read, lambda: near.write(SILENCE), lambda: far.write(SILENCE))
    near.flush()
    far.flush()
    assert all(near.write(block) for block in blocks)
    assert [far.read() for _ in blocks] == blocks
    assert all(far.write(block[::-1]) for block in blocks)
    assert [near.read() for _ in blocks] == blocks
    assert near.read() == b""


def connect(
    near: Callable[[], bytes],
    far: Callable[[], bytes],
    say_near: Callable[[], bool],
    say_far: Callable[[], bool],
) -> None:
    """Let two ends of a B channel find each other."""
    deadline = time.monotonic() + PATIENCE_S * crowd()
    heard_near = heard_far = b""
    while not (heard_near and heard_far):
        assert time.monotonic() < deadline
        say_near()
        say_far()
        heard_near, heard_far = near() or heard_near, far() or heard_far


def test_flush_leaves_nothing_of_the_last_call(line: Line) -> None:
    needs_a_quiet_line(line)
    near, far = line.user.open_b(1), line.network.open_b(1)
    connect(near.read, far.read, lambda: near.write(SILENCE), lambda: far.write(SILENCE))
    far.write(BLOCK)
    near.flush()
    assert near.read() == b""


def test_a_writer_is_never_blocked_and_is_told_when_nobody_listens(line: Line) -> None:
    needs_a_quiet_line(line)
    near, far = line.user.open_b(2), line.network.open_b(2)
    connect(near.read, far.read, lambda: near.write(SILENCE), lambda: far.write(SILENCE))
    taken = 0
    while near.write(BLOCK):
        taken += 1
        assert taken < 100, "two seconds of speech pile up on a channel that nobody reads"


if CARD:

    def test_speech_crosses_the_real_driver_byte_for_byte() -> None:
        near, far = DahdiSpan(1, 1).open_b(7), DahdiSpan(2, 25).open_b(7)
        sent = b"".join(bytes([64 + number]) * 160 for number in range(6))
        waiting = [sent[at : at + 160] for at in range(0, len(sent), 160)]
        heard = b""
        deadline = time.monotonic() + PATIENCE_S * crowd()
        while sent not in heard:
            assert time.monotonic() < deadline, "the blocks did not come across whole and in order"
            if waiting and near.write(waiting[0]):
                waiting.pop(0)
            heard += far.read()
            time.sleep(0.005)
        near.close()
        far.close()


@pytest.mark.parametrize("channel", [0, 24, -1])
def test_a_channel_that_is_none_is_refused(line: Line, channel: int) -> None:
    with pytest.raises(DeviceError, match=f"channel {channel}"):
        line.user.open_b(channel)


def test_a_channel_has_one_owner_at_a_time(line: Line) -> None:
    first = line.user.open_b(3)
    with pytest.raises(DeviceError):
        line.user.open_b(3)
    first.close()
    line.user.open_b(3).close()


# --- simulated ------------------------------------------------------------------------------------------


def simulated(tmp_path: Path) -> Line:
    line = Line(SimulatedSpan(1, tmp_path, "user"), SimulatedSpan(1, tmp_path, "network"), is_virtual=False)
    line.user.open_d(line.tick())
    return line


def until(line: Line, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S * crowd()
    while not condition():
        assert time.monotonic() < deadline
        line.user.receive_d(line.tick())
        line.network.receive_d(line.tick())


def test_a_simulated_line_finds_its_exchange_again(tmp_path: Path) -> None:
    line = simulated(tmp_path)
    assert line.user.alarm() == "red"
    for _ in range(2):
        line.network = SimulatedSpan(1, tmp_path, "network")
        line.network.open_d(line.tick())
        until(line, lambda: line.user.alarm() == "")
        line.user.send_d(b"\x02\x01\x7f", line.tick())
        assert line.until_d(line.network, 1) == [b"\x02\x01\x7f"]
        line.network.close()
        until(line, lambda: line.user.alarm() == "red")


def test_a_fresh_exchange_hears_nothing_that_was_meant_for_the_last_one(tmp_path: Path) -> None:
    line = simulated(tmp_path)
    line.network.open_d(line.tick())
    until(line, lambda: line.user.alarm() == "" and line.network.alarm() == "")
    for _ in range(20):
        line.user.send_d(bytes(250), line.tick())  # 0.6 s of line
    line.network.close()
    line.network = SimulatedSpan(1, tmp_path, "network")
    line.network.open_d(line.tick())
    deadline = line.tick() + PATIENCE_S
    while line.user.alarm() == "":
        assert line.user.receive_d(line.tick()) == []
        assert line.now < deadline
    until(line, lambda: line.user.alarm() == "")
    line.user.send_d(b"\x02\x01\x7f", line.tick())
    assert line.until_d(line.network, 1) == [b"\x02\x01\x7f"]


def test_a_second_dialer_is_turned_away(tmp_path: Path) -> None:
    line = simulated(tmp_path)
    line.network.open_d(line.tick())
    until(line, lambda: line.user.alarm() == "" and line.network.alarm() == "")
    intruder = SimulatedSpan(1, tmp_path, "user")
    intruder.open_d(line.tick())
    until(line, lambda: not intruder.receive_d(time.monotonic()) and intruder.alarm() == "red")
    line.user.send_d(b"abc", line.tick())
    assert line.until_d(line.network, 1) == [b"abc"]


def test_the_d_channel_is_no_faster_than_64_kbit_per_second(tmp_path: Path) -> None:
    line = simulated(tmp_path)
    line.network.open_d(line.tick())
    until(line, lambda: line.user.alarm() == "" and line.network.alarm() == "")
    begun = line.tick()
    for _ in range(10):
        line.user.send_d(bytes(200), begun)
    line.until_d(line.network, 10)
    assert line.tick() - begun >= 10 * frame_s(200)


def test_the_site_file_picks_the_back_end(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert isinstance(open_span(settings.Span(number=1), home), SimulatedSpan)
    assert isinstance(open_span(settings.Span(number=2, kind="dahdi"), home), DahdiSpan)
    absent = open_span(settings.Span(number=3, kind="absent"), home)
    assert isinstance(absent, AbsentSpan)
    absent.open_d(0.0)
    absent.send_d(b"abc", 0.0)
    assert (absent.receive_d(1.0), absent.alarm(), absent.files()) == ([], "removed", [])
    with pytest.raises(DeviceError, match="span 3"):
        absent.open_b(1)


# --- DAHDI ----------------------------------------------------------------------------------------------


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> FakeDahdi:
    made = FakeDahdi()
    monkeypatch.setattr(span_dahdi, "os", made)
    monkeypatch.setattr(span_dahdi, "fcntl", made)
    return made


def test_channels_get_the_buffers_that_the_driver_needs(kernel: FakeDahdi) -> None:
    span = DahdiSpan(1, 1)
    span.open_d(0.0)
    span.open_b(5)
    assert kernel.buffers[24] == (0, 0, 32, 1024, 0, 0)
    assert kernel.buffers[5] == (0, 0, 8, 160, 0, 0)
    assert kernel.audio_mode == {5}


def test_a_waiting_event_is_fetched_before_frames_and_speech(kernel: FakeDahdi) -> None:
    span = DahdiSpan(1, 1)
    span.open_d(0.0)
    speech = span.open_b(5)
    kernel.queues[24].append(b"abc\xab\xcd")
    kernel.events[24].extend([6, 8])  # abort, bad FCS
    kernel.events[5].append(4)
    assert span.receive_d(0.0) == [b"abc"]
    kernel.events[24].append(7)
    span.send_d(b"xyz", 0.0)
    assert speech.write(BLOCK)
    assert kernel.queues[48].popleft() == b"xyz\xab\xcd"


@pytest.mark.parametrize(("bits", "word"), [(4, "yellow"), (8, "red"), (0x10, "blue"), (0xC, "red"), (0, "")])
def test_alarms_are_read_from_the_span(kernel: FakeDahdi, bits: int, word: str) -> None:
    span = DahdiSpan(1, 1)
    span.open_d(0.0)
    kernel.alarm_bits = bits
    due = span.due()
    assert due is not None
    span.receive_d(due)
    assert span.alarm() == word


def test_a_card_that_is_taken_away_and_put_back_is_opened_again(kernel: FakeDahdi) -> None:
    span = DahdiSpan(1, 1)
    span.open_d(0.0)
    kernel.is_gone = True
    span.receive_d(1.0)
    span.send_d(b"lost", 1.0)
    assert span.alarm() == "removed"
    kernel.is_gone = False
    span.receive_d(2.0)
    assert span.alarm() == ""


def test_a_channel_that_is_no_dchan_is_named_with_the_remedy(kernel: FakeDahdi) -> None:
    kernel.signalling[24] = 0x80
    with pytest.raises(DeviceError, match=r"D channel of span 1 .*system\.conf"):
        DahdiSpan(1, 1).open_d(0.0)


def test_a_channel_in_use_elsewhere_says_so(kernel: FakeDahdi) -> None:
    DahdiSpan(1, 1).open_d(0.0)
    with pytest.raises(DeviceError, match="in use by another process"):
        DahdiSpan(1, 1).open_d(0.0)


def test_no_driver_says_so(kernel: FakeDahdi) -> None:
    kernel.is_gone = True
    with pytest.raises(DeviceError, match=r"/dev/dahdi/channel.*lsmod"):
        DahdiSpan(1, 1).open_d(0.0)
