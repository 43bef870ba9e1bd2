"""The certificate of the page: the customer's own where one is installed, else the appliance's.

Making and renewing it is provisioning's (`provisioning/authority.py`); the page asks at every start.
"""

from __future__ import annotations

from pathlib import Path

from appliance.settings import Home, Web
from provisioning import authority


def ensure(home: Home, web: Web) -> tuple[Path, Path]:
    """(certificate, private key), made or renewed where due.  Raises SettingsError where one is missing."""
    authority.ensure_leaf(home, web)
    return home.root / web.certificate, home.root / web.private_key
