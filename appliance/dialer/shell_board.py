"""The shell's voice: serves the dialer's socket.  A board every second, a seat at once, answers to commands.

Knows the machine only through `machine.board` and what commands ask; the store's changes come in by `Reload`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from appliance import ipc
from appliance.dialer import inputs, outputs
from appliance.dialer.messages import (
    AskBoard,
    AskFigures,
    Board,
    ChannelTried,
    ClearChannel,
    DialCustomer,
    DialForOperator,
    Figures,
    LogOutSeat,
    NameCaller,
    PressKey,
    Reload,
    SeatChanged,
    SkipCustomer,
    TenantAlarm,
    TryChannel,
    Union,
)
from appliance.dialer.shell import Shell
from appliance.dialer.shell_lines import Lines
from appliance.dialer.shell_requests import Requests
from appliance.errors import BadInput
from appliance.settings import Home

log = logging.getLogger("dialer")

BOARD_EVERY_S: Final = 1.0

BoardSource = Callable[[float], Board]
"""The machine's board at `now`: projects, lists, seats, minutes."""


class BoardServer:
    """The socket that pages, monitors and robots watch."""

    def __init__(
        self,
        shell: Shell,
        home: Home,
        *,
        board: BoardSource,
        lines: Lines,
        figures: Callable[[], Figures],
        reload: Callable[[str], Awaitable[None]],
        preview: Callable[[DialCustomer | DialForOperator], Awaitable[None]],
        try_channel: Callable[[TryChannel], Awaitable[ChannelTried]],
        requests: Requests | None = None,
        name_caller: Callable[[NameCaller], Awaitable[None]] | None = None,
    ) -> None:
        self._shell = shell
        self._board = board
        self._lines = lines
        self._figures = figures
        self._reload = reload
        self._preview = preview
        self._try_channel = try_channel
        self._requests = requests
        self._name_caller = name_caller
        self._seq = 0
        self._alarms: dict[str, TenantAlarm] = {}
        self._server = ipc.Server(
            home.socket("dialer"),
            Union,
            name="dialer",
            on_request=self._answer,
            on_connect=lambda peer: peer.send(self.board()),
        )
        shell.carries_out({SeatChanged: self._seat_changed, outputs.Alarm: self._machine_alarm})

    async def run(self) -> None:
        """Serve, and publish a board every second, until cancelled."""
        await self._server.start()
        try:
            while True:
                self._server.publish(self.board())
                await asyncio.sleep(BOARD_EVERY_S)
        finally:
            await self._server.stop()

    def alarm(self, name: str, is_on: bool, what: str = "", tenant_id: int = 0) -> None:
        """Raise or clear an alarm; on every board until cleared, to be shown to that tenant or (0) to all."""
        if is_on and name not in self._alarms:
            log.warning("alarm %s: %s", name, what)
        if is_on:
            self._alarms[name] = TenantAlarm(tenant_id, f"{name}: {what}")
        elif self._alarms.pop(name, None) is not None:
            log.info("alarm %s is over", name)

    def board(self) -> Board:
        """Everything that is shown live, with the next number."""
        self._seq += 1
        now = self._shell.clock.monotonic()
        alarms = [self._alarms[name] for name in sorted(self._alarms)]
        return msgspec.structs.replace(
            self._board(now),
            seq=self._seq,
            now_at=self._shell.clock.wall(),
            spans=self._lines.boards(now),
            engine=self._shell.load.board(now),
            alarms=tuple(alarm.what for alarm in alarms if not alarm.tenant_id),
            tenant_alarms=tuple(alarm for alarm in alarms if alarm.tenant_id),
        )

    def _seat_changed(self, output: SeatChanged) -> None:
        self._seq += 1
        self._server.publish(msgspec.structs.replace(output, seq=self._seq, now_at=self._shell.clock.wall()))

    def _machine_alarm(self, output: outputs.Alarm) -> None:
        self.alarm(output.name, output.is_on, output.what, output.tenant_id)

    async def _answer(self, _peer: ipc.Peer, body: Any) -> Any:
        match body:
            case AskBoard():
                return self.board()
            case AskFigures():
                return self._figures()
            case Reload():
                await self._reload(body.what)
            case DialCustomer() | DialForOperator():
                await self._preview(body)
            case NameCaller() if self._name_caller is not None:
                await self._name_caller(body)
            case TryChannel():
                return await self._try_channel(body)
            case PressKey() | LogOutSeat():
                self._shell.feed(body)
            case ClearChannel():
                self._clear_channel(body)
            case _ if self._requests is not None and self._requests.takes(body):
                self._requests.take(body)
            case SkipCustomer():
                raise BadInput("Nothing is on offer at this seat.", remedy="Choose a customer.")
            case _:
                raise BadInput(f"The dialer takes no {type(body).__name__}.")
        return None

    def _clear_channel(self, body: ClearChannel) -> None:
        call_id = self._lines.call_on(body.span, body.channel)
        if call_id is None:
            raise BadInput(f"No call is on channel {body.span}/{body.channel}.")
        self._shell.feed(inputs.ClearCall(call_id))
