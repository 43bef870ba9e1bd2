"""フロア: the operators' simplified monitor.  Who sits where and in which state; no number, no customer.

What it shows comes by the page's own stream (`audiences.floor_seats`), cut to that before it leaves the box.
"""

from __future__ import annotations

from typing import Any

from webui.ask import Ask, Services
from webui.layout import places
from webui.roles import Route


def routes(_services: Services) -> list[Route]:
    return [Route("GET", "/floor", "monitoring", show)]


def show(ask: Ask) -> Any:
    return ask.page("floor.html", names={"places": places(ask)})
