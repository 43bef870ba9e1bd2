"""What an exchange does with one call, as a value: steps, each with its cause and its sound.

No laws and no randomness here (`callee.py` has them), and no judgement of which step may follow which
(`exchange_call.py`).  The values cross the control socket, so that a test can force any behaviour.
"""

from __future__ import annotations

import enum
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

Kind = Literal["ordinary", "voicemail", "vacant_cause", "vacant_progress", "vacant_disconnect", "changed"]
Outcome = Literal[
    "answered", "no_answer", "busy", "voicemail", "vacant_cause", "vacant_progress", "vacant_disconnect",
    "changed", "forced", "refused", "incoming",
]  # fmt: skip
SoundKind = Literal["silence", "tone", "noise", "ringback", "busy", "vacant", "changed", "voicemail"]

NORMAL_CLEARING: Final = 16  # the Q.850 causes used here
VACANT: Final = 1
USER_BUSY: Final = 17
NO_ANSWER: Final = 19
NUMBER_CHANGED: Final = 22

# 50 Hz apart, so a quarter of a second tells them apart; 30 Hz and more from DTMF's eight frequencies and
# from the machine's beep (1,000 Hz); each has whole periods in 100 ms, so that a loop has no click.
CALLEE_TONES_HZ: Final = (
    550, 600, 650, 800, 900, 1050, 1100, 1150, 1250, 1300, 1400, 1550, 1600, 1700, 1750, 1800, 1850, 1900,
)  # fmt: skip
GREETING_S: Final = 7.0  # the machine's greeting and beep; `callee_sound` makes it this long


class Do(enum.Enum):
    """What the exchange does at a step; Q.931's messages."""

    PROCEED = "proceed"
    ALERT = "alert"
    PROGRESS = "progress"
    CONNECT = "connect"
    DISCONNECT = "disconnect"
    RELEASE = "release"  # without a DISCONNECT before it
    REFUSE = "refuse"  # RELEASE COMPLETE, straight to SETUP


class Key(msgspec.Struct, frozen=True):
    """A key pressed `at_s` after the sound began: one of 0-9 * #."""

    at_s: float
    digit: Annotated[str, Meta(pattern=r"^[0-9*#]$")]


class Sound(msgspec.Struct, frozen=True):
    """What is on the line.  `frequency_hz` for tones: a multiple of 10, so that it loops without a click."""

    kind: SoundKind
    frequency_hz: Annotated[int, Meta(ge=0, le=3800, multiple_of=10)] = 0
    level_dbm0: float = -16.0
    keys: tuple[Key, ...] = ()


SILENCE: Final = Sound("silence")
RINGBACK: Final = Sound("ringback")


class Step(msgspec.Struct, frozen=True):
    """One step, `after_s` from the one before (the first from SETUP).

    `cause` is Q.850's, `is_in_band` adds progress indicator 8, `sound` is put on the line with the step,
    `is_moved` (PROCEED only) answers with another channel than SETUP's.
    """

    after_s: Annotated[float, Meta(ge=0.0)]
    do: Do
    cause: Annotated[int, Meta(ge=0, le=127)] = 0
    is_in_band: bool = False
    sound: Sound | None = None
    is_moved: bool = False


class CallPlan(msgspec.Struct, frozen=True):
    """All that will happen to one call if we do not clear it first."""

    outcome: Outcome
    steps: tuple[Step, ...]

    def ring_s(self) -> float | None:
        """Seconds from ALERTING to CONNECT; None where nobody answers."""
        return _between(self.steps, Do.ALERT, Do.CONNECT)

    def talk_s(self) -> float | None:
        """Seconds from CONNECT until the callee clears, if we have not; None where nobody answers."""
        return _between(self.steps, Do.CONNECT, Do.DISCONNECT)


def _between(steps: tuple[Step, ...], first: Do, last: Do) -> float | None:
    kinds = [step.do for step in steps]
    if first not in kinds or last not in kinds:
        return None
    return sum(step.after_s for step in steps[kinds.index(first) + 1 : kinds.index(last) + 1])
