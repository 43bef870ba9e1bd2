"""NRPE's configuration, made from the table of checks: nobody writes it by hand.  Pure."""

from __future__ import annotations

from typing import Final

from appliance.monitoring.table import CHECKS
from appliance.settings import Settings

HEAD: Final = """\
# Written from Yobirin's table of checks by `yobirin check --nrpe`; changes here are lost.
# Thresholds are the product's; a monitoring server only asks.  allowed_hosts stands in nrpe.cfg.
"""


def configuration(settings: Settings, *, home: str, program: str = "/usr/bin/yobirin") -> str:
    """One `command[yobirin_NAME]` a check; arguments from outside are not taken (dont_blame_nrpe=0)."""
    rows = []
    for check in CHECKS:
        limits = check.thresholds(settings)
        rows.append(
            f"command[yobirin_{check.name}]={program} check {check.name} --home {home}"
            f" -w {limits.warn.text} -c {limits.crit.text} --timeout {check.timeout_s:g}"
        )
    return HEAD + "\n".join(rows) + "\n"
