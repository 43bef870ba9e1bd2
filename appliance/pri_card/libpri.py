"""libpri as a D channel without I/O: frames in, frames out, `now` in, events out.

A `DChannel` owns no descriptor and no thread; the caller feeds it frames (without FCS), takes the frames it
wants sent, and calls `run` when `due`.  It decides nothing about calls: who may be called, how long it rings
and what becomes of a refused channel is `pri_span`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from appliance.errors import BadInput, DeviceError
from appliance.pri_card import q931
from appliance.pri_card.d_events import (
    AlertingArrived,
    CallFreed,
    Complaint,
    ConnectArrived,
    DEvent,
    DisconnectArrived,
    LinkDown,
    LinkReset,
    LinkUp,
    ProceedingArrived,
    ProgressArrived,
    RestartAcknowledged,
    RestartArrived,
    SetupArrived,
)
from appliance.pri_card.libpri_raw import ANY_CHANNEL, FCS, FRAME_BYTES_MAX, Kind, Libpri, Node, RawEvent

EVENTS_PER_RUN_MAX: Final = 1000  # more timers than that never expire at once on 23 channels
EDITS_MAX: Final = 4096  # calls cleared in an unusual way and perhaps still being repeated by layer 2
NUMBER_DIGITS_MAX: Final = 20  # ours: E.164 has 15 and a prefix; libpri would cut at 31 without a word
CAUSE_NORMAL: Final = 16
CAUSE_INCOMPATIBLE: Final = 88  # makes libpri answer SETUP with RELEASE COMPLETE (Q.931 5.3.2 a)
CAUSE_NONSELECTED: Final = 26  # makes libpri begin clearing with RELEASE (Q.931 5.3.2 d)

# Milliseconds.  T316: Q.931 gives 2 minutes; layer 2 already repeats what is lost, and a channel should not
# stand idle so long for an exchange that forgot one message.
TIMERS_MS: Final = {"PRI_TIMER_T316": 10_000}

Edit = tuple[int, bytes]  # the type and the elements that a message is sent with instead


class DChannel:
    """One D channel: the user side ("cpe", us) or the network side (an exchange).

    Times are monotonic seconds.  Every method that acts takes `now`; what has to be sent afterwards is in
    `take_frames`.  A call is known by a number that `place` or `SetupArrived` gives; a command to one that
    has just gone does nothing.
    """

    def __init__(self, node: Node, now: float) -> None:
        self._raw = Libpri(node, now)
        self._is_up = False
        self._last_call = 0
        self._calls: dict[int, int] = {}  # our number to libpri's address
        self._numbers: dict[int, int] = {}  # and back
        self._references: dict[tuple[int, bool], int] = {}  # call reference, whether placed, to our number
        self._keys: dict[int, tuple[int, bool]] = {}  # and back
        self._unanswered: set[int] = set()  # incoming, nothing sent yet: libpri would not send DISCONNECT
        self._clearing: set[int] = set()  # a second DISCONNECT would not be sent but would change the state
        self._unreported: list[DEvent] = []
        self._edits: dict[tuple[int, bool, int], Edit] = {}
        for name, value in TIMERS_MS.items():
            self._raw.set_timer(name, value)

    # --- the line ---------------------------------------------------------------------------------------

    def feed(self, frame: bytes, now: float) -> list[DEvent]:
        """Take in one frame without FCS; nonsense is dropped.  What it meant, in order."""
        if not 3 <= len(frame) <= FRAME_BYTES_MAX - len(FCS):
            return []
        self._raw.set_time(now)
        found = q931.message(frame)
        events = self._translate(self._raw.take_in(frame), found) or self._unsaid(found)
        if not events and q931.is_sabme(frame) and self._is_up:
            events = [LinkReset()]
        if not events and q931.is_information(frame):
            events = self._free_silent()
        return events + self.run(now)

    def run(self, now: float) -> list[DEvent]:
        """Run the timers that are due at `now`."""
        self._raw.set_time(now)
        events, self._unreported = self._unreported, []
        for _ in range(EVENTS_PER_RUN_MAX):
            event = self._raw.run_timer()
            if event is None:
                break
            events += self._translate(event, None)
        while self._raw.complaints:
            events.append(Complaint(self._raw.complaints.popleft()))
        return events

    def due(self) -> float | None:
        """When the next timer expires, monotonic seconds."""
        return self._raw.due()

    def take_frames(self) -> list[bytes]:
        """Frames to be sent now, without FCS; each is handed out once."""
        frames = [self._edited(frame) for frame in self._raw.frames]
        self._raw.frames.clear()
        return frames

    def set_timer(self, name: str, value: int) -> None:
        """Set a timer (milliseconds) or counter by libpri's name, e.g. "PRI_TIMER_T303"."""
        self._raw.set_timer(name, value)

    def calls(self) -> frozenset[int]:
        """Calls that are not freed."""
        return frozenset(self._calls)

    # --- calls ------------------------------------------------------------------------------------------

    def place(
        self,
        *,
        number: str,
        caller: str,
        channel: int,
        now: float,
        is_presented: bool = True,
        is_exclusive: bool = False,
    ) -> int:
        """Send SETUP (en bloc, sending complete, speech, mu-law); the call's number.

        An empty `caller` sends none.  Raises BadInput on a number that is not 1-20 digits.
        """
        check_number(number)
        if caller:
            check_number(caller)
        self._raw.set_time(now)
        address = self._raw.new_call()
        if not address:
            raise DeviceError("libpri has no call reference left.", remedy="Restart the dialer.")
        self._unreported += self._free_stale(address)
        call = self._adopt(address, is_placed=True)
        self._raw.set_up(
            address,
            number=number,
            caller=caller,
            is_presented=is_presented,
            channel=channel,
            is_exclusive=is_exclusive,
        )
        return call

    def proceed(self, call: int, now: float, *, channel: int = 0, is_in_band: bool = False) -> None:
        """Send CALL PROCEEDING; a `channel` other than SETUP's moves the call."""
        self._act(call, now, lambda address: self._raw.proceed(address, channel, is_in_band))

    def alert(self, call: int, now: float, *, is_in_band: bool = False) -> None:
        """Send ALERTING."""
        self._act(call, now, lambda address: self._raw.alert(address, is_in_band))

    def progress(self, call: int, now: float, *, description: int = q931.IN_BAND, cause: int = 0) -> None:
        """Send PROGRESS with an indicator (1: not end-to-end ISDN, 8: in-band) and perhaps a cause."""
        raw = (q931.cause_element(cause) if cause else b"") + q931.progress_element(description)
        self._edit(call, q931.Type.PROGRESS, raw)
        self._act(call, now, self._raw.progress)

    def answer(self, call: int, now: float, *, channel: int = 0) -> None:
        """Send CONNECT."""
        self._act(call, now, lambda address: self._raw.answer(address, channel))

    def hangup(self, call: int, cause: int, now: float) -> None:
        """Begin clearing, or answer DISCONNECT; ends in `CallFreed`.  Once is enough, twice is harmless."""
        if call in self._unanswered:
            self.reject(call, cause, now)
        elif call not in self._clearing:
            self._clear(call, cause, now)

    def reject(self, call: int, cause: int, now: float) -> None:
        """Answer SETUP with RELEASE COMPLETE at once (Q.931 5.3.2 a).  No `CallFreed` follows."""
        self._edit(call, q931.Type.RELEASE_COMPLETE, q931.cause_element(cause))
        self._act(call, now, lambda address: self._raw.hang_up(address, CAUSE_INCOMPATIBLE))
        self._drop(call)

    def disconnect_in_band(self, call: int, cause: int, now: float) -> None:
        """Send DISCONNECT with progress indicator 8: the announcement stays on the line (Q.931 5.4.1)."""
        raw = q931.cause_element(cause) + q931.progress_element(q931.IN_BAND)
        self._edit(call, q931.Type.DISCONNECT, raw)
        self.hangup(call, cause, now)

    def release(self, call: int, cause: int, now: float) -> None:
        """Clear with RELEASE and no DISCONNECT before it (Q.931 5.3.2 d).  Not for a call in conversation."""
        if call in self._unanswered:
            self.reject(call, cause, now)
        elif call not in self._clearing:
            self._edit(call, q931.Type.RELEASE, q931.cause_element(cause))
            self._clear(call, CAUSE_NONSELECTED, now)

    def enquire(self, call: int, now: float) -> None:
        """Send STATUS ENQUIRY; the other side answers with STATUS (Q.931 5.8.10)."""
        self._edit(call, q931.Type.NOTIFY, b"", becomes=q931.Type.STATUS_ENQUIRY)
        self._act(call, now, self._raw.notify)

    def abandon(self, call: int, now: float) -> None:
        """Forget a call and send nothing: its channel was restarted, or its link is gone."""
        self._act(call, now, self._raw.destroy)
        self._drop(call)

    def restart(self, channel: int, now: float) -> None:
        """Send RESTART for a channel, or for all with 0."""
        self._raw.set_time(now)
        key = (0, True, int(q931.Type.RESTART))
        if channel:
            self._edits.pop(key, None)
        else:
            self._edits[key] = (q931.Type.RESTART, q931.RESTART_ALL)
        self._raw.restart(channel or ANY_CHANNEL)

    # --- what libpri says -------------------------------------------------------------------------------

    def _translate(self, raw: RawEvent | None, found: q931.Message | None) -> list[DEvent]:
        """libpri's event as events of ours; `found` is the message that caused it, None for a timer."""
        if raw is None:
            return []
        call = self._numbers.get(raw.call, 0)
        match raw.kind:
            case Kind.LINK_UP | Kind.LINK_DOWN:
                self._is_up = raw.kind is Kind.LINK_UP
                return [LinkUp() if self._is_up else LinkDown()]
            case Kind.COMPLAINT:
                return [Complaint(raw.text)]
            case Kind.SETUP:
                return self._offered(raw)
            case Kind.RESTART:
                return [RestartArrived(raw.channel)]
            case Kind.RESTART_ACKNOWLEDGED:
                return [RestartAcknowledged(raw.channel)]
            case Kind.RELEASED | Kind.FREED:
                return self._ended(raw, call, is_local=found is None)
        return [self._message(raw, call, found)] if call else []

    def _message(self, raw: RawEvent, call: int, found: q931.Message | None) -> DEvent:
        """A message about a call that goes on."""
        match raw.kind:
            case Kind.PROCEEDING:
                return ProceedingArrived(call, raw.channel, raw.is_in_band)
            case Kind.ALERTING:
                return AlertingArrived(call, raw.channel, raw.is_in_band)
            case Kind.PROGRESS:
                return ProgressArrived(call, raw.channel, raw.is_in_band, raw.cause)
            case Kind.CONNECT:
                return ConnectArrived(call, raw.channel)
        assert raw.kind is Kind.DISCONNECT, "every kind of event has its place"
        in_band = found is not None and found.type == q931.Type.DISCONNECT and q931.is_in_band(found)
        return DisconnectArrived(call, raw.cause, in_band)

    def _offered(self, raw: RawEvent) -> list[DEvent]:
        events = self._free_stale(raw.call)
        call = self._adopt(raw.call, is_placed=False)
        self._unanswered.add(call)
        setup = SetupArrived(
            call=call,
            channel=raw.channel,
            is_exclusive=raw.is_exclusive,
            called=raw.called,
            caller=raw.caller,
            is_presented=raw.is_presented,
            is_complete=raw.is_complete,
            is_speech=raw.is_speech,
        )
        return [*events, setup]

    def _ended(self, raw: RawEvent, call: int, *, is_local: bool) -> list[DEvent]:
        """RELEASE, RELEASE COMPLETE or a timer.  The address is let go before libpri can use it again."""
        if call:
            self._drop(call)
        if raw.kind is Kind.RELEASED:
            self._raw.hang_up(raw.call, raw.cause or CAUSE_NORMAL)
        return [CallFreed(call, raw.cause, is_local)] if call else []

    def _unsaid(self, found: q931.Message | None) -> list[DEvent]:
        """libpri keeps the end of some calls to itself: of one that we had not answered yet, and of one
        that we cleared by RELEASE alone."""
        if found is None:
            return []
        call = self._references.get((found.reference, not found.is_from_caller), 0)
        if call in self._unanswered and found.type == q931.Type.DISCONNECT:
            self._unanswered.discard(call)
            self._clearing.add(call)  # libpri has sent RELEASE already
            return [DisconnectArrived(call, q931.cause(found), q931.is_in_band(found))]
        if call in self._clearing and found.type == q931.Type.DISCONNECT:
            self._raw.destroy(self._calls[call])  # out of turn: libpri has stopped the timer of its RELEASE
            self._drop(call)
            return [CallFreed(call, q931.cause(found), is_local=True)]
        if call and found.type in (q931.Type.RELEASE, q931.Type.RELEASE_COMPLETE):
            self._drop(call)
            return [CallFreed(call, q931.cause(found))]
        return []

    # --- inside -----------------------------------------------------------------------------------------

    def _clear(self, call: int, cause: int, now: float) -> None:
        if call in self._calls:
            self._clearing.add(call)
            self._act(call, now, lambda address: self._raw.hang_up(address, cause))
            self._unreported += self._free_silent()

    def _act(self, call: int, now: float, command: Callable[[int], None]) -> None:
        """Give libpri a command about a call that still exists; one that has just gone is not an error."""
        address = self._calls.get(call)
        if address is not None:
            self._unanswered.discard(call)
            self._raw.set_time(now)
            command(address)

    def _free_stale(self, address: int) -> list[DEvent]:
        """libpri frees some calls silently; a new one at the same address tells us."""
        stale = self._numbers.get(address, 0)
        if not stale:
            return []
        self._drop(stale)
        return [CallFreed(stale, 0)]

    def _free_silent(self) -> list[DEvent]:
        """A frame that makes no sense can make libpri free a call without an event."""
        gone = [call for call, address in self._calls.items() if not self._raw.has_call(address)]
        for call in gone:
            self._drop(call)
        return [CallFreed(call, 0, is_local=True) for call in gone]

    def _adopt(self, address: int, *, is_placed: bool) -> int:
        self._last_call += 1
        call = self._last_call
        key = (self._raw.reference(address), is_placed)
        self._calls[call] = address
        self._numbers[address] = call
        self._references[key] = call
        self._keys[call] = key
        if self._edits:  # a call reference comes round again: what was said about its last call is void
            for type_ in q931.Type:
                self._edits.pop((*key, int(type_)), None)
        return call

    def _drop(self, call: int) -> None:
        address = self._calls.pop(call, None)
        if address is None:
            return
        self._unanswered.discard(call)
        self._clearing.discard(call)
        del self._numbers[address]
        key = self._keys.pop(call)
        if self._references.get(key) == call:
            del self._references[key]

    def _edit(self, call: int, type_: int, raw: bytes, *, becomes: int = 0) -> None:
        """From now on, and when repeated, this call's messages of that type carry these elements."""
        key = self._keys.get(call)
        if key is None:
            return
        if len(self._edits) >= EDITS_MAX:
            self._edits.pop(next(iter(self._edits)))
        self._edits[(*key, type_)] = (becomes or type_, raw)

    def _edited(self, frame: bytes) -> bytes:
        found = q931.message(frame) if self._edits else None
        if found is None:
            return frame
        edit = self._edits.get((found.reference, found.is_from_caller, found.type))
        return q931.rewrite(frame, *edit) if edit else frame


def check_number(number: str) -> None:
    """Raises BadInput unless it is 1-20 digits (libpri would cut a longer one and say nothing)."""
    if not (number.isascii() and number.isdigit() and len(number) <= NUMBER_DIGITS_MAX):
        raise BadInput(
            f"{number!r} cannot be dialled.", remedy=f"Give 1 to {NUMBER_DIGITS_MAX} digits and nothing else."
        )
