"""Scenarios need a built image and minutes of emulation: `make test-appliance` alone collects them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.appliance import kept
from tests.appliance.box import Box

collect_ignore_glob = [] if os.environ.get("YOBIRIN_QEMU") else ["test_*.py"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "short: of the set that continuous integration runs")


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """A box that is switched off, with an installed system on its disks."""
    with Box(tmp_path / "box") as made:
        yield made


@pytest.fixture(scope="module")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """One blank box that has come up, for a file of scenarios; its start was another's (kept.py)."""
    with kept.box(tmp_path_factory.mktemp("booted") / "box", "booted") as made:
        yield made


@pytest.fixture(scope="module")
def dialling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """One floor that dials a long list, for a file of scenarios; its start was another's (kept.py)."""
    with kept.box(tmp_path_factory.mktemp("dialling") / "box", "dialling") as made:
        yield made
