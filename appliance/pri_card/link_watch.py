"""Is a line fit for calls, and since when not?  Pure: told of link and alarm, asked about times.

A line is usable when layer 2 has stood for two seconds and there is no alarm.  Calls outlive a lost link by
T309 and an alarm by 2.5 s.
"""

from __future__ import annotations

from appliance.pri_card import call_timers
from appliance.pri_card.span import Alarm


class LinkWatch:
    """One line.  `epoch` counts the link's changes: a call that spans one may have been forgotten."""

    def __init__(self, alarm: Alarm, now: float) -> None:
        self.epoch = 0
        self.alarm = alarm
        self._alarm_since = now
        self._is_up = False
        self._down_since = now
        self._settled_at = now

    def link_up(self, now: float) -> None:
        """Up, or up once more."""
        self._is_up = True
        self.epoch += 1
        self._settled_at = now + call_timers.LINK_SETTLE_S

    def link_down(self, now: float) -> None:
        if self._is_up:
            self._down_since = now
        self._is_up = False
        self.epoch += 1

    def set_alarm(self, alarm: Alarm, now: float) -> None:
        """The line's alarm as it is; one that goes on keeps its age, even if its colour changes."""
        if bool(alarm) != bool(self.alarm):
            self._alarm_since = now
        self.alarm = alarm

    def is_usable(self, now: float) -> bool:
        """Whether a SETUP would be heard."""
        return self._is_up and not self.alarm and now >= self._settled_at

    def settles_at(self) -> float | None:
        """When the line becomes usable if nothing happens."""
        return self._settled_at if self._is_up and not self.alarm else None

    def calls_lost_at(self) -> float | None:
        """When calls that stand are to be given up; None while the line is well."""
        times = []
        if self.alarm:
            times.append(self._alarm_since + call_timers.ALARM_LOST_S)
        if not self._is_up:
            times.append(self._down_since + call_timers.T309_S)
        return min(times, default=None)
