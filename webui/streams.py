"""Server-Sent Events: a snapshot, then what changed, and a beat each second.  Pure but for the waiting.

A view is `{section: {key: item}}`, plain data.  What a browser gets of it is cut to its tenant before it
comes here.  A stream ends by itself after some minutes, so that a log-out reaches it: the browser
reconnects at once and is asked for its session again.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator
from typing import Any, Final

from appliance.clock import Clock
from appliance.errors import YobirinError
from webui.live import Live

STREAMS_MAX: Final = 120  # 100 seats' monitors and twenty managers
BEAT_S: Final = 1.0
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


def message(event: str, seq: int, data: Any) -> bytes:
    """One event in the wire form of the HTML standard, section 9.2."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"event: {event}\nid: {seq}\ndata: {text}\n\n".encode()


def difference(old: View, new: View) -> View:
    """Only the items that changed; an item that went away is None."""
    found: View = {}
    for section in new:
        before, after = old.get(section, {}), new[section]
        changed: dict[str, Any] = {key: item for key, item in after.items() if before.get(key) != item}
        changed.update(dict.fromkeys(before.keys() - after.keys()))
        if changed:
            found[section] = changed
    return found


class Stream:
    """One browser's events.  `look()` gives its present view.  Iterate once; `close` frees the slot."""

    def __init__(self, live: Live, look: Callable[[], View], *, slots: Slots, clock: Clock) -> None:
        self._live = live
        self._look = look
        self._slots = slots
        self._clock = clock
        self._is_open = True
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
        version, seq, seen = self._live.version, 1, self._look()
        ends_at = self._clock.monotonic() + STREAM_S_MAX
        beat_at = self._clock.monotonic() + BEAT_S
        yield f"retry: {RETRY_MS}\n\n".encode() + message("snapshot", seq, self._facts() | {"view": seen})
        while not self._live.is_closing and self._clock.monotonic() < ends_at:
            newest = self._live.wait(version, max(0.0, beat_at - self._clock.monotonic()))
            seq += 1
            if newest != version:
                version, now = newest, self._look()
                changed, seen = difference(seen, now), now
                if changed:
                    yield message("delta", seq, self._facts() | {"view": changed})
            if self._clock.monotonic() >= beat_at:
                beat_at = self._clock.monotonic() + BEAT_S
                yield message("beat", seq, self._facts())

    def _facts(self) -> dict[str, Any]:
        return {"now": self._clock.wall(), "dialer": self._live.is_up}
