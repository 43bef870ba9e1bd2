"""Server-Sent Events: a snapshot, then what changed, a sign of life each second.  Pure but for the waiting.

A view is `{section: {key: item}}`, plain data.  What a browser gets of it is cut to its tenant before it
comes here.  What many see is a `Shared`: made and written once for all of them, twice a second at most;
what is one person's own is sent at once.  A stream ends by itself after some minutes, so that a log-out
reaches it: the browser reconnects at once and is asked for its session again.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Final

from appliance.clock import Clock
from appliance.errors import YobirinError
from webui.live import Live

STREAMS_MAX: Final = 240  # 100 operators' browsers, 100 seats' monitors, forty managers and wallboards
BEAT_S: Final = 1.0
PACE_S: Final = 0.5  # what is shared may be this old, within the 1.5 s that a seat map may be
STREAM_S_MAX: Final = 180.0
RETRY_MS: Final = 500

View = dict[str, dict[str, Any]]


class Slots:
    """How many streams may still begin."""

    def __init__(self, count: int = STREAMS_MAX) -> None:
        self._free = threading.BoundedSemaphore(count)

    def take(self) -> None:
        if not self._free.acquire(blocking=False):
            raise YobirinError(
                f"{STREAMS_MAX} pages are listening already.", remedy="Close a page that nobody looks at."
            )

    def give_back(self) -> None:
        self._free.release()


def written(data: Any) -> str:
    """JSON without blanks: it stands in one line of an event (HTML standard, section 9.2)."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def difference(old: View, new: View) -> View:
    """Only the items that changed; an item that went away is None."""
    found: View = {}
    for section in old.keys() | new.keys():
        before, after = old.get(section, {}), new.get(section, {})
        changed: dict[str, Any] = {key: item for key, item in after.items() if before.get(key) != item}
        changed.update(dict.fromkeys(before.keys() - after.keys()))
        if changed:
            found[section] = changed
    return found


@dataclass(frozen=True)
class State:
    """A shared view as it stands.  `text` is the JSON of what changed since the state before."""

    number: int
    view: View
    text: str


NOTHING: Final = State(0, {}, "")


class Shared:
    """A view that many streams show.  Safe from any thread."""

    def __init__(self, live: Live, look: Callable[[], View], *, clock: Clock, pace_s: float = PACE_S) -> None:
        self._live = live
        self._look = look
        self._clock = clock
        self._pace_s = pace_s
        self._lock = threading.Lock()
        self._version = -1
        self._made_at = float("-inf")
        self._state = NOTHING

    def state(self) -> State:
        """The newest state; a new one is made only where something changed and the pace allows."""
        with self._lock:
            version = self._live.version
            if version != self._version and self.due_s() <= 0:
                self._version, self._made_at = version, self._clock.monotonic()
                view = self._look()
                changed = difference(self._state.view, view)
                if changed or self._state is NOTHING:
                    self._state = State(self._state.number + 1, view, written(changed))
            return self._state

    def due_s(self) -> float:
        """Seconds until a change may be looked at."""
        return self._made_at + self._pace_s - self._clock.monotonic()

    def is_behind(self) -> bool:
        """Whether something changed that no state has taken in."""
        return self._live.version != self._version


class Stream:
    """One browser's events: `look()` gives what is its own, `shared()` the view it shares, or None.

    Iterate once; `close` frees the slot.
    """

    def __init__(
        self,
        live: Live,
        look: Callable[[], View],
        *,
        slots: Slots,
        clock: Clock,
        shared: Callable[[], Shared | None] = lambda: None,
    ) -> None:
        self._live = live
        self._look = look
        self._shared = shared
        self._slots = slots
        self._clock = clock
        self._is_open = True
        self._seq = 0
        self._beat_at = 0.0
        slots.take()
        self._events = self._run()

    def __iter__(self) -> Generator[bytes, None, None]:
        return self._events

    def close(self) -> None:
        """Called by the server when the browser went away.  More than once does no harm."""
        if self._is_open:
            self._is_open = False
            self._events.close()
            self._slots.give_back()

    def _run(self) -> Generator[bytes, None, None]:
        version, own, state = self._live.version, self._look(), self._state()
        ends_at = self._clock.monotonic() + STREAM_S_MAX
        yield f"retry: {RETRY_MS}\n\n".encode() + self._message("snapshot", written(state.view | own))
        while not self._live.is_closing and self._clock.monotonic() < ends_at:
            newest = self._live.wait(version, max(0.0, self._wait_s()))
            if newest != version:
                version, now = newest, self._look()
                changed, own = difference(own, now), now
                if changed:
                    yield self._message("delta", written(changed))
            before, state = state, self._state()
            if state is not before:
                text = state.text if state.number == before.number + 1 else ""
                yield self._message("delta", text or written(difference(before.view, state.view)))
            if self._clock.monotonic() >= self._beat_at:
                yield self._message("beat")

    def _state(self) -> State:
        shared = self._shared()
        return shared.state() if shared else NOTHING

    def _wait_s(self) -> float:
        until_beat = self._beat_at - self._clock.monotonic()
        shared = self._shared()
        return min(until_beat, shared.due_s()) if shared and shared.is_behind() else until_beat

    def _message(self, event: str, view: str = "") -> bytes:
        """Any message is a sign of life, and tells the server's time."""
        self._seq += 1
        self._beat_at = self._clock.monotonic() + BEAT_S
        up = "true" if self._live.is_up else "false"
        more = f',"view":{view}' if view else ""
        data = f'{{"now":{self._clock.wall():.3f},"dialer":{up}{more}}}'
        return f"event: {event}\nid: {self._seq}\ndata: {data}\n\n".encode()
