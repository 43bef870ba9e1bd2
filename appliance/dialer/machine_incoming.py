"""The machine's part for callbacks: each is answered by the announcement, listed, and cleared."""

from __future__ import annotations

from typing import Final

from appliance.audio import messages as audio
from appliance.dialer import outputs
from appliance.dialer.machine_core import Core
from appliance.pri_card import trunk

ANNOUNCEMENT_MAX_S: Final = 30.0  # cleared then, should audio never say that it was said
PROMPT: Final = "incoming-announcement"


class Incoming:
    """Incoming calls that stand, by their (negative) call id."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._ports: dict[int, str] = {}

    def arrived(self, what: trunk.Incoming) -> None:
        core, line = self._core, what.line
        port = f"b{line.span}/{line.channel}"
        self._ports[what.call_id] = port
        core.calls_out += 1
        core.emit(outputs.SaveIncoming(what.called, what.caller, core.wall_now, line.span, line.channel))
        core.emit(outputs.AnswerIncoming(what.call_id))
        core.emit(audio.OpenLine(port, line.span, line.channel))
        core.emit(audio.Play(port, (PROMPT,), tag="incoming"))
        core.timers.arm("incoming", what.call_id, core.now + ANNOUNCEMENT_MAX_S)

    def played(self, port: str) -> None:
        """The announcement has been said."""
        for call_id, standing in self._ports.items():
            if standing == port:
                self._core.emit(outputs.ClearCall(call_id))

    def over(self, call_id: int) -> None:
        """The announcement took too long."""
        if call_id in self._ports:
            self._core.emit(outputs.ClearCall(call_id))

    def cleared(self, call_id: int) -> None:
        port = self._ports.pop(call_id, None)
        if port is None:
            return
        self._core.calls_out -= 1
        self._core.timers.disarm("incoming", call_id)
        self._core.emit(audio.ClosePort(port))
        self._core.unpaced |= set(self._core.projects)
