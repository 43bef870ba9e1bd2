"""The machine's part for hold, transfer and three-way: carries out what `party.py` says of a talk.

A customer who was put through, or who waits because nobody answered, has no seat: his attempt is HANDED,
holds its line and is charged until it ends.  Whoever has a customer last owes his code; where nobody does, it
is 98.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from appliance.audio import messages as audio
from appliance.dialer import attempt as attempts
from appliance.dialer.attempt import Attempt
from appliance.dialer.attempt import Event as CallEvent
from appliance.dialer.machine_core import Core
from appliance.dialer.machine_mix import mix_of
from appliance.dialer.machine_party import Parties
from appliance.dialer.machine_wrap import NO_CODE
from appliance.dialer.party import CONSULTING, CUSTOMER_WAITS, WITHOUT_SEAT, Do, Event, State, Talk
from appliance.dialer.party_leg import Event as LegEvent
from appliance.dialer.party_leg import Leg, Target
from appliance.dialer.party_leg import State as LegState
from appliance.dialer.seat import Event as SeatEvent
from appliance.dialer.seat import Seat
from appliance.dialer.seat import State as SeatState

HANDED_MAX_S: Final = 4 * 3600.0  # two lines that nobody hangs up are not charged for ever
RETURN_MAX_S: Final = 60.0  # longer than a wrap-up; who waits longer is told that we call again
SORRY_MAX_S: Final = 15.0  # should audio never say that it was said
MUSIC: Final = ("music",)
RINGBACK: Final = ("tone:ringback",)
SORRY: Final = "sorry"  # tag of the last words to a customer whom nobody took


class Calls(Protocol):
    """What this part needs of the attempts' part."""

    def step(self, attempt: Attempt, event: CallEvent) -> None: ...

    def save(self, attempt: Attempt) -> None: ...


class Desks(Protocol):
    """What this part needs of the seats' part."""

    def step(self, seat: Seat, event: SeatEvent) -> bool: ...

    def say(self, seat: Seat, *prompts: str) -> None: ...

    def save_code(self, attempt: Attempt, seat_id: int, user_id: int, code: str) -> None: ...


class Transfers:
    """Talks that are held, or have or had a third party."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.calls: Calls
        self.desks: Desks
        self.parties = Parties(core, self._tell)
        self._do: dict[Do, Callable[[Talk], None]] = {
            Do.NOTHING: lambda _talk: None,
            Do.HOLD: self._hold,
            Do.SPEAK: self._speak,
            Do.CALL: self._call,
            Do.RING: self._ring,
            Do.MEET: self._meet,
            Do.KEEP_WAITING: self._keep_waiting,
            Do.GIVE_BACK: self._give_back,
            Do.DROP: self._drop,
            Do.JOIN: self._join,
            Do.HAND_OVER: self._hand_over,
            Do.GIVE: self._give,
            Do.GO_BLIND: self._go_blind,
            Do.CONNECT: self._connect,
            Do.GIVE_BLIND: self._give_blind,
            Do.SEEK_SEAT: self._seek_seat,
            Do.RETURN: self._return,
            Do.APOLOGISE: self._apologise,
            Do.CLEAR: lambda talk: self.calls.step(talk.attempt, CallEvent.HUNG_UP),
            Do.END: self._end,
        }
        assert set(self._do) == set(Do)

    def step(self, talk: Talk, event: Event) -> bool:
        """Let something happen to a talk; False where it has no meaning."""
        do = talk.step(event)
        if do is None:
            return False
        self._do[do](talk)
        if talk.state is State.OPEN and talk.is_phone_held:
            self.step(talk, Event.PHONE_HELD)
        seat = self._core.seats.get(talk.seat_id)
        if seat is not None and seat.attempt is talk.attempt:
            self._core.show(seat)
        return True

    def of_seat(self, seat: Seat) -> Talk | None:
        """The talk a seat is in, if it is or was more than a plain one."""
        return self._core.talks.get(seat.attempt.attempt_id) if seat.attempt is not None else None

    def state_of(self, seat: Seat) -> State:
        """Where a seat's talk stands; OPEN for a plain one."""
        talk = self.of_seat(seat)
        return talk.state if talk is not None else State.OPEN

    # --- what operators do ----------------------------------------------------------------------------

    def hold(self, seat: Seat, *, is_on: bool) -> None:
        """From the screen or by keys."""
        self.step(self._begin(seat), Event.HOLD if is_on else Event.RESUME)

    def phone_held(self, seat: Seat, *, is_held: bool) -> None:
        """By the phone's own key; what it means depends on whom the operator talks to."""
        talk = self._begin(seat)
        talk.is_phone_held = is_held
        self.step(talk, Event.PHONE_HELD if is_held else Event.PHONE_BACK)

    def call(self, seat: Seat, target: Target) -> None:
        """The customer waits, the target is called."""
        talk = self._begin(seat)
        if not talk.takes(Event.CALL):
            return
        talk.failed = ""
        talk.leg = self.parties.order(talk, target)
        self.step(talk, Event.CALL)

    def drop(self, seat: Seat) -> None:
        """Back to the customer."""
        self._with(seat, Event.DROP)

    def join(self, seat: Seat) -> None:
        self._with(seat, Event.JOIN)

    def hand_over(self, seat: Seat) -> None:
        """The customer goes to the third party; this seat is done, but for a code that nobody else gives."""
        talk = self.of_seat(seat)
        if talk is None or talk.leg is None:
            return
        leg, is_given, is_seat = talk.leg, self._is_given(talk), talk.leg.is_seat
        if not self.step(talk, Event.GIVE if is_given else Event.HAND_OVER):
            return
        if is_seat:
            self.desks.step(seat, SeatEvent.RELIEVED)
        else:
            self.desks.step(seat, SeatEvent.HANDED_CODED if leg.code else SeatEvent.HANDED)

    def hash(self, seat: Seat) -> bool:
        """`#`, or hang up on the screen: ends what the operator hears.  False: the talk itself."""
        state = self.state_of(seat)
        if state is State.JOINED:
            self.hand_over(seat)  # the two go on without him
            return True
        if state in CONSULTING:
            self.drop(seat)
            return True
        return False

    def leave(self, seat: Seat) -> bool:
        """The handset is down in a talk.  True: the customer goes on without this operator."""
        talk = self.of_seat(seat)
        if talk is None or not talk.takes(Event.LEAVE):
            return False
        leg = talk.leg
        assert leg is not None
        self.step(talk, Event.GIVE if self._is_given(talk) else Event.LEAVE)
        if talk.state is State.OPEN:
            seat.attempt = None  # it is the other seat's
        return True

    def answered_at(self, seat: Seat) -> None:
        """The seat where a transfer rings takes it."""
        self.parties.answered_at(seat)

    def seat_left(self, seat: Seat) -> None:
        """The seat where it rings, or that talks with the colleague, does not want it."""
        self.parties.seat_left(seat)

    def code_of(self, attempt: Attempt) -> str:
        """The code that a hand-over stored for a customer; empty where the operator owes one."""
        talk = self._core.talks.get(attempt.attempt_id)
        return talk.leg.code if talk is not None and talk.leg is not None else ""

    def _with(self, seat: Seat, event: Event) -> None:
        talk = self.of_seat(seat)
        if talk is not None:
            self.step(talk, event)

    def _begin(self, seat: Seat) -> Talk:
        assert seat.attempt is not None
        attempt = seat.attempt
        return self._core.talks.setdefault(attempt.attempt_id, Talk(attempt, seat.seat_id))

    @staticmethod
    def _is_given(talk: Talk) -> bool:
        """Whether a hand-over now goes to a seat that talks with the operator already."""
        leg = talk.leg
        return leg is not None and leg.is_seat and talk.state in (State.PRIVATE, State.JOINED)

    # --- what happens ---------------------------------------------------------------------------------

    def over(self, attempt: Attempt) -> None:
        """The customer's line is gone, or the talk was ended."""
        talk = self._core.talks.get(attempt.attempt_id)
        if talk is not None:
            self.step(talk, Event.OVER)

    def seat_free(self, seat: Seat) -> bool:
        """A seat became free: does a customer wait for it whom nobody answered?  Then it has him."""
        for talk in self._core.talks.values():
            if talk.state is State.RETURNING and self._suits(seat, talk):
                talk.seat_id = seat.seat_id
                return self.step(talk, Event.SEAT_FREE)
        return False

    def timer(self, attempt_id: int) -> None:
        """The wait of this state is over."""
        talk = self._core.talks.get(attempt_id)
        if talk is None:
            return
        events = {State.HANDED: Event.OVERLONG, State.RETURNING: Event.TOO_LONG, State.SORRY: Event.SAID}
        if talk.state in events:
            self.step(talk, events[talk.state])

    def said(self, port: str) -> None:
        """The last words to a customer have been said."""
        for talk in list(self._core.talks.values()):
            if talk.state is State.SORRY and talk.attempt.port == port:
                self.step(talk, Event.SAID)

    def _tell(self, leg: Leg, event: Event) -> None:
        """What became of a third party; a talk that has none, or another one, does not hear of it."""
        talk = self._core.talks.get(leg.attempt_id)
        is_taken = talk is not None and talk.leg is leg and self.step(talk, event)
        if event in (Event.ANSWERED, Event.TAKEN) and not is_taken:
            self.parties.step(leg, LegEvent.DROPPED, "dropped")

    # --- hold and consultation ------------------------------------------------------------------------

    def _hold(self, talk: Talk) -> None:
        self._mix(talk)
        self._loop(talk.attempt.port, MUSIC)

    def _speak(self, talk: Talk) -> None:
        """Operator and customer again; music ends, as do tones (whoever hears somebody anew is hushed)."""
        self._hush(talk.attempt.port)
        self._mix(talk)

    def _call(self, talk: Talk) -> None:
        self._hold(talk)
        assert talk.leg is not None
        self.parties.begin(talk.leg)

    def _ring(self, talk: Talk) -> None:
        self._loop(self._operator(talk), RINGBACK)

    def _meet(self, talk: Talk) -> None:
        self._mix(talk)
        if talk.is_phone_held:
            self._loop(self._third(talk), MUSIC)

    def _keep_waiting(self, talk: Talk) -> None:
        self._mix(talk)
        self._loop(self._third(talk), MUSIC)

    def _give_back(self, talk: Talk) -> None:
        """The third party is not, or no longer, there; the operator hears why."""
        leg, talk.leg = talk.leg, None
        assert leg is not None
        talk.failed = leg.outcome
        self._speak(talk)
        self.desks.say(self._core.seats[talk.seat_id], f"transfer-{talk.failed}")

    def _drop(self, talk: Talk) -> None:
        self._part_from(talk, "dropped")
        self._speak(talk)

    def _join(self, talk: Talk) -> None:
        assert talk.leg is not None
        talk.leg.is_joined = True
        self._hush(talk.attempt.port)
        self._mix(talk)

    def _part_from(self, talk: Talk, why: str) -> None:
        leg, talk.leg = talk.leg, None
        if leg is not None and leg.state is not LegState.GONE:
            self.parties.step(leg, LegEvent.DROPPED, why)

    # --- hand-over ------------------------------------------------------------------------------------

    def _hand_over(self, talk: Talk) -> None:
        leg = talk.leg
        assert leg is not None
        leg.outcome, leg.handed, leg.code = "handed", self._core.now, leg.target.code
        self.calls.step(talk.attempt, CallEvent.HANDED_OVER)
        self._connect_them(talk)
        self.parties.save(leg)

    def _connect_them(self, talk: Talk) -> None:
        self._hush(talk.attempt.port)
        self._mix(talk)
        self._arm(talk, HANDED_MAX_S)

    def _give(self, talk: Talk) -> None:
        """The other seat's operator has the customer: a talk like any other, and the code is his."""
        leg, talk.leg = talk.leg, None
        assert leg is not None
        seat = self._core.seats[leg.to_seat_id]
        leg.outcome, leg.handed = "handed", self._core.now
        self.parties.save(leg)
        seat.rung_by = 0
        self._take_over(talk, seat)
        self.parties.step(leg, LegEvent.DROPPED)

    def _take_over(self, talk: Talk, seat: Seat) -> None:
        """A seat has the customer from now on."""
        attempt = talk.attempt
        talk.seat_id, talk.is_phone_held = seat.seat_id, False
        attempt.seat_id, attempt.user_id = seat.seat_id, seat.user_id
        seat.attempt = attempt
        self.desks.step(seat, SeatEvent.GIVEN)
        self._speak(talk)
        self.calls.save(attempt)

    def _go_blind(self, talk: Talk) -> None:
        """The operator has left before the answer: the customer hears that it rings."""
        self.calls.step(talk.attempt, CallEvent.HANDED_OVER)
        self._hush(self._operator(talk))
        self._mix(talk)
        self._loop(talk.attempt.port, RINGBACK)

    def _connect(self, talk: Talk) -> None:
        leg, attempt = talk.leg, talk.attempt
        assert leg is not None
        leg.outcome, leg.handed, leg.code = "handed", self._core.now, leg.target.code
        self._connect_them(talk)
        self.parties.save(leg)
        if leg.code and attempt.result == NO_CODE:  # the operator's handset went down before the answer
            self.desks.save_code(attempt, attempt.seat_id, attempt.user_id, leg.code)

    def _give_blind(self, talk: Talk) -> None:
        self.calls.step(talk.attempt, CallEvent.GIVEN_BACK)
        self._give(talk)

    # --- nobody answered ------------------------------------------------------------------------------

    def _seek_seat(self, talk: Talk) -> None:
        """Back to the operator if he is still there, else to whoever is free next."""
        core, talk.leg = self._core, None
        self._mix(talk)
        self._loop(talk.attempt.port, MUSIC)
        self._arm(talk, RETURN_MAX_S)
        own = core.seats.get(talk.seat_id)
        for seat in [own, *core.seats.values()]:
            if seat is not None and self._suits(seat, talk):
                talk.seat_id = seat.seat_id
                self.step(talk, Event.SEAT_FREE)
                return

    def _suits(self, seat: Seat, talk: Talk) -> bool:
        """Whether a seat can have this customer: free and of the project, or still owing his very code."""
        if seat.attempt is talk.attempt:
            return seat.takes(SeatEvent.GIVEN)
        is_own = seat.user_id == talk.attempt.user_id and seat.state is SeatState.PAUSED
        is_ready = seat.state is SeatState.WAITING and seat.project_id == talk.attempt.project_id
        return seat.tenant_id == talk.attempt.tenant_id and (is_own or is_ready)

    def _return(self, talk: Talk) -> None:
        self._disarm(talk)
        self.calls.step(talk.attempt, CallEvent.GIVEN_BACK)
        seat = self._core.seats[talk.seat_id]
        self._take_over(talk, seat)
        self.desks.say(seat, "transfer-returned")

    def _apologise(self, talk: Talk) -> None:
        self._core.emit(audio.Play(talk.attempt.port, ("apology",), tag=SORRY))
        self._arm(talk, SORRY_MAX_S)

    def _end(self, talk: Talk) -> None:
        """Nothing of it is left; a customer whom nobody has any more gets the code that nobody entered."""
        core, attempt = self._core, talk.attempt
        self._part_from(talk, "customer-left")
        self._disarm(talk)
        del core.talks[attempt.attempt_id]
        seat = core.seats.get(attempt.seat_id)
        is_owned = seat is not None and seat.attempt is attempt
        if attempt.state in _UNCODED and not is_owned:
            self.desks.save_code(attempt, attempt.seat_id, attempt.user_id, NO_CODE)

    # --- audio ----------------------------------------------------------------------------------------

    def reattach(self, attempt: Attempt) -> None:
        """Audio restarted and the ports are open again: who hears whom, music and tones, once more."""
        talk = self._core.talks.get(attempt.attempt_id)
        if talk is not None and talk.state is not State.OPEN:
            self._mix(talk)
            self._sound(talk)
        elif self._core.listenings:
            self._core.emit(mix_of(self._core, attempt))

    def _sound(self, talk: Talk) -> None:
        port = talk.attempt.port
        if talk.state in CUSTOMER_WAITS or talk.state is State.RETURNING:
            self._loop(port, MUSIC)
        if talk.state is State.BLIND:
            self._loop(port, RINGBACK)
        if talk.state is State.RINGING:
            self._loop(self._operator(talk), RINGBACK)
        if talk.state is State.PRIVATE and talk.is_phone_held:
            self._loop(self._third(talk), MUSIC)
        if talk.state is State.SORRY:
            self._core.emit(audio.Play(port, ("apology",), tag=SORRY))

    def _mix(self, talk: Talk) -> None:
        self._core.emit(mix_of(self._core, talk.attempt))

    def _loop(self, port: str, prompts: tuple[str, ...]) -> None:
        if port:
            self._core.emit(audio.Play(port, prompts, is_loop=True))

    def _hush(self, *ports: str) -> None:
        for port in ports:
            if port:
                self._core.emit(audio.Hush(port))

    def _operator(self, talk: Talk) -> str:
        return self._core.seats[talk.seat_id].leg

    @staticmethod
    def _third(talk: Talk) -> str:
        return talk.leg.port if talk.leg is not None else ""

    def _arm(self, talk: Talk, seconds: float) -> None:
        self._core.timers.arm("talk", talk.attempt.attempt_id, self._core.now + seconds)

    def _disarm(self, talk: Talk) -> None:
        self._core.timers.disarm("talk", talk.attempt.attempt_id)


_UNCODED: Final = frozenset({attempts.State.RELEASING, attempts.State.OWED})

assert WITHOUT_SEAT.isdisjoint(CONSULTING)
