"""What the dialer has written down, as values: one Struct a kind, queued by writer.py, applied by record.py.

Names and fields are those of the dialer's own outputs, so `of` takes such an output over by name.  Times
are wall-clock seconds since 1970 (UTC), 0.0 where it did not happen; the store keeps milliseconds.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all."""


class OpenAttempt(Event, frozen=True):
    """Written ahead of the SETUP.  Refused when the customer is gone, blocked or already being dialled.

    `kind`: list, preview, recall, or manual, which is nobody's: of no list and no customer.
    """

    attempt_id: int
    tenant_id: int
    project_id: int
    list_id: int
    customer_id: int
    number: str
    caller: str
    opened_at: float
    seat_id: int = 0
    user_id: int = 0
    kind: str = "list"


class SaveAttempt(Event, frozen=True):
    """An attempt as it stands.  `end`: '' still open, result, fault, withdrawn, outrun."""

    attempt_id: int
    span: int = 0
    channel: int = 0
    seat_id: int = 0
    user_id: int = 0
    setup_at: float = 0.0
    alerting_at: float = 0.0
    answered_at: float = 0.0
    connected_at: float = 0.0
    cleared_at: float = 0.0
    cause: int = 0
    result: str = ""
    end: str = ""


class SaveHistory(Event, frozen=True):
    """The entry of an attempt that has a result; a second one replaces the first."""

    attempt_id: int
    tenant_id: int
    project_id: int
    list_id: int
    customer_id: int
    number: str
    code: str
    at: float
    seat_id: int = 0
    user_id: int = 0
    talk_s: float = 0.0
    wait_s: float = 0.0
    wrap_s: float = 0.0
    is_replacing: bool = False


class SaveRefusal(Event, frozen=True):
    """A rule kept a customer from being dialled: 9a, 90, 99, 97 settle it; 95 leaves it callable."""

    tenant_id: int
    project_id: int
    list_id: int
    customer_id: int
    number: str
    code: str
    at: float
    attempt_id: int = 0


class SaveInterval(Event, frozen=True):
    """One stretch of a seat's time, when it is over."""

    kind: str
    tenant_id: int
    seat_id: int
    user_id: int
    project_id: int
    from_at: float
    seconds: float
    list_id: int = 0
    attempt_id: int = 0
    reason: str = ""


class SaveListening(Event, frozen=True):
    """A stretch of a supervisor's listening; a second one with `to_at` ends it."""

    user_id: int
    from_at: float
    tenant_id: int
    seat_id: int
    operator_id: int
    how: str
    to_at: float = 0.0
    ended: str = ""


class SaveSeat(Event, frozen=True):
    """Who sits where; `user_id` 0: nobody any more."""

    seat_id: int
    leg: str = ""
    user_id: int = 0
    project_id: int = 0
    attempt_id: int = 0
    at: float = 0.0


class SaveTransfer(Event, frozen=True):
    """A third party's call as it stands; what is 0 or empty keeps what is known."""

    transfer_id: int
    tenant_id: int
    project_id: int
    attempt_id: int
    list_id: int = 0
    customer_id: int = 0
    seat_id: int = 0
    user_id: int = 0
    target_id: int = 0
    number: str = ""
    name: str = ""
    is_house: bool = False
    to_seat_id: int = 0
    to_user_id: int = 0
    asked_at: float = 0.0
    setup_at: float = 0.0
    alerting_at: float = 0.0
    answered_at: float = 0.0
    handed_at: float = 0.0
    cleared_at: float = 0.0
    cause: int = 0
    outcome: str = ""
    code: str = ""
    is_joined: bool = False


class SaveIncoming(Event, frozen=True):
    """A call that came in, as it stands; what is 0 or empty keeps what is known."""

    called: str
    caller: str
    at: float
    span: int
    channel: int
    incoming_id: int = 0
    tenant_id: int = 0
    project_id: int = 0
    customer_id: int = 0
    route_id: int = 0
    tier: int = 0
    connected_at: float = 0.0
    taken_at: float = 0.0
    ended_at: float = 0.0
    attempt_id: int = 0
    seat_id: int = 0
    user_id: int = 0
    outcome: str = ""


class OpenIncoming(Event, frozen=True):
    """The attempt of a call that came in and was taken: answered and connected, and none of our SETUPs."""

    attempt_id: int
    tenant_id: int
    project_id: int
    list_id: int
    customer_id: int
    number: str
    called: str
    opened_at: float
    answered_at: float
    seat_id: int
    user_id: int
    span: int
    channel: int


class NameAttempt(Event, frozen=True):
    """An attempt, and what hangs on it, is with this customer."""

    attempt_id: int
    list_id: int
    customer_id: int


class OpenRecording(Event, frozen=True):
    """A recording begins; without this row its file cannot be opened."""

    recording_id: int
    attempt_id: int
    tenant_id: int
    path: str
    key: bytes
    at: float


class CloseRecording(Event, frozen=True):
    """A recording is finished, or lost for a reason."""

    recording_id: int
    at: float
    seconds: float = 0.0
    size_bytes: int = 0
    lost_reason: str = ""


KINDS: Final[tuple[type[Event], ...]] = (
    OpenAttempt, SaveAttempt, SaveHistory, SaveRefusal, SaveInterval, SaveSeat, SaveIncoming, OpenRecording,
    CloseRecording, SaveTransfer, SaveListening, OpenIncoming, NameAttempt,
)  # fmt: skip
_BY_NAME: Final = {kind.__name__: kind for kind in KINDS}


def of(output: Any) -> Event | None:
    """The event of this name with the same fields, or None where the store keeps nothing of it."""
    kind = _BY_NAME.get(type(output).__name__)
    return None if kind is None else msgspec.convert(output, kind, from_attributes=True)
