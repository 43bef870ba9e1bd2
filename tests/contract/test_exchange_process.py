"""The exchange as its own process: a call over real sockets, speech both ways, and its control socket."""

from __future__ import annotations

import contextlib
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance import ipc
from appliance.pri_card import d_events
from appliance.pri_card.libpri import DChannel
from appliance.pri_card.span import BChannel, open_span
from appliance.settings import Home, Settings
from appliance.simulator import callee_hearing, exchange_messages
from appliance.simulator.callee_plan import CallPlan, Do, Sound, Step
from appliance.simulator.callee_sound import BLOCKS_PER_S, Voice
from tests.crowd import crowd

NUMBER = "0300001234"
CALLEE_HZ, OURS_HZ = 1_150, 2_100
TALKS = CallPlan(
    "forced",
    (
        Step(0.01, Do.PROCEED),
        Step(0.05, Do.ALERT, is_in_band=True, sound=Sound("ringback")),
        Step(0.1, Do.CONNECT, sound=Sound("tone", CALLEE_HZ)),
    ),
)


class Box:
    """The user end of one line, by hand: libpri, the D channel's socket and the monotonic clock."""

    def __init__(self, home: Home) -> None:
        self.span = open_span(Settings().spans[0], home, "user")
        self.span.open_d(time.monotonic())
        self.d = DChannel("cpe", time.monotonic())
        self.seen: list[d_events.DEvent] = []

    def step(self) -> None:
        now = time.monotonic()
        for frame in self.span.receive_d(now):
            self.seen += self.d.feed(frame, now)
        self.seen += self.d.run(now)
        for frame in self.d.take_frames():
            self.span.send_d(frame, now)

    def until(self, wanted: Callable[[], bool], *, limit_s: float = 10.0) -> None:
        """Step until it is so.  Raises AssertionError after `limit_s`."""
        end = time.monotonic() + limit_s * crowd()
        while not wanted():
            assert time.monotonic() < end, f"not within {limit_s} s; seen: {self.seen}"
            select.select(self.span.files(), [], [], 0.005)
            self.step()

    def until_settled(self) -> None:
        """A fresh link may come up once more, and what was sent before that is lost: give it 2 s."""
        self.until_seen(d_events.LinkUp)
        up_at = time.monotonic()
        self.until(lambda: time.monotonic() - up_at >= 2.0)

    def until_seen(self, kind: type) -> None:
        self.until(lambda: any(isinstance(event, kind) for event in self.seen))


def start(home: Home) -> subprocess.Popen[bytes]:
    """The exchange of this home, once its socket answers."""
    child = subprocess.Popen(
        [sys.executable, "-m", "appliance", "exchange", "--home", str(home.root)],
        cwd=Path(__file__).parents[2],
        stderr=subprocess.PIPE,
    )
    end = time.monotonic() + 20 * crowd()
    while True:
        try:
            ask(home).close()
        except ipc.PeerGone:
            assert child.poll() is None, (child.stderr.read() if child.stderr else b"").decode()
            assert time.monotonic() < end, "the exchange does not come up"
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(0.02)
        else:
            return child


def ask(home: Home) -> ipc.BlockingClient:
    return ipc.BlockingClient(home.socket("exchange"), exchange_messages.Union, name="test")


@contextlib.contextmanager
def running(home: Home) -> Iterator[subprocess.Popen[bytes]]:
    """The exchange of this home; ends with SIGTERM and must end cleanly."""
    child = start(home)
    try:
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        said = child.communicate(timeout=10)[1]
    assert (child.returncode, said.decode()) == (0, ""), "a clean end has nothing to say"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def talk(box: Box, speech: BChannel, client: ipc.BlockingClient, channel: int) -> tuple[float, float]:
    """Speak and listen until both ends have heard a tone; the two frequencies (theirs, ours)."""
    voice = Voice()
    voice.say(Sound("tone", OURS_HZ))
    heard: list[bytes] = []
    begun_at = time.monotonic()
    sent = 0

    def exchange_blocks() -> bool:
        nonlocal sent
        if time.monotonic() - begun_at >= sent * 0.02:
            speech.write(voice.next_block())
            sent += 1
        while block := speech.read():
            heard.append(block)
        return min(sent, len(heard)) >= BLOCKS_PER_S

    box.until(exchange_blocks)
    answer = client.request(exchange_messages.AskHeard(1, channel))
    return callee_hearing.hear(heard[-25:]).frequency_hz, answer.frequency_hz


def test_a_call_is_answered_and_speech_goes_both_ways(home: Home) -> None:
    channel = 23
    with running(home):
        client = ask(home)
        client.request(exchange_messages.Force(NUMBER, TALKS))
        box = Box(home)
        speech = box.span.open_b(channel)
        box.until_settled()
        box.d.place(number=NUMBER, caller="0312345678", channel=channel, now=time.monotonic())
        box.until_seen(d_events.ConnectArrived)

        theirs, ours = talk(box, speech, client, channel)

        assert theirs == pytest.approx(CALLEE_HZ, abs=3)
        assert ours == pytest.approx(OURS_HZ, abs=3)
        statistics = client.request(exchange_messages.AskStatistics())
        assert statistics.counts[1].answered == 1
        assert statistics.channels[1] == (channel,)
        call = next(iter(box.d.calls()))
        box.d.hangup(call, 16, time.monotonic())
        box.until_seen(d_events.CallFreed)
        box.until(lambda: client.request(exchange_messages.AskStatistics()).channels[1] == ())


def test_the_callee_hangs_up_on_command_and_the_moment_of_the_answer_is_told(home: Home) -> None:
    channel = 7
    with running(home):
        client = ask(home)
        client.request(exchange_messages.Force(NUMBER, TALKS))
        box = Box(home)
        box.until_settled()
        with pytest.raises(ipc.Refused, match="No call is on 1/7"):
            client.request(exchange_messages.PutDown(1, channel))
        placed_at = time.time()
        box.d.place(number=NUMBER, caller="0312345678", channel=channel, now=time.monotonic())
        box.until_seen(d_events.ConnectArrived)

        answers = client.request(exchange_messages.AskAnswers()).at
        assert placed_at < answers[NUMBER] < time.time()
        client.request(exchange_messages.PutDown(1, channel))

        box.until_seen(d_events.DisconnectArrived)
        box.d.hangup(next(iter(box.d.calls())), 16, time.monotonic())
        box.until(lambda: client.request(exchange_messages.AskStatistics()).channels[1] == ())


def test_it_calls_the_box_on_command_and_says_what_it_cannot_do(home: Home) -> None:
    with running(home):
        client = ask(home)
        with pytest.raises(ipc.Refused, match="No line is up"):
            client.request(exchange_messages.PlaceIncoming("0300009000", "0300000001"))
        with pytest.raises(ipc.Refused, match="cannot follow"):
            client.request(exchange_messages.Force(NUMBER, CallPlan("forced", (Step(0, Do.PROGRESS),))))
        with pytest.raises(ipc.Refused, match="There is no span 4"):
            client.request(exchange_messages.SetLink(4, is_up=False))
        box = Box(home)
        box.until(lambda: client.request(exchange_messages.AskStatistics()).is_up[1])
        client.request(exchange_messages.PlaceIncoming("0300009000", "0300000001"))

        box.until_seen(d_events.SetupArrived)

        setup = next(event for event in box.seen if isinstance(event, d_events.SetupArrived))
        assert (setup.called, setup.caller, setup.channel) == ("0300009000", "0300000001", 1)


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("population.toml", "[answer]\nrat = 0.2\n", "Did you mean `rate`?"),
        ("site.toml", '[[spans]]\nnumber = 1\nkind = "absent"\n', "no simulated span"),
        ("population.toml", 'span_kind = "dahdi"\n', "no dahdi span"),
    ],
)
def test_what_it_cannot_serve_is_told_with_file_and_remedy(
    home: Home, file: str, text: str, said: str
) -> None:
    (home.root / file).write_text(text)
    child = subprocess.run(
        [sys.executable, "-m", "appliance", "exchange", "--home", str(home.root)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        timeout=30,
    )

    assert child.returncode == 2
    assert said in child.stderr.decode()
    assert ".toml" in child.stderr.decode()


def test_killed_and_started_again_it_serves_the_same_line(home: Home) -> None:
    killed = start(home)
    box = Box(home)
    box.until_settled()
    killed.kill()
    killed.communicate(timeout=10)

    with running(home):
        client = ask(home)
        box.until(lambda: client.request(exchange_messages.AskStatistics()).is_up[1])
