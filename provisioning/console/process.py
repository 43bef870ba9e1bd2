"""The process `console`: the technician's menu on the second serial line, and the laptop's protocol on it.

Unprivileged: what needs rights is asked of the `setup` process.  Without a device it only waits.
"""

from __future__ import annotations

import logging

from appliance.settings import Home, Settings
from provisioning import idle


def run(home: Home, settings: Settings) -> None:
    """Serve the line until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    if not settings.console.device:
        idle.wait(home, "console")
        return
    from provisioning.console import line

    line.serve(home, settings)
