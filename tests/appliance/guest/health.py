"""Inside the box, tests only: what the monitor and the dialer say now, as JSON."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from appliance.dialer import messages as dialer
from appliance.ipc import BlockingClient
from appliance.monitoring import messages as monitor

RUN = Path("/var/lib/yobirin/run")


def ask(name: str, union: Any, body: Any) -> Any:
    client = BlockingClient(RUN / f"{name}.sock", union, name="test", timeout_s=20)
    try:
        return client.request(body)
    finally:
        client.close()


health = ask("monitor", monitor.Union, monitor.AskHealth())
board = ask("dialer", dialer.Union, dialer.AskBoard())
print(
    json.dumps(
        {
            "now": time.time(),
            "space": health.space,
            "alarms": {check.name: check.key for check in health.checks if check.alarm != "fine"},
            "raised_at": {
                event.check: event.at for event in reversed(health.history) if event.event == "raised"
            },
            "cleared_at": {
                event.check: event.at for event in reversed(health.history) if event.event == "cleared"
            },
            "limits": sorted({project.reason.limit for project in board.projects}),
            "talking": sum(seat.state == "talking" for seat in board.seats),
        }
    )
)
