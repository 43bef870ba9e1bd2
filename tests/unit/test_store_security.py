"""A tenant's rules for coming in: addresses, idle time, age of passwords."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import BadInput
from appliance.store import security
from appliance.store.security import Policy
from tests.store_help import make_floor

DAY_MS = 86_400_000


@pytest.mark.parametrize(
    ("networks", "address", "is_in"),
    [
        ((), "203.0.113.9", True),
        (("192.168.1.0/24",), "192.168.1.77", True),
        (("192.168.1.0/24",), "192.168.2.77", False),
        (("192.168.1.0/24",), "::ffff:192.168.1.77", True),
        (("203.0.113.5/32", "fd00::/8"), "fd00::1", True),
        (("203.0.113.5/32",), "unix", False),
    ],
)
def test_addresses(networks: tuple[str, ...], address: str, is_in: bool) -> None:
    assert Policy(networks=networks).lets_in(address) == is_in


def test_a_password_grows_old_only_where_an_age_is_set() -> None:
    assert not Policy().is_too_old(0, at=10_000 * DAY_MS)
    assert not Policy(password_days=90).is_too_old(0, at=90 * DAY_MS)
    assert Policy(password_days=90).is_too_old(0, at=90 * DAY_MS + 1)


def test_rules_are_kept_for_their_tenant_alone(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    assert security.policy(floor.store, floor.tenant) == Policy()
    kept = security.set_policy(
        floor.store, floor.tenant, idle_minutes=15, password_days=90,
        networks="192.168.1.7/24\n203.0.113.5", own_address="192.168.1.9",
    )  # fmt: skip
    assert kept.networks == ("192.168.1.0/24", "203.0.113.5/32")
    assert security.policy(floor.store, floor.tenant) == kept
    assert security.policy(floor.store, floor.tenant + 1) == Policy()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"idle_minutes": 481}, "自動ログアウト"),
        ({"password_days": 1000}, "パスワードの有効日数"),
        ({"networks": "192.168.1"}, "192.168.1"),
        ({"networks": "10.0.0.0/8"}, "いまお使いのアドレス"),
    ],
)
def test_what_is_refused_changes_nothing(tmp_path: Path, values: dict[str, object], said: str) -> None:
    floor = make_floor(tmp_path)
    given = {"idle_minutes": 60, "password_days": 0, "networks": "", **values}
    with pytest.raises(BadInput, match=said):
        security.set_policy(floor.store, floor.tenant, own_address="192.168.1.9", **given)  # type: ignore[arg-type]  # of the cases above
    assert security.policy(floor.store, floor.tenant) == Policy()
