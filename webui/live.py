"""The page's one window on the dialer: keeps the newest board, hands requests over.  Decides nothing.

One thread reads the dialer's events and merges them; any number of streams wait for the next version.  A
dialer that is away leaves the last board standing, marked as old; it is asked for again for ever.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from appliance.clock import Clock
from appliance.dialer import messages
from appliance.ipc import BlockingClient, PeerGone

log = logging.getLogger("web")

RETRY_S: Final = 0.5
SILENCE_MAX_S: Final = 5.0  # the dialer sends a board each second; after this long it is taken for dead
REQUEST_TIMEOUT_S: Final = 5.0


class Live:
    """The newest board and its version.  Safe from any thread."""

    def __init__(self, socket: Path, *, clock: Clock) -> None:
        self._socket = socket
        self._clock = clock
        self._changed = threading.Condition()
        self._board = messages.Board(seq=0, now_at=0.0)
        self._seats_by_user: dict[int, messages.SeatBoard] = {}
        self._version = 0
        self._is_up = False
        self._is_closing = False
        self._client: BlockingClient | None = None
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """End the thread, and every stream that waits."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        client = self._client
        if client is not None:
            client.close()

    @property
    def is_closing(self) -> bool:
        return self._is_closing

    @property
    def is_up(self) -> bool:
        """Whether the dialer talks to us."""
        return self._is_up

    @property
    def version(self) -> int:
        return self._version

    @property
    def board(self) -> messages.Board:
        return self._board

    def seat_of(self, user_id: int) -> messages.SeatBoard | None:
        """Where a person sits now."""
        return self._seats_by_user.get(user_id)

    def wait(self, version: int, timeout_s: float) -> int:
        """Wait until there is something newer than `version`, or the time is over; the present version."""
        with self._changed:
            self._changed.wait_for(lambda: self._version != version or self._is_closing, timeout_s)
            return self._version

    def wait_until(self, is_so: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until the board shows something; False when the time is over."""
        with self._changed:
            return self._changed.wait_for(is_so, timeout_s)

    def touch(self) -> None:
        """Something else that streams show has changed: they look again."""
        with self._changed:
            self._version += 1
            self._changed.notify_all()

    def request(self, body: Any) -> Any:
        """Ask the dialer.  Raises PeerGone, Refused."""
        client = BlockingClient(self._socket, messages.Union, name="web", timeout_s=REQUEST_TIMEOUT_S)
        try:
            return client.request(body)
        finally:
            client.close()

    def tell(self, body: Any) -> bool:
        """Ask the dialer to take note; False when it is away: no error, it reads all at its start."""
        try:
            self.request(body)
        except PeerGone:
            return False
        return True

    def _run(self) -> None:
        while not self._is_closing:
            try:
                self._session()
            except PeerGone as error:
                log.debug("dialer: %s", error)
            except Exception:
                log.exception("live: a board could not be taken in; asking for a new one")
            self._set(is_up=False)
            with self._changed:
                self._changed.wait_for(lambda: self._is_closing, RETRY_S)

    def _session(self) -> None:
        self._client = BlockingClient(self._socket, messages.Union, name="web-live", timeout_s=SILENCE_MAX_S)
        try:
            for event in self._client.events():
                self._set(is_up=True, event=event)
        finally:
            self._client.close()
            self._client = None

    def _set(self, *, is_up: bool, event: Any = None) -> None:
        with self._changed:
            board = merged(self._board, event)
            if board is self._board and is_up == self._is_up:
                return
            self._board, self._is_up = board, is_up
            self._seats_by_user = {seat.user_id: seat for seat in board.seats if seat.user_id}
            self._version += 1
            self._changed.notify_all()


def merged(board: messages.Board, event: Any) -> messages.Board:
    """The board after an event.  Pure."""
    if isinstance(event, messages.Board):
        return event
    if isinstance(event, messages.SeatChanged):
        others = tuple(seat for seat in board.seats if seat.seat_id != event.seat.seat_id)
        seats = tuple(sorted((*others, event.seat), key=lambda seat: seat.seat_id))
        return msgspec.structs.replace(board, seq=event.seq, now_at=event.now_at, seats=seats)
    return board
