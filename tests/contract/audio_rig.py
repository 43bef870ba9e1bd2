"""A real audio process between fake lines (the network ends of simulated spans) and fake phones (UDP)."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from appliance import ipc
from appliance.audio import messages, mulaw, telephone_event, tones
from appliance.audio.recording_file import RecordingReader
from appliance.audio.rtp import HEADER, PCMU, Sender, parse
from appliance.phones.messages import Media
from appliance.pri_card.span import BChannel, open_span
from appliance.settings import Home, load
from tests.crowd import crowd

ROOT = Path(__file__).resolve().parents[2]
TICK_S = 0.02
WAIT_S = 10.0


def tone(hz: int) -> bytes:
    """A block that repeats without a seam, for multiples of 50 Hz."""
    return tones.encoded(tones.sine(hz, TICK_S, -12.0))


def strongest_hz(speech: bytes) -> int:
    """The strongest frequency of mu-law speech, to 50 Hz; 0 for silence."""
    samples = mulaw.decode(speech[: len(speech) // 160 * 160]).astype(float)
    if not len(samples) or mulaw.level_dbm0(mulaw.clipped(samples)) < -50:
        return 0
    power = np.sum(np.abs(np.fft.rfft(samples.reshape(-1, 160), axis=1)) ** 2, axis=0)
    return int(np.argmax(power)) * 50


def until(condition: Callable[[], Any], what: str, *, wait_s: float = WAIT_S) -> Any:
    """The first true value of the condition; fails naming `what`."""
    deadline = time.monotonic() + wait_s * crowd()
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not happen in {wait_s:g} s"
        time.sleep(0.005)
    return value


class FakeLine:
    """The far end of a B channel: says `saying`, keeps what it hears."""

    def __init__(self, channel: BChannel) -> None:
        self.saying = mulaw.SILENT_BLOCK
        self.once: list[bytes] = []
        self.heard: list[bytes] = []
        self._channel = channel

    def tick(self) -> None:
        self._channel.write(self.once.pop(0) if self.once else self.saying)
        while block := self._channel.read():
            self.heard.append(block)

    def hears(self) -> bytes:
        """The last fifth of a second."""
        return b"".join(self.heard[-10:])


class FakePhone:
    """A desk phone's RTP end."""

    def __init__(self, number: int) -> None:
        self.saying: bytes | None = mulaw.SILENT_BLOCK
        self.once: list[tuple[int, int, bytes]] = []  # (payload type, timestamp, payload)
        self.heard: list[bytes] = []
        self.heard_at: list[float] = []
        self.sequences: list[int] = []
        self.timestamps: list[int] = []
        self.target: tuple[str, int] = ("", 0)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self._sender = Sender(source=number, sequence=65_500, timestamp=number * 1_000)

    @property
    def media(self) -> Media:
        return Media("127.0.0.1", self._socket.getsockname()[1])

    def tick(self) -> None:
        self.read()
        if not self.target[1]:
            return
        if self.once:
            kind, timestamp, payload = self.once.pop(0)
            self._socket.sendto(self._event(kind, timestamp, payload), self.target)
        elif self.saying is not None:
            self._socket.sendto(self._sender.packet(self.saying), self.target)

    def read(self) -> None:
        while True:
            try:
                packet = parse(self._socket.recv(2_048))
            except OSError:
                return
            if packet is not None and packet.kind == PCMU:
                self.heard_at.append(time.monotonic())
                self.heard.append(packet.payload)
                self.sequences.append(packet.sequence)
                self.timestamps.append(packet.timestamp)

    def press(self, key: str) -> None:
        """As RFC 4733 events."""
        timestamp = self._sender.timestamp
        self.once += [(101, timestamp, body) for body in telephone_event.payloads(key)]

    def hears(self) -> bytes:
        """The last fifth of a second."""
        return b"".join(self.heard[-10:])

    def _event(self, kind: int, timestamp: int, payload: bytes) -> bytes:
        packet = HEADER.pack(0x80, kind, self._sender.sequence, timestamp, self._sender.source) + payload
        self._sender.sequence = self._sender.sequence + 1 & 0xFFFF
        self._sender.skip(160)
        return packet

    def close(self) -> None:
        self._socket.close()


class Dialer:
    """A client of audio that keeps every event."""

    def __init__(self, home: Home) -> None:
        self.events: list[Any] = []
        until(lambda: home.socket("audio").exists(), "the audio socket")
        self._client = until(lambda: self._connected(home), "the connection")
        self._requests = ipc.BlockingClient(home.socket("audio"), messages.Union, name="commands")
        threading.Thread(target=self._listen, daemon=True).start()
        until(lambda: self.of(messages.AudioSnapshot), "the snapshot")

    @staticmethod
    def _connected(home: Home) -> ipc.BlockingClient | None:
        try:
            return ipc.BlockingClient(home.socket("audio"), messages.Union, name="dialer", timeout_s=None)
        except ipc.PeerGone:
            return None

    def _listen(self) -> None:
        for event in self._client.events():
            self.events.append(event)

    def ask(self, body: Any) -> Any:
        return self._requests.request(body)

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in list(self.events) if isinstance(event, kind)]

    def close(self) -> None:
        self._requests.close()
        self._client.close()


class Rig:
    """The process, its lines and phones, and a thread that is their 20 ms clock."""

    def __init__(self, root: Path, *, spans: int = 1, rtp_port_first: int) -> None:
        self.home = Home(root)
        text = f"[phones]\nrtp_port_first = {rtp_port_first}\nrtp_port_last = {rtp_port_first + 498}\n"
        text += "[limits]\ndisk_free_min_bytes = 1_000_000\n"
        text += "".join(f"[[spans]]\nnumber = {number}\n" for number in range(1, spans + 1))
        self.home.site_file.write_text(text)
        self._spans = {span.number: open_span(span, self.home, "network") for span in load(self.home).spans}
        self.lines: dict[str, FakeLine] = {}
        self.phones: dict[str, FakePhone] = {}
        self._is_over = False
        self._process = self._start()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Rig:
        self.dialer = Dialer(self.home)
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        self._is_over = True
        self._thread.join(2)
        self.stop()
        for phone in self.phones.values():
            phone.close()

    def _start(self) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", "appliance", "audio", "--home", str(self.home.root)]
        return subprocess.Popen(words, cwd=ROOT)

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self._process.terminate()
        return self._process.wait(10 * crowd())

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(10)

    def restart(self) -> None:
        self._process = self._start()
        self.dialer = Dialer(self.home)

    def line(self, span: int = 1, channel: int = 1) -> FakeLine:
        """Open a B channel on both ends."""
        name = f"b{span}/{channel}"
        if name not in self.lines:
            self.lines[name] = FakeLine(self._spans[span].open_b(channel))
        self.dialer.ask(messages.OpenLine(name, span, channel))
        return self.lines[name]

    def phone(self, number: int = 1, *, digits_payload: int = 101) -> FakePhone:
        """Open a phone's stream on both ends."""
        name = f"p{number}"
        phone = self.phones.get(name) or FakePhone(number)
        media = Media(phone.media.address, phone.media.port, digits_payload)
        opened = self.dialer.ask(messages.OpenPhone(name, media))
        assert opened.local.address == "127.0.0.1"
        phone.target = (opened.local.address, opened.local.port)
        self.phones[name] = phone
        return phone

    def reading(self, path: str, key: bytes) -> RecordingReader:
        return RecordingReader(self.home.recordings / path, key)

    def _run(self) -> None:
        next_at = time.monotonic()
        while not self._is_over:
            for line in list(self.lines.values()):
                line.tick()
            for phone in list(self.phones.values()):
                phone.tick()
            next_at = max(next_at + TICK_S, time.monotonic() - 5 * TICK_S)
            while (rest_s := next_at - time.monotonic()) > 0:
                time.sleep(min(rest_s, 0.005))
                for phone in list(self.phones.values())[:3]:
                    phone.read()
