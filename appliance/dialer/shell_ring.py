"""The shell's hand that rings desk phones: finds a place for their speech, rings, opens the port on answer.

A phone is rung with the box's own RTP end, but a port has the name of its leg, which nobody knows yet.  So
one is opened for the ringing, and at the answer another one with the leg's name takes over its UDP port.
"""

from __future__ import annotations

import asyncio
import collections
import logging
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from appliance import ipc
from appliance.audio import messages as audio
from appliance.dialer import inputs, outputs
from appliance.errors import YobirinError
from appliance.phones import messages as phones

log = logging.getLogger("dialer")

ENDED_KEPT: Final = 64  # legs that ended, should one of them be told before its name is
NOWHERE: Final = 9  # the discard port, RFC 863: nothing is sent to a phone that has not answered


class Reserved(NamedTuple):
    """Where a phone that rings will send its speech."""

    port: str
    local_port: int


class Ringer:
    """`feed(input)` tells the machine; `note(leg, local_port)` where a phone sends from now on."""

    def __init__(
        self,
        *,
        audio_client: ipc.Client,
        phones_client: ipc.Client,
        feed: Callable[[Any], None],
        note: Callable[[str, int], None],
    ) -> None:
        self._audio, self._phones, self._feed, self._note = audio_client, phones_client, feed, note
        self._reserved: dict[str, Reserved] = {}
        self._hosts: dict[str, str] = {}  # of registered phones
        self._ended: collections.deque[str] = collections.deque(maxlen=ENDED_KEPT)
        self._tasks: set[asyncio.Task[None]] = set()

    # --- what the machine decides ---------------------------------------------------------------------

    def ring(self, output: outputs.RingPhone) -> None:
        task = asyncio.get_running_loop().create_task(self._ring(output))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def hung_up(self, output: phones.HangUpLeg) -> None:
        """By us: the phones process does not tell of it."""
        self._release(output.leg)

    async def _ring(self, output: outputs.RingPhone) -> None:
        port = f"ring-{output.ref}"
        try:
            host = self._hosts.get(output.extension, "0.0.0.0")  # noqa: S104 - nowhere, not bound
            remote = phones.Media(host, NOWHERE, is_held=True)
            opened: audio.PhoneOpened = await self._audio.ask(audio.OpenPhone(port, remote))
            wanted = phones.RingPhone(output.extension, opened.local, output.caller)
            placed: phones.PlacedLeg = await self._phones.ask(wanted)
        except YobirinError as error:
            log.warning("phone %s cannot be rung: %s", output.extension, error)
            self._audio.send(audio.ClosePort(port))
            self._feed(inputs.PhoneRings(output.ref))
            return
        self._reserved[placed.leg] = Reserved(port, opened.local.port)
        if placed.leg in self._ended:
            self._release(placed.leg)
            self._feed(inputs.PhoneRings(output.ref))
            return
        self._feed(inputs.PhoneRings(output.ref, placed.leg))

    # --- from the phones ------------------------------------------------------------------------------

    def heard(self, body: Any) -> None:
        """Before the machine hears of it."""
        if isinstance(body, phones.Registered):
            self._hosts[body.extension] = body.source.rpartition(":")[0]
        elif isinstance(body, phones.PhonesSnapshot):
            self._hosts = {ext: source.rpartition(":")[0] for ext, source in body.registered.items()}
        elif isinstance(body, phones.LegAnswered):
            self._lifted(body)
        elif isinstance(body, phones.LegEnded):
            self._ended.append(body.leg)
            self._release(body.leg)

    def _lifted(self, body: phones.LegAnswered) -> None:
        """The commands go out at once, so that what is said to the leg next finds its port."""
        reserved = self._reserved.pop(body.leg, None)
        if reserved is None:
            return
        self._audio.send(audio.ClosePort(reserved.port))
        opening = self._audio.ask(audio.OpenPhone(body.leg, body.media, reserved.local_port))
        self._note(body.leg, reserved.local_port)
        task = asyncio.get_running_loop().create_task(self._check(body.leg, reserved.local_port, opening))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _check(self, leg: str, local_port: int, opening: Any) -> None:
        """Without sound, or with sound at another port than the phone was told, the leg is of no use."""
        try:
            opened: audio.PhoneOpened = await opening
            if opened.local.port == local_port:
                return
            what = f"its port {local_port} is taken"
        except YobirinError as error:
            what = str(error)
        log.warning("leg %s has no sound: %s", leg, what)
        self._phones.send(phones.HangUpLeg(leg))
        self._feed(phones.LegEnded(leg))

    def _release(self, leg: str) -> None:
        reserved = self._reserved.pop(leg, None)
        if reserved is not None:
            self._audio.send(audio.ClosePort(reserved.port))
