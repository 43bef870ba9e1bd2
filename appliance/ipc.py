"""Messages between processes: Unix stream sockets, one JSON object a line, typed and versioned.

A server's messages are msgspec Structs tagged by class name in the field "t"; their union is handed to
`Codec`, which does no I/O, so asyncio, a plain poll loop and a thread share it.  A connection begins with
`Hello` both ways; what follows from the server is its snapshot, then events.  A request carries a number
and gets one answer with the same number; an event carries none.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from appliance.errors import YobirinError
from appliance.settings import file_mode

VERSION: Final = 1
LINE_BYTES_MAX: Final = 4_000_000  # a board snapshot of 100 seats is 40 kB; a customer row 20 kB
REQUEST_TIMEOUT_S: Final = 5.0
STOP_S: Final = 0.5  # for what is still on its way to a peer when a server ends
BACKLOG_BYTES_MAX: Final = 16_000_000  # a peer that does not read is cut off, it gets a snapshot later


class PeerGone(YobirinError):
    """The other process is not there, or went away in the middle."""

    exit_code = 4


class Refused(YobirinError):
    """The other process answered with an error of its own."""


class Hello(msgspec.Struct, frozen=True, tag=True, tag_field="t"):
    """First line of either side."""

    name: str
    version: int = VERSION


class Failed(msgspec.Struct, frozen=True, tag=True, tag_field="t"):
    """The answer to a request that could not be done."""

    what: str
    remedy: str = ""


class Done(msgspec.Struct, frozen=True, tag=True, tag_field="t"):
    """The answer to a request that has nothing to say."""


class Envelope(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line.  `n` numbers a request; its answer repeats it with `a` set."""

    b: msgspec.Raw
    n: int = 0
    a: bool = False


class Message(msgspec.Struct, frozen=True):
    """A decoded line: the body, its request number (0 for events), whether it is an answer."""

    body: Any
    number: int
    is_answer: bool


class Codec:
    """Bytes to messages and back, for one connection.  `union` is the type of the bodies it accepts."""

    def __init__(self, union: Any) -> None:
        self._body = msgspec.json.Decoder(union | Hello | Failed | Done)
        self._envelope = msgspec.json.Decoder(Envelope)
        self._encoder = msgspec.json.Encoder()
        self._pending = b""

    def encode(self, body: Any, *, number: int = 0, is_answer: bool = False) -> bytes:
        raw = msgspec.Raw(self._encoder.encode(body))
        return self._encoder.encode(Envelope(b=raw, n=number, a=is_answer)) + b"\n"

    def feed(self, data: bytes) -> Iterator[Message]:
        """Messages completed by `data`.  Raises PeerGone on a line that is not of the protocol."""
        lines = (self._pending + data).split(b"\n")
        self._pending = lines.pop()
        if len(self._pending) > LINE_BYTES_MAX:
            raise PeerGone(f"a line of more than {LINE_BYTES_MAX} bytes arrived.")
        for line in lines:
            try:
                envelope = self._envelope.decode(line)
                body = self._body.decode(envelope.b)
            except msgspec.MsgspecError as error:
                raise PeerGone(f"a line is not of this protocol: {error}.") from error
            if isinstance(body, Hello) and body.version != VERSION:
                raise PeerGone(
                    f"{body.name} speaks version {body.version}, this is version {VERSION}.",
                    remedy="Restart all processes with `yobirin run`.",
                )
            yield Message(body, envelope.n, envelope.a)


def listen(path: Path) -> socket.socket:
    """A listening socket at `path`, replacing the one a crashed process left behind.

    For the owner alone; where the box shares the directory, for those in this process's own group.
    """
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(str(path))
    os.chown(path, -1, os.getegid())
    os.chmod(path, file_mode(path.parent))
    server.listen(128)
    return server


def peer_pid(connection: socket.socket) -> int:
    """The process at the other end, as the kernel knows it."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", raw)[0])


class Peer:
    """One client as the server sees it (asyncio)."""

    def __init__(self, codec: Codec, writer: asyncio.StreamWriter) -> None:
        self.name = ""
        self._codec = codec
        self._writer = writer

    def send(self, body: Any, *, number: int = 0, is_answer: bool = False) -> None:
        """Queue one message; cuts the connection when the peer has stopped reading."""
        if self._writer.is_closing():
            return
        self._writer.write(self._codec.encode(body, number=number, is_answer=is_answer))
        if self._writer.transport.get_write_buffer_size() > BACKLOG_BYTES_MAX:
            self._writer.transport.abort()


Handler = Callable[[Peer, Any], Awaitable[Any]]


class Server:
    """Serves a socket in an asyncio loop.

    `on_request(peer, body)` returns the answer, or None for `Done`; a YobirinError becomes `Failed`.
    `on_connect(peer)` sends the snapshot.
    """

    def __init__(
        self,
        path: Path,
        union: Any,
        *,
        name: str,
        on_request: Handler,
        on_connect: Callable[[Peer], None] = lambda _peer: None,
    ) -> None:
        self._path = path
        self._union = union
        self._name = name
        self._on_request = on_request
        self._on_connect = on_connect
        self._peers: set[Peer] = set()
        self._server: asyncio.AbstractServer | None = None

    @property
    def peers(self) -> frozenset[Peer]:
        return frozenset(self._peers)

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, sock=listen(self._path))

    def publish(self, body: Any) -> None:
        """Send an event to every client."""
        for peer in self._peers:
            peer.send(body)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        writers = [peer._writer for peer in self._peers]
        for writer in writers:
            writer.close()
        for writer in writers:
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), STOP_S)
            writer.transport.abort()  # a peer that does not read does not keep us
        await asyncio.sleep(0)  # the peers' tasks see the end now, and need not be cancelled

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(Codec(self._union), writer)
        peer.send(Hello(self._name))
        try:
            while data := await reader.read(65_536):
                for message in peer._codec.feed(data):
                    await self._handle(peer, message)
        except (OSError, PeerGone):
            pass  # the client reconnects and gets a snapshot
        finally:
            self._peers.discard(peer)
            writer.close()

    async def _handle(self, peer: Peer, message: Message) -> None:
        if isinstance(message.body, Hello):
            peer.name = message.body.name
            self._peers.add(peer)
            self._on_connect(peer)
            return
        try:
            answer = await self._on_request(peer, message.body)
        except YobirinError as error:
            answer = Failed(error.what, error.remedy)
        if message.number:
            peer.send(Done() if answer is None else answer, number=message.number, is_answer=True)


class Client:
    """Keeps a connection to a server in an asyncio loop, reconnecting for ever.

    `on_event(body)` gets the snapshot and the events in order; `on_change(up)` tells of the connection.
    """

    def __init__(
        self,
        path: Path,
        union: Any,
        *,
        name: str,
        on_event: Callable[[Any], None] = lambda _body: None,
        on_change: Callable[[bool], None] = lambda _up: None,
        retry_s: float = 0.2,
    ) -> None:
        self._path = path
        self._union = union
        self._name = name
        self._on_event = on_event
        self._on_change = on_change
        self._retry_s = retry_s
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._codec = Codec(union)
        self._writer: asyncio.StreamWriter | None = None

    @property
    def is_up(self) -> bool:
        return self._writer is not None

    async def run(self) -> None:
        """Connect, read, and on any loss connect again; ends only when cancelled."""
        while True:
            try:
                await self._session()
            except (OSError, PeerGone):
                pass  # the server is restarting; its snapshot follows the next connection
            finally:
                self._drop()
            await asyncio.sleep(self._retry_s)

    def send(self, body: Any) -> bool:
        """Send without waiting for an answer; False when the server is away."""
        if self._writer is None:
            return False
        self._writer.write(self._codec.encode(body))
        return True

    def ask(self, body: Any, *, timeout_s: float = REQUEST_TIMEOUT_S) -> Awaitable[Any]:
        """Send now, before anything sent later; await the answer.  Raises PeerGone, Refused."""
        number = next(self._numbers)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self._writer is None:
            future.set_exception(
                PeerGone(f"{self._path.stem} is not running.", remedy="Wait for its restart, then repeat.")
            )
        else:
            self._waiting[number] = future
            self._writer.write(self._codec.encode(body, number=number))
        return self._answer_to(number, future, timeout_s)

    async def request(self, body: Any, *, timeout_s: float = REQUEST_TIMEOUT_S) -> Any:
        """Send and wait for the answer.  Raises PeerGone, Refused."""
        return await self.ask(body, timeout_s=timeout_s)

    async def _answer_to(self, number: int, future: asyncio.Future[Any], timeout_s: float) -> Any:
        try:
            answer = await asyncio.wait_for(future, timeout_s)
        except TimeoutError as error:
            raise PeerGone(f"{self._path.stem} did not answer in {timeout_s:g} s.") from error
        finally:
            self._waiting.pop(number, None)
        return checked(answer)

    async def _session(self) -> None:
        reader, writer = await asyncio.open_unix_connection(str(self._path))
        self._codec = Codec(self._union)
        writer.write(self._codec.encode(Hello(self._name)))
        self._writer = writer
        self._on_change(True)
        while data := await reader.read(65_536):
            for message in self._codec.feed(data):
                self._take(message)

    def _take(self, message: Message) -> None:
        if message.is_answer:
            future = self._waiting.get(message.number)
            if future is not None and not future.done():
                future.set_result(message.body)
        elif not isinstance(message.body, Hello):
            self._on_event(message.body)

    def _drop(self) -> None:
        if self._writer is None:
            return
        self._writer.close()
        self._writer = None
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(PeerGone(f"{self._path.stem} went away."))
        self._on_change(False)


class BlockingClient:
    """Requests from a thread or a command line: one connection, one request at a time.

    Events are handed out by `events()`; use a second client for them, a request would discard them.
    """

    def __init__(
        self, path: Path, union: Any, *, name: str, timeout_s: float | None = REQUEST_TIMEOUT_S
    ) -> None:
        self._path = path
        self._codec = Codec(union)
        self._numbers = itertools.count(1)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout_s)
        try:
            self._socket.connect(str(path))
            self._socket.sendall(self._codec.encode(Hello(name)))
        except OSError as error:
            self._socket.close()
            raise PeerGone(
                f"{path.stem} is not running ({path}).", remedy="Start it with `yobirin run`."
            ) from error

    def request(self, body: Any) -> Any:
        """Send and wait for the answer.  Raises PeerGone, Refused."""
        number = next(self._numbers)
        try:
            self._socket.sendall(self._codec.encode(body, number=number))
            for message in self._messages():
                if message.is_answer and message.number == number:
                    return checked(message.body)
        except OSError as error:
            raise PeerGone(f"{self._path.stem} did not answer: {error}.") from error
        raise PeerGone(f"{self._path.stem} went away.")

    def events(self) -> Iterator[Any]:
        """The snapshot, then every event, until the server goes away."""
        with contextlib.suppress(OSError):
            for message in self._messages():
                if not message.is_answer and not isinstance(message.body, Hello):
                    yield message.body

    def close(self) -> None:
        self._socket.close()

    def _messages(self) -> Iterator[Message]:
        while data := self._socket.recv(65_536):
            yield from self._codec.feed(data)


def checked(answer: Any) -> Any:
    """The answer itself; a `Failed` becomes the error Refused."""
    if isinstance(answer, Failed):
        raise Refused(answer.what, remedy=answer.remedy)
    return answer
