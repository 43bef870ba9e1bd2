"""`python -m appliance …` is the same command line as `yobirin …`."""

from __future__ import annotations

import sys

from appliance.cli import main

sys.exit(main())
