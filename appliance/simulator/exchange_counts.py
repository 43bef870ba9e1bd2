"""What has happened on a line of the exchange; for statistics, tests and the curious."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(slots=True)
class Counts:
    """What has happened on a line since it began."""

    setups: int = 0
    refused: int = 0
    answered: int = 0
    cleared_by_us: int = 0
    cleared_by_user: int = 0
    lost: int = 0  # on a dead link or a restarted channel
    glare: int = 0
    moved: int = 0
    incoming: int = 0
    incoming_answered: int = 0
    restarts: int = 0
    link_ups: int = 0
    link_downs: int = 0
    complaints: int = 0
    outcomes: dict[str, int] = dataclasses.field(default_factory=dict)
