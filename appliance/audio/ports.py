"""The two kinds of ports of the 20 ms plane: a B channel and a phone's RTP stream.

At each tick a port is asked once what it heard and told once what to say, 160 mu-law bytes each.
"""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import Final, Protocol

from appliance.audio.dtmf import KeyEar
from appliance.audio.jitter import JitterRing
from appliance.audio.mulaw import BLOCK_BYTES, SILENT_BLOCK
from appliance.audio.player import Player
from appliance.audio.rtp import PCMU, Address, Latch, Packet, Sender, parse
from appliance.audio.rtp_socket import RtpSocket
from appliance.audio.telephone_event import KeyReader
from appliance.phones.messages import Media

READS_PER_TICK_MAX: Final = 4  # catches up with a burst; more would let a flood hold up the tick
DRAIN_TICKS: Final = 8  # in between one read a tick will do: asking in vain is a tenth of the plane's work
CUSHION_BLOCKS: Final = 4  # 80 ms in the card's buffers: the box's own wake-ups may be that late
PAUSE_SAMPLES: Final = BLOCK_BYTES  # a clock that runs on by more than was numbered: the sender kept silent

OnKey = Callable[[str, str, str], None]
"""Told of a key: port, key, "rfc4733" or "inband"."""


class Channel(Protocol):
    """What is used of a B channel; pri_card's span gives it."""

    def read(self) -> bytes: ...

    def write(self, block: bytes) -> bool: ...

    def fileno(self) -> int: ...

    def flush(self) -> None: ...

    def close(self) -> None: ...


class Port(abc.ABC):
    """What both kinds share.  `heard` is what came in at this tick, `heard_at` when something last did."""

    def __init__(self, name: str, now: float) -> None:
        self.name = name
        self.player = Player()
        self.ring = JitterRing()
        self.ear: KeyEar | None = None
        self.heard = SILENT_BLOCK
        self.heard_at = now
        self._is_ahead = False
        self._ticks = hash(name)  # ports drain at different ticks

    def reads(self) -> int:
        """How often to look for something at this tick."""
        self._ticks += 1
        is_draining = self._ticks % DRAIN_TICKS == 0 or not self.ring.depth
        return READS_PER_TICK_MAX if is_draining else 1

    @abc.abstractmethod
    def receive(self, now: float) -> None:
        """Take in what has arrived."""

    @abc.abstractmethod
    def say(self, block: bytes) -> bool:
        """Send 20 ms; False when it could not leave."""

    def hear(self, now: float) -> None:
        """Receive, and move on by one tick, unless that was done ahead of time."""
        self.receive(now)
        if self._is_ahead:
            self._is_ahead = False
        else:
            self.heard = self.ring.take()

    def hear_ahead(self) -> bool:
        """Move on to the next frame before its tick; False when none waits or it was done already."""
        if self._is_ahead or not self.ring.depth:
            return False
        self.heard = self.ring.take()
        self._is_ahead = self.ring.is_live
        return self._is_ahead

    def listen(self, *, is_on: bool) -> None:
        """Hear keys in-band, or not.  Raises DeviceError where spandsp is not installed."""
        if not is_on:
            self.ear = None
        elif self.ear is None:
            self.ear = KeyEar()

    def hear_keys(self) -> str:
        """The keys that became certain at this tick.  Only what came in is listened to, by its own time.

        A frame that is late is made up for whoever listens (`JitterRing`), and comes afterwards all the
        same.  To the ear the made-up one would be a pause within the key, and the key two keys.
        """
        return self.ear.feed(self.heard) if self.ear is not None and self.ring.is_live else ""

    @abc.abstractmethod
    def close(self) -> None:
        """Free what the port holds."""


class LinePort(Port):
    """A B channel.  Nothing is written while there is nothing to say: the line is silent by itself."""

    def __init__(self, name: str, channel: Channel, now: float) -> None:
        super().__init__(name, now)
        self.channel = channel
        self.is_faulty = False
        self._is_speaking = False
        channel.flush()

    def receive(self, now: float) -> None:
        read, push = self.channel.read, self.ring.push
        for _ in range(self.reads()):
            block = read()
            if not block:
                return
            push(block)
            self.heard_at = now

    def say(self, block: bytes) -> bool:
        if not self._is_speaking:
            self._is_speaking = True
            for _ in range(CUSHION_BLOCKS):
                self.channel.write(SILENT_BLOCK)
        return self.channel.write(block)

    def pause(self) -> None:
        """Nothing to say at this tick."""
        self._is_speaking = False

    def close(self) -> None:
        self.channel.close()


class PhonePort(Port):
    """A phone's RTP stream, sent without a pause while the phone is not on hold."""

    def __init__(
        self,
        name: str,
        rtp: RtpSocket,
        remote: Media,
        sender: Sender,
        on_key: OnKey,
        now: float,
        *,
        is_allowed: Callable[[str], bool],
    ) -> None:
        super().__init__(name, now)
        self.rtp = rtp
        self.local_address = ""
        self.remote = remote
        self.silence_reported_s = 0.0
        self._sender = sender
        self._latch = Latch((remote.address, remote.port), is_allowed)
        self._keys = KeyReader()
        self._on_key = on_key
        self._is_sent_ahead = False
        self._sequence = self._timestamp = 0  # of the last speech that came in

    @property
    def is_wanted(self) -> bool:
        """Whether the phone wants speech now; port 0 and 0.0.0.0 say no as well (RFC 3264 5.1, 8.4)."""
        return not self.remote.is_held and self.remote.port > 0 and self.remote.address != "0.0.0.0"  # noqa: S104 - read, not bound

    def move(self, remote: Media, now: float) -> None:
        """The phone's end changed, or it went on hold or came back."""
        self.remote = remote
        if self.is_wanted:
            self._latch.expect((remote.address, remote.port))
        self.heard_at = now

    def receive(self, now: float) -> None:
        for _ in range(self.reads()):
            datagram = self.rtp.receive()
            if datagram is None:
                return
            self._take(*datagram, now)

    def _take(self, data: bytes, sender: Address, now: float) -> None:
        packet = parse(data)
        if packet is None:
            return
        is_key = packet.kind == self.remote.digits_payload and packet.kind > PCMU
        if not (is_key or packet.kind == PCMU) or not self._latch.admits(sender, now):
            return
        self.heard_at = now
        self.silence_reported_s = 0.0
        if is_key:
            key = self._keys.feed(packet.payload, source=packet.source, timestamp=packet.timestamp)
            if key:
                self._on_key(self.name, key, "rfc4733")
        elif packet.payload:
            self._follow(packet)
            self.ring.push(packet.payload, packet.sequence)

    def _follow(self, packet: Packet) -> None:
        """Let the ear know of a pause that the phone sent nothing for (silence suppression, RFC 3550 5.1)."""
        numbered = (packet.sequence - self._sequence & 0xFFFF) * len(packet.payload)
        if (
            self.ear is not None
            and (packet.timestamp - self._timestamp & 0xFFFFFFFF) > numbered + PAUSE_SAMPLES
        ):
            self.ear.pause()
        self._sequence, self._timestamp = packet.sequence, packet.timestamp

    def say(self, block: bytes) -> bool:
        if self._is_sent_ahead:
            self._is_sent_ahead = False
            return True
        if not self.is_wanted:
            self._sender.skip(BLOCK_BYTES)
            return False
        return self.rtp.send(self._sender.packet(block), self._latch.target)

    def say_ahead(self, block: bytes) -> bool:
        """Send the next tick's packet now; at the tick nothing goes out.  Once between two ticks."""
        if self._is_sent_ahead or not self.say(block):
            return False
        self._is_sent_ahead = True
        return True

    def close(self) -> None:
        self.rtp.close()
