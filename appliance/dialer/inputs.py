"""All that the dialer's machine may be told.  Values only: the flight recorder stores and replays them.

What trunk, phones and audio report is fed as it came (their own classes); the rest is here.  Names ending in
`_at` are wall-clock seconds since 1970 (UTC); everything else about time is the `now` handed to `feed`.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from appliance.audio import messages as audio
from appliance.dialer.messages import (
    AnswerCaller,
    AnswerHelp,
    AnswerTransfer,
    AttemptKind,
    CallForHelp,
    CallTarget,
    DialNumber,
    DropTarget,
    EndBreak,
    EndListening,
    EnterCode,
    HandOver,
    HangUp,
    HoldCall,
    JoinAll,
    Listen,
    LogOutSeat,
    Mode,
    PressKey,
    SetMode,
    SetReady,
    ShowMessage,
    StartBreak,
    TakeBack,
    TakeSeat,
)
from appliance.phones import messages as phones
from appliance.pri_card import trunk

BlockKind = Literal["forbid", "suspend", "exclude"]


class Input(msgspec.Struct, frozen=True, tag=True, tag_field="t"):
    """Base of all."""


# --- what the store says ------------------------------------------------------------------------------


class CallingHours(msgspec.Struct, frozen=True):
    """One open span of a week, local time: `weekday` 0 is Monday; minutes from midnight, at most 1440."""

    weekday: int
    from_minute: int
    to_minute: int


class ResultCode(msgspec.Struct, frozen=True):
    """A code an operator may key.  `is_contact` counts as a talk, `is_sales` as a win."""

    code: str
    name: str = ""
    is_contact: bool = False
    is_sales: bool = False
    has_prompt: bool = False  # the site has speech for its name


class ShortDial(msgspec.Struct, frozen=True):
    """A target of transfers: `short` is three digits from 001; `code` is stored when it is handed over to."""

    target_id: int
    short: str
    name: str
    number: str
    code: str = ""


class ProjectSettings(msgspec.Struct, frozen=True):
    """One project as it dials.  An empty `main_caller`, or no hours at all, and nothing is dialled."""

    project_id: int
    tenant_id: int
    mode: Mode = "adaptive"
    overdial: int = 0
    ratio: float = 1.0
    abandon_target: float = 0.03
    channel_share: int = 115
    ring_timeout_s: float = 25.0
    answer_window_s: float = 2.0
    interval_s: float = 0.0  # 95: not called again within
    attempts_max: int = 0  # 97: no more attempts than; 0 is no limit
    hours: tuple[CallingHours, ...] = ()
    main_caller: str = ""
    callers: tuple[str, ...] = ()  # all of them, the main one too
    is_presented: bool = True
    is_active: bool = True
    is_ring_cut: bool = False  # overdial only: ringing calls are cut (92) when no seat is left
    dials_at_once: int = 1  # numbers that an operator may have dialled at once for himself: 1-4
    is_mode_free: bool = False  # operators may leave predictive dialling for normal mode
    is_take_back: bool = False  # `#` within 10 s after the code takes it back
    is_listening_told: bool = False  # a beep when a supervisor begins to listen
    is_listening_shown: bool = False  # the operator's screen names who only listens, too
    wrap_limit_s: float = 0.0  # a tone on the phone when a code is owed for so long; 0: none
    is_transfer_recorded: bool = True  # what customer and third party say once the operator has left
    targets: tuple[ShortDial, ...] = ()
    has_apology: bool = False  # the site has an apology that names the caller
    codes: tuple[ResultCode, ...] = ()


class ListSettings(msgspec.Struct, frozen=True):
    """One list of a project.  Not `is_for_all`: only those users are handed its calls."""

    list_id: int
    project_id: int
    is_enabled: bool = True
    is_started: bool = False
    is_for_all: bool = True
    user_ids: frozenset[int] = frozenset()

    def permits(self, user_id: int) -> bool:
        """Whether a user's seat may be handed its calls."""
        return self.is_for_all or user_id in self.user_ids


class SeatSettings(msgspec.Struct, frozen=True):
    """One desk phone; `tenant_id` 0: of no tenant alone."""

    seat_id: int
    extension: str
    label: str = ""
    tenant_id: int = 0


class Configure(Input, frozen=True):
    """Everything a manager can change, in force from now on.  What is absent has been removed."""

    projects: tuple[ProjectSettings, ...]
    lists: tuple[ListSettings, ...]
    seats: tuple[SeatSettings, ...]


class StandingSeat(msgspec.Struct, frozen=True):
    """A seat found after a restart: its leg still stands and the store knows who sat there.

    With an `attempt_id` the result of that call has not been entered: the seat is asked for it.
    """

    seat_id: int
    leg: str
    user_id: int
    user_name: str
    tenant_id: int
    project_ids: tuple[int, ...]
    attempt_id: int = 0
    project_id: int = 0
    list_id: int = 0
    customer_id: int = 0
    number: str = ""
    kind: AttemptKind = "list"


class Start(Input, frozen=True):
    """First input of all after `Configure`: the next free attempt id, and seats that still stand."""

    next_attempt_id: int
    seats: tuple[StandingSeat, ...] = ()
    registered: tuple[str, ...] = ()
    next_transfer_id: int = 1
    next_incoming_id: int = 1


class ListToday(msgspec.Struct, frozen=True):
    """A list's counts of today, from the store, to count on from."""

    list_id: int
    attempts: int = 0
    answered: int = 0
    talks: int = 0
    wins: int = 0
    abandoned: int = 0


class Today(Input, frozen=True):
    """Counts to go on from after a restart."""

    lists: tuple[ListToday, ...]


class WallClock(Input, frozen=True):
    """`offset_s` = wall − monotonic, `utc_offset_s` of the site's zone.  Sent at start and when it moved."""

    offset_s: float
    utc_offset_s: float = 32_400.0


class Customer(msgspec.Struct, frozen=True):
    """A customer on offer, as the store's selection allowed it."""

    customer_id: int
    number: str
    attempts: int = 0
    last_called_at: float = 0.0


class Offered(Input, frozen=True):
    """Answer to `OfferWanted`.  `is_last`: nothing callable follows.  `callable` counts the whole list."""

    list_id: int
    customers: tuple[Customer, ...]
    is_last: bool
    callable: int = 0
    cursor: str = ""


class Recall(msgspec.Struct, frozen=True):
    """A promise to call again.  `user_id`: whose, 0 nobody's; from `anyone_at` on anyone of the project's."""

    recall_id: int
    tenant_id: int
    project_id: int
    list_id: int
    customer: Customer
    due_at: float
    anyone_at: float
    user_id: int = 0


class RecallsDue(Input, frozen=True):
    """Answer to `RecallsWanted`: all that are due soon, the earliest first, in place of those known before.

    `asked`: the question's own (monotonic s).
    """

    recalls: tuple[Recall, ...]
    asked: float


class ListChanged(Input, frozen=True):
    """Customers were added, removed or permitted again: what was buffered is dropped and asked for anew."""

    list_id: int


class Block(msgspec.Struct, frozen=True):
    """A number not to be dialled: for one project (0: all of the tenant), days as YYYYMMDD (0: no bound)."""

    tenant_id: int
    number: str
    kind: BlockKind
    project_id: int = 0
    from_day: int = 0
    to_day: int = 0


class Blocked(Input, frozen=True):
    """Numbers newly blocked, or released when `is_released`."""

    blocks: tuple[Block, ...]
    is_released: bool = False


class AttemptCommitted(Input, frozen=True):
    """The row of `OpenAttempt` is on the disk: the call may go out."""

    attempt_id: int


class LoginChecked(Input, frozen=True):
    """Answer to `CheckLogin`.  `user_id` 0: refused, for `reason`."""

    seat_id: int
    user_id: int = 0
    user_name: str = ""
    tenant_id: int = 0
    project_ids: tuple[int, ...] = ()
    reason: Literal["", "wrong", "locked", "taken"] = ""


class StageChoice(msgspec.Struct, frozen=True):
    """What a digit of a menu does: rings extensions, or leads to a tier."""

    digit: str
    extensions: tuple[str, ...] = ()
    place: int = 0


class Stage(msgspec.Struct, frozen=True):
    """One tier of an incoming call's route.  `prompt`: its words, empty where there are none to say."""

    place: int
    kind: Literal["ring", "announce", "menu"]
    extensions: tuple[str, ...] = ()
    ring_order: Literal["all", "in_turn", "longest_idle"] = "all"
    ring_s: float = 20.0
    prompt: str = ""
    choices: tuple[StageChoice, ...] = ()


class CallerKnown(Input, frozen=True):
    """Answer to `WhoCalls`: whose call it is, who answers it, and which customer calls.

    `project_id` 0: nobody's, it is announced to.  A customer of id 0 is not known; his number may be empty.
    """

    call_id: int
    tenant_id: int = 0
    project_id: int = 0
    list_id: int = 0
    route_id: int = 0
    customer: Customer = Customer(0, "")
    stages: tuple[Stage, ...] = ()


class CallerNamed(Input, frozen=True):
    """A page says which customer a seat has on the line, or owes a code for."""

    seat_id: int
    attempt_id: int
    list_id: int
    customer: Customer


class Remembered(Input, frozen=True):
    """What a project's pacer had learnt, as `Machine.memory()` gave it."""

    project_id: int
    memory: dict[str, Any]


# --- what people and the machine room say ---------------------------------------------------------------


class Channels(Input, frozen=True):
    """B channels usable for calls, in use or not: those of spans that are up, less faulty ones."""

    total: int


class DiskSpace(Input, frozen=True):
    """Whether the data partition is so full that no new call may begin; those in hand go on."""

    is_short: bool


class PreviewDial(Input, frozen=True):
    """Dial this customer for this seat.  Ask `Machine.preview_refusal` first.

    `customer.number` may be one that was added to the customer; `caller` is empty for the main one.
    """

    seat_id: int
    list_id: int
    customer: Customer
    caller: str = ""


class Chosen(msgspec.Struct, frozen=True):
    """One customer of several that are dialled at once."""

    list_id: int
    customer: Customer


class DialMany(Input, frozen=True):
    """Dial these customers at once for this seat; the first answer wins.  Ask `many_refusal` first."""

    seat_id: int
    chosen: tuple[Chosen, ...]
    caller: str = ""


class PhoneRings(Input, frozen=True):
    """Answer to `RingPhone`.  An empty `leg`: it cannot be rung."""

    ref: int
    leg: str = ""


class ClearCall(Input, frozen=True):
    """A technician clears one call."""

    call_id: int


class Tick(Input, frozen=True):
    """Nothing happened but time: sent when `due` has come."""


StoreInput = (
    Configure | Start | Today | WallClock | Offered | RecallsDue | ListChanged | Blocked | AttemptCommitted
    | LoginChecked | Remembered | CallerKnown | CallerNamed | Channels | DiskSpace | PreviewDial | DialMany
    | PhoneRings | ClearCall | Tick
)  # fmt: skip

PhonesInput = (
    phones.Registered | phones.Unregistered | phones.Invited | phones.MediaChanged | phones.InfoDigit
    | phones.LegEnded | phones.LegAnswered | phones.LockedOut | phones.PhonesSnapshot
)  # fmt: skip

AudioInput = (
    audio.Digit | audio.Played | audio.Bridged | audio.RecordingDone | audio.RecordingLost | audio.PortFault
    | audio.Silence | audio.AudioSnapshot
)  # fmt: skip

SeatRequest = (
    HangUp | HoldCall | EnterCode | TakeBack | SetReady | SetMode | DialNumber | CallTarget | HandOver
    | DropTarget | JoinAll | AnswerTransfer | AnswerCaller | TakeSeat | StartBreak | EndBreak | CallForHelp
    | AnswerHelp | Listen | EndListening | ShowMessage
)  # fmt: skip
"""What a page asks of a seat.  Ask `Machine.request_refusal` first."""

Any_ = StoreInput | PhonesInput | AudioInput | SeatRequest | PressKey | LogOutSeat | trunk.TrunkEvent

TYPES: Final[tuple[type, ...]] = (
    Configure, Start, Today, WallClock, Offered, RecallsDue, ListChanged, Blocked, AttemptCommitted,
    LoginChecked, Remembered, CallerKnown, CallerNamed, Channels, DiskSpace, PreviewDial, DialMany,
    PhoneRings, ClearCall, Tick,
    phones.Registered, phones.Unregistered, phones.Invited, phones.MediaChanged, phones.InfoDigit,
    phones.LegEnded, phones.LegAnswered, phones.LockedOut, phones.PhonesSnapshot,
    audio.Digit, audio.Played, audio.Bridged, audio.RecordingDone, audio.RecordingLost, audio.PortFault,
    audio.Silence, audio.AudioSnapshot, PressKey, LogOutSeat,
    SetMode, DialNumber,
    HangUp, HoldCall, EnterCode, TakeBack, SetReady, CallTarget, HandOver, DropTarget, JoinAll,
    AnswerTransfer, AnswerCaller, TakeSeat, StartBreak, EndBreak, CallForHelp, AnswerHelp, Listen,
    EndListening, ShowMessage,
    trunk.SetupSent, trunk.Withdrawn, trunk.Proceeding, trunk.Alerting, trunk.Progress, trunk.Answered,
    trunk.Disconnecting, trunk.Cleared, trunk.Incoming, trunk.SpanState, trunk.Congested,
)  # fmt: skip
"""Every class `Machine.feed` takes; their names differ, so a name is enough to find one again."""

assert len({kind.__name__ for kind in TYPES}) == len(TYPES)
