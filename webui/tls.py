"""The certificate of the page: the customer's own where one is installed, else the appliance's.

Making and renewing it is provisioning's (`provisioning/authority.py`); the page asks at every start.
"""

from __future__ import annotations

from pathlib import Path

from appliance.settings import Home, Web
from provisioning import authority


def ensure(home: Home, web: Web) -> tuple[Path, Path]:
    """(certificate, private key), made or renewed where due.  Raises SettingsError where one is missing."""
    certificate, key = home.root / web.certificate, home.root / web.private_key
    try:
        authority.ensure_leaf(home, web)
    except PermissionError:
        # On a box the key of the authority is root's alone and `setup` renews: the page serves what is there.
        if not certificate.exists():
            raise
    return certificate, key
