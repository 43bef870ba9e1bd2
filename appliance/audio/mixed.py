"""A conversation as a matrix: who hears whom, and whose speech goes on which side of the recording.

Knows ports only by what they heard at this tick.  One source passes through untouched, several are added up
and clipped (`mixer`); none is silence.  Decides nothing: the matrix comes whole with each `messages.Mix`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from appliance.audio.bridge import Bridge, Take
from appliance.audio.messages import Mix
from appliance.audio.mixer import mix
from appliance.audio.mulaw import SILENT_BLOCK
from appliance.audio.ports import LinePort, Port

Ports = tuple[Port, ...]


def ports_of(command: Mix) -> tuple[str, ...]:
    """Every port a matrix names, once."""
    sources = [port for heard in command.hears.values() for port in heard]
    return tuple(dict.fromkeys((*command.hears, *sources, *command.left, *command.right)))


def added(ports: Ports) -> bytes:
    """What these ports said at this tick, together; empty for no port at all."""
    if len(ports) == 1:
        return ports[0].heard
    return mix([port.heard for port in ports]) if ports else b""


class Mixed:
    """A standing conversation of any number of ports.

    `start` is the bridge it began as, until the customer's voice has left for the phone for the first time.
    """

    def __init__(self, bridge_id: int) -> None:
        self.bridge_id = bridge_id
        self.take: Take | None = None
        self.start: Bridge | None = None
        self.ports: dict[str, Port] = {}
        self._hears: dict[str, Ports] = {}
        self._left: Ports = ()
        self._right: Ports = ()

    @classmethod
    def of_bridge(cls, bridge: Bridge) -> Mixed:
        """The same conversation, as the bridge stands; its recording goes on here."""
        mixed = cls(bridge.bridge_id)
        mixed.take, bridge.take = bridge.take, None
        mixed.start = None if bridge.is_heard else bridge
        mixed.ports = bridge.ports
        mixed._hears = {bridge.line.name: (bridge.phone,), bridge.phone.name: (bridge.line,)}
        mixed._left, mixed._right = (bridge.phone,), (bridge.line,)
        return mixed

    def arrange(self, command: Mix, known: Mapping[str, Port]) -> tuple[Port, ...]:
        """Put a matrix in force, as far as its ports are known.  Gives those that newly hear something."""

        def found(names: Iterable[str]) -> Ports:
            return tuple(known[name] for name in names if name in known)

        before = {name for name, sources in self._hears.items() if sources}
        self.ports = {name: known[name] for name in ports_of(command) if name in known}
        self._hears = {name: found(command.hears.get(name, ())) for name in self.ports}
        self._left, self._right = found(command.left), found(command.right)
        if self.start is not None and self.start.line not in self._hears.get(self.start.phone.name, ()):
            self.start = None
        return tuple(self.ports[name] for name in self._hears if self._hears[name] and name not in before)

    @property
    def is_recorded(self) -> bool:
        """Whether anybody's speech belongs into a recording."""
        return bool(self._left or self._right)

    @property
    def lines(self) -> tuple[LinePort, ...]:
        return tuple(port for port in self.ports.values() if isinstance(port, LinePort))

    def hears_any(self, name: str) -> bool:
        """Whether a port hears anybody at all."""
        return bool(self._hears.get(name))

    def far(self, name: str) -> bytes:
        """What a port hears at this tick; empty where it hears nobody."""
        return added(self._hears.get(name, ()))

    def leave(self, name: str) -> None:
        """A port is gone: nobody hears it any more."""
        gone = self.ports.pop(name)
        self._hears.pop(name, None)
        self._hears = {each: _without(sources, gone) for each, sources in self._hears.items()}
        self._left, self._right = _without(self._left, gone), _without(self._right, gone)
        if self.start is not None and gone in (self.start.line, self.start.phone):
            self.start = None

    def record(self) -> None:
        """This tick's speech goes into the recording."""
        if self.take is not None:
            self.take.add(added(self._left) or SILENT_BLOCK, added(self._right) or SILENT_BLOCK)

    def close(self) -> None:
        """Finish the recording."""
        if self.take is not None:
            self.take.close()
            self.take = None


def _without(ports: Ports, gone: Port) -> Ports:
    return tuple(port for port in ports if port is not gone)
