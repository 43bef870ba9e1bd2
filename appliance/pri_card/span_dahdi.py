"""A line of a real card through DAHDI: ioctls on /dev/dahdi/channel, as `dahdi/user.h` numbers them.

Opens only channels that `dahdi_cfg` has configured (bchan, dchan), and never configures any itself.  While
an event waits on a channel, reads and writes there fail with errno 500 until it is fetched.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from typing import Final

from appliance.errors import DeviceError
from appliance.pri_card.span import BLOCK_BYTES, CHANNELS, Alarm

DEVICE: Final = "/dev/dahdi/channel"

SPECIFY: Final = 0x4004DA26
SET_BUFINFO: Final = 0x4018DA1B
GET_PARAMS: Final = 0xC088DA05
AUDIOMODE: Final = 0x4004DA20
GETEVENT: Final = 0x8004DA08
FLUSH: Final = 0x4004DA03
SPANSTAT: Final = 0xC13ADA0A

INT: Final = struct.Struct("i")
BUFINFO: Final = struct.Struct("6i")  # txpolicy, rxpolicy, numbufs, bufsize, readbufs, writebufs
PARAMS_BYTES: Final = 136
SPANSTAT_BYTES: Final = 314
SIGNALLING_OFFSET: Final = 12  # dahdi_params: channo, spanno, chanpos, then sigtype
ALARMS_OFFSET: Final = 64  # dahdi_spaninfo, packed: spanno, name[20], desc[40], then alarms

SIG_HDLCFCS: Final = 0x380
FLUSH_BOTH: Final = 3
ELAST: Final = 500
FCS: Final = b"\0\0"  # the driver overwrites it on sending, and leaves the received one on the frame
D_FRAME_BYTES_MAX: Final = 1024
EVENTS_MAX: Final = 64  # one drain; the driver keeps 40
FRAMES_PER_READ_MAX: Final = 64
ALARM_POLL_S: Final = 0.5  # an alarm without an event would be missed otherwise

EVENT_REMOVED: Final = 0x14
ALARMS: Final[tuple[tuple[int, Alarm], ...]] = ((0x08, "red"), (0x10, "blue"), (0x04, "yellow"))

REMEDY_CONFIGURE: Final = "Check /etc/dahdi/system.conf and run dahdi_cfg."


class Channel:
    """One opened DAHDI channel: every system call of this file is here."""

    def __init__(self, channel: int, what: str) -> None:
        self.what = f"{what} (DAHDI channel {channel})"
        self.is_removed = False
        self._channel = channel
        try:
            self.descriptor = os.open(DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise DeviceError(
                f"{DEVICE} cannot be opened for {self.what}: {error.strerror}.",
                remedy="Check that the card is in and its driver is loaded (lsmod, dmesg).",
            ) from error
        try:
            self.ioctl(SPECIFY, INT.pack(channel))
        except DeviceError:
            self.close()
            raise

    def ioctl(self, request: int, argument: bytes) -> bytes:
        """One ioctl with packed bytes, never a bare int: that would be taken for an address."""
        try:
            return fcntl.ioctl(self.descriptor, request, argument)
        except OSError as error:
            raise self._refused(error) from error

    def _refused(self, error: OSError) -> DeviceError:
        if error.errno == errno.EBUSY:
            return DeviceError(
                f"{self.what} is in use by another process.",
                remedy="Stop the other one (fuser -v /dev/dahdi/*).",
            )
        return DeviceError(f"{self.what} refuses: {error.strerror or error.errno}.", remedy=REMEDY_CONFIGURE)

    def signalling(self) -> int:
        argument = INT.pack(self._channel) + bytes(PARAMS_BYTES - INT.size)
        return int(INT.unpack_from(self.ioctl(GET_PARAMS, argument), SIGNALLING_OFFSET)[0])

    def set_buffers(self, count: int, size_bytes: int) -> None:
        self.ioctl(SET_BUFINFO, BUFINFO.pack(0, 0, count, size_bytes, 0, 0))

    def alarms(self) -> int:
        return int(INT.unpack_from(self.ioctl(SPANSTAT, bytes(SPANSTAT_BYTES)), ALARMS_OFFSET)[0])

    def read(self, size_bytes: int) -> bytes:
        """One buffer; b"" for none.  A short read would throw the rest of it away."""
        for _ in range(2):
            try:
                return os.read(self.descriptor, size_bytes)
            except OSError as error:
                if not self._was_event(error):
                    return b""
        return b""

    def write(self, data: bytes) -> bool:
        """One buffer; False when the driver has none free."""
        for _ in range(2):
            try:
                return os.write(self.descriptor, data) == len(data)
            except OSError as error:
                if not self._was_event(error):
                    return False
        return False

    def flush(self) -> None:
        self.ioctl(FLUSH, INT.pack(FLUSH_BOTH))

    def close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def _was_event(self, error: OSError) -> bool:
        """Fetch the events that made a call fail; False if it failed for another reason."""
        if error.errno == errno.ENODEV:
            self.is_removed = True
        if error.errno != ELAST:
            return False
        self.drain_events()
        return True

    def drain_events(self) -> None:
        """Fetch every waiting event.  Alarms are read from the span, so only a removal is remembered."""
        for _ in range(EVENTS_MAX):
            try:
                event = INT.unpack(self.ioctl(GETEVENT, INT.pack(0)))[0]
            except DeviceError:
                return
            if event == EVENT_REMOVED:
                self.is_removed = True
            if event == 0:
                return


class DahdiB:
    """A B channel of a card."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        channel.ioctl(AUDIOMODE, INT.pack(1))
        channel.set_buffers(8, BLOCK_BYTES)
        channel.flush()

    def read(self) -> bytes:
        block = self._channel.read(BLOCK_BYTES)
        return block if len(block) == BLOCK_BYTES else b""

    def write(self, block: bytes) -> bool:
        assert len(block) == BLOCK_BYTES, "a block is 160 mu-law bytes"
        return self._channel.write(block)

    def fileno(self) -> int:
        return self._channel.descriptor

    def flush(self) -> None:
        self._channel.flush()

    def close(self) -> None:
        self._channel.close()


class DahdiSpan:
    """Channels `first_channel` to `first_channel` + 23 of the driver; the last is the D channel."""

    def __init__(self, number: int, first_channel: int) -> None:
        self.number = number
        self.name = f"span {number} (DAHDI channels {first_channel}-{first_channel + CHANNELS})"
        self._first_channel = first_channel
        self._d: Channel | None = None
        self._alarm: Alarm = "removed"
        self._poll_at = 0.0
        self._is_wanted = False  # asked for, and not closed by us since: tried again until it opens

    def open_d(self, now: float) -> None:
        self._is_wanted = True
        d = Channel(self._first_channel + CHANNELS, f"the D channel of span {self.number}")
        try:
            if d.signalling() & SIG_HDLCFCS != SIG_HDLCFCS:
                raise DeviceError(f"{d.what} is not set up as dchan.", remedy=REMEDY_CONFIGURE)
            d.set_buffers(32, D_FRAME_BYTES_MAX)
        except DeviceError:
            d.close()
            raise
        self._d = d
        self._read_alarm(now)

    def send_d(self, frame: bytes, now: float) -> None:
        if self._d is not None:
            self._d.write(frame + FCS)

    def receive_d(self, now: float) -> list[bytes]:
        if self._d is None:
            if self._is_wanted and now >= self._poll_at:
                self._poll_at = now + ALARM_POLL_S
                self._reopen(now)
            return []
        frames = []
        for _ in range(FRAMES_PER_READ_MAX):
            frame = self._d.read(D_FRAME_BYTES_MAX)
            if not frame:
                break
            frames.append(frame[: -len(FCS)])
        if now >= self._poll_at:
            self._read_alarm(now)
        return frames

    def due(self) -> float | None:
        return self._poll_at if self._is_wanted else None

    def files(self) -> list[int]:
        return [self._d.descriptor] if self._d is not None else []

    def alarm(self) -> Alarm:
        return self._alarm

    def open_b(self, channel: int) -> DahdiB:
        if not 1 <= channel <= CHANNELS:
            raise DeviceError(f"{self.name} has no channel {channel}.", remedy=f"Channels are 1-{CHANNELS}.")
        opened = Channel(self._first_channel + channel - 1, f"channel {channel} of span {self.number}")
        try:
            return DahdiB(opened)
        except DeviceError:
            opened.close()
            raise

    def close(self) -> None:
        self._is_wanted = False
        if self._d is not None:
            self._d.close()
            self._d = None

    def _read_alarm(self, now: float) -> None:
        self._poll_at = now + ALARM_POLL_S
        if self._d is None:
            return
        self._d.drain_events()
        try:
            bits = self._d.alarms()
        except DeviceError:
            self._d.is_removed = True
        if self._d.is_removed:
            self._alarm = "removed"
            self._reopen(now)
        else:
            self._alarm = next((word for bit, word in ALARMS if bits & bit), "")

    def _reopen(self, now: float) -> None:
        """The driver was taken away or loaded again: what we hold is dead, the channel may be back."""
        held, self._d = self._d, None
        if held is not None:
            held.close()
        try:
            self.open_d(now)
        except DeviceError:
            self._d = None
