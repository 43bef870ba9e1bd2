"""A deadline for every transfer: a bus that hangs holds up one thread of its own, and nobody else.

A transfer that is stuck in the kernel cannot be ended from here; until it comes back the panel is refused
at once, so there is never more than one such thread.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from appliance.errors import DeviceError
from appliance.gpio_leds.lamps import Lamp
from appliance.gpio_leds.panel import Panel

DEADLINE_S: Final = 0.5  # a picture is ten bytes: 4 ms on a bus of 100 kHz

Result = TypeVar("Result")


class _Transfer:
    """One call of the inner panel, made by the worker."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self._result: Any = None
        self._error: BaseException | None = None
        self.is_done = threading.Event()
        self.begun_at = time.monotonic()

    def run(self) -> None:
        try:
            self._result = self._work()
        except BaseException as error:  # noqa: BLE001 - handed to who asked
            self._error = error
        self.is_done.set()

    def result(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._result


class BoundedPanel:
    """Another panel, each of its calls made in a worker thread within `deadline_s`."""

    def __init__(self, inner: Panel, *, deadline_s: float = DEADLINE_S) -> None:
        self._inner = inner
        self._deadline_s = deadline_s
        self._transfers: queue.SimpleQueue[_Transfer | None] = queue.SimpleQueue()
        self._worker: threading.Thread | None = None
        self._stuck: _Transfer | None = None

    @property
    def name(self) -> str:
        return self._inner.name

    def show(self, lit: frozenset[Lamp]) -> None:
        """As the inner panel.  Raises DeviceError after the deadline."""
        self._call(lambda: self._inner.show(lit))

    def button(self) -> bool | None:
        """As the inner panel.  Raises DeviceError after the deadline."""
        return self._call(self._inner.button)

    def close(self) -> None:
        """Let go of the device, once the worker comes back to it, and end the worker."""
        if self._worker is not None:
            self._transfers.put(_Transfer(self._inner.close))
            self._transfers.put(None)
            self._worker.join(self._deadline_s)
            self._worker = None

    def _call(self, work: Callable[[], Result]) -> Result:
        self._refuse_while_stuck()
        if self._worker is None:
            self._worker = threading.Thread(target=self._work, name="panel", daemon=True)
            self._worker.start()
        transfer = _Transfer(work)
        self._transfers.put(transfer)
        if not transfer.is_done.wait(self._deadline_s):
            self._stuck = transfer
            self._refuse_while_stuck()
        result: Result = transfer.result()
        return result

    def _refuse_while_stuck(self) -> None:
        if self._stuck is None or self._stuck.is_done.is_set():
            self._stuck = None
            return
        waited_s = time.monotonic() - self._stuck.begun_at
        raise DeviceError(
            f"The {self.name} hangs: a transfer has not come back for {waited_s:.1f} s.",
            remedy="Check the panel's cable and its bus; switch the box off and on if it stays.",
        )

    def _work(self) -> None:
        transfers = self._transfers
        while (transfer := transfers.get()) is not None:
            transfer.run()
