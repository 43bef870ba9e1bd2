"""People who call us in a simulated shift, drawn from a seed: tiers, menus, announcements, unknown numbers.

Callers wait for a while or hang up at once; some are customers of the list, some withhold their number.  What
must hold: each row of a call that came in ends, answered or missed, and only with the caller's line; who has
been answered hears something until then; the machine has exactly the callers that the exchange holds.
"""

from __future__ import annotations

import collections
import random
from typing import Any, Final

from appliance.audio import messages as audio
from appliance.dialer import inputs, outputs
from appliance.pri_card import trunk
from appliance.simulator.shift import LIST, PROJECT, TENANT, Shift
from appliance.simulator.shift_exchange import Call
from appliance.simulator.shift_store import QUERY_S

CALLS_AN_HOUR: Final = 120
ROUTE: Final = 1
CUSTOMER_FIRST: Final = LIST * 10**9 + 3 * 10**8  # known ones whom nobody dials
CALLED: Final = "0312345678"


class Callers:
    """Hand `prepare` to `Shift.run`; nobody calls after `until_s`."""

    def __init__(self, seed: int, *, until_s: float) -> None:
        self._rng = random.Random(f"callers {seed}")  # noqa: S311  # chance that must repeat, no secret
        self._until_s = until_s
        self._shift: Shift
        self._calls = 0
        self._open: dict[int, outputs.SaveIncoming] = {}  # rows without an end
        self.counts: collections.Counter[str] = collections.Counter()

    def prepare(self, shift: Shift) -> None:
        self._shift = shift
        shift.world.carries_out({outputs.WhoCalls: self._who})
        shift.world.observers.append(self._observe)
        for _call in range(int(self._until_s / 3600 * CALLS_AN_HOUR)):
            shift.world.after(self._rng.uniform(20.0, self._until_s), self._ring)

    def dialer_restarted(self) -> None:
        """Its start ends the rows that stand (`store/incoming.py`)."""
        self.counts["interrupted"] += len(self._open)
        self._open.clear()

    def at_rest(self) -> None:
        """After everybody went home: every caller was answered or missed, and it is written down."""
        assert not self._open, f"callers of whom nobody says what became: {self._open}"

    # --- callers --------------------------------------------------------------------------------------

    def _ring(self) -> None:
        exchange, rng = self._shift.exchange, self._rng
        if not exchange.free:
            self.counts["no line free"] += 1
            return
        self._calls += 1
        draw, call_id = rng.random(), -self._calls
        known = CUSTOMER_FIRST + rng.randrange(50)
        caller = (
            ""
            if draw < 0.15
            else self._shift.store.number(known)
            if draw < 0.6
            else f"09{call_id % 10**8:08d}"
        )
        call = Call(call_id, exchange.free.pop(), caller, is_answered=True)
        exchange.calls[call_id] = call
        self._shift.world.tell(trunk.Incoming(call_id, call.line, CALLED, caller))
        patience_s = rng.uniform(0.1, 10.0) if rng.random() < 0.3 else rng.uniform(10.0, 150.0)
        self._shift.world.after(patience_s, exchange.hang_up, call_id)
        if rng.random() < 0.5:
            port = f"b{call.line.span}/{call.line.channel}"
            self._shift.world.after(rng.uniform(1.0, 20.0), self._press, call_id, port)

    def _press(self, call_id: int, port: str) -> None:
        if call_id in self._shift.exchange.calls:
            self._shift.world.tell(audio.Digit(port, self._rng.choice("123*#")))

    def _who(self, what: outputs.WhoCalls) -> None:
        """The store's answer: a route of up to three tiers, or none; and who calls."""
        rng = self._rng
        if rng.random() < 0.1:
            known = inputs.CallerKnown(what.call_id)
        else:
            customer_id = CUSTOMER_FIRST + int(what.caller[-2:]) if what.caller.startswith("013") else 0
            known = inputs.CallerKnown(
                what.call_id, TENANT, PROJECT, LIST if customer_id else 0, ROUTE,
                inputs.Customer(customer_id, what.caller),
                tuple(self._stage(place) for place in range(1, rng.randint(1, 3) + 1)),
            )  # fmt: skip
        after_s = QUERY_S if rng.random() < 0.97 else 5.0  # a store that answers too late
        self._shift.world.after(after_s, self._shift.world.tell, known)

    def _stage(self, place: int) -> inputs.Stage:
        rng = self._rng
        extensions = tuple(robot.extension for robot in self._shift.robots.robots.values())
        some = tuple(rng.sample(extensions, rng.randint(1, len(extensions))))
        order = rng.choice(("all", "in_turn", "longest_idle"))
        kind = rng.choice(("ring", "ring", "ring", "announce", "menu"))
        choices = (inputs.StageChoice("1", some), inputs.StageChoice("2", (), place + 1))
        prompt = "" if kind == "ring" else "own-words"
        return inputs.Stage(place, kind, some, order, rng.uniform(5.0, 25.0), prompt, choices)  # type: ignore[arg-type]  # words of two Literals, drawn

    # --- what must hold -------------------------------------------------------------------------------

    def _observe(self, now: float, what: Any, decided: list[Any]) -> None:
        for output in decided:
            if isinstance(output, outputs.SaveIncoming) and output.incoming_id:
                self._saved(now, output)
        if isinstance(what, inputs.Start):
            return
        held = {call_id for call_id in self._shift.exchange.calls if call_id < 0}
        known = {caller.call_id for caller in self._shift.machine.callers()}
        assert known == held, f"{now:.3f}: the machine has the callers {known}, the exchange {held}"

    def _saved(self, now: float, row: outputs.SaveIncoming) -> None:
        name = f"{now:.3f}: caller {row.incoming_id}"
        if not row.ended_at:
            self._open[row.incoming_id] = row
            return
        assert row.outcome in ("answered", "missed"), f"{name} ended, and nobody can say how: {row}"
        assert (row.outcome == "answered") == bool(row.taken_at), f"{name}: {row}"
        self._open.pop(row.incoming_id, None)
        self.counts[row.outcome] += 1
