"""The door of the `setup` process: `run/setup.sock`, behind it the verbs, one at a time.

At its start it sees that there are certificates and a way to log in: without a PIN it shows a one-time set-up
code on the system console.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, Final

from appliance import ipc
from appliance.errors import YobirinError
from appliance.heartbeat import Heartbeat
from appliance.settings import Home
from provisioning import messages
from provisioning.box import RELOAD_PAGE
from provisioning.commands import Commands, SystemCommands
from provisioning.setup_service import Session, SetupService, let_console_read

log = logging.getLogger("setup")

TICK_S: Final = 1.0
RENEW_EVERY_S: Final = 86_400.0
SYSTEM_CONSOLE: Final = Path("/dev/console")


def serve(home: Home) -> None:
    """Serve until SIGTERM or SIGINT."""
    heartbeat = Heartbeat(home, "setup")
    commands = SystemCommands()
    asyncio.run(_serve(home, SetupService(home, commands), commands, heartbeat))
    heartbeat.end()


async def _serve(home: Home, service: SetupService, commands: Commands, heartbeat: Heartbeat) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    door = Door(home, service)
    begin(service)
    await door.start()
    renew_at = time.monotonic()
    while not stop.is_set():
        heartbeat.beat()
        if time.monotonic() >= renew_at and not service.is_busy:
            renew_at += RENEW_EVERY_S
            await asyncio.to_thread(_renew, service, commands)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), TICK_S)
        if (tick := door.tick_when_free()) is not None:
            await tick
    await door.stop()


def begin(service: SetupService, *, console: Path = SYSTEM_CONSOLE) -> None:
    """What a start owes the technician: the old address after a broken trial, and a way to log in."""
    if service.trial.revert():
        log.warning("an address was on trial when the box stopped: the old one is back")
    if not service.box.pin.is_set():
        tell_code(service.box.pin.new_code(), console)


def tell_code(code: str, console: Path) -> None:
    """Show the one-time code to whoever stands before the box, and to nobody else: never in a log."""
    words = f"\r\nYobirin: 設定コード / set-up code: {code}\r\n"
    try:
        with console.open("wb", buffering=0) as screen:
            screen.write(words.encode())
        log.info("no PIN is set: a set-up code was shown on %s", console)
    except OSError as error:
        log.warning("the set-up code cannot be shown on %s: %s", console, error)


def _renew(service: SetupService, commands: Commands) -> None:
    try:
        if service.renew():
            log.info("the page has a new certificate")
            commands.run(*RELOAD_PAGE)
    except (YobirinError, OSError) as error:
        log.warning("the page's certificate: %s", error)


class Door:
    """The Unix socket.  Verbs run in a thread, one at a time, so that the loop goes on beating."""

    def __init__(self, home: Home, service: SetupService) -> None:
        self._path = home.socket("setup")
        self._service = service
        self._sessions: dict[ipc.Peer, Session] = {}
        self._server = ipc.Server(
            self._path, messages.Union, name="setup", on_request=self._request, on_connect=self._connected
        )

    async def start(self) -> None:
        """Begin to serve."""
        await self._server.start()
        let_console_read(self._path)

    def tick_when_free(self) -> Awaitable[None] | None:
        """The service's tick, but not behind a verb that takes minutes: the loop goes on beating."""
        return None if self._service.is_busy else asyncio.to_thread(self._service.tick)

    async def stop(self) -> None:
        """End every connection."""
        await self._server.stop()

    def _connected(self, peer: ipc.Peer) -> None:
        gone = self._sessions.keys() - self._server.peers
        for each in gone:
            del self._sessions[each]
        self._sessions[peer] = Session()

    async def _request(self, peer: ipc.Peer, request: Any) -> Any:
        session = self._sessions.setdefault(peer, Session())
        try:
            return await asyncio.to_thread(self._service.handle, session, request)
        except OSError as error:
            raise YobirinError(
                f"{error.filename or 'The system'}: {error.strerror}.",
                remedy="Look at the disk, then repeat.",
            ) from error
        except YobirinError:
            raise
        except Exception as error:  # the root of a request: the technician is told, and the next one is heard
            log.exception("%s", type(request).__name__)
            raise YobirinError(
                f"Set-up stumbled over this: {type(error).__name__}: {error}.",
                remedy="Make a support bundle.",
            ) from error
