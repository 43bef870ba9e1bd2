"""The shell's hands: phones and audio.  Carries out what the machine decided about legs, ports and bridges.

Both rooms may restart at any moment; a reconnect brings their snapshot, which is fed to the machine.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from appliance import ipc
from appliance.audio import messages as audio
from appliance.dialer import outputs
from appliance.dialer.party_leg import FIRST_CALL
from appliance.dialer.shell import Samples, Shell
from appliance.dialer.shell_ring import Ringer
from appliance.errors import YobirinError
from appliance.phones import messages as phones
from appliance.pri_card.trunk import Answered
from appliance.settings import Home

log = logging.getLogger("dialer")

STATUS_UNAVAILABLE: Final = 503
PENDING_ANSWERS_MAX: Final = 4_096
STANDING_WAIT_S: Final = 1.5

Alarm = Callable[[str, bool, str], None]
"""(name, is_on, what): raises or clears an alarm of the machine room."""

Recorder = Callable[[outputs.BridgeCall], audio.Recording | None]
"""Books a recording for a bridge and gives its place and key; None when nothing may be recorded now."""


class Media:
    """Clients of the phones and audio processes."""

    def __init__(
        self,
        shell: Shell,
        home: Home,
        *,
        begin_recording: Recorder,
        end_recording: Callable[[audio.RecordingDone | audio.RecordingLost], None],
        alarm: Alarm,
    ) -> None:
        self._shell = shell
        self._alarm = alarm
        self._begin_recording = begin_recording
        self._end_recording = end_recording
        self._snapshot: asyncio.Future[phones.PhonesSnapshot] = asyncio.get_running_loop().create_future()
        self._remotes: dict[str, phones.Media] = {}
        self._are_legs_known = False
        self._heard_legs: tuple[str, ...] = ()  # as audio had them when we came to it
        self._local_ports: dict[str, int] = {}
        self._answered_at: dict[int, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        shell.watch(Answered, self._network_answered)
        self.answer_to_packet_ms = Samples()
        self.tick = audio.TickReport(0, 0, 0, 0.0, 0.0, 0.0)
        self.accounts: tuple[phones.Account, ...] = ()
        self.audio = ipc.Client(
            home.socket("audio"),
            audio.Union,
            name="dialer",
            on_event=self._from_audio,
            on_change=self._audio_up,
        )
        self.phones = ipc.Client(
            home.socket("phones"),
            phones.Union,
            name="dialer",
            on_event=self._from_phones,
            on_change=self._phones_up,
        )
        self._ringer = Ringer(
            audio_client=self.audio,
            phones_client=self.phones,
            feed=shell.feed,
            note=self._local_ports.__setitem__,
        )
        shell.overhear(phones.HangUpLeg, self._ringer.hung_up)
        to_audio = (
            audio.OpenLine, audio.ClosePort, audio.Mix, audio.Unbridge, audio.Play, audio.Hush, audio.Listen,
        )  # fmt: skip
        shell.carries_out(
            {
                **dict.fromkeys(to_audio, self._to_audio),
                phones.RejectLeg: self._to_phones,
                phones.HangUpLeg: self._to_phones,
                outputs.AnswerPhone: self._answer_phone,
                outputs.BridgeCall: self._bridge,
                outputs.RingPhone: self._ringer.ring,
            }
        )

    def set_accounts(self, accounts: tuple[phones.Account, ...]) -> None:
        """The phones that may register, from now on and after each reconnect."""
        self.accounts = accounts
        self.phones.send(phones.SetAccounts(accounts))

    async def standing(self) -> phones.PhonesSnapshot:
        """What the phones process holds at our start; nothing where it is not there in time."""
        try:
            return await asyncio.wait_for(asyncio.shield(self._snapshot), STANDING_WAIT_S)
        except TimeoutError:
            self._snapshot.cancel()
            return phones.PhonesSnapshot({}, ())

    # --- from the trunk, audio and phones -------------------------------------------------------------

    def _network_answered(self, event: Answered) -> None:
        """CONNECT arrived: the first packet at the phone is measured from here."""
        if event.call_id >= FIRST_CALL:
            return  # a third party's: nobody is bridged by its answer alone
        self._answered_at[event.call_id] = self._shell.clock.monotonic()
        while len(self._answered_at) > PENDING_ANSWERS_MAX:
            self._answered_at.pop(next(iter(self._answered_at)))

    def _from_audio(self, body: Any) -> None:
        if isinstance(body, audio.TickReport):
            self.tick = body
            return
        if isinstance(body, audio.Bridged):
            answered_at = self._answered_at.pop(body.bridge_id, None)
            if answered_at is not None:
                self.answer_to_packet_ms.add((self._shell.clock.monotonic() - answered_at) * 1000)
        if isinstance(body, audio.RecordingDone | audio.RecordingLost):
            self._end_recording(body)
        if isinstance(body, audio.PortFault):
            log.warning("audio %s: %s", body.port, body.what)
        if isinstance(body, audio.AudioSnapshot):
            self._heard_legs = body.legs
            self._close_strays()
        self._shell.feed(body)

    def _from_phones(self, body: Any) -> None:
        if isinstance(body, phones.Invited | phones.LegAnswered):
            self._remotes[body.leg] = body.media
        elif isinstance(body, phones.MediaChanged):
            self._remotes[body.leg] = body.media
            self.audio.send(audio.SetRemote(body.leg, body.media))
        self._ringer.heard(body)
        if isinstance(body, phones.LegEnded):
            self._remotes.pop(body.leg, None)
            self._local_ports.pop(body.leg, None)
        elif isinstance(body, phones.PhonesSnapshot):
            self._remotes = {leg.leg: leg.media for leg in body.legs}
            self._local_ports = {leg.leg: leg.local_port for leg in body.legs}
            self._are_legs_known = True
            self._close_strays()
            if not self._snapshot.done():  # the machine begins from the first one: see `standing`
                self._snapshot.set_result(body)
                return
        self._shell.feed(body)

    def _close_strays(self) -> None:
        """A handset that went down while no dialer ran was told to nobody: its RTP port is still open."""
        if not self._are_legs_known:
            return
        for leg in self._heard_legs:
            if leg not in self._remotes:
                self.audio.send(audio.ClosePort(leg))
        self._heard_legs = ()

    def _audio_up(self, is_up: bool) -> None:
        log.info("audio is %s", "there" if is_up else "away")
        self._alarm("audio", not is_up, "The audio process is away.")

    def _phones_up(self, is_up: bool) -> None:
        log.info("phones are %s", "there" if is_up else "away")
        self._alarm("phones", not is_up, "The phones process is away.")
        if is_up:
            self.phones.send(phones.SetAccounts(self.accounts))

    # --- to audio and phones --------------------------------------------------------------------------

    def _to_audio(self, body: Any) -> None:
        self.audio.send(body)

    def _to_phones(self, body: Any) -> None:
        self.phones.send(body)

    def _answer_phone(self, output: outputs.AnswerPhone) -> None:
        """Ask audio at once: what is said to the port next must find it opening, not unknown."""
        remote = self._remotes.get(output.leg)
        if remote is None:
            return  # the handset went down in the meantime
        local_port = self._local_ports.get(output.leg, 0) if output.is_again else 0
        opening = self.audio.ask(audio.OpenPhone(output.leg, remote, local_port))
        task = asyncio.get_running_loop().create_task(self._answer_when_open(output, opening))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer_when_open(self, output: outputs.AnswerPhone, opening: Awaitable[Any]) -> None:
        try:
            opened = await opening
        except YobirinError as error:
            log.warning("leg %s has no sound: %s", output.leg, error)
            if not output.is_again:
                self.phones.send(phones.RejectLeg(output.leg, STATUS_UNAVAILABLE))
                self._from_phones(phones.LegEnded(output.leg, STATUS_UNAVAILABLE))
            return
        self._local_ports[output.leg] = opened.local.port
        if not output.is_again:
            self.phones.send(phones.AnswerLeg(output.leg, opened.local))

    def _bridge(self, output: outputs.BridgeCall) -> None:
        recording = self._begin_recording(output)
        self.audio.send(audio.Bridge(output.attempt_id, output.line, output.phone, recording))
