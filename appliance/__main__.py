"""`python -m appliance …` is the same command line as `yobirin …`."""

from __future__ import annotations

import sys

from appliance import turn

turn.wait()

from appliance.cli import main  # noqa: E402 - not before it is this process's turn

sys.exit(main())
