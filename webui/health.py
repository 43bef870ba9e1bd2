"""/health: whether this process, its database and the dialer answer, for checks that read JSON.

Open to the LAN: it names no customer, no user and no number.
"""

from __future__ import annotations

from typing import Any

from appliance.errors import StoreError
from webui.ask import Ask, Services
from webui.roles import OPEN, Route


def routes(_services: Services) -> list[Route]:
    return [Route("GET", "/health", OPEN, show)]


def show(ask: Ask) -> Any:
    """200 when all is well, else 503 with what is not."""
    checks = {"database": _database(ask), "dialer": ask.services.live.is_up, "lines": _lines(ask)}
    is_well = all(checks.values())
    return ask.json({"ok": is_well, "checks": checks}, status=200 if is_well else 503)


def _database(ask: Ask) -> bool:
    try:
        return bool(ask.services.store.value("SELECT 1"))
    except StoreError:
        return False


def _lines(ask: Ask) -> bool:
    spans = ask.services.live.board.spans
    return ask.services.live.is_up and bool(spans) and all(span.is_up for span in spans)
