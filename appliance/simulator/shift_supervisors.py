"""Supervisors of a simulated shift: they listen, whisper and barge, send on breaks, answer calls for help.

Drawn from a seed.  Whoever is rung lifts, declines or lets it ring; handsets go down in the middle.  Checks
at every matrix that a listener is heard by nobody, a whisperer by one operator alone, and neither recorded.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final

from appliance.audio import messages as audio
from appliance.dialer import inputs, outputs
from appliance.dialer.messages import (
    AnswerHelp,
    CallForHelp,
    EndBreak,
    EndListening,
    How,
    Listen,
    ShowMessage,
    StartBreak,
)
from appliance.phones import messages as phones
from appliance.simulator.shift import Shift

SEAT_FIRST: Final = 900
USER_FIRST: Final = 9_000
DEEDS_AN_HOUR: Final = 1_500
HOWS: Final[tuple[How, ...]] = ("listen", "whisper", "barge")
MEDIA: Final = phones.Media("127.0.0.1", 17_000)


class Supervisors:
    """Hand `prepare` to `Shift.run`; `count` supervisors, each with a phone of his own."""

    def __init__(self, seed: int, *, count: int = 3, until_s: float) -> None:
        self._rng = random.Random(f"supervisors {seed}")  # noqa: S311  # chance that must repeat, no secret
        self._until_s = until_s
        self._seats = tuple(inputs.SeatSettings(SEAT_FIRST + i, str(SEAT_FIRST + i)) for i in range(count))
        self._legs = 0
        self._up: dict[str, str] = {}  # handsets that are up or ring, by extension
        self.hearing: dict[int, How] = {}  # by user, while a stretch goes on
        self.stretches = 0
        self.mixes = 0

    def prepare(self, shift: Shift) -> None:
        shift.beside = self._seats
        shift.world.carries_out({outputs.RingPhone: lambda what: self.rung(shift, what)})
        shift.world.carries_out({phones.HangUpLeg: lambda what: self.hung_up(what.leg)})
        shift.world.observers.append(self._observe)
        shift.configure()
        deeds = (self._listen, self._listen, self._end, self._rest, self._help, self._put_down)
        for _deed in range(int(self._until_s / 3600 * DEEDS_AN_HOUR)):
            shift.world.after(self._rng.uniform(20.0, self._until_s), self._rng.choice(deeds), shift)
        shift.world.after(self._until_s, self._all_end, shift)

    # --- what supervisors do --------------------------------------------------------------------------

    def _ask(self, shift: Shift, *wishes: Any) -> None:
        """As a page does: what is refused is not asked."""
        for wish in wishes:
            if not shift.machine.request_refusal(wish, shift.world.now):
                shift.world.tell(wish)

    def _seat(self, shift: Shift) -> int:
        return self._rng.choice(list(shift.robots.robots))

    def _listen(self, shift: Shift) -> None:
        index = self._rng.randrange(len(self._seats))
        extension = self._seats[index].extension
        shift.world.tell(phones.Registered(extension, "127.0.0.1:5099"))
        how = self._rng.choice(HOWS)
        self._ask(shift, Listen(self._seat(shift), USER_FIRST + index, "SV", extension, how))

    def _end(self, shift: Shift) -> None:
        user_id = USER_FIRST + self._rng.randrange(len(self._seats))
        self._ask(shift, *(EndListening(seat_id, user_id) for seat_id in shift.robots.robots))

    def _all_end(self, shift: Shift) -> None:
        for index in range(len(self._seats)):
            user_id = USER_FIRST + index
            self._ask(shift, *(EndListening(seat_id, user_id) for seat_id in shift.robots.robots))

    def _rest(self, shift: Shift) -> None:
        seat_id = self._seat(shift)
        self._ask(shift, StartBreak(seat_id, self._rng.choice(("break", "away", "研修"))))
        shift.world.after(self._rng.uniform(5, 60), self._ask, shift, EndBreak(seat_id))

    def _help(self, shift: Shift) -> None:
        seat_id = self._seat(shift)
        self._ask(shift, CallForHelp(seat_id), ShowMessage(seat_id, "ゆっくり", "SV"))
        shift.world.after(self._rng.uniform(1, 30), self._ask, shift, AnswerHelp(seat_id, USER_FIRST, "SV"))

    # --- phones ---------------------------------------------------------------------------------------

    def rung(self, shift: Shift, what: outputs.RingPhone) -> None:
        """A phone rings: lifted, declined, or not heard."""
        draw = self._rng.random()
        self._legs += 1
        leg = "" if draw < 0.05 else f"s{self._legs}"
        shift.world.after(0.01, shift.world.tell, inputs.PhoneRings(what.ref, leg))
        if not leg:
            return
        self._up[what.extension] = leg
        then: Callable[..., object] = self._decline if draw < 0.15 else self._lift
        if draw < 0.9:  # the others let it ring
            shift.world.after(self._rng.uniform(0.02, 8.0), then, shift, what.extension, leg)

    def _lift(self, shift: Shift, extension: str, leg: str) -> None:
        if self._up.get(extension) != leg:
            return
        robot = next((r for r in shift.robots.robots.values() if r.extension == extension), None)
        if robot is not None:
            robot.leg = leg  # from now on this is his handset
        shift.world.tell(phones.LegAnswered(leg, MEDIA))

    def _decline(self, shift: Shift, extension: str, leg: str) -> None:
        if self._up.get(extension) == leg:
            self.hung_up(leg)
            shift.world.tell(phones.LegEnded(leg, 486))

    def _put_down(self, shift: Shift) -> None:
        for seat in self._seats:
            leg = self._up.get(seat.extension)
            if leg and self._rng.random() < 0.3:
                self.hung_up(leg)
                shift.world.tell(phones.LegEnded(leg))

    def hung_up(self, leg: str) -> None:
        """The leg is over, by whichever side."""
        self._up = {extension: up for extension, up in self._up.items() if up != leg}

    def dialer_restarted(self) -> None:
        """Nobody listens any more (`store/listenings.close_open`); phones are hung up by the new dialer."""
        self.hearing.clear()

    # --- what must hold -------------------------------------------------------------------------------

    def _observe(self, _now: float, what: Any, decided: list[Any]) -> None:
        if isinstance(what, phones.PhonesSnapshot):
            self._up.clear()
        for output in decided:
            if isinstance(output, outputs.SaveListening):
                self._stretch(output)
            elif isinstance(output, audio.Mix):
                self._check(output)

    def _stretch(self, row: outputs.SaveListening) -> None:
        if row.to_at:
            assert self.hearing.pop(row.user_id) == row.how, f"a stretch ended that did not go on: {row}"
            assert row.ended
            return
        assert row.user_id not in self.hearing, f"two stretches of one supervisor: {row}"
        assert row.operator_id, f"nobody sits where {row.user_id} listens"
        self.hearing[row.user_id] = row.how
        self.stretches += 1

    def _check(self, mix: audio.Mix) -> None:
        self.mixes += 1
        for index, seat in enumerate(self._seats):
            leg, how = self._up.get(seat.extension), self.hearing.get(USER_FIRST + index)
            if leg is None or leg not in mix.hears:
                continue
            heard_by = [port for port, sources in mix.hears.items() if leg in sources]
            assert how is not None, f"{leg} hears a talk, and no stretch of listening goes on"
            assert how != "listen" or not heard_by, f"who only listens is heard by {heard_by}"
            assert how != "whisper" or len(heard_by) == 1, f"a whisper reaches {heard_by}"
            assert how != "whisper" or not heard_by[0].startswith("b"), f"a customer hears a whisper: {mix}"
            is_recorded = leg in (*mix.left, *mix.right)
            assert how == "barge" or not is_recorded, f"{how} is recorded: {mix}"

    def at_rest(self) -> None:
        """After everybody has ended: nobody hears anything, no phone of theirs is up."""
        assert not self.hearing, f"somebody still listens: {self.hearing}"
        own = {seat.extension for seat in self._seats}
        left = {extension: leg for extension, leg in self._up.items() if extension in own}
        assert not left, f"phones left ringing or up: {left}"
