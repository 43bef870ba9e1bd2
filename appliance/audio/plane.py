"""The 20 ms plane: ports, bridges and prompts, moved on by one tick at a time.

Obeys the commands of `messages` and reports through `events`.  Its I/O is that of its ports, which never
block; the time is handed in.  Waits for nothing and opens no file.
"""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Callable
from typing import Any, Final

from appliance.audio import messages
from appliance.audio.bridge import Bridge
from appliance.audio.conversations import Conversations, Recorder
from appliance.audio.level import Meter
from appliance.audio.mixed import ports_of
from appliance.audio.mixer import mix
from appliance.audio.mulaw import SILENT_BLOCK
from appliance.audio.neighbours import Neighbours
from appliance.audio.player import Announcement
from appliance.audio.ports import Channel, LinePort, PhonePort, Port
from appliance.audio.prompts import PromptBook
from appliance.audio.rtp import Sender
from appliance.audio.rtp_socket import PortRange
from appliance.clock import Clock
from appliance.errors import BadInput, DeviceError
from appliance.phones.messages import Media

PORTS_MAX: Final = 400  # 115 channels, 100 seats, and as many again that are being closed
SILENCE_REPORTS_S: Final = (3.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0)
LINE_ALIVE_S: Final = 0.2  # without a block for ten ticks, a line keeps no time
LINE_SILENT_S: Final = 3.0  # a B channel gives a block every 20 ms, spoken into or not

OpenB = Callable[[int, int], Channel]
"""Opens a B channel: span, channel.  Raises DeviceError."""


class Plane:
    """Everything that speaks and hears."""

    def __init__(
        self,
        *,
        open_b: OpenB,
        rtp_ports: PortRange,
        neighbours: Neighbours,
        prompts: PromptBook,
        recorder: Recorder,
        dice: random.Random,
        clock: Clock,
    ) -> None:
        self.events: list[messages.Message] = []
        self.talks = Conversations(recorder)
        self._lines: dict[str, LinePort] = {}
        self._meters: dict[str, Meter] = {}
        self._phones: dict[str, PhonePort] = {}
        self._open_b = open_b
        self._rtp_ports = rtp_ports
        self._neighbours = neighbours
        self._prompts = prompts
        self._dice = dice
        self._clock = clock  # for the one figure that is about the inside of a tick
        self._commands: dict[type[Any], Callable[[Any, float], object]] = {
            messages.OpenLine: self._open_line,
            messages.OpenPhone: self._open_phone,
            messages.SetRemote: self._set_remote,
            messages.ClosePort: self._close_port,
            messages.Bridge: self._bridge,
            messages.Mix: self._mix,
            messages.Unbridge: self._unbridge,
            messages.Play: self._play,
            messages.Hush: self._hush,
            messages.Listen: self._listen,
            messages.Measure: self._measure,
        }

    def handle(self, command: Any, now: float) -> object:
        """Obey one command; its answer, None for none.  Raises BadInput, DeviceError."""
        handler = self._commands.get(type(command))
        if handler is None:
            raise BadInput(f"{type(command).__name__} is no command of audio.")
        return handler(command, now)

    def tick(self, now: float) -> None:
        """20 ms: hear all ports, then speak to all ports, then record."""
        for line in self._lines.values():
            line.hear(now)
        for name, meter in self._meters.items():
            meter.add(self._lines[name].heard)
        for phone in self._phones.values():
            phone.hear(now)
            self._say_to_phone(phone)
        for line in self._lines.values():
            self._say_to_line(line)
        self.talks.record()
        self._hear_keys()

    def watch(self, now: float) -> None:
        """Once a second: who has fallen silent."""
        for phone in self._phones.values():
            self._watch_phone(phone, now)
        for line in self.talks.lines():
            if now - line.heard_at > LINE_SILENT_S and not line.is_faulty:
                line.is_faulty = True
                self._fault(line.name, f"{line.name} has given no speech for {LINE_SILENT_S:g} s.")

    def snapshot(self) -> messages.AudioSnapshot:
        return messages.AudioSnapshot(
            (*self._lines, *self._phones), self.talks.snapshot(), legs=tuple(self._phones)
        )

    def counts(self) -> tuple[int, int, int]:
        """Ports, bridges, recordings."""
        return len(self._lines) + len(self._phones), len(self.talks.standing), self.talks.recordings()

    @property
    def strangers(self) -> int:
        """RTP packets from outside the phones' networks since the start; none of them was heard."""
        return self._neighbours.strangers

    def reference(self, now: float) -> LinePort | None:
        """A line that gives blocks, which can drive the tick."""
        return next((line for line in self._lines.values() if now - line.heard_at < LINE_ALIVE_S), None)

    def close(self) -> None:
        """Close all ports; recordings are finished."""
        for name in (*self._lines, *self._phones):
            self._close(name)

    # --- the tick -------------------------------------------------------------------------------------

    def _say_to_phone(self, phone: PhonePort) -> None:
        bridge = self.talks.bridge_of.get(phone.name)
        if bridge is None:
            self._say_mixed_to_phone(phone)
            return
        is_sent = phone.say(self._speech(phone, bridge.line.heard))
        if not bridge.is_heard and is_sent and bridge.line.ring.is_live:
            self._was_heard(bridge)

    def _say_mixed_to_phone(self, phone: PhonePort) -> None:
        mixed = self.talks.mixed_of.get(phone.name)
        is_sent = phone.say(self._speech(phone, mixed.far(phone.name) if mixed else b""))
        start = mixed.start if mixed else None
        if mixed and start and start.phone is phone and is_sent and start.line.ring.is_live:
            mixed.start = None
            self._was_heard(start)

    def _say_to_line(self, line: LinePort) -> None:
        bridge = self.talks.bridge_of.get(line.name)
        mixed = self.talks.mixed_of.get(line.name) if bridge is None else None
        if bridge is not None:
            line.say(self._speech(line, bridge.phone.heard))
        elif line.player.is_busy or (mixed and mixed.hears_any(line.name)):
            line.say(self._speech(line, mixed.far(line.name) if mixed else b""))
        else:
            line.pause()

    def _speech(self, port: Port, far: bytes) -> bytes:
        """What a port hears: the far end, with what is being played laid over it.

        A loop (hold music, ringback) replaces the far end; an announcement or a beep is mixed in.
        """
        if not port.player.is_busy:
            return far or SILENT_BLOCK
        is_alone = not far or port.player.is_looping
        block, finished = port.player.next_block()
        for tag in finished:
            self.events.append(messages.Played(port.name, tag))
        return block if is_alone else mix((far, block))

    def _hear_keys(self) -> None:
        for port in (*self._lines.values(), *self._phones.values()):
            for key in port.hear_keys():
                self.events.append(messages.Digit(port.name, key, "inband"))

    def _was_heard(self, bridge: Bridge) -> None:
        bridge.is_heard = True
        after_s = self._clock.monotonic() - bridge.begun_at
        self.events.append(messages.Bridged(bridge.bridge_id, after_s))

    # --- commands -------------------------------------------------------------------------------------

    def _open_line(self, command: messages.OpenLine, now: float) -> None:
        self._make_room(command.port)
        channel = self._open_b(command.span, command.channel)
        self._lines[command.port] = LinePort(command.port, channel, now)

    def _open_phone(self, command: messages.OpenPhone, now: float) -> messages.PhoneOpened:
        self._check_address(command.remote)
        phone = self._phones.get(command.port)
        if phone is not None:
            self._move(phone, command.remote, now)
            return self._opened(phone)
        self._make_room(command.port)
        address = self._rtp_ports.address_for(command.remote.address)
        sender = Sender(  # unpredictable, RFC 3550 5.1
            source=self._dice.getrandbits(32),
            sequence=self._dice.getrandbits(15),
            timestamp=self._dice.getrandbits(32),
        )
        rtp = self._rtp_ports.open(command.local_port)
        phone = PhonePort(
            command.port, rtp, command.remote, sender, self._key, now, is_allowed=self._neighbours.admits
        )
        phone.local_address = address
        self._phones[command.port] = phone
        self._listen_if_needed(phone)
        return self._opened(phone)

    def _set_remote(self, command: messages.SetRemote, now: float) -> None:
        phone = self._phones.get(command.port)
        if phone is None:
            raise _unknown(command.port)
        self._check_address(command.remote)
        self._move(phone, command.remote, now)

    def _check_address(self, media: Media) -> None:
        """Refuse a name, whose look-up could stop the tick for seconds, and a host outside.  BadInput."""
        try:
            address = ipaddress.IPv4Address(media.address)
        except ValueError as error:
            raise BadInput(
                f"a phone wants its speech at {media.address!r}, which is no IPv4 address.",
                remedy="Set the phone to send its own address in SDP.",
            ) from error
        if not (address.is_unspecified or self._neighbours.has(media.address)):
            raise BadInput(
                f"a phone wants its speech at {media.address}, outside phones.allowed_networks.",
                remedy="Add the phone's network in site.toml, if it is one of yours.",
            )

    def _close_port(self, command: messages.ClosePort, _now: float) -> None:
        self._close(command.port)

    def _bridge(self, command: messages.Bridge, now: float) -> None:
        line, phone = self._lines.get(command.line), self._phones.get(command.phone)
        if line is None or phone is None:
            raise _unknown(command.line if line is None else command.phone)
        self._let_hear_at_once(self.talks.bridge(command, line, phone, now), now)

    def _let_hear_at_once(self, bridge: Bridge, now: float) -> None:
        """The customer's first frame does not wait for the tick: the next tick's packet leaves now.

        Up to 20 ms early for once, which any phone's jitter buffer takes; the numbering stays as it is.
        """
        bridge.line.receive(now)
        if bridge.line.hear_ahead() and bridge.phone.say_ahead(bridge.line.heard):
            self._was_heard(bridge)

    def _mix(self, command: messages.Mix, _now: float) -> None:
        known = {name: port for name in ports_of(command) if (port := self._find(name)) is not None}
        for name in ports_of(command):
            if name not in known:  # the others hear each other all the same
                self._fault(name, str(_unknown(name)))
        if known:
            self.talks.mix(command, known)

    def _unbridge(self, command: messages.Unbridge, _now: float) -> None:
        self.talks.unbridge(command.bridge_id)

    def _play(self, command: messages.Play, _now: float) -> None:
        port = self._port(command.port)
        sounds = []
        for name in command.prompts:
            try:
                sounds.append(self._prompts.sound(name))
            except BadInput as error:  # the others are said all the same: half a sentence beats none
                self._fault(command.port, str(error))
        announcement = Announcement(tuple(sounds), command.tag, command.is_loop)
        if not port.player.play(announcement, is_cutting=command.is_cutting):
            raise BadInput(f"too many announcements wait for {command.port}.", remedy="Send Hush first.")

    def _hush(self, command: messages.Hush, _now: float) -> None:
        self._port(command.port).player.hush()

    def _listen(self, command: messages.Listen, _now: float) -> None:
        self._port(command.port).listen(is_on=command.is_on)

    def _measure(self, command: messages.Measure, _now: float) -> messages.Level:
        if command.port not in self._lines:
            raise _unknown(command.port)
        heard = self._meters.get(command.port, Meter())
        self._meters[command.port] = Meter()
        return messages.Level(command.port, heard.level_dbm0, heard.peak_dbm0, heard.seconds)

    # --- ports ----------------------------------------------------------------------------------------

    def _port(self, name: str) -> Port:
        port = self._find(name)
        if port is None:
            raise _unknown(name)
        return port

    def _find(self, name: str) -> Port | None:
        return self._lines.get(name) or self._phones.get(name)

    def _make_room(self, name: str) -> None:
        self._close(name)
        if len(self._lines) + len(self._phones) >= PORTS_MAX:
            raise DeviceError(f"{PORTS_MAX} ports are open already.", remedy="Close some with ClosePort.")

    def _close(self, name: str) -> None:
        self.talks.leave(name)
        self._meters.pop(name, None)
        port = self._lines.pop(name, None) or self._phones.pop(name, None)
        if port is not None:
            port.close()

    def _move(self, phone: PhonePort, remote: Media, now: float) -> None:
        phone.move(remote, now)
        self._listen_if_needed(phone)

    def _listen_if_needed(self, phone: PhonePort) -> None:
        """A phone that offers no key events can only be heard in-band."""
        if phone.remote.digits_payload:
            return
        try:
            phone.listen(is_on=True)
        except DeviceError as error:
            self._fault(phone.name, str(error))

    @staticmethod
    def _opened(phone: PhonePort) -> messages.PhoneOpened:
        digits = phone.remote.digits_payload
        return messages.PhoneOpened(phone.name, Media(phone.local_address, phone.rtp.port, digits))

    def _key(self, port: str, key: str, source: str) -> None:
        self._phones[port].ear = None  # who sends events is not listened to: no key counts twice
        self.events.append(messages.Digit(port, key, source))

    def _watch_phone(self, phone: PhonePort, now: float) -> None:
        if not phone.is_wanted:
            return
        silent_s = now - phone.heard_at
        due = [limit for limit in SILENCE_REPORTS_S if phone.silence_reported_s < limit <= silent_s]
        if due:
            phone.silence_reported_s = due[-1]
            self.events.append(messages.Silence(phone.name, silent_s))

    def _fault(self, port: str, what: str) -> None:
        self.events.append(messages.PortFault(port, what))


def _unknown(port: str) -> BadInput:
    return BadInput(f"there is no port {port!r}.", remedy="Open it first.")
