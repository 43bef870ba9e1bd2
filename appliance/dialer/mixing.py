"""Who listens to a conversation, laid over the matrix of those who talk.  Pure.

A listener hears everybody who talks with his operator, never a customer who waits with music.  Whispering,
his operator alone hears him, and no recording; barging, everybody in the talk and the operator's side of the
recording do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from appliance.audio.messages import Mix
from appliance.dialer.messages import How


class Ear(NamedTuple):
    """One listener: his own port, the port of the operator he listens to, and how."""

    port: str
    operator: str
    how: How


def talkers(mix: Mix) -> tuple[str, ...]:
    """The ports that hear somebody or are heard by somebody, in the matrix's own order."""
    heard = {source for sources in mix.hears.values() for source in sources}
    return tuple(port for port, sources in mix.hears.items() if sources or port in heard)


def overheard(mix: Mix, ears: Sequence[Ear]) -> Mix:
    """The matrix with its listeners.  An ear whose operator has no part in this talk is left out."""
    present = [ear for ear in ears if ear.operator in mix.hears and ear.port not in mix.hears]
    if not present:
        return mix
    room = talkers(mix)
    barging = tuple(ear.port for ear in present if ear.how == "barge")
    hears = {port: (*sources, *barging) if port in room else sources for port, sources in mix.hears.items()}
    for ear in present:
        # An operator whose customer is on hold is alone: he can be spoken to, and heard.
        if ear.how == "whisper" or (ear.how == "barge" and ear.operator not in room):
            hears[ear.operator] = (*hears[ear.operator], ear.port)
        own = room if ear.operator in room else (ear.operator,)
        hears[ear.port] = (*own, *(port for port in barging if port != ear.port))
    is_recorded = bool(mix.left or mix.right)
    left = (*mix.left, *barging) if is_recorded else ()
    return Mix(mix.bridge_id, hears, left, mix.right, mix.recording)
