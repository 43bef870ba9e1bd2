"""All that the dialer's machine may decide.  A shell carries each out, in order, and decides nothing itself.

Commands to audio and phones that need nothing added are those rooms' own messages and are forwarded as they
are: `OpenLine`, `ClosePort`, `Mix`, `Unbridge`, `Play`, `Hush`, `RejectLeg`, `HangUpLeg`; to the trunk,
`PlaceCall`.
Names ending in `_at` are wall-clock seconds since 1970 (UTC), 0.0 where it did not happen.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from appliance.audio import messages as audio
from appliance.dialer.messages import AttemptKind, How, SeatChanged
from appliance.phones import messages as phones
from appliance.pri_card import trunk

AttemptEnd = Literal["result", "fault", "withdrawn", "outrun"]
IntervalKind = Literal["wait", "talk", "wrap", "break", "paused"]


class Output(msgspec.Struct, frozen=True, tag=True, tag_field="t"):
    """Base of all."""


# --- questions to the store ----------------------------------------------------------------------------


class OfferWanted(Output, frozen=True):
    """Answer with `Offered`: the next `count` callable customers after `cursor` (empty: from the start)."""

    list_id: int
    count: int
    cursor: str = ""


class RecallsWanted(Output, frozen=True):
    """Answer with `RecallsDue`: open promises of all tenants due within so many seconds; echo `asked`."""

    within_s: float
    asked: float


class WhoCalls(Output, frozen=True):
    """Answer with `CallerKnown`.  `at`: the moment it came in."""

    call_id: int
    called: str
    caller: str
    at: float


class CheckLogin(Output, frozen=True):
    """Answer with `LoginChecked`.  Never logged."""

    seat_id: int
    phone_id: str
    pin: str
    user_id: int = 0  # instead of `phone_id`: whose PIN it has to be


# --- to be written -------------------------------------------------------------------------------------


class OpenAttempt(Output, frozen=True):
    """Write ahead; answer with `AttemptCommitted` once it is on the disk."""

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
    kind: AttemptKind = "list"


class SaveAttempt(Output, frozen=True):
    """An attempt as it stands: on answer, on connection, and for the last time when `end` is set.

    `result` is a code; empty for faults, withdrawals and calls that another number's answer outran, which
    are nobody's result and leave the customer callable.  A conversation's result may come after `cleared_at`.
    """

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
    end: AttemptEnd | Literal[""] = ""


class SaveHistory(Output, frozen=True):
    """One history entry of an attempt that has a result.  `is_replacing`: the code before was taken back."""

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


class SaveRefusal(Output, frozen=True):
    """A rule kept a customer from being dialled: 9a, 90, 99, 95, 97.  `attempt_id` 0: before any attempt."""

    tenant_id: int
    project_id: int
    list_id: int
    customer_id: int
    number: str
    code: str
    at: float
    attempt_id: int = 0


class SaveInterval(Output, frozen=True):
    """One stretch of a seat's time, when it is over."""

    kind: IntervalKind
    tenant_id: int
    seat_id: int
    user_id: int
    project_id: int
    from_at: float
    seconds: float
    list_id: int = 0
    attempt_id: int = 0
    reason: str = ""  # of a break


class SaveListening(Output, frozen=True):
    """A stretch of a supervisor's listening, when it begins and, with `to_at`, when it is over.

    One stretch is one seat and one `how`; `user_id` and `from_at` name it.  `ended` says by what.
    """

    user_id: int
    from_at: float
    tenant_id: int
    seat_id: int
    operator_id: int
    how: How
    to_at: float = 0.0
    ended: str = ""


class SaveSeat(Output, frozen=True):
    """Who sits where, for a restart; `user_id` 0: nobody any more.  `attempt_id`: its result is owed."""

    seat_id: int
    leg: str = ""
    user_id: int = 0
    project_id: int = 0
    attempt_id: int = 0
    at: float = 0.0


class SaveTransfer(Output, frozen=True):
    """A third party's call as it stands: when it is ordered, answered, handed over, and when it has ended.

    `number` is an extension in the house.  `outcome` is empty until one is known: handed, dropped, left,
    customer-left, or one of `party_leg.FAILURES`.  From `answered_at` to `cleared_at` a line is charged.
    """

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


class SaveIncoming(Output, frozen=True):
    """A call that came in, as it stands: when its route is known, when a seat takes it, when it has ended.

    `tier`: the last one it came to.  `outcome` is empty while it stands, then answered or missed.
    """

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


class OpenIncoming(Output, frozen=True):
    """The attempt of a call that came in and was taken by a seat; no SETUP of ours belongs to it."""

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


class NameAttempt(Output, frozen=True):
    """An attempt is with this customer, whoever he was thought to be."""

    attempt_id: int
    list_id: int
    customer_id: int


# --- to trunk, phones and audio -------------------------------------------------------------------------


class ClearCall(Output, frozen=True):
    """End a call with a Q.850 cause."""

    call_id: int
    cause: int = 16


class AnswerIncoming(Output, frozen=True):
    """Answer an incoming call."""

    call_id: int


class AnswerPhone(Output, frozen=True):
    """Open audio for an invited leg (the port has the leg's name), then answer it.

    Commands to that port follow at once and wait until it is open.  `is_again`: the leg stands, but audio
    has restarted.
    """

    leg: str
    is_again: bool = False


class RingPhone(Output, frozen=True):
    """Ring a desk phone; answer with `PhoneRings`.  Its port is open before `LegAnswered` is fed."""

    ref: int
    extension: str
    caller: str = ""


class BridgeCall(Output, frozen=True):
    """Let customer and operator hear each other, and record.  `is_again`: audio restarted in between."""

    attempt_id: int
    tenant_id: int
    line: str
    phone: str
    is_again: bool = False


class Alarm(Output, frozen=True):
    """Something a technician should see; off when it has passed.  `tenant_id` 0: everybody's business."""

    name: str
    is_on: bool
    what: str = ""
    tenant_id: int = 0


Any_ = (
    OfferWanted | RecallsWanted | WhoCalls | CheckLogin | OpenAttempt | SaveAttempt | SaveHistory
    | SaveRefusal | SaveInterval | SaveSeat | SaveListening | SaveTransfer | SaveIncoming | OpenIncoming
    | NameAttempt | ClearCall | AnswerIncoming | AnswerPhone | RingPhone | BridgeCall | Alarm | SeatChanged
    | audio.OpenLine | audio.ClosePort | audio.Mix | audio.Unbridge | audio.Play | audio.Hush | audio.Listen
    | phones.RejectLeg | phones.HangUpLeg | trunk.PlaceCall
)  # fmt: skip
