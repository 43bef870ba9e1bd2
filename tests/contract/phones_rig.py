"""A phones process of its own for a test: started, spoken to as the dialer speaks; and a plain RTP end."""

from __future__ import annotations

import contextlib
import math
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from appliance import ipc
from appliance.audio import mulaw, rtp, telephone_event
from appliance.phones import digest, messages
from appliance.phones.messages import Account, Media
from appliance.settings import Home
from appliance.simulator import callee_hearing
from appliance.simulator.callee_plan import Sound
from appliance.simulator.callee_sound import Voice
from tests.crowd import crowd

PASSWORD = "geheim-2026"
WAIT_S = 20.0
PYTHON = sys.executable
ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait(condition: Callable[[], Any], what: str, *, within_s: float = WAIT_S) -> Any:
    """Wait for a condition; its value."""
    deadline = time.monotonic() + within_s * crowd()
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"{what} did not happen within {within_s} s")


def account(extension: str, password: str = PASSWORD) -> Account:
    return Account(extension, digest.ha1_of(extension, digest.REALM, password))


class Dialer:
    """The dialer's end of the phones' socket: commands by request, events in a queue."""

    def __init__(self, path: Path) -> None:
        self._events: queue.Queue[Any] = queue.Queue()
        self.passed_over: list[Any] = []
        self._listener = ipc.BlockingClient(path, messages.Union, name="listener", timeout_s=None)
        self._asker = ipc.BlockingClient(path, messages.Union, name="dialer")
        threading.Thread(target=self._listen, daemon=True).start()
        self.snapshot: messages.PhonesSnapshot = self.expect(messages.PhonesSnapshot)

    def _listen(self) -> None:
        for event in self._listener.events():
            self._events.put(event)

    def ask(self, body: Any) -> Any:
        return self._asker.request(body)

    def expect(self, kind: type, *, within_s: float = WAIT_S) -> Any:
        """The next event of a kind; others in between are kept in `passed_over`."""
        deadline = time.monotonic() + within_s * crowd()
        while True:
            try:
                event = self._events.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {kind.__name__}; saw {self.passed_over}") from None
            if isinstance(event, kind):
                return event
            self.passed_over.append(event)

    def next(self, *, within_s: float = WAIT_S) -> Any | None:
        """The next event of any kind; None when there was none."""
        try:
            return self._events.get(timeout=within_s)
        except queue.Empty:
            return None

    def close(self) -> None:
        self._listener.close()
        self._asker.close()


FAST = """
import sys, time
from sippy import SipTransactionManager as transactions
from appliance.cli import main
from appliance.phones.service import Service

real = transactions.Timeout
transactions.Timeout = lambda run, seconds, *more: real(run, seconds / {speed}, *more)
Service.__init__.__kwdefaults__["now"] = lambda: time.monotonic() * {speed}
sys.exit(main(sys.argv[1:]))
"""
"""A phones process whose registrar, session timers and SIP transactions live so many times faster."""


class Phones:
    """A running phones process; `speed` says how fast its time goes."""

    def __init__(
        self,
        directory: Path,
        *,
        more: str = "",
        port: int = 0,
        address: str = "127.0.0.1",
        speed: int = 1,
    ) -> None:
        self.home = Home(directory)
        self.home.directory()
        self.port = port or free_port()
        self.home.site_file.write_text(
            f'[phones]\naddress = "{address}"\nsip_port = {self.port}\n{more}', encoding="utf-8"
        )
        self._log = (directory / "phones.log").open("wb")
        program = ["-m", "appliance"] if speed == 1 else ["-c", FAST.format(speed=speed)]
        self.process = subprocess.Popen(
            [PYTHON, *program, "phones", "--home", str(directory)],
            cwd=ROOT,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self._dialers: list[Dialer] = []
        self._answerer: threading.Thread | None = None

    def dialer(self) -> Dialer:
        path = self.home.socket("phones")

        def connected() -> Dialer | None:
            if self.process.poll() is not None:
                raise AssertionError(self.log())
            try:
                return Dialer(path)
            except ipc.PeerGone:
                return None

        dialer: Dialer = wait(connected, "the phones process")
        self._dialers.append(dialer)
        return dialer

    def log(self) -> str:
        return Path(self._log.name).read_text(errors="replace")

    def rss_bytes(self) -> int:
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def end(self) -> int:
        """The exit code of a process that ends by itself."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(WAIT_S)
        return self.stop()

    def stop(self) -> int:
        for dialer in self._dialers:
            dialer.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(10 * crowd())
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self._log.close()


@contextlib.contextmanager
def phones(
    directory: Path, *extensions: str, more: str = "", speed: int = 1
) -> Iterator[tuple[Phones, Dialer]]:
    """A phones process that knows these extensions, and its dialer."""
    running = Phones(directory, more=more, speed=speed)
    try:
        dialer = running.dialer()
        dialer.ask(messages.SetAccounts(tuple(account(extension) for extension in extensions)))
        yield running, dialer
    finally:
        code = running.stop()
        assert code == 0, running.log()
        assert "Traceback" not in running.log(), running.log()


class RtpEnd:
    """The box's end of a stream, in a thread: sends a tone, keeps what it hears, counts keys."""

    def __init__(self, tone_hz: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.005)
        self.media = Media("127.0.0.1", int(self._socket.getsockname()[1]))
        self.remote: Media | None = None
        self.keys = ""
        self.blocks: list[bytes] = []
        self._voice = Voice()
        self._voice.say(Sound("tone", tone_hz))
        self._sender = rtp.Sender(source=7, sequence=1, timestamp=0)
        self._reader = telephone_event.KeyReader()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def heard(self) -> callee_hearing.Heard:
        return callee_hearing.hear(self.blocks[-25:])

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stop.is_set():
            with contextlib.suppress(OSError):
                self._take(self._socket.recv(2_000))
            while due <= time.monotonic():
                due += mulaw.TICK_S
                if self.remote is not None:
                    packet = self._sender.packet(self._voice.next_block())
                    with contextlib.suppress(OSError):
                        self._socket.sendto(packet, (self.remote.address, self.remote.port))

    def _take(self, data: bytes) -> None:
        packet = rtp.parse(data)
        if packet is None:
            return
        if packet.kind == rtp.PCMU:
            self.blocks.append(packet.payload)
        else:
            self.keys += self._reader.feed(packet.payload, source=packet.source, timestamp=packet.timestamp)


def is_tone(heard: callee_hearing.Heard, hz: float) -> bool:
    return math.isclose(heard.frequency_hz, hz, abs_tol=12.0) and heard.tone_share > 0.8
