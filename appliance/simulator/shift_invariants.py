"""What must hold after every event of a shift, whatever goes wrong.  Raises AssertionError naming it.

Judges from outside: from inputs, outputs, the exchange's calls and the store's rows; the machine is asked
only for its own counts, which must equal the rows.
"""

from __future__ import annotations

import collections
from collections.abc import Container
from typing import Any, Final

from appliance.audio import messages as audio
from appliance.dialer import inputs, outputs
from appliance.dialer.attempt import ON_LINE
from appliance.dialer.machine import Machine
from appliance.dialer.messages import SeatChanged
from appliance.dialer.party_leg import FIRST_CALL
from appliance.pri_card import trunk
from appliance.simulator.shift_exchange import Exchange
from appliance.simulator.shift_robots import KEYS
from appliance.simulator.shift_store import Store
from appliance.simulator.shift_world import World

SECOND_TOLERANCE: Final = 1e-6
NO_SEAT: Final = frozenset({"91", "92", "93", "94", "96", "9a", "90", "99", "95", "97"})

ASKED: Final = frozenset({"paused", "waiting", "wrapup", "break"})
"""States in which a seat is to press a key, and is told so."""

CODES: Final = frozenset({*KEYS, "98"}) | NO_SEAT


class Invariants:
    """Books of one shift, kept twice."""

    def __init__(self, world: World, machine: Machine, exchange: Exchange, store: Store) -> None:
        self.machine, self._exchange, self._store = machine, exchange, store
        self.open: dict[int, outputs.OpenAttempt | outputs.OpenIncoming] = {}
        self.committed: set[int] = set()
        self.ended: dict[int, outputs.SaveAttempt] = {}
        self.bridged: dict[int, str] = {}
        self.talking: dict[str, int] = {}
        self.counts: collections.Counter[str] = collections.Counter()
        self.histories: collections.Counter[int] = collections.Counter()
        self._answered: set[int] = set()
        self._since: dict[int, float] = {}
        self.kept_s: dict[int, float] = collections.defaultdict(float)
        self.logged_s: dict[int, float] = collections.defaultdict(float)
        self._logged_in: dict[int, float] = {}
        self._listening: set[str] = set()  # legs that the box rang, of no seat
        self._sits: dict[int, outputs.SaveSeat] = {}
        self._is_starting = False  # a new dialer has not been told yet what stands
        world.observers.append(self.observe)

    def observe(self, now: float, what: Any, decided: list[Any]) -> None:
        """Look at one event."""
        self._is_starting &= not isinstance(what, inputs.Start)
        if isinstance(what, inputs.AttemptCommitted):
            self.committed.add(what.attempt_id)
        elif isinstance(what, trunk.SetupSent):
            self._setup(what)
        elif isinstance(what, trunk.Answered) and what.call_id in self.open:
            self._answered.add(what.call_id)
            self.counts["answered"] += 1
        elif isinstance(what, inputs.PhoneRings):
            self._listening.add(what.leg)
        elif isinstance(what, audio.AudioSnapshot):
            self._asked_again(decided)
        for output in decided:
            self._decided(now, output)
        if not self._is_starting:
            self._compare(now)

    def restarted(self, machine: Machine, owed: set[int], up: Container[str]) -> None:
        """The dialer was killed, and a new one begins: only calls whose code is `owed` by a seat go on.

        `up`: handsets that are, which is where somebody can still be asked for a code.
        """
        self.machine, self._is_starting = machine, True
        asked = {row.attempt_id for row in self._sits.values() if row.user_id and row.leg in up}
        due = asked & self.open.keys() & self._answered
        assert owed == due, f"after the restart seats are asked for the codes of {owed}, and owe {due}"
        self.open = {attempt_id: row for attempt_id, row in self.open.items() if attempt_id in owed}
        for attempt_id in owed:
            self.histories[attempt_id] = 0  # its entry is there, be it empty: the code goes into that one
        self.talking.clear()
        self._listening.clear()
        for seat_id, since in self._since.items():  # the stretch that was open is lost
            self.logged_s[seat_id] += since - self._logged_in.pop(seat_id, since)
        self._since.clear()

    def _asked_again(self, decided: list[Any]) -> None:
        """Whose key may have been lost with the audio process hears once more which one is waited for."""
        legs = {output.leg for output in decided if isinstance(output, outputs.AnswerPhone)}
        legs -= self._listening
        legs &= {seat.leg for seat in self.machine.seats()}  # others are of phones without a log-in
        told = {output.port for output in decided if isinstance(output, audio.Play)}
        shown = [output.seat.state for output in decided if isinstance(output, SeatChanged)]
        assert len(shown) == len(legs), f"{len(legs)} phones are attached again, {len(shown)} seats looked at"
        waiting = sum(state in ASKED for state in shown)
        assert len(legs & told) >= waiting, f"{waiting} seats wait for a key, {legs & told} hear which"

    def _setup(self, what: trunk.SetupSent) -> None:
        if what.call_id >= FIRST_CALL:
            return  # a third party's
        attempt = self.open[what.call_id]
        assert what.call_id in self.committed, f"attempt {what.call_id} went out before it was on the disk"
        assert attempt.number not in self._store.blocked, f"the forbidden number {attempt.number} was dialled"
        self.counts["attempts"] += 1

    def _decided(self, now: float, output: Any) -> None:
        match output:
            case outputs.OpenAttempt():
                self._opened(output)
            case outputs.OpenIncoming():
                self.open[output.attempt_id] = output
                self._answered.add(output.attempt_id)
            case outputs.BridgeCall():
                self._bridge(output)
            case outputs.SaveSeat():
                self._listening.discard(output.leg)
                self._sits[output.seat_id] = output
            case outputs.SaveAttempt() if output.end:
                self._end(output)
            case outputs.SaveHistory():
                self.histories[output.attempt_id] += not output.is_replacing
                assert output.code in CODES, f"attempt {output.attempt_id} got the code {output.code!r}"
            case outputs.SaveInterval():
                self._interval(now, output)
            case audio.Mix():
                self._mixed(output)
            case audio.Unbridge():
                self.talking = {leg: held for leg, held in self.talking.items() if held != output.bridge_id}
            case SeatChanged():
                self._seat(now, output)

    def _opened(self, output: outputs.OpenAttempt) -> None:
        for other in self.open.values():
            if isinstance(other, outputs.OpenIncoming):
                continue  # he called us, maybe while he was being called
            is_other = not output.customer_id or other.customer_id != output.customer_id
            assert is_other, f"customer {output.customer_id} is called twice"
            assert other.number != output.number, f"number {output.number} is called twice"
        called = output.customer_id in self._store.closed and output.kind not in ("recall", "manual")
        assert not called, f"customer {output.customer_id} has a result and was not permitted again"
        assert output.attempt_id not in self.ended
        assert output.attempt_id not in self.open
        self.open[output.attempt_id] = output

    def _bridge(self, output: outputs.BridgeCall) -> None:
        if output.is_again:
            assert output.attempt_id in self.bridged
            return  # the phone may be another seat's by now
        assert output.attempt_id not in self.bridged, f"attempt {output.attempt_id} got two seats"
        assert output.attempt_id in self._answered, f"attempt {output.attempt_id} was bridged unanswered"
        assert output.phone not in self.talking, f"phone {output.phone} got two calls at a time"
        self.bridged[output.attempt_id] = output.phone
        self.talking[output.phone] = output.attempt_id

    def _mixed(self, mix: audio.Mix) -> None:
        """A phone is in one conversation at a time, be it as a third party's."""
        others = {leg: held for leg, held in self.talking.items() if held != mix.bridge_id}
        phones = {port for port in mix.hears if not port.startswith("b")}
        doubled = phones & others.keys()
        assert not doubled, f"phones in two conversations: {doubled}"
        self.talking = others | dict.fromkeys(phones, mix.bridge_id)

    def _end(self, saved: outputs.SaveAttempt) -> None:
        attempt_id = saved.attempt_id
        assert attempt_id in self.open, f"attempt {attempt_id} was disposed twice or never opened"
        assert (saved.end == "result") == bool(saved.result), f"attempt {attempt_id}: {saved}"
        is_answered, has_seat = attempt_id in self._answered, attempt_id in self.bridged
        assert has_seat == (saved.end == "result" and saved.result not in NO_SEAT), f"{saved}"
        if is_answered:
            assert has_seat != (saved.result == "96"), f"answered attempt {attempt_id} ended as {saved}"
        assert attempt_id not in self._exchange.calls, f"attempt {attempt_id} ended with its channel in use"
        self.counts["abandoned"] += saved.result in ("92", "96")
        self.ended[attempt_id] = saved
        del self.open[attempt_id]

    def _interval(self, now: float, kept: outputs.SaveInterval) -> None:
        last = self._since.get(kept.seat_id, now - kept.seconds)
        gap = abs(now - kept.seconds - last)
        assert gap < SECOND_TOLERANCE, f"seat {kept.seat_id}: {gap:.3f} s are in no interval, or in two"
        self._since[kept.seat_id] = now
        self.kept_s[kept.seat_id] += kept.seconds

    def _seat(self, now: float, changed: SeatChanged) -> None:
        seat = changed.seat
        is_in = seat.user_id > 0 and seat.state not in ("logged_out", "login")
        if is_in and seat.seat_id not in self._logged_in:
            self._logged_in[seat.seat_id] = self._since[seat.seat_id] = now
        if not is_in and seat.seat_id in self._logged_in:
            self.logged_s[seat.seat_id] += now - self._logged_in.pop(seat.seat_id)
            del self._since[seat.seat_id]
            gap = abs(self.logged_s[seat.seat_id] - self.kept_s[seat.seat_id])
            assert gap < 1e-3, f"seat {seat.seat_id}: {gap:.3f} s logged in are in no interval"

    def _compare(self, now: float) -> None:
        """The machine's own counts equal the rows; it knows of every call the exchange holds."""
        standing = self.machine.calls()
        ours = [attempt for attempt in standing if not attempt.is_incoming]
        on_line = {a.attempt_id for a in ours if a.state in ON_LINE}
        on_line |= {leg.call_id for leg in self.machine.legs() if leg.line is not None}
        held = {call_id for call_id in self._exchange.calls if call_id > 0}
        assert on_line == held, (
            f"{now:.3f}: the machine holds {on_line - held}, the exchange {held - on_line}"
        )
        released = {a.attempt_id for a in ours if a.is_released} & held
        assert not released, f"{now:.3f}: a channel in use is free: {released}"
        assert {a.attempt_id for a in standing} == set(self.open)
        board = self.machine.tallies()
        for name in ("attempts", "answered", "abandoned"):
            counted = self.counts[name] + (self._cut_now(standing) if name == "abandoned" else 0)
            assert board[name] == counted, f"{now:.3f}: {name}: {board[name]} counted, {counted} rows"
        dialling = sum(a.is_dialled is False and not a.is_bound for a in standing)
        assert board["dialling"] == dialling
        thirds = sum(leg.holds_channel for leg in self.machine.legs())
        out = sum(not a.is_released for a in ours) + thirds + len(self.machine.callers())
        assert board["calls_out"] == out, f"{now:.3f}: {board['calls_out']} calls out counted, {out} stand"

    @staticmethod
    def _cut_now(standing: list[Any]) -> int:
        return sum(a.result in ("92", "96") for a in standing)

    def at_rest(self) -> None:
        """After everybody went home: nothing is left on the line or owed."""
        assert not self._exchange.calls, f"channels leaked: {self._exchange.calls}"
        assert not self.open, f"attempts without an end: {self.open}"
        for attempt_id, saved in self.ended.items():
            expected = int(saved.end == "result" and not self._is_refusal(saved))
            assert self.histories[attempt_id] == expected, (
                f"attempt {attempt_id}: {self.histories[attempt_id]} entries"
            )

    @staticmethod
    def _is_refusal(saved: outputs.SaveAttempt) -> bool:
        return saved.result in ("9a", "90", "99", "95", "97")
