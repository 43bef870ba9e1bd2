"""Tries one B channel for a technician: places a call on it, measures what is heard, clears.

The call is none of the machine's: it takes no list row, no seat and no place in a report.  A number that is
any customer's is refused.  One try at a time.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from appliance.audio import messages as audio
from appliance.dialer.messages import ChannelTried, TryChannel
from appliance.dialer.shell import Shell
from appliance.errors import BadInput, YobirinError
from appliance.pri_card import trunk
from appliance.settings import CHANNELS_PER_SPAN
from appliance.store import customers, numbers, users
from appliance.store.open import Store

FIRST_ID: Final = 1 << 52  # far above any attempt's, and still exact in JSON
SENT_S: Final = 5.0  # a channel that is not idle by then is busy
RING_S: Final = 25.0
SPEECH_S: Final = 3.0
NORMAL_CLEARING: Final = 16  # Q.850

Ask = Callable[[Any], Awaitable[Any]]


class ChannelTests:
    """See above.  `ask_audio` is a request to the audio process."""

    def __init__(self, shell: Shell, store: Store, ask_audio: Ask, *, ring_s: float = RING_S) -> None:
        self._shell = shell
        self._store = store
        self._ask_audio = ask_audio
        self._ring_s = ring_s
        self._ids = itertools.count(FIRST_ID)
        self._lock = asyncio.Lock()

    async def run(self, wanted: TryChannel) -> ChannelTried:
        """The whole try, at most some 40 s.  Raises BadInput, and what audio refuses."""
        if not 1 <= wanted.channel <= CHANNELS_PER_SPAN:
            raise BadInput(f"There is no channel {wanted.channel}.", remedy=f"1 to {CHANNELS_PER_SPAN}.")
        if self._lock.locked():
            raise BadInput("Another channel is being tried.", remedy="Wait for its result.")
        number = numbers.digits_of(wanted.number)
        if not number:
            raise BadInput("This is no telephone number.", remedy="Give digits.")
        if await asyncio.get_running_loop().run_in_executor(None, self._is_customers, number):
            raise BadInput("This number is a customer's.", remedy="Call a service number.")
        async with self._lock:
            return await _Try(self._shell, self._ask_audio, wanted, number, self._ring_s).run(next(self._ids))

    def _is_customers(self, number: str) -> bool:
        """In a thread.  A short number, such as 117, is nobody's."""
        if not isinstance(numbers.normalise(number), numbers.Number):
            return False
        try:
            tenants = users.tenants(self._store)
            return any(customers.search(self._store, tenant.id, number, limit=1) for tenant in tenants)
        finally:
            self._store.close()  # this thread's connection


class _Try:
    """One call."""

    def __init__(self, shell: Shell, ask_audio: Ask, wanted: TryChannel, number: str, ring_s: float) -> None:
        self._shell = shell
        self._ask_audio = ask_audio
        self._wanted = wanted
        self._number = number
        self._ring_s = ring_s
        self._events: asyncio.Queue[Any] = asyncio.Queue()
        self._port = f"try{wanted.span}/{wanted.channel}"
        self._seen = ChannelTried("busy_channel")
        self._sent_at = 0.0
        self._port_is_open = False

    async def run(self, call_id: int) -> ChannelTried:
        line = trunk.Line(self._wanted.span, self._wanted.channel)
        self._shell.own_call(trunk.PlaceCall(call_id, self._number, "", line=line), self._events.put_nowait)
        try:
            if await self._next(SENT_S, trunk.SetupSent) is not None:
                self._sent_at = self._shell.clock.monotonic()
                await self._listen()
        finally:
            self._shell.end_own_call(call_id, NORMAL_CLEARING)
            await self._close()
        return self._seen

    async def _listen(self) -> None:
        self._note(outcome="cleared", channel=self._wanted.channel)
        event = await self._next(self._ring_s, trunk.Alerting, trunk.Answered, trunk.Proceeding)
        while isinstance(event, trunk.Proceeding | trunk.Alerting):
            if isinstance(event, trunk.Proceeding):
                self._note(channel=event.line.channel)
                await self._open(event.line)
            else:
                self._note(outcome="rang", ringing_s=self._since())
            event = await self._next(self._ring_s, trunk.Alerting, trunk.Answered, trunk.Proceeding)
        ring = await self._level()
        self._note(ring_dbm0=ring.level_dbm0)
        if isinstance(event, trunk.Answered):
            self._note(outcome="answered", answered_s=self._since(), channel=event.line.channel)
            await self._open(event.line)
            await self._level()
            await self._next(SPEECH_S)
            speech = await self._level()
            self._note(speech_dbm0=speech.level_dbm0, speech_peak_dbm0=speech.peak_dbm0)

    async def _next(self, timeout_s: float, *kinds: type) -> Any:
        """The next event of these kinds; None at the time-out or when the call is over."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        while (left := deadline - asyncio.get_running_loop().time()) > 0:
            try:
                event = await asyncio.wait_for(self._events.get(), left)
            except TimeoutError:
                return None
            if isinstance(event, trunk.Cleared):
                self._note(cause=event.cause)
                return None
            if isinstance(event, kinds):
                return event
        return None

    async def _open(self, line: trunk.Line) -> None:
        """Sound of the channel, once; a try without sound still says how the call went."""
        if self._port_is_open:
            return
        try:
            await self._ask_audio(audio.OpenLine(self._port, line.span, line.channel))
            await self._ask_audio(audio.Measure(self._port))
            self._port_is_open = True
        except YobirinError:
            return

    async def _level(self) -> audio.Level:
        silent = audio.Level(self._port, -100.0, -100.0, 0.0)
        if not self._port_is_open:
            return silent
        try:
            found = await self._ask_audio(audio.Measure(self._port))
        except YobirinError:
            return silent
        assert isinstance(found, audio.Level)
        return found

    async def _close(self) -> None:
        if self._port_is_open:
            try:
                await self._ask_audio(audio.ClosePort(self._port))
            except YobirinError:
                return  # audio restarted, and the port went with it

    def _since(self) -> float:
        return round(self._shell.clock.monotonic() - self._sent_at, 2)

    def _note(self, **values: Any) -> None:
        self._seen = msgspec.structs.replace(self._seen, **values)
