"""A tenant's own rules for coming in: from which addresses, how long idle, how old a password may be.

Kept as one value in `setting`.  The page enforces them; nothing here knows of requests.
"""

from __future__ import annotations

import ipaddress
from typing import Final

import msgspec

from appliance.errors import BadInput
from appliance.store.models import Noun, Role
from appliance.store.open import Store
from appliance.store.times import DAY_MS

NAME: Final = "security"
IDLE_MINUTES: Final = (0, 480)  # the longest is a shift
PASSWORD_DAYS: Final = (0, 365)
NETWORKS_MAX: Final = 50


class Policy(Noun, frozen=True):
    """`idle_minutes` 0: as long as a page lies open, at most a shift (sessions.py).  `password_days` 0: never
    too old.  `networks` empty: from everywhere.  `factor_roles`: who logs in with a code beside the password.
    """

    idle_minutes: int = 0
    password_days: int = 0
    networks: tuple[str, ...] = ()
    factor_roles: tuple[Role, ...] = ()

    @property
    def idle_ms(self) -> int:
        return self.idle_minutes * 60_000

    def lets_in(self, address: str) -> bool:
        """Whether a browser at this address may come in.  Pure."""
        if not self.networks:
            return True
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
            found = found.ipv4_mapped
        return any(found in ipaddress.ip_network(network) for network in self.networks)

    def is_too_old(self, password_set_at: int, *, at: int) -> bool:
        """Whether a password set then must be changed now.  Pure."""
        return self.password_days > 0 and at - password_set_at > self.password_days * DAY_MS


def policy(store: Store, tenant_id: int) -> Policy:
    """The tenant's rules; the product's own where none were set."""
    kept = store.value("SELECT value FROM setting WHERE tenant_id = ? AND name = ?", (tenant_id, NAME))
    return msgspec.json.decode(kept, type=Policy) if kept else Policy()


def set_policy(
    store: Store,
    tenant_id: int,
    *,
    idle_minutes: int,
    password_days: int,
    networks: str,
    own_address: str,
    factor_roles: tuple[Role, ...] = (),
) -> Policy:
    """Replace the rules; `networks` one a line.  Raises BadInput: out of bounds, or shutting oneself out."""
    for value, (low, high), what in (
        (idle_minutes, IDLE_MINUTES, "自動ログアウト"),
        (password_days, PASSWORD_DAYS, "パスワードの有効日数"),
    ):
        if not low <= value <= high:
            raise BadInput(f"「{what}」に「{value}」は使えません。", remedy=f"{low}〜{high}にしてください。")
    wanted = Policy(
        idle_minutes=idle_minutes,
        password_days=password_days,
        networks=_networks(networks.split()),
        factor_roles=factor_roles,
    )
    if not wanted.lets_in(own_address):
        raise BadInput(
            f"いまお使いのアドレス「{own_address}」が入っていません。",
            remedy="自分が締め出されないように、このアドレスも入れてください。",
        )
    kept = msgspec.json.encode(wanted).decode()
    store.run(
        "INSERT INTO setting (tenant_id, name, value) VALUES (?, ?, ?)"
        " ON CONFLICT (tenant_id, name) DO UPDATE SET value = excluded.value",
        (tenant_id, NAME, kept),
    )
    return wanted


def _networks(texts: list[str]) -> tuple[str, ...]:
    if len(texts) > NETWORKS_MAX:
        raise BadInput(f"アドレスが{len(texts)}件あります。", remedy=f"{NETWORKS_MAX}件までにしてください。")
    found = []
    for text in texts:
        try:
            found.append(str(ipaddress.ip_network(text, strict=False)))
        except ValueError as error:
            raise BadInput(
                f"アドレス「{text}」が正しくありません。",
                remedy="例：「192.168.1.0/24」「203.0.113.5」のように入力してください。",
            ) from error
    return tuple(dict.fromkeys(found))
