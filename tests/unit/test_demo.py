"""The demonstration's site file: whom its phones may come from."""

from __future__ import annotations

import pytest

from appliance import demo
from appliance.errors import BadInput
from appliance.settings import Phones

KNOWN = list(Phones().allowed_networks)


@pytest.mark.parametrize(
    ("address", "more"),
    [
        ("127.0.0.1", []),
        ("192.168.7.20", []),
        ("172.31.0.9", []),
        ("192.0.2.10", ["192.0.2.0/24"]),  # its own robots live there
    ],
)
def test_phones_of_the_floors_own_lan_are_let_in(address: str, more: list[str]) -> None:
    assert demo.networks(address) == KNOWN + more


@pytest.mark.parametrize("address", ["", "box.example", "::1", "10.0.0.300"])
def test_an_address_that_is_none_is_named(address: str) -> None:
    with pytest.raises(BadInput, match="is no IPv4 address"):
        demo.networks(address)
