"""Keeps tests of one `xdist_group` in one worker, and judges no example by the clock.

pytest-xdist 3.8 appends the group's name to an attribute from which pytest 9.2 no longer makes the id that
tests are shared out by: unnoticed, every floor was started in both workers at once.
"""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("yobirin", deadline=None)  # a busy machine is no fault of an example
settings.load_profile("yobirin")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """After xdist's own hook of this name."""
    for item in items:
        grouped = getattr(item, "_nodeid", item.nodeid)
        if grouped != item.nodeid and "@" in grouped:
            from _pytest.nodeid import coerce_node_id  # there since 9.2, which is where it is wanted

            item._id = coerce_node_id(grouped)
