"""The RTP ends of robot telephones: one thread sends and hears every 20 ms for all of them.

A line sends silence, its own tone, or keys as RFC 4733 events; it keeps the last second of what it hears and
measures it only when asked (`heard`).
"""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from typing import Final

from appliance.audio import rtp, telephone_event
from appliance.audio.mulaw import RATE_HZ, SILENT_BLOCK, TICK_S
from appliance.simulator import callee_hearing
from appliance.simulator.callee_plan import Sound
from appliance.simulator.callee_sound import Voice

HEARD_BLOCKS: Final = 50  # one second
KEY_PACKETS: Final = 4  # 80 ms; the end packets go out at once
KEY_PAUSE_TICKS: Final = 4  # between two keys, as a quick finger does
BEHIND_MAX_S: Final = 0.2  # beyond it the missed packets are left out
DRAIN_MAX: Final = 20
BUFFER_BYTES: Final = 4_096


class Line:
    """One telephone's stream, made before the call and closed after it.  Methods are for any thread."""

    def __init__(self, address: str, *, source: int, tone_hz: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind((address, 0))
        self.port = int(self._socket.getsockname()[1])
        self._sender = rtp.Sender(source=source, sequence=1, timestamp=160)
        self._tone_hz = tone_hz
        self._voice: Voice | None = None
        self._remote: rtp.Address | None = None
        self._digits_payload = 0
        self._ticks: deque[tuple[bytes, ...]] = deque()  # what goes out instead of speech, tick by tick
        self._heard: deque[bytes] = deque(maxlen=HEARD_BLOCKS)
        self.packets_heard = 0
        self.is_closed = False

    def connect(self, address: str, port: int, digits_payload: int) -> None:
        """Where to send from now on."""
        self._digits_payload = digits_payload
        self._remote = (address, port)

    def press(self, keys: str) -> None:
        """Queue keys; each takes about 160 ms."""
        for key in keys:
            *events, end, end2, end3 = telephone_event.payloads(key, packets=KEY_PACKETS)
            self._ticks.extend((event,) for event in events)
            self._ticks.append((end, end2, end3))
            self._ticks.extend(() for _ in range(KEY_PAUSE_TICKS))

    def speak(self, is_on: bool) -> None:
        """Begin or end this telephone's own tone."""
        if not is_on:
            self._voice = None
        elif self._voice is None:
            voice = Voice()
            voice.say(Sound("tone", self._tone_hz))
            self._voice = voice

    def heard(self) -> callee_hearing.Heard:
        """Tone and level of the last second."""
        return callee_hearing.hear(list(self._heard))

    def close(self) -> None:
        """No more packets; the thread closes the socket at its next tick."""
        self.is_closed = True

    # --- in the thread --------------------------------------------------------------------------------

    def tick(self) -> None:
        """Send one packet's worth, take what came."""
        self._take()
        if self._remote is None:
            return
        events = self._ticks.popleft() if self._ticks else None
        if not events:
            # a key's pause is silence, else the two keys would be one
            voice = self._voice if events is None else None
            self._send(self._sender.packet(voice.next_block() if voice else SILENT_BLOCK))
            return
        for event in events:
            self._send(self._event_packet(event))
        if len(events) > 1:
            self._sender.skip(KEY_PACKETS * len(SILENT_BLOCK))

    def _event_packet(self, payload: bytes) -> bytes:
        """All packets of a press carry the time of its beginning, RFC 4733 2.5.1.2."""
        sender = self._sender
        header = rtp.HEADER.pack(
            rtp.VERSION_BITS, self._digits_payload, sender.sequence, sender.timestamp, sender.source
        )
        sender.sequence = sender.sequence + 1 & 0xFFFF
        return header + payload

    def _send(self, packet: bytes) -> None:
        assert self._remote is not None
        try:
            self._socket.sendto(packet, self._remote)
        except OSError:
            return  # the box's end is closed or full: a lost packet, as networks lose them

    def _take(self) -> None:
        for _ in range(DRAIN_MAX):
            try:
                data = self._socket.recv(BUFFER_BYTES)
            except OSError:
                return
            packet = rtp.parse(data)
            if packet is not None and packet.kind == rtp.PCMU:
                self._heard.append(packet.payload)
                self.packets_heard += 1

    def shut(self) -> None:
        self._socket.close()


class Lines:
    """The thread that ticks every open line."""

    def __init__(self) -> None:
        self._lines: tuple[Line, ...] = ()
        self._guard = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rtp", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def add(self, line: Line) -> None:
        with self._guard:
            self._lines = (*self._lines, line)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(1.0)
        for line in self._lines:
            line.shut()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            for line in self._lines:
                if not line.is_closed:
                    line.tick()
            if any(line.is_closed for line in self._lines):
                self._sweep()
            due += TICK_S
            if time.monotonic() - due > BEHIND_MAX_S:
                due = time.monotonic()

    def _sweep(self) -> None:
        with self._guard:
            closed = [line for line in self._lines if line.is_closed]
            self._lines = tuple(line for line in self._lines if not line.is_closed)
        for line in closed:
            line.shut()


assert RATE_HZ == 8_000
