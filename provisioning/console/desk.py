"""Carries out what menu and laptop ask for, in one thread beside the console's loop; answers come by a queue.

Each of the two has a connection to the `setup` process of its own, because each logs in by itself.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, Final

from appliance import ipc
from appliance.dialer import messages as dialer
from appliance.errors import YobirinError
from appliance.settings import Home, Settings
from provisioning import messages
from provisioning.console import facts
from provisioning.console.menu import Do
from provisioning.console.menu_table import What

SETUP_S: Final = 300.0  # a LUKS key slot takes seconds, a bundle a minute
TRY_S: Final = 60.0  # five to find the channel idle, 25 of ringing, three of speech
JOBS_MAX: Final = 8

Job = Callable[[], Any]


class Setup:
    """A connection to the `setup` process, made when it is first needed and after it broke."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._client: ipc.BlockingClient | None = None

    def ask(self, request: Any) -> Any:
        """Its answer.  Raises YobirinError."""
        if self._client is None:
            path = self._home.socket("setup")
            self._client = ipc.BlockingClient(path, messages.Union, name="console", timeout_s=SETUP_S)
        try:
            return self._client.request(request)
        except ipc.PeerGone:
            self.drop()
            raise

    def drop(self) -> None:
        """Give up the connection, and with it what it was allowed."""
        if self._client is not None:
            self._client.close()
            self._client = None


class Desk:
    """One thread.  `put` hands it a job under a name; `done` gives finished ones."""

    def __init__(self) -> None:
        self._jobs: queue.Queue[tuple[Any, Job] | None] = queue.Queue(JOBS_MAX)
        self._done: queue.SimpleQueue[tuple[Any, Any]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="desk", daemon=True)
        self._thread.start()

    def put(self, name: Any, job: Job) -> bool:
        """False where too much is waiting: a menu and a laptop wait for one job each."""
        try:
            self._jobs.put_nowait((name, job))
        except queue.Full:
            return False
        return True

    def done(self) -> list[tuple[Any, Any]]:
        """(name, value or YobirinError) of what has finished since the last look."""
        found = []
        while not self._done.empty():
            found.append(self._done.get())
        return found

    def close(self) -> None:
        """Let the thread end after the job in hand."""
        self.put(None, lambda: None)

    def _work(self) -> None:
        while (item := self._jobs.get()) is not None and item[0] is not None:
            name, job = item
            try:
                self._done.put((name, job()))
            except YobirinError as error:
                self._done.put((name, error))
            except (OSError, ValueError, KeyError) as error:  # a wish that fails never ends the console
                self._done.put((name, YobirinError(f"{type(error).__name__}: {error}")))


def job_of(do: Do, home: Home, settings: Settings, setup: Setup) -> Job:
    """What carries a wish of the menu out."""
    first = do.arguments[0] if do.arguments else ""
    second = do.arguments[1] if len(do.arguments) > 1 else ""
    requests: dict[What, Any] = {
        What.LOG_IN: messages.LogIn(secret=first),
        What.TRY_NETWORK: messages.TryNetwork(address=first, gateway=second),
        What.KEEP_NETWORK: messages.KeepNetwork(),
        What.READ_LOG: messages.ReadLog(name=first),
        What.MAKE_BUNDLE: messages.MakeBundle(),
        What.COPY_BUNDLE: messages.CopyBundle(),
        What.RESCUE: messages.RescueAccess(),
        What.RESTART: messages.Apply(step=messages.Restart(what="processes")),
        What.REBOOT: messages.Apply(step=messages.Restart(what="box")),
        What.POWER_OFF: messages.Apply(step=messages.Restart(what="power_off")),
        What.RESET: messages.FactoryReset(confirmation=first),
        What.FIND_USB: messages.FindBackups(place="usb", key=first),
        What.FIND_SITE: messages.FindBackups(place="site", key=first),
        What.RESTORE: messages.RestoreBackup(number=int(first) if first.isdecimal() else 0),
        What.READ_RESTORE: messages.ReadRestore(),
        What.SET_PIN: messages.Apply(step=messages.SetPin(pin=first)),
    }
    if do.what is What.LOOK:
        return lambda: facts.gather(home, settings, setup.ask)
    if do.what is What.TEST_CALL:
        return lambda: _try_channel(home, *do.arguments)
    if do.what is What.LOG_OUT:
        return setup.drop
    return lambda: _plain(setup.ask(requests[do.what]))


def _try_channel(home: Home, span: str, channel: str, number: str) -> dialer.ChannelTried:
    client = ipc.BlockingClient(home.socket("dialer"), dialer.Union, name="console", timeout_s=TRY_S)
    try:
        found = client.request(dialer.TryChannel(int(span), int(channel), number))
    finally:
        client.close()
    assert isinstance(found, dialer.ChannelTried)
    return found


def _plain(answer: Any) -> Any:
    if isinstance(answer, messages.Applied):
        return answer.note
    return answer.seconds if isinstance(answer, messages.NetworkTried) else answer
