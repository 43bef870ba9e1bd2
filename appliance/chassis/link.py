"""What we know about the controller, from its frames: heartbeat, readings with their ages, the relay's move.

Pure: frames and `now` go in, frames to send come out.  Wakes a controller that has started anew, and never
moves the relay by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from appliance.chassis import dictionary as od
from appliance.chassis import telegrams
from appliance.chassis.messages import Readings, Relay, Supply
from appliance.chassis.relay import Input, Outcome, RelayMove
from appliance.chassis.telegrams import ClimateTold, FansTold, Heartbeat, SdoAnswer, SupplyTold
from appliance.chassis.wire import Frame

START_EVERY_S: Final = 1.0  # a controller that does not send PDOs is told to, once a second
PARTS: Final = 1 + len(od.TPDOS)  # the heartbeat and each TPDO

OUTCOMES: Final[dict[Outcome, str]] = {
    Outcome.NOTHING: "",
    Outcome.SENT: "",
    Outcome.DONE: "",
    Outcome.BUSY: "The line relay is still moving.",
    Outcome.REFUSED: "The chassis controller refuses to move the line relay",
    Outcome.NO_ANSWER: "The chassis controller does not answer: nobody knows whether the relay moved.",
    Outcome.STUCK: "The line relay was told to move, and its contacts do not say that it has.",
}
assert set(OUTCOMES) == set(Outcome)


@dataclass(frozen=True)
class Moved:
    """How a commanded movement ended; `error` is empty when the contacts say so."""

    position: Relay
    error: str


class Link:
    """One controller on the bus, seen from the box."""

    def __init__(self, *, node: int, now: float) -> None:
        self._node = node
        self._told_at: list[float | None] = [None] * PARTS
        self._started_at = now
        self._supplies: dict[int, Supply] = {}
        self._fans: FansTold | None = None
        self._climate: ClimateTold | None = None
        self._start_due: float | None = None
        self._move = RelayMove()
        self._target: Relay | None = None
        self._moved: list[Moved] = []
        self._to_send: list[Frame] = []
        self.malformed = 0

    def feed(self, frame: Frame, now: float) -> None:
        """One frame of the bus.  What is not of the dictionary is counted and forgotten."""
        told = telegrams.parse(frame, self._node)
        if told is None:
            self.malformed += 1
        elif isinstance(told, Heartbeat):
            self._told_at[0] = now
            self._keep_operational(told.state, now)
        elif isinstance(told, SdoAnswer):
            self._answered(told, now)
        else:
            self._read(told, now)

    def command(self, position: Relay, now: float) -> str:
        """Begin to move the relay; a sentence when it cannot be begun.  How it ends is told by `moved`."""
        outcome = self._move.feed(Input.COMMANDED, now)
        if outcome is Outcome.SENT:
            self._target = position
            self._to_send.append(telegrams.move_relay(self._node, position))
        return OUTCOMES[outcome]

    def tick(self, now: float) -> None:
        """Time has passed."""
        self._end(self._move.tick(now))

    def take_frames(self) -> list[Frame]:
        """What is to be sent now."""
        frames, self._to_send = self._to_send, []
        return frames

    def moved(self) -> list[Moved]:
        """Movements that have ended since the last call."""
        moved, self._moved = self._moved, []
        return moved

    def age_s(self, now: float) -> float:
        """Age of the oldest of the heartbeat and each PDO; since the start for what was never told."""
        oldest = min(self._started_at if at is None else at for at in self._told_at)
        return max(0.0, now - oldest)

    def readings(self) -> Readings | None:
        """The last that was told of everything; None until all was told once."""
        if self._fans is None or self._climate is None or len(self._supplies) < 2:
            return None
        return Readings(
            supplies=(self._supplies[0], self._supplies[1]),
            fans_rpm=self._fans.rpm,
            inlet_c=self._climate.inlet_c,
            cpu_c=self._climate.cpu_c,
            card_c=self._climate.card_c,
            relay=self._climate.relay,
        )

    def _keep_operational(self, state: int, now: float) -> None:
        if state == telegrams.OPERATIONAL:
            self._start_due = None
        elif self._start_due is None or now >= self._start_due:
            self._start_due = now + START_EVERY_S
            self._to_send.append(telegrams.start(self._node))

    def _read(self, told: SupplyTold | FansTold | ClimateTold, now: float) -> None:
        if isinstance(told, SupplyTold):
            self._supplies[told.place] = told.supply
            self._told_at[1 + told.place] = now
        elif isinstance(told, FansTold):
            self._fans = told
            self._told_at[3] = now
        else:
            self._climate = told
            self._told_at[4] = now
            if told.relay is not None and told.relay.commanded == told.relay.read_back == self._target:
                self._end(self._move.feed(Input.READ_BACK, now))

    def _answered(self, answer: SdoAnswer, now: float) -> None:
        if (answer.index, answer.sub) != (od.RELAY, 1):
            return
        if not answer.abort_code:
            self._move.feed(Input.ACCEPTED, now)
            return
        self._end(self._move.feed(Input.REFUSED, now), f" (SDO abort {answer.abort_code:#010x}).")

    def _end(self, outcome: Outcome, detail: str = "") -> None:
        if outcome is Outcome.NOTHING or self._target is None:
            return
        self._moved.append(Moved(self._target, OUTCOMES[outcome] + detail))
        self._target = None
