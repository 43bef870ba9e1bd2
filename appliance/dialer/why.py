"""Why dialling is no faster: picks the one limit that binds now, with the figures of its sentence.

The order is that of release: what would have to change first comes first.  The words are the page's.
"""

from __future__ import annotations

from typing import Final

import msgspec

from appliance.dialer.messages import Limit, Reason
from appliance.dialer.rules import Refusal


class Seen(msgspec.Struct, frozen=True):
    """What one project sees when its pace is decided.  `count` calls were just allowed by its mode."""

    refusal: Refusal | None  # what holds the whole project back
    lists_started: int
    spans_up: int
    channels_total: int
    channels_used: int  # by all projects
    share: int
    share_used: int
    waiting: int
    talking: int
    wrapup: int
    callable: int
    is_exhausted: bool  # the store has nothing more to offer
    is_congested: bool
    wanted: int  # calls the mode would place, were there channels and customers
    placed: int  # calls placed for them
    verdict: Limit  # what the mode itself says holds it
    figures: dict[str, float]


_BY_REFUSAL: Final[dict[Refusal, Limit]] = {
    "stopped": "stopped",
    "caller": "caller",
    "hours": "hours",
    "disk": "disk",
}


def binding(seen: Seen) -> Reason:
    """The limit that binds, and its figures."""
    limit = _limit(seen)
    return Reason(limit, _figures(seen, limit))


def _limit(seen: Seen) -> Limit:
    standing = _standing(seen)
    if standing is not None:
        return standing
    if seen.placed < seen.wanted or seen.verdict in ("channels", "customers"):
        short = _shortage(seen)
        if short is not None:
            return short
    if seen.is_congested and seen.waiting:
        return "congestion"
    if not seen.waiting and seen.verdict in ("none", "mode"):
        return "wrapup"
    return "mode" if seen.verdict in ("channels", "customers") else seen.verdict


def _standing(seen: Seen) -> Limit | None:
    """What holds everything back, whatever the mode wants."""
    if seen.refusal is not None:
        return _BY_REFUSAL.get(seen.refusal, "stopped")
    if not seen.lists_started:
        return "stopped"
    if not seen.channels_total:
        return "line"
    if seen.waiting + seen.talking + seen.wrapup == 0:
        return "no_operators"
    return None


def _shortage(seen: Seen) -> Limit | None:
    """What was short for the calls that were wanted."""
    if seen.share_used >= seen.share or seen.channels_used >= seen.channels_total:
        return "channels"
    if seen.callable == 0 and seen.is_exhausted:
        return "customers"
    return None


def _figures(seen: Seen, limit: Limit) -> dict[str, float]:
    common = {"waiting": float(seen.waiting), "talking": float(seen.talking), "wrapup": float(seen.wrapup)}
    if limit == "channels":
        total = min(seen.share, seen.channels_total)
        used = seen.share_used if seen.share_used >= seen.share else seen.channels_used
        return {"used": float(used), "total": float(total), "share": float(seen.share)}
    if limit == "line":
        return {"spans_up": float(seen.spans_up)}
    if limit == "customers":
        return {"callable": float(seen.callable)}
    return {**common, **seen.figures}
