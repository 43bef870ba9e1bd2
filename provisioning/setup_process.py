"""The process `setup`: the one privileged process of the box, serving `run/setup.sock` to the console.

With no serial console in the site file it only waits, and loads nothing of what it could do.
"""

from __future__ import annotations

import logging

from appliance.settings import Home, Settings
from provisioning import idle


def run(home: Home, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    if not settings.console.device:
        idle.wait(home, "setup")
        return
    from provisioning import setup_door

    setup_door.serve(home)
