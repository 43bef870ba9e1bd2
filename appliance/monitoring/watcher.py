"""What a check that runs once asks of the running monitor: what only watching on and on can tell."""

from __future__ import annotations

from typing import Final

from appliance.ipc import BlockingClient, PeerGone, Refused
from appliance.monitoring import messages
from appliance.settings import Home

TIMEOUT_S: Final = 2.0


def seen(home: Home) -> messages.Seen | None:
    """None where no monitor runs, or it does not answer."""
    try:
        client = BlockingClient(home.socket("monitor"), messages.Union, name="check", timeout_s=TIMEOUT_S)
    except PeerGone:
        return None
    try:
        found = client.request(messages.AskSeen())
    except (PeerGone, Refused):
        return None
    finally:
        client.close()
    assert isinstance(found, messages.Seen)
    return found
