"""The one importer of `_libpri`: libpri with Python values on both sides, nothing added.

An event is copied out of libpri's single buffer at once.  Calls are known by their address, which libpri
uses again as soon as it has freed a call; `libpri.DChannel` gives them numbers.  Callbacks only append to
queues: an exception there would be swallowed.
"""

from __future__ import annotations

import importlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal

from appliance.errors import DeviceError

Node = Literal["cpe", "network"]

FCS: Final = b"\0\0"  # libpri's frames carry two bytes for the check sum that the card makes
FRAME_BYTES_MAX: Final = 1024  # libpri's own buffer; a D-channel frame is at most 266 (Q.921 5.9.3, N201)
COMPLAINTS_MAX: Final = 50  # kept until they are read; a babbling line must not fill the memory
ANY_CHANNEL: Final = 0xFF  # libpri's word for "any" or "all"


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


class Kind(Enum):
    """libpri's events, as far as they mean something here."""

    LINK_UP = _lib.PRI_EVENT_DCHAN_UP
    LINK_DOWN = _lib.PRI_EVENT_DCHAN_DOWN
    COMPLAINT = _lib.PRI_EVENT_CONFIG_ERR
    SETUP = _lib.PRI_EVENT_RING
    PROCEEDING = _lib.PRI_EVENT_PROCEEDING
    ALERTING = _lib.PRI_EVENT_RINGING
    PROGRESS = _lib.PRI_EVENT_PROGRESS
    CONNECT = _lib.PRI_EVENT_ANSWER
    DISCONNECT = _lib.PRI_EVENT_HANGUP_REQ
    RELEASED = _lib.PRI_EVENT_HANGUP  # one step to go: `hang_up` frees the call
    FREED = _lib.PRI_EVENT_HANGUP_ACK  # libpri has freed the call before it tells
    RESTART = _lib.PRI_EVENT_RESTART
    RESTART_ACKNOWLEDGED = _lib.PRI_EVENT_RESTART_ACK


@dataclass(frozen=True, slots=True)
class RawEvent:
    """One event; what its kind does not have is 0, empty or False.  `call` is an address."""

    kind: Kind
    call: int = 0
    channel: int = 0
    cause: int = 0
    is_in_band: bool = False
    is_exclusive: bool = False
    is_presented: bool = False
    is_complete: bool = False
    is_speech: bool = False
    called: str = ""
    caller: str = ""
    text: str = ""


class Libpri:
    """One D channel of libpri.  Times are monotonic seconds; `set_time` comes before all that acts."""

    def __init__(self, node: Node, now: float) -> None:
        self.frames: deque[bytes] = deque()  # to be sent, without FCS
        self.complaints: deque[str] = deque(maxlen=COMPLAINTS_MAX)
        self._incoming = b""
        self._low_bits = _ffi.new("int *")
        self._handle = _ffi.new_handle(self)
        _lib.pri_set_message(_lib.yobirin_message)
        _lib.pri_set_error(_lib.yobirin_error)
        self.set_time(now)
        kind = _lib.PRI_CPE if node == "cpe" else _lib.PRI_NETWORK
        switch = _lib.PRI_SWITCH_EUROISDN_T1
        self._pri = _lib.pri_new_cb(-1, kind, switch, _lib.yobirin_read, _lib.yobirin_write, self._handle)
        if self._pri == _ffi.NULL:
            raise DeviceError("libpri does not make a D channel.", remedy="Free some memory.")
        _lib.pri_hangup_fix_enable(self._pri, 1)
        _lib.pri_set_inbanddisconnect(self._pri, 0)  # reported always; the indicator is read from the frame
        _lib.pri_date_time_send_option(self._pri, _lib.PRI_DATE_TIME_SEND_NO)

    def set_time(self, now: float) -> None:
        """libpri's clock is one for the whole process."""
        _lib.yobirin_set_time(*divmod(round(now * 1_000_000), 1_000_000))

    def set_timer(self, name: str, value: int) -> None:
        """Milliseconds, or a count, by libpri's name ("PRI_TIMER_T316")."""
        _lib.pri_set_timer(self._pri, getattr(_lib, name), value)

    def take_in(self, frame: bytes) -> RawEvent | None:
        """One frame without FCS, at most `FRAME_BYTES_MAX` with it."""
        self._incoming = frame + FCS
        event = _lib.pri_check_event(self._pri)
        self._incoming = b""
        return _copy(event)

    def run_timer(self) -> RawEvent | None:
        """Run expired timers until one of them has an event; None when all have run."""
        return _copy(_lib.pri_schedule_run(self._pri))

    def due(self) -> float | None:
        at = _lib.pri_schedule_next(self._pri)
        return None if at == _ffi.NULL else float(at.tv_sec + at.tv_usec / 1_000_000)

    def new_call(self) -> int:
        """The address of a new call; 0 when there is no call reference left."""
        return _address(_lib.pri_new_call(self._pri))

    def set_up(
        self, call: int, *, number: str, caller: str, is_presented: bool, channel: int, is_exclusive: bool
    ) -> None:
        """Send SETUP: en bloc, speech, mu-law, number type unknown."""
        request = _lib.pri_sr_new()
        _lib.pri_sr_set_channel(request, channel, int(is_exclusive), 0)
        _lib.pri_sr_set_bearer(request, _lib.PRI_TRANS_CAP_SPEECH, _lib.PRI_LAYER_1_ULAW)
        _lib.pri_sr_set_called(request, number.encode(), _lib.PRI_UNKNOWN, 1)
        if caller:
            shown = _lib.PRES_ALLOWED_USER_NUMBER_NOT_SCREENED
            hidden = _lib.PRES_PROHIB_USER_NUMBER_NOT_SCREENED
            presentation = shown if is_presented else hidden
            _lib.pri_sr_set_caller(request, caller.encode(), _ffi.NULL, _lib.PRI_UNKNOWN, presentation)
        _lib.pri_setup(self._pri, _pointer(call), request)
        _lib.pri_sr_free(request)

    def proceed(self, call: int, channel: int, is_in_band: bool) -> None:
        _lib.pri_proceeding(self._pri, _pointer(call), channel, int(is_in_band))

    def alert(self, call: int, is_in_band: bool) -> None:
        _lib.pri_acknowledge(self._pri, _pointer(call), 0, int(is_in_band))

    def progress(self, call: int) -> None:
        _lib.pri_progress(self._pri, _pointer(call), 0, 1)

    def answer(self, call: int, channel: int) -> None:
        _lib.pri_answer(self._pri, _pointer(call), channel, 0)

    def notify(self, call: int) -> None:
        _lib.pri_notify(self._pri, _pointer(call), 0, 0)

    def hang_up(self, call: int, cause: int) -> None:
        """The next step of clearing, whichever that is."""
        _lib.pri_hangup(self._pri, _pointer(call), cause)

    def destroy(self, call: int) -> None:
        """Forget a call without a message."""
        _lib.pri_destroycall(self._pri, _pointer(call))

    def has_call(self, call: int) -> bool:
        """Whether libpri still has a call at this address, be it the same one or a later one."""
        return bool(_lib.q931_is_call_valid(self._pri, _pointer(call)))

    def restart(self, channel: int) -> None:
        _lib.pri_reset(self._pri, channel)

    def reference(self, call: int) -> int:
        """The call reference without its flag; libpri hands it out in two pieces."""
        high = _lib.pri_get_crv(self._pri, _pointer(call), self._low_bits)
        return int(high) << 3 | int(self._low_bits[0])

    def read_into(self, buffer: Any, size: int) -> int:
        """libpri reads: the frame being taken in, once."""
        frame, self._incoming = self._incoming, b""
        if len(frame) > size:
            return 0
        _ffi.memmove(buffer, frame, len(frame))
        return len(frame)


def version() -> str:
    """libpri's own version, e.g. "1.6.0"."""
    return str(_ffi.string(_lib.pri_get_version()).decode())


# --- callbacks: kept alive by the module, which libpri's global pointers rely on --------------------------


@_ffi.def_extern(name="yobirin_read", error=0)  # type: ignore[untyped-decorator]  # cffi has no types
def _on_read(pri: Any, buffer: Any, size: int) -> int:
    return _owner(pri).read_into(buffer, size)


@_ffi.def_extern(name="yobirin_write", error=0)  # type: ignore[untyped-decorator]  # cffi has no types
def _on_write(pri: Any, buffer: Any, size: int) -> int:
    _owner(pri).frames.append(bytes(_ffi.buffer(buffer, size))[: -len(FCS)])
    return size


@_ffi.def_extern(name="yobirin_message")  # type: ignore[untyped-decorator]  # cffi has no types
def _on_message(pri: Any, text: Any) -> None:
    _on_error(pri, text)


@_ffi.def_extern(name="yobirin_error")  # type: ignore[untyped-decorator]  # cffi has no types
def _on_error(pri: Any, text: Any) -> None:
    if pri != _ffi.NULL:
        _owner(pri).complaints.append(_text(text))


def _owner(pri: Any) -> Libpri:
    owner: Libpri = _ffi.from_handle(_lib.pri_get_userdata(pri))
    return owner


# --- copying ------------------------------------------------------------------------------------------------


def _copy(event: Any) -> RawEvent | None:
    if event == _ffi.NULL:
        return None
    kind = _KINDS.get(event.e)
    return None if kind is None else _COPIERS[kind](kind, event)


def _copy_bare(kind: Kind, _event: Any) -> RawEvent:
    return RawEvent(kind)


def _copy_complaint(kind: Kind, event: Any) -> RawEvent:
    return RawEvent(kind, text=_text(event.err.err))


def _copy_setup(kind: Kind, event: Any) -> RawEvent:
    ring = event.ring
    return RawEvent(
        kind,
        call=_address(ring.call),
        channel=_channel(ring.channel),
        is_exclusive=not ring.flexible,
        is_presented=not ring.callingpres & _lib.PRI_PRES_RESTRICTION,
        is_complete=bool(ring.complete),
        is_speech=ring.ctype in (_lib.PRI_TRANS_CAP_SPEECH, _lib.PRI_TRANS_CAP_3_1K_AUDIO),
        called=_text(ring.callednum),
        caller=_text(ring.callingnum),
    )


def _copy_progress(kind: Kind, event: Any) -> RawEvent:
    """CALL PROCEEDING and PROGRESS.  Of the two, only PROGRESS has a cause that means something."""
    seen = event.proceeding
    cause = max(0, seen.cause) if kind is Kind.PROGRESS else 0
    return RawEvent(kind, _address(seen.call), _channel(seen.channel), cause, _is_in_band(seen))


def _copy_alerting(kind: Kind, event: Any) -> RawEvent:
    seen = event.ringing
    return RawEvent(kind, _address(seen.call), _channel(seen.channel), is_in_band=_is_in_band(seen))


def _copy_connect(kind: Kind, event: Any) -> RawEvent:
    return RawEvent(kind, _address(event.answer.call), _channel(event.answer.channel))


def _copy_end(kind: Kind, event: Any) -> RawEvent:
    return RawEvent(kind, _address(event.hangup.call), cause=max(0, event.hangup.cause))


def _copy_restart(kind: Kind, event: Any) -> RawEvent:
    """RESTART and its acknowledgement: both structures begin alike."""
    return RawEvent(kind, channel=_channel(event.restart.channel))


_KINDS: Final = {int(kind.value): kind for kind in Kind}
_COPIERS: Final[dict[Kind, Callable[[Kind, Any], RawEvent]]] = {
    Kind.LINK_UP: _copy_bare,
    Kind.LINK_DOWN: _copy_bare,
    Kind.COMPLAINT: _copy_complaint,
    Kind.SETUP: _copy_setup,
    Kind.PROCEEDING: _copy_progress,
    Kind.ALERTING: _copy_alerting,
    Kind.PROGRESS: _copy_progress,
    Kind.CONNECT: _copy_connect,
    Kind.DISCONNECT: _copy_end,
    Kind.RELEASED: _copy_end,
    Kind.FREED: _copy_end,
    Kind.RESTART: _copy_restart,
    Kind.RESTART_ACKNOWLEDGED: _copy_restart,
}
assert set(_COPIERS) == set(Kind), "every event is copied"


def _pointer(call: int) -> Any:
    return _ffi.cast("q931_call *", call)


def _address(pointer: Any) -> int:
    return int(_ffi.cast("uintptr_t", pointer))


def _channel(encoded: int) -> int:
    """libpri's event channel as 1-23; 0 for none, any and all."""
    channel = encoded & 0xFF
    return 0 if channel == ANY_CHANNEL else channel


def _is_in_band(event: Any) -> bool:
    return event.progressmask > 0 and bool(event.progressmask & _lib.PRI_PROG_INBAND_AVAILABLE)


def _text(raw: Any) -> str:
    return str(_ffi.string(raw).decode("latin-1").strip())
