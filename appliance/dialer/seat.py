"""One seat as one table: what each key, hang-up and call does in each state.  Speaks to nobody.

The cycle on the phone alone: service code, ID `#`, PIN `#`; `*` to be dialled for; the talk ends with the
customer's hang-up or `#`; two digits, read back; `*` confirms and dials on, `#` corrects; handset down logs
out, and a code still owed becomes 98.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from appliance.dialer.attempt import Attempt
from appliance.dialer.messages import SeatState
from appliance.dialer.outputs import IntervalKind
from appliance.dialer.promises import Kept

TYPED_MAX: Final = 12  # digits of an ID or PIN; more are dropped


class State(Enum):
    """Where a seat stands."""

    OUT = auto()
    ASKING_ID = auto()
    ASKING_PIN = auto()
    CHECKING = auto()
    PAUSED = auto()
    WAITING = auto()
    MANUAL = auto()  # normal mode: calls by himself, is handed no list call
    CALLING = auto()  # a preview call rings
    TALKING = auto()
    RUNG = auto()  # a colleague's transfer rings here
    ASSISTING = auto()  # … and is answered: the colleague is heard, his customer waits
    ENTERING = auto()
    CONFIRMING = auto()
    SUMMONED = auto()  # the phone rings: its handset lifted logs in whom a page knows
    CALLED = auto()  # nobody is logged in, the handset is down, and a caller rings
    OFFERED = auto()  # a caller rings in the ear of a seat that waited
    BREAK = auto()  # the handset may be down
    UNLOCKING = auto()  # a PIN was keyed on a break


class Event(Enum):
    """What may happen to it.  `key_event` turns a key into one of these."""

    OFF_HOOK = auto()
    DIGIT = auto()
    STAR = auto()
    HASH = auto()
    NOTHING_TYPED = auto()  # `#` where digits should have come first
    CODE_KNOWN = auto()
    CODE_UNKNOWN = auto()
    LOGIN_OK = auto()
    LOGIN_REFUSED = auto()
    TAKE_BACK = auto()
    ENTERED_NEXT = auto()  # a code from the screen, and on
    ENTERED = auto()  # a code from the screen, and nothing more
    MANUAL_ON = auto()
    MANUAL_OFF = auto()
    CALL = auto()
    PARTED = auto()  # the customer hung up
    PREVIEW = auto()
    PREVIEW_OVER = auto()
    RUNG = auto()
    RUNG_WAITING = auto()  # it rings no more, and the seat waits again
    RELEASED = auto()  # the colleague has left, or rings no more
    GIVEN = auto()  # a customer is handed over to this seat, or comes back to it
    HANDED = auto()  # the customer was handed over; the code is owed
    HANDED_CODED = auto()  # … and it is there
    RELIEVED = auto()  # another seat has the customer, and owes his code
    BREAK_ON = auto()
    BREAK_OFF = auto()
    CALLED = auto()  # a caller rings at the phone
    OFFERED = auto()
    SUMMON = auto()
    UNSUMMONED = auto()  # nobody lifted it
    KNOWN = auto()  # a page says who sits here
    AWAY = auto()  # on hold, or its RTP fell silent
    ON_HOOK = auto()
    FORCED_OUT = auto()


class Do(Enum):
    """What the machine does on the way."""

    NOTHING = auto()
    TYPE = auto()
    ASK_ID = auto()
    ASK_PIN = auto()
    CHECK = auto()
    WELCOME = auto()
    SAY_REFUSED = auto()
    BE_READY = auto()
    BE_PAUSED = auto()
    DIAL = auto()
    GIVE_UP = auto()
    SAY_NO_ANSWER = auto()
    TALK = auto()
    TALK_AGAIN = auto()
    TALK_KEY = auto()
    SAVE_HANDED = auto()
    BE_RELIEVED = auto()
    RING_SEAT = auto()
    ANSWER_TRANSFER = auto()
    DECLINE = auto()
    LEAVE_RUNG = auto()
    SEE_OFF_RUNG = auto()
    END_TALK = auto()
    ASK_CODE = auto()
    RE_ASK_CODE = auto()
    TAKE_BACK = auto()
    READ_BACK = auto()
    SAY_UNKNOWN = auto()
    SAY_MISSING = auto()
    SAVE_CODE = auto()
    SAVE_AND_PAUSE = auto()
    REST = auto()
    REST_ON = auto()
    PUT_DOWN = auto()
    ASK_UNLOCK = auto()
    CHECK_UNLOCK = auto()
    SAY_LOCKED = auto()
    DESK_KEY = auto()
    UNSUMMON = auto()
    RING_CALLER = auto()
    ANSWER_CALLER = auto()
    DECLINE_CALLER = auto()
    LEAVE_CALLER = auto()
    SEE_OFF_CALLER = auto()
    LEAVE = auto()
    LEAVE_CALLING = auto()
    LEAVE_TALK = auto()
    LEAVE_OWING = auto()
    SEE_OFF = auto()
    SEE_OFF_CALLING = auto()
    SEE_OFF_TALK = auto()
    SEE_OFF_OWING = auto()


Row = tuple[Do, State]

_LEAVING: Final[dict[Event, Row]] = {
    Event.ON_HOOK: (Do.LEAVE, State.OUT),
    Event.FORCED_OUT: (Do.SEE_OFF, State.OUT),
}
_OWING: Final[dict[Event, Row]] = {
    Event.ON_HOOK: (Do.LEAVE_OWING, State.OUT),
    Event.FORCED_OUT: (Do.SEE_OFF_OWING, State.OUT),
}
_KNOWN: Final[dict[Event, Row]] = {Event.KNOWN: (Do.WELCOME, State.PAUSED)}
_FROM_SCREEN: Final[dict[Event, Row]] = {
    Event.ENTERED_NEXT: (Do.SAVE_CODE, State.WAITING),
    Event.ENTERED: (Do.SAVE_AND_PAUSE, State.PAUSED),
}
_GIVEN: Final[dict[Event, Row]] = {Event.GIVEN: (Do.TALK_AGAIN, State.TALKING)}

TRANSITIONS: Final[dict[State, dict[Event, Row]]] = {
    State.OUT: {
        Event.OFF_HOOK: (Do.ASK_ID, State.ASKING_ID),
        Event.SUMMON: (Do.NOTHING, State.SUMMONED),
        Event.CALLED: (Do.NOTHING, State.CALLED),
    },
    State.CALLED: {
        Event.CALL: (Do.TALK, State.TALKING),
        Event.RELEASED: (Do.NOTHING, State.OUT),
    },
    State.OFFERED: {
        Event.CALL: (Do.TALK, State.TALKING),
        Event.STAR: (Do.ANSWER_CALLER, State.OFFERED),
        Event.HASH: (Do.DECLINE_CALLER, State.PAUSED),
        Event.AWAY: (Do.DECLINE_CALLER, State.PAUSED),
        Event.RUNG_WAITING: (Do.BE_READY, State.WAITING),
        Event.ON_HOOK: (Do.LEAVE_CALLER, State.OUT),
        Event.FORCED_OUT: (Do.SEE_OFF_CALLER, State.OUT),
    },
    State.SUMMONED: {
        Event.KNOWN: (Do.WELCOME, State.PAUSED),
        Event.UNSUMMONED: (Do.NOTHING, State.OUT),
        Event.FORCED_OUT: (Do.UNSUMMON, State.OUT),
        Event.OFF_HOOK: (Do.ASK_ID, State.ASKING_ID),  # who dials by himself may be anybody
    },
    State.ASKING_ID: {
        **_LEAVING,
        **_KNOWN,
        Event.DIGIT: (Do.TYPE, State.ASKING_ID),
        Event.STAR: (Do.ASK_ID, State.ASKING_ID),
        Event.NOTHING_TYPED: (Do.ASK_ID, State.ASKING_ID),
        Event.HASH: (Do.ASK_PIN, State.ASKING_PIN),
    },
    State.ASKING_PIN: {
        **_LEAVING,
        **_KNOWN,
        Event.DIGIT: (Do.TYPE, State.ASKING_PIN),
        Event.STAR: (Do.ASK_ID, State.ASKING_ID),
        Event.NOTHING_TYPED: (Do.NOTHING, State.ASKING_PIN),
        Event.HASH: (Do.CHECK, State.CHECKING),
    },
    State.CHECKING: {
        **_LEAVING,
        **_KNOWN,
        Event.LOGIN_OK: (Do.WELCOME, State.PAUSED),
        Event.LOGIN_REFUSED: (Do.SAY_REFUSED, State.ASKING_ID),
    },
    State.PAUSED: {
        **_LEAVING,
        Event.STAR: (Do.BE_READY, State.WAITING),
        Event.DIGIT: (Do.DESK_KEY, State.PAUSED),  # break and help by keys: desk_keys.py
        Event.TAKE_BACK: (Do.TAKE_BACK, State.ENTERING),
        Event.BREAK_ON: (Do.REST, State.BREAK),
        **_GIVEN,
        Event.CALL: (Do.TALK, State.TALKING),  # a caller, picked up from a page
        Event.RUNG: (Do.RING_SEAT, State.RUNG),
        Event.MANUAL_ON: (Do.NOTHING, State.MANUAL),
        Event.PREVIEW: (Do.DIAL, State.CALLING),  # a manual call out of a pause leads back to it
    },
    State.MANUAL: {
        **_LEAVING,
        Event.PREVIEW: (Do.DIAL, State.CALLING),
        Event.DIGIT: (Do.DESK_KEY, State.MANUAL),
        Event.HASH: (Do.BE_PAUSED, State.PAUSED),  # `*` has no meaning: the mode is changed on the screen
        Event.MANUAL_OFF: (Do.BE_READY, State.WAITING),
        Event.TAKE_BACK: (Do.TAKE_BACK, State.ENTERING),
        Event.BREAK_ON: (Do.REST, State.BREAK),
        Event.AWAY: (Do.BE_PAUSED, State.PAUSED),
        **_GIVEN,
        Event.RUNG: (Do.RING_SEAT, State.RUNG),
    },
    State.WAITING: {
        Event.MANUAL_ON: (Do.NOTHING, State.MANUAL),
        **_LEAVING,
        Event.CALL: (Do.TALK, State.TALKING),
        Event.OFFERED: (Do.RING_CALLER, State.OFFERED),
        Event.PREVIEW: (Do.DIAL, State.CALLING),
        Event.DIGIT: (Do.DESK_KEY, State.WAITING),
        Event.HASH: (Do.BE_PAUSED, State.PAUSED),
        Event.TAKE_BACK: (Do.TAKE_BACK, State.ENTERING),
        Event.BREAK_ON: (Do.REST, State.BREAK),
        Event.AWAY: (Do.BE_PAUSED, State.PAUSED),
        **_GIVEN,
        Event.RUNG: (Do.RING_SEAT, State.RUNG),
    },
    State.CALLING: {
        Event.CALL: (Do.TALK, State.TALKING),
        Event.HASH: (Do.GIVE_UP, State.WAITING),
        Event.PREVIEW_OVER: (Do.SAY_NO_ANSWER, State.WAITING),
        Event.ON_HOOK: (Do.LEAVE_CALLING, State.OUT),
        Event.FORCED_OUT: (Do.SEE_OFF_CALLING, State.OUT),
    },
    State.TALKING: {
        Event.HASH: (Do.END_TALK, State.ENTERING),
        Event.PARTED: (Do.ASK_CODE, State.ENTERING),
        Event.ON_HOOK: (Do.LEAVE_TALK, State.OUT),
        Event.FORCED_OUT: (Do.SEE_OFF_TALK, State.OUT),
        Event.STAR: (Do.TALK_KEY, State.TALKING),  # hold and transfer by keys: talk_keys.py
        Event.DIGIT: (Do.TALK_KEY, State.TALKING),
        Event.HANDED: (Do.ASK_CODE, State.ENTERING),
        Event.HANDED_CODED: (Do.SAVE_HANDED, State.PAUSED),
        Event.RELIEVED: (Do.BE_RELIEVED, State.PAUSED),
    },
    State.RUNG: {
        Event.STAR: (Do.ANSWER_TRANSFER, State.ASSISTING),
        Event.HASH: (Do.DECLINE, State.PAUSED),
        Event.RUNG_WAITING: (Do.BE_READY, State.WAITING),
        Event.RELEASED: (Do.BE_PAUSED, State.PAUSED),
        Event.ON_HOOK: (Do.LEAVE_RUNG, State.OUT),
        Event.FORCED_OUT: (Do.SEE_OFF_RUNG, State.OUT),
    },
    State.ASSISTING: {
        Event.HASH: (Do.DECLINE, State.PAUSED),
        Event.RELEASED: (Do.BE_PAUSED, State.PAUSED),
        **_GIVEN,
        Event.ON_HOOK: (Do.LEAVE_RUNG, State.OUT),
        Event.FORCED_OUT: (Do.SEE_OFF_RUNG, State.OUT),
    },
    State.ENTERING: {
        **_OWING,
        **_FROM_SCREEN,
        **_GIVEN,  # the very customer whose code is owed here
        Event.DIGIT: (Do.TYPE, State.ENTERING),
        Event.CODE_KNOWN: (Do.READ_BACK, State.CONFIRMING),
        Event.CODE_UNKNOWN: (Do.SAY_UNKNOWN, State.ENTERING),
        Event.STAR: (Do.SAY_MISSING, State.ENTERING),
        Event.HASH: (Do.RE_ASK_CODE, State.ENTERING),
        Event.NOTHING_TYPED: (Do.RE_ASK_CODE, State.ENTERING),
    },
    State.CONFIRMING: {
        **_FROM_SCREEN,
        **_GIVEN,
        **_OWING,  # read back, but not confirmed: a mistake may have been heard, so no code is stored
        Event.STAR: (Do.SAVE_CODE, State.WAITING),
        Event.HASH: (Do.RE_ASK_CODE, State.ENTERING),
    },
    # A page, or the PIN, ends a break: not `*`, which a hand finds without its owner.
    State.BREAK: {
        Event.ON_HOOK: (Do.PUT_DOWN, State.BREAK),
        Event.OFF_HOOK: (Do.ASK_UNLOCK, State.BREAK),
        Event.FORCED_OUT: (Do.SEE_OFF, State.OUT),
        Event.BREAK_ON: (Do.REST_ON, State.BREAK),
        Event.BREAK_OFF: (Do.BE_PAUSED, State.PAUSED),
        Event.DIGIT: (Do.TYPE, State.BREAK),
        Event.STAR: (Do.ASK_UNLOCK, State.BREAK),
        Event.NOTHING_TYPED: (Do.ASK_UNLOCK, State.BREAK),
        Event.HASH: (Do.CHECK_UNLOCK, State.UNLOCKING),
    },
    State.UNLOCKING: {
        Event.ON_HOOK: (Do.PUT_DOWN, State.BREAK),
        Event.FORCED_OUT: (Do.SEE_OFF, State.OUT),
        Event.BREAK_OFF: (Do.BE_PAUSED, State.PAUSED),
        Event.LOGIN_OK: (Do.BE_PAUSED, State.PAUSED),
        Event.LOGIN_REFUSED: (Do.SAY_LOCKED, State.BREAK),
    },
}

assert set(TRANSITIONS) == set(State)
assert {do for rows in TRANSITIONS.values() for do, _next in rows.values()} == set(Do)

SHOWN: Final[dict[State, SeatState]] = {
    State.OUT: "logged_out",
    State.ASKING_ID: "login",
    State.ASKING_PIN: "login",
    State.CHECKING: "login",
    State.PAUSED: "paused",
    State.WAITING: "waiting",
    State.MANUAL: "manual",
    State.CALLING: "ringing",
    State.TALKING: "talking",
    State.RUNG: "ringing",
    State.ASSISTING: "talking",
    State.ENTERING: "wrapup",
    State.CONFIRMING: "wrapup",
    State.SUMMONED: "login",
    State.CALLED: "ringing",
    State.OFFERED: "ringing",
    State.BREAK: "break",
    State.UNLOCKING: "break",
}
assert set(SHOWN) == set(State)

KEPT: Final[dict[SeatState, IntervalKind]] = {
    "paused": "paused",
    "waiting": "wait",
    "manual": "wait",  # 実稼働 holds the time in which an operator looks for whom to call
    "ringing": "wait",  # a preview call that rings: the operator waits for a connection
    "talking": "talk",
    "wrapup": "wrap",
    "break": "break",
}
"""Shown states whose time is written down."""


NO_TOTALS: Final = {"talks": 0.0, "talk": 0.0, "wait": 0.0, "wrap": 0.0}


@dataclass(slots=True)
class Seat:
    """Facts about one seat.  Times are monotonic seconds."""

    seat_id: int
    extension: str
    label: str
    state: State = State.OUT
    owner_id: int = 0  # the tenant whose phone it is, 0: all
    is_registered: bool = False
    leg: str = ""
    since: float = 0.0  # in the shown state
    interval_from: float = 0.0
    typed: str = ""
    phone_id: str = ""
    user_id: int = 0
    user_name: str = ""
    tenant_id: int = 0
    project_ids: tuple[int, ...] = ()
    project_id: int = 0
    attempt: Attempt | None = None  # the call in hand, until its code is saved
    last: Attempt | None = None  # the call before, whose code may be taken back
    coded: float = -1.0  # when the last code was saved
    saved_code: str = ""
    is_manual: bool = False  # in normal mode, or back to it after the call in hand
    is_pause_wanted: bool = False  # back to the pause after the call in hand
    kept: Kept | None = None  # for a promise
    rung_by: int = 0  # call id of the transfer that rings here or is answered
    called_by: int = 0  # call id of the caller who rings here
    dialled: str = ""  # keys of a talk since `*`
    logout_reason: str = ""  # a forced log-out that waits for the call's end
    wait_s: float = 0.0  # waited for the call in hand
    talk_s: float = 0.0
    wrap_from: float = 0.0
    last_action: float = 0.0
    keyed: str = ""  # keys outside a talk
    keyed_at: float = -1.0
    break_reason: str = ""
    break_wanted: str = ""  # a break that waits for the call's end
    help_since: float = -1.0  # nobody has answered yet
    helper: str = ""
    message: str = ""
    message_from: str = ""
    message_at: float = -1.0
    day_totals: dict[str, float] = field(default_factory=lambda: dict(NO_TOTALS))

    def step(self, event: Event) -> Do | None:
        """Move on; what is to be done, or None for what has no meaning in this state."""
        row = TRANSITIONS[self.state].get(event)
        if row is None:
            return None
        self.state = row[1]
        return row[0]

    def takes(self, event: Event) -> bool:
        """Whether an event has a meaning now."""
        return event in TRANSITIONS[self.state]

    def new_day(self) -> None:
        """Counts of a day, or of a log-in, begin at zero."""
        self.day_totals = dict(NO_TOTALS)

    def key_event(self, digit: str, *, codes: Container[str], can_take_back: bool) -> Event | None:
        """What a key means here.  None: a key that no telephone of ours should send (A-D)."""
        if digit == "*":
            return Event.STAR
        if digit == "#":
            if self.state in (State.WAITING, State.MANUAL) and can_take_back:
                return Event.TAKE_BACK
            return Event.HASH if self.typed or self.state not in _TYPING else Event.NOTHING_TYPED
        if not digit.isdecimal():
            return None
        if self.state is State.ENTERING and len(self.typed) == 1:
            return Event.CODE_KNOWN if self.typed + digit in codes else Event.CODE_UNKNOWN
        return Event.DIGIT


_TYPING: Final = frozenset({State.ASKING_ID, State.ASKING_PIN, State.ENTERING, State.BREAK})
