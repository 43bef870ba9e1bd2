"""The phones process: sippy's loop in the main thread, the socket for the dialer in another.

`run` blocks until SIGTERM or SIGINT.  Raises DeviceError when the SIP port is taken, SettingsError for an
address that cannot be told to phones.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Callable
from typing import Any, Final

from appliance import ipc
from appliance.errors import DeviceError, SettingsError, YobirinError
from appliance.heartbeat import Heartbeat
from appliance.phones import messages, sip_stack
from appliance.phones.service import Service
from appliance.settings import Home, Settings

log = logging.getLogger("phones")

TICK_S: Final = 1.0
STOP_WAIT_S: Final = 3.0
FLUSH_S: Final = 0.2  # BYEs leave by sippy's sender thread


def run(home: Home, settings: Settings) -> None:
    """Serve SIP and the dialer until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    if settings.phones.address in ("0.0.0.0", "::", ""):  # noqa: S104 - refused, not bound
        raise SettingsError(
            f"{home.site_file}: phones.address is {settings.phones.address!r}.",
            remedy="Give the address of this box on the phones' network: phones are told to answer to it.",
        )
    door = Door(home)
    service = Service(settings, door.publish)
    door.open(service)
    heartbeat = Heartbeat(home, "phones")
    timers = [sip_stack.every(TICK_S, work) for work in (service.tick, heartbeat.beat)]
    for number in (signal.SIGTERM, signal.SIGINT):
        sip_stack.on_signal(number, sip_stack.stop)
    try:
        sip_stack.loop()
    finally:
        for timer in timers:
            timer.cancel()
        service.hang_up_all()
        sip_stack.loop(FLUSH_S)
        service.close()
        door.close()


class Door:
    """The Unix socket towards the dialer, an asyncio loop in a thread of its own.

    A client gets the snapshot first; what happened before it is in it, and is not told again.
    """

    def __init__(self, home: Home) -> None:
        self._path = home.socket("phones")
        self._loop = asyncio.new_event_loop()
        self._server = ipc.Server(
            self._path,
            messages.Union,
            name="phones",
            on_request=self._request,
            on_connect=self._connected,
        )
        self._ready: set[ipc.Peer] = set()
        self._service: Service | None = None
        self._thread = threading.Thread(target=self._serve, name="door", daemon=True)

    def open(self, service: Service) -> None:
        """Begin to serve.  Raises OSError for a path that cannot be bound."""
        self._service = service
        self._loop.run_until_complete(self._server.start())
        self._thread.start()

    def publish(self, event: messages.Message) -> None:
        """Tell every client that has its snapshot.  From sippy's thread."""
        self._loop.call_soon_threadsafe(self._send, event)

    def close(self) -> None:
        """Say what is queued, then end the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_WAIT_S)
        self._path.unlink(missing_ok=True)

    # --- in the door's thread -------------------------------------------------------------------------

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.run_until_complete(self._server.stop())
        self._loop.run_until_complete(self._ended())

    @staticmethod
    async def _ended() -> None:
        """Let the connections' own tasks see that they are closed."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=STOP_WAIT_S / 2)

    def _send(self, event: messages.Message) -> None:
        self._ready &= self._server.peers
        for peer in self._ready:
            peer.send(event)

    def _connected(self, peer: ipc.Peer) -> None:
        def welcome(snapshot: messages.PhonesSnapshot) -> None:
            peer.send(snapshot)
            self._ready.add(peer)

        sip_stack.call_soon(self._in_sip, lambda service: service.snapshot(), welcome)

    async def _request(self, _peer: ipc.Peer, body: Any) -> Any:
        answer: asyncio.Future[Any] = self._loop.create_future()

        def settle(result: Any) -> None:
            if answer.done():
                return
            if isinstance(result, YobirinError):
                answer.set_exception(result)
            else:
                answer.set_result(result)

        sip_stack.call_soon(self._in_sip, lambda service: service.command(body), settle)
        return await answer

    # --- in sippy's thread ----------------------------------------------------------------------------

    def _in_sip(self, work: Callable[[Service], Any], done: Callable[[Any], None]) -> None:
        assert self._service is not None
        result: Any
        try:
            result = work(self._service)
        except YobirinError as error:
            result = error
        except Exception as error:
            log.exception("a command of the dialer failed")
            result = DeviceError(f"Phones could not do it: {error}.", remedy="See phones.log.")
        self._loop.call_soon_threadsafe(done, result)
