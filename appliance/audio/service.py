"""The audio process's socket, served inside the 20 ms loop: never blocks, bounded work at a time.

A plain loop's counterpart of `ipc.Server`.  What is reported while no client is connected is lost, but for
what became of recordings: that is kept for the next one.
"""

from __future__ import annotations

import select
import socket
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from appliance import ipc
from appliance.errors import YobirinError

READ_BYTES: Final = 65_536
CLIENTS_MAX: Final = 8
KEPT_EVENTS_MAX: Final = 2_000  # recordings that end while the dialer restarts: a hundred, and room


class Connection:
    """One client."""

    def __init__(self, connected: socket.socket, union: Any) -> None:
        self.socket = connected
        self.codec = ipc.Codec(union)
        self.is_greeted = False
        self.pending = bytearray()


class Service:
    """`on_request(body)` returns the answer or None for Done; `snapshot()` opens every connection.

    `on_failed(body, error)` is told of events that could not be obeyed: nobody waits for their answer.
    """

    def __init__(
        self,
        path: Path,
        union: Any,
        *,
        name: str,
        on_request: Callable[[Any], object],
        on_failed: Callable[[Any, YobirinError], None],
        snapshot: Callable[[], Any],
        kept: tuple[type[Any], ...] = (),
    ) -> None:
        self._union = union
        self._name = name
        self._on_request = on_request
        self._on_failed = on_failed
        self._snapshot = snapshot
        self._kept_kinds = kept
        self._kept: deque[Any] = deque(maxlen=KEPT_EVENTS_MAX)
        self._clients: dict[int, Connection] = {}
        self._path = path
        self._listener = ipc.listen(path)
        self._listener.setblocking(False)
        self._epoll = select.epoll()
        self._epoll.register(self._listener.fileno(), select.EPOLLIN)

    @property
    def has_clients(self) -> bool:
        return any(client.is_greeted for client in self._clients.values())

    def fileno(self) -> int:
        """Readable when `poll` has work."""
        return self._epoll.fileno()

    def poll(self, timeout_s: float) -> None:
        """Wait up to `timeout_s` for clients, and serve those that are ready once."""
        for descriptor, _ in self._epoll.poll(timeout_s):
            if descriptor == self._listener.fileno():
                self._accept()
            elif (client := self._clients.get(descriptor)) is not None:
                self._flush(client)
                self._read(client)

    def publish(self, events: list[Any]) -> None:
        """Send events to every client, in order."""
        greeted = [client for client in self._clients.values() if client.is_greeted]
        if not greeted:
            self._kept.extend(event for event in events if isinstance(event, self._kept_kinds))
            return
        for client in greeted:
            for event in events:
                client.pending += client.codec.encode(event)
            self._flush(client)

    def close(self) -> None:
        for client in list(self._clients.values()):
            self._drop(client)
        self._epoll.close()
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        try:
            connected, _ = self._listener.accept()
        except OSError:
            return  # it hung up again
        if len(self._clients) >= CLIENTS_MAX:
            connected.close()
            return
        connected.setblocking(False)
        self._clients[connected.fileno()] = Connection(connected, self._union)
        self._epoll.register(connected.fileno(), select.EPOLLIN)

    def _read(self, client: Connection) -> None:
        try:
            data = client.socket.recv(READ_BYTES)
            if not data:
                self._drop(client)
                return
            for message in client.codec.feed(data):
                self._take(client, message)
        except BlockingIOError:
            return
        except (OSError, ipc.PeerGone):
            self._drop(client)
            return
        self._flush(client)

    def _take(self, client: Connection, message: ipc.Message) -> None:
        if isinstance(message.body, ipc.Hello):
            self._greet(client)
            return
        try:
            answer = self._on_request(message.body)
        except YobirinError as error:
            answer = ipc.Failed(error.what, error.remedy)
            if not message.number:
                self._on_failed(message.body, error)
        if message.number:
            body = ipc.Done() if answer is None else answer
            client.pending += client.codec.encode(body, number=message.number, is_answer=True)

    def _greet(self, client: Connection) -> None:
        client.is_greeted = True
        for body in (ipc.Hello(self._name), self._snapshot(), *self._kept):
            client.pending += client.codec.encode(body)
        self._kept.clear()

    def _flush(self, client: Connection) -> None:
        """Send what the client takes; one that has stopped reading is cut off, it gets a snapshot later."""
        try:
            while client.pending:
                del client.pending[: client.socket.send(client.pending)]
        except BlockingIOError:
            if len(client.pending) > ipc.BACKLOG_BYTES_MAX:
                self._drop(client)
        except OSError:
            self._drop(client)
        self._watch_output(client)

    def _watch_output(self, client: Connection) -> None:
        if client.socket.fileno() >= 0:
            wanted = select.EPOLLIN | (select.EPOLLOUT if client.pending else 0)
            self._epoll.modify(client.socket.fileno(), wanted)

    def _drop(self, client: Connection) -> None:
        descriptor = client.socket.fileno()
        if self._clients.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)
            client.socket.close()
