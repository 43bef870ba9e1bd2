"""The contract of the span seam, run in the box on two joined spans of the real driver."""

from __future__ import annotations

import pytest

from tests.appliance import floor
from tests.appliance.box import Box

pytestmark = pytest.mark.timeout(1500)
HERE = "/usr/lib/yobirin-test"


def test_the_span_contract_holds_on_the_real_driver(booted: Box) -> None:
    booted.run("systemctl stop yobirin.service")  # the box's own dialer holds the D channel
    booted.guest.put("/data/box/dahdi/system.conf", floor.LINES)
    booted.run("systemctl start yobirin-test-lines && systemctl restart yobirin-dahdi")
    done = booted.tried(
        f"cd {HERE} && YOBIRIN_SPAN_PAIR=1 PYTHONPATH={HERE} PYTHONDONTWRITEBYTECODE=1 "
        "python -m pytest -q -p no:cacheprovider tests/contract/test_span.py -k 'card or real_driver'",
        timeout_s=600.0,
    )
    print(done.out[-1500:])
    assert done.code == 0, done.out[-3000:]
    assert " passed" in done.out
