"""A simulated line between processes: a directory of Unix SOCK_SEQPACKET sockets.

`d` carries D frames, held to 64 kbit/s by the end that sends; `b1` to `b23` carry 160-byte mu-law blocks.
The network end (the exchange) listens; the user end connects, and connects again for ever.  As on a real
card, the first to open a channel has it until it closes.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from appliance.errors import DeviceError
from appliance.pri_card.span import BLOCK_BYTES, CHANNELS, Alarm, End
from appliance.pri_card.wire import Wire

RECONNECT_S: Final = 0.2  # a technician who plugs the line in again should not wait
FRAMES_PER_READ_MAX: Final = 64  # twice the far end's buffers: more than that is not a line
FRAME_BYTES_MAX: Final = 2048
B_BUFFER_BYTES: Final = 8192  # the kernel books about 0.8 kB a block: some 20 blocks, 0.4 s of speech
DIAL_BLOCKS: Final = 10  # an unconnected user end tries again every 200 ms, not at every block


class Endpoint:
    """One socket of the line: listening and accepting one peer, or connecting to it.  Never blocks."""

    def __init__(self, path: Path, end: End, *, send_buffer_bytes: int = 0) -> None:
        self._path = path
        self._send_buffer_bytes = send_buffer_bytes
        self._peer: socket.socket | None = None
        self._listener = self._listen() if end == "network" else None

    def fileno(self) -> int:
        source = self._peer or self._listener
        return source.fileno() if source else -1

    @property
    def is_connected(self) -> bool:
        return self._peer is not None

    def connect(self) -> None:
        """Find the peer if there is none; a second one is turned away."""
        if self._listener is not None:
            self._accept(self._listener)
        elif self._peer is None:
            self._dial()

    def receive(self) -> bytes:
        """One packet; b"" for none, also when the peer has just gone."""
        if self._peer is None:
            return b""
        try:
            packet = self._peer.recv(FRAME_BYTES_MAX)
        except BlockingIOError:
            return b""
        except OSError:
            packet = b""
        if not packet:
            self._drop()
        return packet

    def send(self, packet: bytes) -> bool:
        if self._peer is None:
            return False
        try:
            self._peer.send(packet)
        except BlockingIOError:
            return False
        except OSError:
            self._drop()
            return False
        return True

    def close(self) -> None:
        self._drop()
        if self._listener is not None:
            self._listener.close()
            self._path.unlink(missing_ok=True)

    def _listen(self) -> socket.socket:
        listener = _new_socket()
        try:
            self._path.unlink(missing_ok=True)
            with _short(self._path) as name:
                listener.bind(name)
            self._path.chmod(0o600)
            listener.listen(4)
        except OSError as error:
            listener.close()
            raise DeviceError(
                f"The simulated line cannot listen on {self._path}: {error}.",
                remedy="Make the directory writable.",
            ) from error
        return listener

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                peer = listener.accept()[0]
                if self._peer is None:
                    self._adopt(peer)
                else:
                    peer.close()

    def _dial(self) -> None:
        peer = _new_socket()
        try:
            with _short(self._path) as name:
                peer.connect(name)
        except OSError:
            peer.close()
        else:
            self._adopt(peer)

    def _adopt(self, peer: socket.socket) -> None:
        peer.setblocking(False)
        if self._send_buffer_bytes:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._send_buffer_bytes)
        self._peer = peer

    def _drop(self) -> None:
        if self._peer is not None:
            self._peer.close()
            self._peer = None


class SimulatedB:
    """A B channel of a simulated line."""

    def __init__(self, endpoint: Endpoint, end: End, on_close: Callable[[], None]) -> None:
        self._endpoint = endpoint
        self._on_close = on_close
        self._retry_blocks = DIAL_BLOCKS if end == "user" else 1  # accepting costs next to nothing
        self._blocks_until_retry = 0
        endpoint.connect()

    def read(self) -> bytes:
        block = self._endpoint.receive()
        if not block and not self._endpoint.is_connected:
            self._retry()
        return block if len(block) == BLOCK_BYTES else b""

    def write(self, block: bytes) -> bool:
        assert len(block) == BLOCK_BYTES, "a block is 160 mu-law bytes"
        return self._endpoint.send(block)

    def fileno(self) -> int:
        return self._endpoint.fileno()

    def flush(self) -> None:
        while self._endpoint.receive():
            pass

    def close(self) -> None:
        self._endpoint.close()
        self._on_close()

    def _retry(self) -> None:
        self._blocks_until_retry -= 1
        if self._blocks_until_retry <= 0:
            self._blocks_until_retry = self._retry_blocks
            self._endpoint.connect()


class SimulatedSpan:
    """Either end of a simulated line in `directory`."""

    def __init__(self, number: int, directory: Path, end: End) -> None:
        self.number = number
        self.name = f"span {number} (simulated, {directory})"
        self.wire = Wire()  # what this end sends
        self._directory = directory
        self._end = end
        self._d: Endpoint | None = None
        self._retry_at = 0.0
        self._was_connected = False
        self._open_b: set[int] = set()

    def open_d(self, now: float) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._d = Endpoint(self._directory / "d", self._end)
        self._connect(now)

    def send_d(self, frame: bytes, now: float) -> None:
        if self._d is not None and self._d.is_connected:
            self.wire.push(frame, now)
            self._transmit(now)

    def receive_d(self, now: float) -> list[bytes]:
        if self._d is None:
            return []
        self._transmit(now)
        frames = self._read_frames(self._d)
        self._connect(now)
        return frames

    def due(self) -> float | None:
        if self._d is None:
            return None
        if not self._d.is_connected:
            return self._retry_at if self._end == "user" else None
        return self.wire.due()

    def files(self) -> list[int]:
        descriptor = self._d.fileno() if self._d is not None else -1
        return [descriptor] if descriptor >= 0 else []

    def alarm(self) -> Alarm:
        return "" if self._d is not None and self._d.is_connected else "red"

    def open_b(self, channel: int) -> SimulatedB:
        if not 1 <= channel <= CHANNELS:
            raise DeviceError(f"{self.name} has no channel {channel}.", remedy=f"Channels are 1-{CHANNELS}.")
        if channel in self._open_b:
            raise DeviceError(f"{self.name}: channel {channel} is open already.", remedy="Close it first.")
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        endpoint = Endpoint(self._directory / f"b{channel}", self._end, send_buffer_bytes=B_BUFFER_BYTES)
        self._open_b.add(channel)
        return SimulatedB(endpoint, self._end, lambda: self._open_b.discard(channel))

    def close(self) -> None:
        if self._d is not None:
            self._d.close()
            self._d = None
        self.wire.clear()

    def _connect(self, now: float) -> None:
        """Look for the far end when it is missing; the network end turns strangers away in passing."""
        if self._d is None:
            return
        if self._was_connected and not self._d.is_connected:
            self._retry_at = now + RECONNECT_S  # a line that comes back at once was in alarm all the same
            self.wire.clear()
        if self._end == "network" or not (self._d.is_connected or now < self._retry_at):
            self._d.connect()
            self._retry_at = now + RECONNECT_S
        self._was_connected = self._d.is_connected

    def _transmit(self, now: float) -> None:
        for frame in self.wire.pop(now):
            if self._d is not None:
                self._d.send(frame)

    @staticmethod
    def _read_frames(endpoint: Endpoint) -> list[bytes]:
        frames = []
        for _ in range(FRAMES_PER_READ_MAX):
            frame = endpoint.receive()
            if not frame:
                break
            frames.append(frame)
        return frames


def _new_socket() -> socket.socket:
    fresh = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    fresh.setblocking(False)
    return fresh


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name of the socket that fits the 108 bytes of a Unix address, however deep the home directory is."""
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)
