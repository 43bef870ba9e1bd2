"""libpri as a D channel without I/O: frames in, frames out, `now` in, events out.

The one importer of `_libpri`.  A `DChannel` owns no descriptor and no thread; the caller feeds it frames
(without FCS), takes the frames it wants sent, and calls `run` when `due`.  It decides nothing about calls:
who may be called, how long it rings and what becomes of a refused channel is `pri_trunk`'s.
"""

from __future__ import annotations

import importlib
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Literal

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

Node = Literal["cpe", "network"]
Edit = tuple[int, bytes]  # the type and the elements that a message is sent with instead

FCS: Final = b"\0\0"  # libpri's frames carry two bytes for the check sum that the card makes
FRAME_BYTES_MAX: Final = 1024  # libpri's own buffer; a D-channel frame is at most 266 (Q.921 5.9.3, N201)
EVENTS_PER_RUN_MAX: Final = 1000  # more timers than that never expire at once on 23 channels
COMPLAINTS_MAX: Final = 50  # kept until they are read; a babbling line must not fill the memory
EDITS_MAX: Final = 4096  # calls cleared in an unusual way and perhaps still being repeated by layer 2
ANY_CHANNEL: Final = 0xFF  # libpri's word for "any" or "all"
NUMBER_DIGITS_MAX: Final = 20  # ours: E.164 has 15 and a prefix; libpri would cut at 31 without a word
CAUSE_NORMAL: Final = 16
CAUSE_INCOMPATIBLE: Final = 88  # makes libpri answer SETUP with RELEASE COMPLETE (Q.931 5.3.2 a)
CAUSE_NONSELECTED: Final = 26  # makes libpri begin clearing with RELEASE (Q.931 5.3.2 d)

# Milliseconds.  T316: Q.931 gives 2 minutes; layer 2 already repeats what is lost, and a channel should not
# stand idle so long for an exchange that forgot one message.
TIMERS_MS: Final = {"PRI_TIMER_T316": 10_000}


def _load() -> tuple[Any, Any]:
    try:
        module = importlib.import_module("appliance.pri_card._libpri")
    except ImportError as error:
        raise DeviceError(
            f"libpri's binding is not built for this Python: {error}.",
            remedy="Run: python -m appliance.pri_card.build_libpri",
        ) from error
    return module.ffi, module.lib


_ffi, _lib = _load()


@_ffi.def_extern(name="yobirin_read", error=0)  # type: ignore[untyped-decorator]  # cffi has no types
def _on_read(pri: Any, buffer: Any, size: int) -> int:
    return _owner(pri).give_frame(buffer, size)


@_ffi.def_extern(name="yobirin_write", error=0)  # type: ignore[untyped-decorator]  # cffi has no types
def _on_write(pri: Any, buffer: Any, size: int) -> int:
    return _owner(pri).keep_frame(bytes(_ffi.buffer(buffer, size)))


@_ffi.def_extern(name="yobirin_message")  # type: ignore[untyped-decorator]  # cffi has no types
def _on_message(pri: Any, text: Any) -> None:
    _on_error(pri, text)


@_ffi.def_extern(name="yobirin_error")  # type: ignore[untyped-decorator]  # cffi has no types
def _on_error(pri: Any, text: Any) -> None:
    if pri != _ffi.NULL:
        _owner(pri).keep_complaint(_ffi.string(text).decode("latin-1").strip())


def _owner(pri: Any) -> DChannel:
    channel: DChannel = _ffi.from_handle(_lib.pri_get_userdata(pri))
    return channel


def version() -> str:
    """libpri's own version, e.g. "1.6.0"."""
    text: bytes = _ffi.string(_lib.pri_get_version())
    return text.decode()


class DChannel:
    """One D channel: the user side ("cpe", us) or the network side (an exchange).

    Times are monotonic seconds.  Every method that acts takes `now`; what has to be sent afterwards is in
    `take_frames`.  A call is known by a number that `place` or `SetupArrived` gives.
    """

    def __init__(self, node: Node, now: float) -> None:
        self._incoming = b""
        self._outgoing: deque[bytes] = deque()
        self._complaints: deque[str] = deque(maxlen=COMPLAINTS_MAX)
        self._calls: dict[int, Any] = {}  # our number to libpri's call
        self._numbers: dict[int, int] = {}  # address of libpri's call to our number
        self._unanswered: set[int] = set()  # incoming, nothing sent yet: libpri would not send DISCONNECT
        self._keys: dict[int, tuple[int, bool]] = {}  # the same the other way round
        self._clearing: set[int] = set()  # a second DISCONNECT would not be sent but would change the state
        self._references: dict[tuple[int, bool], int] = {}  # call reference, whether placed, to our number
        self._edits: dict[tuple[int, bool, int], Edit] = {}
        self._last_call = 0
        self._is_up = False
        self._low_bits = _ffi.new("int *")
        self._handle = _ffi.new_handle(self)
        _lib.pri_set_message(_lib.yobirin_message)
        _lib.pri_set_error(_lib.yobirin_error)
        self._set_time(now)
        kind = _lib.PRI_CPE if node == "cpe" else _lib.PRI_NETWORK
        switch = _lib.PRI_SWITCH_EUROISDN_T1
        self._pri = _lib.pri_new_cb(-1, kind, switch, _lib.yobirin_read, _lib.yobirin_write, self._handle)
        if self._pri == _ffi.NULL:
            raise DeviceError("libpri does not make a D channel.", remedy="Free some memory.")
        self._set_up()

    def _set_up(self) -> None:
        _lib.pri_hangup_fix_enable(self._pri, 1)
        _lib.pri_set_inbanddisconnect(self._pri, 0)  # reported always; we read the indicator ourselves
        _lib.pri_date_time_send_option(self._pri, _lib.PRI_DATE_TIME_SEND_NO)
        for name, value in TIMERS_MS.items():
            self.set_timer(name, value)

    # --- the line ---------------------------------------------------------------------------------------

    def feed(self, frame: bytes, now: float) -> list[DEvent]:
        """Take in one frame without FCS; nonsense is dropped.  What it meant, in order."""
        if not 3 <= len(frame) <= FRAME_BYTES_MAX - len(FCS):
            return []
        self._set_time(now)
        self._incoming = frame + FCS
        found = q931.message(frame)
        events = self._translate(_lib.pri_check_event(self._pri), found) or self._unsaid(found)
        self._incoming = b""
        if q931.is_sabme(frame) and self._is_up and not events:
            events = [LinkReset()]
        return events + self.run(now)

    def run(self, now: float) -> list[DEvent]:
        """Run the timers that are due at `now`."""
        self._set_time(now)
        events: list[DEvent] = []
        for _ in range(EVENTS_PER_RUN_MAX):
            event = _lib.pri_schedule_run(self._pri)
            if event == _ffi.NULL:
                break
            events += self._translate(event, None)
        while self._complaints:
            events.append(Complaint(self._complaints.popleft()))
        return events

    def due(self) -> float | None:
        """When the next timer expires, monotonic seconds."""
        at = _lib.pri_schedule_next(self._pri)
        return None if at == _ffi.NULL else float(at.tv_sec + at.tv_usec / 1_000_000)

    def take_frames(self) -> list[bytes]:
        """Frames to be sent now, without FCS; each is handed out once."""
        frames = [self._edited(frame) for frame in self._outgoing]
        self._outgoing.clear()
        return frames

    def set_timer(self, name: str, value_ms: int) -> None:
        """Set a timer (milliseconds) or counter by libpri's name, e.g. "PRI_TIMER_T303"."""
        _lib.pri_set_timer(self._pri, getattr(_lib, name), value_ms)

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
        self._set_time(now)
        pointer = _lib.pri_new_call(self._pri)
        if pointer == _ffi.NULL:
            raise DeviceError("libpri has no call reference left.", remedy="Restart the line.")
        self._free_stale(pointer)
        call = self._adopt(pointer, is_placed=True)
        request = _lib.pri_sr_new()
        try:
            _lib.pri_sr_set_channel(request, channel, int(is_exclusive), 0)
            _lib.pri_sr_set_bearer(request, _lib.PRI_TRANS_CAP_SPEECH, _lib.PRI_LAYER_1_ULAW)
            _lib.pri_sr_set_called(request, number.encode(), _lib.PRI_UNKNOWN, 1)
            if caller:
                shown = _lib.PRES_ALLOWED_USER_NUMBER_NOT_SCREENED
                hidden = _lib.PRES_PROHIB_USER_NUMBER_NOT_SCREENED
                _lib.pri_sr_set_caller(
                    request, caller.encode(), _ffi.NULL, _lib.PRI_UNKNOWN, shown if is_presented else hidden
                )
            _lib.pri_setup(self._pri, pointer, request)
        finally:
            _lib.pri_sr_free(request)
        return call

    def proceed(self, call: int, now: float, *, channel: int = 0, is_in_band: bool = False) -> None:
        """Send CALL PROCEEDING; a `channel` other than SETUP's moves the call."""
        self._act(_lib.pri_proceeding, call, now, channel, int(is_in_band))

    def alert(self, call: int, now: float, *, is_in_band: bool = False) -> None:
        """Send ALERTING."""
        self._act(_lib.pri_acknowledge, call, now, 0, int(is_in_band))

    def progress(self, call: int, now: float, *, description: int = q931.IN_BAND, cause: int = 0) -> None:
        """Send PROGRESS with an indicator (1: not end-to-end ISDN, 8: in-band) and perhaps a cause."""
        raw = (q931.cause_element(cause) if cause else b"") + q931.progress_element(description)
        self._edit(call, q931.Type.PROGRESS, raw)
        self._act(_lib.pri_progress, call, now, 0, 1)

    def answer(self, call: int, now: float, *, channel: int = 0) -> None:
        """Send CONNECT."""
        self._act(_lib.pri_answer, call, now, channel, 0)

    def hangup(self, call: int, cause: int, now: float) -> None:
        """Begin clearing, or answer DISCONNECT; ends in `CallFreed`.  Once is enough, twice is harmless."""
        if call in self._unanswered:
            self.reject(call, cause, now)
        elif call not in self._clearing:
            self._clearing.add(call)
            self._act(_lib.pri_hangup, call, now, cause)

    def reject(self, call: int, cause: int, now: float) -> None:
        """Answer SETUP with RELEASE COMPLETE at once (Q.931 5.3.2 a).  No `CallFreed` follows."""
        self._edit(call, q931.Type.RELEASE_COMPLETE, q931.cause_element(cause))
        self._act(_lib.pri_hangup, call, now, CAUSE_INCOMPATIBLE)
        self._drop(call)

    def disconnect_in_band(self, call: int, cause: int, now: float) -> None:
        """Send DISCONNECT with progress indicator 8: the announcement stays on the line (Q.931 5.4.1)."""
        raw = q931.cause_element(cause) + q931.progress_element(q931.IN_BAND)
        self._edit(call, q931.Type.DISCONNECT, raw)
        self.hangup(call, cause, now)

    def release(self, call: int, cause: int, now: float) -> None:
        """Clear with RELEASE and no DISCONNECT before it (Q.931 5.3.2 d).  Not for a call in conversation."""
        self._edit(call, q931.Type.RELEASE, q931.cause_element(cause))
        self._clearing.add(call)
        self._act(_lib.pri_hangup, call, now, CAUSE_NONSELECTED)

    def enquire(self, call: int, now: float) -> None:
        """Send STATUS ENQUIRY; the other side answers with STATUS (Q.931 5.8.10)."""
        self._edit(call, q931.Type.NOTIFY, b"", becomes=q931.Type.STATUS_ENQUIRY)
        self._act(_lib.pri_notify, call, now, 0, 0)

    def abandon(self, call: int, now: float) -> None:
        """Forget a call and send nothing: its channel was restarted, or its link is gone."""
        pointer = self._calls.get(call)
        if pointer is not None:
            self._drop(call)
            self._set_time(now)
            _lib.pri_destroycall(self._pri, pointer)

    def restart(self, channel: int, now: float) -> None:
        """Send RESTART for a channel, or for all with 0."""
        self._set_time(now)
        key = (0, True, int(q931.Type.RESTART))
        if channel:
            self._edits.pop(key, None)
        else:
            self._edits[key] = (q931.Type.RESTART, q931.RESTART_ALL)
        _lib.pri_reset(self._pri, channel or ANY_CHANNEL)

    # --- libpri's side ----------------------------------------------------------------------------------

    def give_frame(self, buffer: Any, size: int) -> int:
        """libpri reads: the frame being fed, once."""
        frame, self._incoming = self._incoming, b""
        if len(frame) > size:
            return 0
        _ffi.memmove(buffer, frame, len(frame))
        return len(frame)

    def keep_frame(self, frame: bytes) -> int:
        """libpri writes: kept for `take_frames`."""
        self._outgoing.append(frame[: -len(FCS)])
        return len(frame)

    def keep_complaint(self, text: str) -> None:
        """libpri complains: kept for the next `run`."""
        self._complaints.append(text)

    def _translate(self, event: Any, found: q931.Message | None) -> list[DEvent]:
        """libpri's one event buffer as events of ours; `found` is the message that caused it, if one did."""
        if event == _ffi.NULL:
            return []
        reader = _READERS.get(event.e)
        return reader(self, event, found) if reader else []

    def _link_up(self, _event: Any, _found: q931.Message | None) -> list[DEvent]:
        self._is_up = True
        return [LinkUp()]

    def _link_down(self, _event: Any, _found: q931.Message | None) -> list[DEvent]:
        self._is_up = False
        return [LinkDown()]

    def _config_error(self, event: Any, _found: q931.Message | None) -> list[DEvent]:
        return [Complaint(_text(event.err.err))]

    def _ring(self, event: Any, _found: q931.Message | None) -> list[DEvent]:
        ring = event.ring
        events: list[DEvent] = self._free_stale(ring.call)
        call = self._adopt(ring.call, is_placed=False)
        self._unanswered.add(call)
        hidden = ring.callingpres & _lib.PRI_PRES_RESTRICTION
        setup = SetupArrived(
            call=call,
            channel=_channel(ring.channel),
            is_exclusive=not ring.flexible,
            called=_text(ring.callednum),
            caller=_text(ring.callingnum),
            is_presented=not hidden,
            is_complete=bool(ring.complete),
        )
        return [*events, setup]

    def _proceeding(self, event: Any, _found: q931.Message | None) -> list[DEvent]:
        seen = event.proceeding
        call = self._number(seen.call)
        return [ProceedingArrived(call, _channel(seen.channel), _hears(seen))] if call else []

    def _ringing(self, event: Any, _found: q931.Message | None) -> list[DEvent]:
        seen = event.ringing
        call = self._number(seen.call)
        return [AlertingArrived(call, _channel(seen.channel), _hears(seen))] if call else []

    def _progress(self, event: Any, _found: q931.Message | None) -> list[DEvent]:
        seen = event.proceeding
        call = self._number(seen.call)
        return (
            [ProgressArrived(call, _channel(seen.channel), _hears(seen), max(0, seen.cause))] if call else []
        )

    def _answer(self, event: Any, _found: q931.Message | None) -> list[DEvent]:
        call = self._number(event.answer.call)
        return [ConnectArrived(call, _channel(event.answer.channel))] if call else []

    def _disconnect(self, event: Any, found: q931.Message | None) -> list[DEvent]:
        call = self._number(event.hangup.call)
        in_band = found is not None and found.type == q931.Type.DISCONNECT and q931.is_in_band(found)
        return [DisconnectArrived(call, max(0, event.hangup.cause), in_band)] if call else []

    def _released(self, event: Any, found: q931.Message | None) -> list[DEvent]:
        """RELEASE, RELEASE COMPLETE or a timer: the next step frees the call."""
        pointer, cause = event.hangup.call, max(0, event.hangup.cause)
        call = self._number(pointer)
        if call:
            self._drop(call)
        _lib.pri_hangup(self._pri, pointer, cause or CAUSE_NORMAL)
        return [CallFreed(call, cause, is_local=found is None)] if call else []

    def _release_confirmed(self, event: Any, found: q931.Message | None) -> list[DEvent]:
        """libpri has freed the call before it told us; without a message it was a timer."""
        call = self._number(event.hangup.call)
        if not call:
            return []
        self._drop(call)
        return [CallFreed(call, max(0, event.hangup.cause), is_local=found is None)]

    def _restarted(self, event: Any, _found: q931.Message | None) -> list[DEvent]:
        return [RestartArrived(_channel(event.restart.channel))]

    def _restart_confirmed(self, event: Any, _found: q931.Message | None) -> list[DEvent]:
        return [RestartAcknowledged(_channel(event.restartack.channel))]

    # --- inside -----------------------------------------------------------------------------------------

    def _set_time(self, now: float) -> None:
        _lib.yobirin_set_time(*divmod(round(now * 1_000_000), 1_000_000))

    def _number(self, pointer: Any) -> int:
        """Our number for libpri's call; 0 for one that we have let go."""
        return self._numbers.get(_address(pointer), 0)

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
        if call and found.type in (q931.Type.RELEASE, q931.Type.RELEASE_COMPLETE):
            self._drop(call)
            return [CallFreed(call, q931.cause(found))]
        return []

    def _free_stale(self, pointer: Any) -> list[DEvent]:
        """libpri frees some calls silently; a new one at the same address tells us."""
        stale = self._number(pointer)
        if not stale:
            return []
        self._drop(stale)
        return [CallFreed(stale, 0)]

    def _adopt(self, pointer: Any, *, is_placed: bool) -> int:
        self._last_call += 1
        call = self._last_call
        key = (self._reference(pointer), is_placed)
        self._calls[call] = pointer
        self._numbers[_address(pointer)] = call
        self._references[key] = call
        self._keys[call] = key
        if self._edits:  # a call reference comes round again: what was said about its last call is void
            for type_ in q931.Type:
                self._edits.pop((*key, int(type_)), None)
        return call

    def _drop(self, call: int) -> None:
        pointer = self._calls.pop(call, None)
        for kept in (self._unanswered, self._clearing):
            kept.discard(call)
        if pointer is not None:
            self._numbers.pop(_address(pointer), None)
            key = self._keys.pop(call)
            if self._references.get(key) == call:
                del self._references[key]

    def _act(self, function: Any, call: int, now: float, *arguments: int) -> None:
        """Call libpri about a call that still exists; one that has just gone is not an error."""
        pointer = self._calls.get(call)
        if pointer is not None:
            self._unanswered.discard(call)
            self._set_time(now)
            function(self._pri, pointer, *arguments)

    def _reference(self, pointer: Any) -> int:
        """The call reference without its flag; libpri hands it out in two pieces."""
        high = _lib.pri_get_crv(self._pri, pointer, self._low_bits)
        return int(high) << 3 | int(self._low_bits[0])

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
        key = (found.reference, found.is_from_caller, found.type)
        edit = self._edits.get(key)
        return q931.rewrite(frame, *edit) if edit else frame


def check_number(number: str) -> None:
    """Raises BadInput unless it is 1-20 digits (libpri would cut a longer one and say nothing)."""
    if not (number.isascii() and number.isdigit() and len(number) <= NUMBER_DIGITS_MAX):
        raise BadInput(
            f"{number!r} cannot be dialled.", remedy=f"Give 1 to {NUMBER_DIGITS_MAX} digits and nothing else."
        )


def _address(pointer: Any) -> int:
    return int(_ffi.cast("uintptr_t", pointer))


def _channel(encoded: int) -> int:
    """libpri's event channel as 1-23; 0 for none, any and all."""
    channel = encoded & 0xFF
    return 0 if channel == ANY_CHANNEL else channel


def _hears(event: Any) -> bool:
    return event.progressmask > 0 and bool(event.progressmask & _lib.PRI_PROG_INBAND_AVAILABLE)


def _text(raw: Any) -> str:
    text: bytes = _ffi.string(raw)
    return text.decode("latin-1").strip()


Reader = Callable[[DChannel, Any, "q931.Message | None"], list[DEvent]]

_READERS: Final[dict[int, Reader]] = {
    _lib.PRI_EVENT_DCHAN_UP: DChannel._link_up,
    _lib.PRI_EVENT_DCHAN_DOWN: DChannel._link_down,
    _lib.PRI_EVENT_CONFIG_ERR: DChannel._config_error,
    _lib.PRI_EVENT_RING: DChannel._ring,
    _lib.PRI_EVENT_PROCEEDING: DChannel._proceeding,
    _lib.PRI_EVENT_RINGING: DChannel._ringing,
    _lib.PRI_EVENT_PROGRESS: DChannel._progress,
    _lib.PRI_EVENT_ANSWER: DChannel._answer,
    _lib.PRI_EVENT_HANGUP_REQ: DChannel._disconnect,
    _lib.PRI_EVENT_HANGUP: DChannel._released,
    _lib.PRI_EVENT_HANGUP_ACK: DChannel._release_confirmed,
    _lib.PRI_EVENT_RESTART: DChannel._restarted,
    _lib.PRI_EVENT_RESTART_ACK: DChannel._restart_confirmed,
}
