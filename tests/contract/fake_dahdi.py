"""Two spans of the DAHDI driver joined back to back, as far as system calls can tell: for `span_dahdi`.

Channels 1-24 meet 25-48, as `dahdi_dynamic_loc` joins them.  Stands in for `os` and `fcntl` in that file.
"""

from __future__ import annotations

import errno
import struct
from collections import deque

from appliance.pri_card import span_dahdi as driver

O_RDWR = 2
O_NONBLOCK = 0o4000
O_CLOEXEC = 0o2000000
FAR = 24


class FakeDahdi:
    """The kernel's side: `os` and `fcntl` in one object."""

    O_RDWR, O_NONBLOCK, O_CLOEXEC = O_RDWR, O_NONBLOCK, O_CLOEXEC

    def __init__(self) -> None:
        self.channels: dict[int, int] = {}  # descriptor to channel
        self.queues: dict[int, deque[bytes]] = {channel: deque() for channel in range(1, 49)}
        self.events: dict[int, deque[int]] = {channel: deque() for channel in range(1, 49)}
        self.signalling = {channel: 0x380 if channel in (24, 48) else 0x80 for channel in range(1, 49)}
        self.buffers: dict[int, tuple[int, ...]] = {}
        self.audio_mode: set[int] = set()
        self.alarm_bits = 0
        self.is_gone = False
        self._next = 100

    # --- os ---------------------------------------------------------------------------------------------

    def open(self, path: str, flags: int) -> int:
        assert path == "/dev/dahdi/channel"
        assert flags == O_RDWR | O_NONBLOCK | O_CLOEXEC
        if self.is_gone:
            raise OSError(errno.ENOENT, "No such file or directory")
        self._next += 1
        return self._next

    def close(self, descriptor: int) -> None:
        self.channels.pop(descriptor, None)

    def read(self, descriptor: int, size: int) -> bytes:
        channel = self._ready(descriptor)
        if not self.queues[channel]:
            raise BlockingIOError(errno.EAGAIN, "again")
        return self.queues[channel].popleft()[:size]

    def write(self, descriptor: int, data: bytes) -> int:
        channel = self._ready(descriptor)
        far = channel + FAR if channel <= FAR else channel - FAR
        if len(self.queues[far]) >= self.buffers[channel][2]:
            raise BlockingIOError(errno.EAGAIN, "again")
        is_d = self.signalling[channel] & 0x380 == 0x380
        self.queues[far].append(data[:-2] + b"\xab\xcd" if is_d else data)
        return len(data)

    def _ready(self, descriptor: int) -> int:
        if self.is_gone:
            raise OSError(errno.ENODEV, "No such device")
        channel = self.channels[descriptor]
        if self.events[channel]:
            raise OSError(500, "Unknown error 500")
        return channel

    # --- fcntl ------------------------------------------------------------------------------------------

    def ioctl(self, descriptor: int, request: int, argument: bytes) -> bytes:
        assert isinstance(argument, bytes)
        if self.is_gone:
            raise OSError(errno.ENODEV, "No such device")
        if request == driver.SPECIFY:
            return self._specify(descriptor, struct.unpack("i", argument)[0])
        channel = self.channels[descriptor]
        if request == driver.GET_PARAMS:
            assert len(argument) == 136
            return argument[:12] + struct.pack("i", self.signalling[channel]) + argument[16:]
        if request == driver.SET_BUFINFO:
            self.buffers[channel] = struct.unpack("6i", argument)
        elif request == driver.GETEVENT:
            return struct.pack("i", self.events[channel].popleft() if self.events[channel] else 0)
        elif request == driver.SPANSTAT:
            assert len(argument) == 314
            return argument[:64] + struct.pack("i", self.alarm_bits) + argument[68:]
        elif request == driver.AUDIOMODE:
            self.audio_mode.add(channel)
        elif request == driver.FLUSH:
            self._flush(channel)
        else:
            raise OSError(errno.ENOTTY, "Inappropriate ioctl")
        return argument

    def _specify(self, descriptor: int, channel: int) -> bytes:
        if channel not in self.queues:
            raise OSError(errno.ENXIO, "No such device or address")
        if channel in self.channels.values():
            raise OSError(errno.EBUSY, "Device or resource busy")
        self.channels[descriptor] = channel
        return struct.pack("i", channel)

    def _flush(self, channel: int) -> None:
        self.queues[channel].clear()
        self.queues[channel + FAR if channel <= FAR else channel - FAR].clear()
