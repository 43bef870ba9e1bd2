"""The page's window on the monitor: keeps what it last said of the box.  Decides nothing.

One thread reads the monitor's socket and asks again for ever; a monitor that is away leaves None standing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from appliance.ipc import BlockingClient, PeerGone, Refused
from appliance.monitoring import messages

log = logging.getLogger("web")

RETRY_S: Final = 1.0
SILENCE_MAX_S: Final = 15.0  # it speaks every five seconds
REQUEST_TIMEOUT_S: Final = 5.0


class BoxLive:
    """`health` is the newest, None while the monitor does not answer.  Safe from any thread."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._health: messages.Health | None = None
        self._on_change: Callable[[], None] = lambda: None
        self._closing = threading.Event()
        self._client: BlockingClient | None = None
        self._thread = threading.Thread(target=self._run, name="box-live", daemon=True)

    def start(self, on_change: Callable[[], None]) -> None:
        """`on_change` is called after each word of the monitor, in the thread."""
        self._on_change = on_change
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        client = self._client
        if client is not None:
            client.close()

    @property
    def health(self) -> messages.Health | None:
        return self._health

    def request(self, body: messages.Message) -> Any:
        """Ask the monitor.  Raises PeerGone, Refused."""
        client = BlockingClient(self._socket, messages.Union, name="web", timeout_s=REQUEST_TIMEOUT_S)
        try:
            return client.request(body)
        finally:
            client.close()

    def days(self) -> dict[str, tuple[tuple[float, float], ...]]:
        """The curves of the last day; empty where the monitor cannot say."""
        try:
            found = self.request(messages.AskDays())
        except (PeerGone, Refused):
            return {}
        assert isinstance(found, messages.Days)
        return found.days

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._session()
            except PeerGone as error:
                log.debug("monitor: %s", error)
            except Exception:
                log.exception("the monitor's word could not be taken in; asking again")
            self._set(None)
            self._closing.wait(RETRY_S)

    def _session(self) -> None:
        self._client = BlockingClient(self._socket, messages.Union, name="web-live", timeout_s=SILENCE_MAX_S)
        try:
            for event in self._client.events():
                if isinstance(event, messages.Health):
                    self._set(event)
        finally:
            self._client.close()
            self._client = None

    def _set(self, health: messages.Health | None) -> None:
        if health is None and self._health is None:
            return
        self._health = health
        self._on_change()
