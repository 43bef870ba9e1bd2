"""A CAN bus through python-can: SocketCAN in the box, its bus in memory in tests.  The only importer of `can`
on the box's side; translates its errors.

A bus that floods costs bounded time and memory: the kernel drops what is not for us (filters), keeps little
of what is (its receive buffer), and who asks takes a bounded number of frames a turn.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import socket
from pathlib import Path
from typing import Final, Literal

import can
from can.interfaces.socketcan import SocketcanBus
from can.interfaces.virtual import VirtualBus

from appliance.chassis.wire import Frame, heard_ids
from appliance.errors import DeviceError

log = logging.getLogger("chassis")

RECEIVE_BUFFER_BYTES: Final = 128 * 1024  # about 300 frames as the kernel counts them
REOPEN_FIRST_S: Final = 1.0
REOPEN_MAX_S: Final = 10.0
SOL_CAN_RAW: Final = 101
CAN_RAW_ERR_FILTER: Final = 2
ERR_BUSOFF, ERR_RESTARTED = 0x40, 0x100  # linux/can/error.h, error class in the identifier
MEMORY_FRAMES: Final = 300  # on a bus in memory, as much as the kernel's buffer holds
IFF_UP: Final = 1
FLAGS: Final = "/sys/class/net/{}/flags"
STATISTICS: Final = "/sys/class/net/{}/statistics/rx_packets"


Interface = Literal["socketcan", "virtual"]


class CanWire:
    """One bus, opened by the first `receive` and again after a failure, with a growing pause."""

    def __init__(self, *, interface: Interface, channel: str, node: int) -> None:
        self._interface = interface
        self._channel = channel
        self._heard = frozenset(heard_ids(node))
        self._bus: can.BusABC | None = None
        self._reopen_at, self._reopen_s = 0.0, REOPEN_FIRST_S
        self._taken = 0
        self._fault = ""

    @property
    def name(self) -> str:
        return self._channel

    def receive(self, frames_max: int, now: float) -> list[Frame]:
        """Frames of the controller that have arrived; none while the bus is away, see `fault`."""
        frames: list[Frame] = []
        bus = self._open(now)
        if bus is None:
            return frames
        try:
            for _ in range(frames_max):
                message = bus.recv(timeout=0)
                if message is None:
                    break
                self._take(message, frames)
        except (can.CanError, OSError) as error:
            self._failed(error, now)
        return frames

    def send(self, frame: Frame) -> bool:
        """Send one frame; False when the bus is away, or its queue is full because nobody acknowledges."""
        if self._bus is None:
            return False
        message = can.Message(arbitration_id=frame.can_id, data=frame.data, is_extended_id=False)
        try:
            self._bus.send(message, timeout=0)
        except (can.CanError, OSError):
            return False
        return True

    def frames_passed(self) -> int:
        """By the interface's own counter: the kernel's filter hides the rest from us."""
        if self._interface == "socketcan":
            with contextlib.suppress(OSError, ValueError):
                return int(Path(STATISTICS.format(self._channel)).read_text())
        return self._taken

    def fault(self) -> str:
        """The sentence about a bus that is away or off."""
        return self._fault

    def close(self) -> None:
        """Let go of the interface."""
        if self._bus is not None:
            self._bus.shutdown()
            self._bus = None

    def _take(self, message: can.Message, frames: list[Frame]) -> None:
        self._taken += 1
        if message.is_error_frame:
            self._bus_error(message.arbitration_id)
        elif message.is_remote_frame or message.is_extended_id or message.is_fd:
            return
        elif message.arbitration_id in self._heard:  # a bus in memory has no kernel that filters
            self._fault = ""  # who hears a frame is not off the bus
            frames.append(Frame(message.arbitration_id, bytes(message.data)))

    def _bus_error(self, kind: int) -> None:
        if kind & ERR_BUSOFF:
            self._tell(
                f"The CAN interface {self._channel} is bus-off: a short circuit, no terminator, or another "
                f"bit rate.  It starts again by itself where `restart-ms` is set."
            )
        elif kind & ERR_RESTARTED:
            log.info("the CAN interface %s has started again", self._channel)
            self._fault = ""

    def _open(self, now: float) -> can.BusABC | None:
        if self._bus is None and now >= self._reopen_at:
            try:
                self._bus = self._opened()
            except (can.CanError, OSError) as error:
                self._failed(error, now)
            else:
                self._fault, self._reopen_s = "", REOPEN_FIRST_S
        return self._bus

    def _opened(self) -> can.BusABC:
        if self._interface == "virtual":
            return VirtualBus(self._channel, rx_queue_size=MEMORY_FRAMES)
        if not int(Path(FLAGS.format(self._channel)).read_text(), 16) & IFF_UP:
            raise OSError(errno.ENETDOWN, os.strerror(errno.ENETDOWN))
        filters: list[can.typechecking.CanFilter] = [
            {"can_id": can_id, "can_mask": 0x7FF, "extended": False} for can_id in self._heard
        ]
        bus = SocketcanBus(self._channel, can_filters=filters)
        bus.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        bus.socket.setsockopt(SOL_CAN_RAW, CAN_RAW_ERR_FILTER, ERR_BUSOFF | ERR_RESTARTED)
        return bus

    def _failed(self, error: can.CanError | OSError, now: float) -> None:
        with contextlib.suppress(can.CanError, OSError):
            self.close()
        self._bus = None
        self._reopen_at = now + self._reopen_s
        self._reopen_s = min(REOPEN_MAX_S, 2 * self._reopen_s)
        failed = DeviceError(
            f"The CAN interface {self._channel} cannot be used: {_words(error)}.",
            remedy=f"Look at `ip -details link show {self._channel}`, and at [chassis] in site.toml.",
        )
        self._tell(str(failed))

    def _tell(self, fault: str) -> None:
        if fault != self._fault:
            log.error("%s", fault)
        self._fault = fault


def _words(error: can.CanError | OSError) -> str:
    code = error.errno if isinstance(error, OSError) else getattr(error, "error_code", None)
    if code in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return "it does not exist"
    return "it is down" if code == errno.ENETDOWN else str(error)
