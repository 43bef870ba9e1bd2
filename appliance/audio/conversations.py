"""Who talks with whom on the plane: bridges of a line and a phone, and mixed conversations of any ports.

A port is part of one conversation at most.  Carries out `Bridge`, `Mix` and `Unbridge`; opens no port.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from appliance.audio import messages
from appliance.audio.bridge import Bridge, Take
from appliance.audio.mixed import Mixed, ports_of
from appliance.audio.ports import LinePort, PhonePort, Port


class Recorder(Protocol):
    """Where recordings go."""

    def begin(self, recording: messages.Recording) -> Take: ...


class Conversations:
    """Those that stand.  `bridge_of` and `mixed_of` say which one a port is part of."""

    def __init__(self, recorder: Recorder) -> None:
        self.standing: dict[int, Bridge | Mixed] = {}
        self.bridge_of: dict[str, Bridge] = {}
        self.mixed_of: dict[str, Mixed] = {}
        self._recorder = recorder

    def record(self) -> None:
        """This tick's speech goes into the recordings."""
        for each in self.standing.values():
            each.record()

    def lines(self) -> list[LinePort]:
        """Every line somebody talks on."""
        return [line for each in self.standing.values() for line in each.lines]

    def recordings(self) -> int:
        """How many are under way."""
        return sum(1 for each in self.standing.values() if each.take is not None)

    def snapshot(self) -> dict[int, tuple[str, ...]]:
        """Each one's ports."""
        return {number: tuple(each.ports) for number, each in self.standing.items()}

    # --- commands -------------------------------------------------------------------------------------

    def bridge(self, command: messages.Bridge, line: LinePort, phone: PhonePort, now: float) -> Bridge:
        """Both hear each other from now on; whatever either was part of goes on without it, or ends."""
        self.unbridge(command.bridge_id)
        self.leave(line.name)
        self.leave(phone.name)
        bridge = Bridge(command.bridge_id, line, phone, now)
        if command.recording is not None:
            bridge.take = self._recorder.begin(command.recording)
        self.standing[bridge.bridge_id] = bridge
        self.bridge_of[line.name] = self.bridge_of[phone.name] = bridge
        line.player.hush()
        phone.player.hush()
        line.is_faulty = False
        return bridge

    def mix(self, command: messages.Mix, known: Mapping[str, Port]) -> None:
        """Put a matrix in force among those of its ports that are known."""
        mixed = self._to_mix(command.bridge_id)
        for name in ports_of(command):
            if name in known and self.mixed_of.get(name) is not mixed:
                self.leave(name)
        for name in mixed.ports:
            self.mixed_of.pop(name, None)
        newly = mixed.arrange(command, known)
        self.mixed_of.update(dict.fromkeys(mixed.ports, mixed))
        for name, port in mixed.ports.items():
            if port in newly or (port.player.is_looping and mixed.hears_any(name)):
                port.player.hush()
        self._record(mixed, command.recording)

    def unbridge(self, bridge_id: int) -> None:
        """End one; its ports stay open, and nothing is said to them any more."""
        self._end(self.standing.get(bridge_id))

    def leave(self, name: str) -> None:
        """A port leaves its conversation: a bridge ends with it, a mixed one with its last port."""
        self._end(self.bridge_of.get(name))
        mixed = self.mixed_of.pop(name, None)
        if mixed is not None:
            mixed.leave(name)
            if not mixed.ports:
                self._end(mixed)

    # --- how ------------------------------------------------------------------------------------------

    def _to_mix(self, bridge_id: int) -> Mixed:
        """The conversation of that id, from now on a mixed one."""
        bridge = self.standing.get(bridge_id)
        if isinstance(bridge, Mixed):
            return bridge
        mixed = self.standing[bridge_id] = Mixed(bridge_id) if bridge is None else Mixed.of_bridge(bridge)
        for name in mixed.ports:
            del self.bridge_of[name]
            self.mixed_of[name] = mixed
        return mixed

    def _record(self, mixed: Mixed, recording: messages.Recording | None) -> None:
        if not mixed.is_recorded:
            mixed.close()
        elif mixed.take is None and recording is not None:
            mixed.take = self._recorder.begin(recording)

    def _end(self, ended: Bridge | Mixed | None) -> None:
        if ended is None:
            return
        ended.close()
        self.standing.pop(ended.bridge_id, None)
        for port in ended.ports.values():
            self.bridge_of.pop(port.name, None)
            self.mixed_of.pop(port.name, None)
            port.player.hush()
