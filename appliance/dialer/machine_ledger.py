"""The machine's ledger of attempts: what they count for, what they hold, and their row.

Each attempt gives its place among the calls on their way, and its channel, back exactly once.
"""

from __future__ import annotations

from appliance.audio import messages as audio
from appliance.dialer import outputs, rules
from appliance.dialer.attempt import Attempt
from appliance.dialer.machine_core import Core


class Ledger:
    """Keeps it; decides nothing."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def count_abandoned(self, attempt: Attempt) -> None:
        """An answer found no seat; counted once, whatever becomes of the line."""
        if attempt.result == "96":
            return
        attempt.result = "96"
        self.leave_unserved(attempt)
        self._core.minutes.count_abandon(attempt.list_id, self._core.wall_now)
        if attempt.is_rated:
            self._core.projects[attempt.project_id].count_answer(self._core.now, is_abandoned=True)

    def free_line(self, attempt: Attempt) -> None:
        """Give its channel back, once."""
        core = self._core
        if attempt.is_released:
            return
        attempt.is_released = True
        attempt.cleared = core.now
        core.calls_out -= 1
        core.is_unplanned = True
        if not attempt.is_incoming:
            core.projects[attempt.project_id].calls_out -= 1
        core.unpaced |= {p.project_id for p in core.projects.values() if p.last_pace.is_short}
        core.timers.disarm("apology", attempt.attempt_id)
        if attempt.line is not None:
            core.emit(audio.ClosePort(attempt.port))

    def leave_dialling(self, attempt: Attempt, *, is_answered: bool | None) -> None:
        """No longer on its way to an answer; the pacer learns how it ended.  None: nothing to learn."""
        core, project = self._core, self._core.projects[attempt.project_id]
        if attempt.is_dialled:
            return
        attempt.is_dialled = True
        core.timers.disarm("ring", attempt.attempt_id)
        if attempt.is_bound:
            return
        project.dialling -= 1
        if attempt.is_narrow:
            project.narrow[attempt.list_id] -= 1
            core.unpaced.add(project.project_id)
            return  # the pacer has not been told of it
        if is_answered is None:
            project.pacer.withdrawn(attempt.attempt_id)
        else:
            project.answer_rate.add(is_answered)
            project.ring_s.add(core.now - attempt.setup)
            project.pacer.ended(attempt.attempt_id, core.now, is_answered=is_answered)
        core.unpaced.add(project.project_id)

    def leave_unserved(self, attempt: Attempt) -> None:
        project = self._core.projects[attempt.project_id]
        if attempt.attempt_id in project.unserved:
            project.unserved.remove(attempt.attempt_id)
            self._core.timers.disarm("window", attempt.attempt_id)

    def put_back(self, attempt: Attempt, *, is_first: bool) -> None:
        run = self._core.lists.get(attempt.list_id)
        if run is None or attempt.is_bound or rules.list_refusal(run.settings) is not None:
            return  # the store will offer the customer again
        if attempt.customer.customer_id not in run.buffered:
            run.put_back(attempt.customer, is_first=is_first)

    def save(self, attempt: Attempt, end: outputs.AttemptEnd | None = None) -> None:
        core, line = self._core, attempt.line
        at = self._no_time if attempt.is_inherited else core.at
        core.emit(
            outputs.SaveAttempt(
                attempt.attempt_id,
                line.span if line else 0,
                line.channel if line else 0,
                attempt.seat_id,
                attempt.user_id,
                at(attempt.setup),
                at(attempt.alerting),
                at(attempt.answered),
                at(attempt.connected),
                at(attempt.cleared),
                attempt.cause,
                attempt.result,
                end or "",
            )
        )

    @staticmethod
    def _no_time(_monotonic: float) -> float:
        """Nothing is written over what the store knows of a call of the dialer before this one."""
        return 0.0
