"""What the dialer tells pages, monitors and robots, and what they may ask of it.  The dialer serves.

Times named `_at` are wall-clock seconds since 1970 (UTC); pages count running seconds from the board's
own `now_at`, never from the PC's clock.  The snapshot on connection is a `Board`; a `Board` follows every
second, a `SeatChanged` at once.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Mode = Literal["preview", "progressive", "overdial", "ratio", "adaptive"]
SeatState = Literal[
    "logged_out", "login", "paused", "waiting", "manual", "ringing", "talking", "wrapup", "break"
]
"""`manual`: 通常, the operator calls by himself and is handed no list calls."""

AttemptKind = Literal["list", "preview", "manual", "incoming", "recall"]
"""How a call came about: from a list, chosen by its operator, any number, placed to us, promised."""

How = Literal["listen", "whisper", "barge"]
"""How a supervisor is in a conversation: hears both; is heard by the operator; is heard by all."""

Limit = Literal[
    "none",  # nothing holds it back: calls are out for every seat
    "stopped",  # no list is started
    "no_operators",  # nobody is logged in and ready
    "channels",  # the lines or the project's share are full
    "customers",  # nothing callable is left
    "hours",  # outside calling hours
    "target",  # one more call would break the abandon target
    "mode",  # the mode allows no more calls for these seats
    "wrapup",  # seats are busy or in wrap-up, none waits
    "congestion",  # the exchange refuses, SETUPs are slowed
    "line",  # no span is up
    "caller",  # no main caller number
    "disk",  # too little space is left for the results of new calls
]


NONE_CALLABLE: Final = "選ばれた顧客には、いまどれもかけられません。"
"""What `DialForOperator` fails with where it is each customer's own rule: the next ones may do."""


class Message(msgspec.Struct, frozen=True, tag=True, tag_field="t"):
    """Base of all."""


# --- to the dialer ------------------------------------------------------------------------------------


class Reload(Message, frozen=True):
    """The store changed: read again now.  Request; answered Done once it is in force."""

    what: Literal["projects", "lists", "blocked", "users", "seats", "incoming", "all"]


class DialCustomer(Message, frozen=True):
    """Preview: dial this customer for this seat.  Request; Failed says which rule forbids it.

    `number`: one of the numbers added to the customer, empty for the list's own.  `caller`: one of the
    project's caller numbers, empty for the main one.
    """

    seat_id: int
    customer_id: int
    number: str = ""
    caller: str = ""


class DialForOperator(Message, frozen=True):
    """プレディコール: dial these customers at once for this seat; who answers first is shown and talked to.

    2-4 ids, no more than the project allows; who may not be called now is left out, and where the lines do
    not suffice the last ones are.  Request; Failed with NONE_CALLABLE where nobody is left, else with the
    reason.  The others are cleared as soon as one answers; a second answer in that instant is abandoned (96).
    `caller`: one of the project's caller numbers, empty for the main one.
    """

    seat_id: int
    customer_ids: tuple[int, ...]
    caller: str = ""


class SkipCustomer(Message, frozen=True):
    """Preview: pass over the customer on offer."""

    seat_id: int


class HangUp(Message, frozen=True):
    """End what the operator is in: the third party first, then the talk, or a preview call that rings.

    Request, as all below up to `PressKey`; Failed says why not, in a Japanese sentence that pages translate.
    """

    seat_id: int


class HoldCall(Message, frozen=True):
    """The customer hears music, or is taken back."""

    seat_id: int
    is_on: bool


class EnterCode(Message, frozen=True):
    """The result code from the screen, once the talk is over.  `is_next` False: stay paused, dial nothing."""

    seat_id: int
    attempt_id: int
    code: str
    is_next: bool = True


class TakeBack(Message, frozen=True):
    """The code just saved is taken back, within 10 s and before the next talk: it is owed again."""

    seat_id: int
    attempt_id: int


class SetReady(Message, frozen=True):
    """Be dialled for, or pause."""

    seat_id: int
    is_on: bool


class SetMode(Message, frozen=True):
    """通常 (`is_manual`) or プレディクティブ, from now on or after the call in hand.  Request.

    Failed where the project leaves its operators no choice; back to predictive is always allowed.
    """

    seat_id: int
    is_manual: bool


class DialNumber(Message, frozen=True):
    """Manual call to any number: 3-15 digits.  `caller`: one of the project's numbers, '' the main one.

    From waiting, normal mode or a pause, to which the seat returns.  Request; Failed says what forbids it.
    """

    seat_id: int
    number: str
    caller: str = ""


class CallTarget(Message, frozen=True):
    """The customer is held and a third party rings: a short dial, any number, or a phone of the house.

    Exactly one of the three is given: `target_id` of a `transfer_target` row, `number`, or `extension`.
    """

    seat_id: int
    target_id: int = 0
    number: str = ""
    extension: str = ""


class HandOver(Message, frozen=True):
    """The customer goes to the third party and the operator leaves; in-house also before the answer."""

    seat_id: int


class DropTarget(Message, frozen=True):
    """Back to the customer, without the third party."""

    seat_id: int


class JoinAll(Message, frozen=True):
    """Customer, operator and third party hear each other; only after the private talk."""

    seat_id: int


class AnswerTransfer(Message, frozen=True):
    """Pick a transfer up from the inbox 転送電話 (`Board.transfers`)."""

    seat_id: int
    transfer_id: int


class AnswerCaller(Message, frozen=True):
    """Take a caller who waits or rings (`Board.incoming`), wherever he does.  Request."""

    seat_id: int
    incoming_id: int


class NameCaller(Message, frozen=True):
    """The customer on this seat's line, or whose code it owes, is this one.  For callers; request."""

    seat_id: int
    attempt_id: int
    customer_id: int


class PressKey(Message, frozen=True):
    """What a key on the seat's phone does, from a screen: one of 0-9 * #."""

    seat_id: int
    digit: str


class LogOutSeat(Message, frozen=True):
    """Force a seat's log-out, after its call unless `is_now`."""

    seat_id: int
    is_now: bool
    reason: str


class TakeSeat(Message, frozen=True):
    """Log a user in whom the page knows: the seat's phone rings, its handset lifted is the log-in (paused).

    A seat that he holds already, or whose handset is up and asks for an ID, is his at once.  Request; Failed
    where somebody else sits there, where he sits elsewhere, and where the phone is not registered.
    """

    seat_id: int
    user_id: int
    user_name: str
    tenant_id: int
    project_ids: tuple[int, ...]


class StartBreak(Message, frozen=True):
    """A break begins: now where the seat is paused or waits, else once the call and its code are done.

    `reason` is "break", "away" or a word of the site.  A second one changes the reason.  Request.
    """

    seat_id: int
    reason: str = "break"


class EndBreak(Message, frozen=True):
    """Back from a break, to paused, or the wish for one is taken back.  The page has asked for a password."""

    seat_id: int


class CallForHelp(Message, frozen=True):
    """The operator calls a supervisor, or needs none any more.  Request."""

    seat_id: int
    is_on: bool = True


class AnswerHelp(Message, frozen=True):
    """A supervisor opened the seat's panel: the call for help is answered, and all see by whom.  Request."""

    seat_id: int
    user_id: int
    user_name: str


class Listen(Message, frozen=True):
    """A supervisor listens to a seat, over all its calls, until `EndListening`, or 30 minutes.

    His desk phone (`extension`) rings unless a leg of his stands.  Once more with another `how`: changes it
    at once.  Once more with another seat: moves there.  Request; Failed where the phone cannot be rung.
    """

    seat_id: int
    user_id: int
    user_name: str
    extension: str
    how: How = "listen"


class EndListening(Message, frozen=True):
    """Ends it; his phone is hung up.  Request."""

    seat_id: int
    user_id: int


class ShowMessage(Message, frozen=True):
    """Words for the operator's screen, until the next ones; empty takes them away.  Request."""

    seat_id: int
    text: str
    from_name: str


class ClearChannel(Message, frozen=True):
    """Clear the call on a B channel."""

    span: int
    channel: int


class TryChannel(Message, frozen=True):
    """Place one call on a channel, measure what is heard, clear.  Request; answered by `ChannelTried`.

    For service numbers: a customer's number is refused.  It enters no list, history or report.
    """

    span: int
    channel: int
    number: str


class AskBoard(Message, frozen=True):
    """Request; answered by the present `Board`."""


class AskFigures(Message, frozen=True):
    """Request; answered by `Figures`."""


# --- from the dialer ----------------------------------------------------------------------------------


class Reason(msgspec.Struct, frozen=True):
    """Why dialling is no faster: the binding limit, its figures, and what would release it.

    `figures` fills the sentence of that limit on the page, e.g. {"used": 41, "total": 46}.
    """

    limit: Limit
    figures: dict[str, float] = {}


class Listener(msgspec.Struct, frozen=True):
    """Who listens to a seat.  Supervisors see all of them, the operator those who whisper or barge.

    `is_on`: his handset is up; else his phone rings.  `is_shown`: the project shows the operator also who
    only listens.
    """

    user_id: int
    name: str
    how: How
    is_on: bool = False
    since_at: float = 0.0
    is_shown: bool = False


class PartyBoard(msgspec.Struct, frozen=True):
    """The third party of a talk.  `number` may be an extension; `name` is a short dial's or a user's."""

    state: Literal["calling", "ringing", "private", "joined"]
    number: str
    name: str = ""


class TransferBoard(msgspec.Struct, frozen=True):
    """A transfer that rings in the house, or is being talked about: one line of the inbox 転送電話."""

    transfer_id: int
    tenant_id: int
    from_seat_id: int
    from_name: str
    to_seat_id: int
    to_extension: str
    project_id: int
    list_id: int
    customer_id: int
    attempt_id: int
    number: str
    since_at: float
    is_answered: bool = False
    is_blind: bool = False  # the operator has left: whoever answers has the customer


class DialledBoard(msgspec.Struct, frozen=True):
    """One of the numbers that are dialled at once for an operator.  `code`: what it came to, once over."""

    customer_id: int
    number: str
    state: Literal["queued", "calling", "ringing", "over"] = "queued"
    code: str = ""


class IncomingBoard(msgspec.Struct, frozen=True):
    """A caller whom nobody has yet.  `number` is empty where he withholds it, `customer_id` 0: not known."""

    incoming_id: int
    tenant_id: int
    project_id: int
    list_id: int
    customer_id: int
    number: str
    called: str
    state: Literal["asked", "greeted", "ringing", "queued", "choosing", "told", "parting"]
    since_at: float
    tier: int = 0
    seat_ids: tuple[int, ...] = ()  # where it rings


class SeatBoard(msgspec.Struct, frozen=True):
    """One seat now.  Empty strings and zeros where there is nobody or nothing."""

    seat_id: int
    label: str
    extension: str
    is_registered: bool = False
    state: SeatState = "logged_out"
    since_at: float = 0.0
    user_id: int = 0
    user_name: str = ""
    tenant_id: int = 0
    owner_id: int = 0  # the tenant whose phone it is, 0: everybody's
    project_id: int = 0
    list_id: int = 0
    attempt_id: int = 0
    attempt_kind: AttemptKind = "list"
    incoming_id: int = 0  # of the caller who rings here
    customer_id: int = 0
    number: str = ""
    is_manual: bool = False  # in normal mode, or will be once the call in hand is done
    promise_at: float = 0.0  # kept free for a promise of this moment
    typed: str = ""  # digits of a result code being keyed, before `*`
    saved_code: str = ""  # the code saved last, until the next call
    is_held: bool = False  # the customer hears music
    party: PartyBoard | None = None
    party_failed: str = ""  # why the last third party did not come about: busy, no-answer, vacant, …
    talks_today: int = 0
    talk_s_today: float = 0.0
    wait_s_today: float = 0.0
    wrap_s_today: float = 0.0
    last_action_at: float = 0.0
    break_reason: str = ""  # while on a break
    break_wanted: str = ""  # the reason of a break that waits for the call's end
    help_since_at: float = 0.0  # the operator called for help then, and nobody has answered
    helper: str = ""  # the supervisor who answered it
    listeners: tuple[Listener, ...] = ()
    message: str = ""  # from a supervisor, for the operator's screen
    message_from: str = ""
    message_at: float = 0.0
    dialling: tuple[DialledBoard, ...] = ()  # while several numbers are dialled at once for him

    def is_seen_by(self, tenant_id: int) -> bool:
        """Whether a tenant may know of it: its own phone or everybody's, no other tenant's person at it."""
        return self.tenant_id in (0, tenant_id) and self.owner_id in (0, tenant_id)


class ListBoard(msgspec.Struct, frozen=True):
    """One list of a running project, today and in the minute just gone."""

    list_id: int
    project_id: int
    is_started: bool
    callable: int
    attempts: int
    answered: int
    talks: int
    wins: int
    abandoned: int
    talking_now: int
    ringing_now: int
    wait_s_mean: float
    finish_at: float = 0.0  # 0: cannot be said


class ProjectBoard(msgspec.Struct, frozen=True):
    """One project's dialling now.  Ratios are 0-1."""

    project_id: int
    tenant_id: int
    mode: Mode
    overdial: int
    ratio: float
    abandon_target: float
    channel_share: int
    reason: Reason
    seats_ready: int
    seats_talking: int
    calls_out: int
    abandon_ratio_30min: float
    answered_30min: int
    answer_rate: float
    ring_s_mean: float


class SpanBoard(msgspec.Struct, frozen=True):
    """One span.  `channels` has a letter per channel: . idle, s set-up, r ringing, t talking, x fault."""

    span: int
    is_up: bool
    alarm: str
    channels: str
    slot_ms: int


class EngineBoard(msgspec.Struct, frozen=True):
    """The dialer's loop in the last minute: what it was told a second, and the longest it took over one."""

    inputs_per_s: float = 0.0
    longest_ms: float = 0.0


class MinutePoint(msgspec.Struct, frozen=True):
    """One minute of one list, for the live chart; the newest is still growing."""

    at: float
    list_id: int
    attempts: int
    answered: int
    talks: int
    abandoned: int
    wait_s_mean: float


class TenantAlarm(Message, frozen=True):
    """An alarm that names something of one tenant."""

    tenant_id: int
    what: str


class Board(Message, frozen=True):
    """Everything that is shown live.  `alarms` are of the box; nobody shows another tenant's."""

    seq: int
    now_at: float
    projects: tuple[ProjectBoard, ...] = ()
    lists: tuple[ListBoard, ...] = ()
    seats: tuple[SeatBoard, ...] = ()
    spans: tuple[SpanBoard, ...] = ()
    minutes: tuple[MinutePoint, ...] = ()
    alarms: tuple[str, ...] = ()
    transfers: tuple[TransferBoard, ...] = ()
    incoming: tuple[IncomingBoard, ...] = ()
    tenant_alarms: tuple[TenantAlarm, ...] = ()
    engine: EngineBoard = EngineBoard()


class SeatChanged(Message, frozen=True):
    """A seat moved on, sent within the same step."""

    seq: int
    now_at: float
    seat: SeatBoard


class ChannelTried(Message, frozen=True):
    """What came of a test call.  `outcome`: answered, rang, cleared, busy_channel.

    `channel` is where it was carried, `cause` Q.850's of the clearing; times are seconds from SETUP, 0 where
    it did not come to that; levels are dBm0 while it rang and after the answer, -100 for silence.
    """

    outcome: str
    channel: int = 0
    cause: int = 0
    ringing_s: float = 0.0
    answered_s: float = 0.0
    ring_dbm0: float = -100.0
    speech_dbm0: float = -100.0
    speech_peak_dbm0: float = -100.0


class Figures(Message, frozen=True):
    """What a bench or `demo --json` reads: counts since the start and latencies in ms."""

    attempts: int
    answered: int
    connected: int
    abandoned: int
    talk_s: float
    wrap_s: float
    wait_s: float
    answer_to_packet_ms: tuple[float, ...]
    setup_slot_error_ms: tuple[float, ...]
    events_to_disk_ms: tuple[float, ...]
    lost_events: int


Union = (
    HangUp | HoldCall | EnterCode | TakeBack | SetReady | SetMode | DialNumber | CallTarget
    | HandOver | DropTarget | JoinAll | AnswerTransfer | AnswerCaller | NameCaller
    | Reload | DialCustomer | DialForOperator | SkipCustomer | PressKey | LogOutSeat | TakeSeat | StartBreak
    | EndBreak | CallForHelp | AnswerHelp | Listen | EndListening | ShowMessage | ClearChannel | TryChannel
    | AskBoard | AskFigures | ChannelTried | Board | SeatChanged | Figures
)  # fmt: skip
