"""Codes of authenticators against RFC 6238's own table; taken once, near their time; recovery codes."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from appliance.errors import BadInput
from appliance.store import second_factor, totp, users
from tests.store_help import NOON_MS, Floor, make_floor

RFC_SECRET = b"12345678901234567890"


# RFC 6238, appendix B, the rows of SHA1: seconds since 1970 and eight digits.
@pytest.mark.parametrize(
    ("at_s", "code"),
    [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ],
)
def test_codes_are_those_of_the_rfc(at_s: int, code: str) -> None:
    step = totp.step_of(at_s * 1000)
    assert totp.code(RFC_SECRET, step, digits=8) == code
    assert totp.code(RFC_SECRET, step) == code[2:]


def test_the_link_and_the_written_key_hold_the_secret() -> None:
    secret = totp.new_secret()
    found = parse_qs(urlsplit(totp.uri(secret, issuer="呼び鈴 箱", name="sato")).query)
    assert base64.b32decode(found["secret"][0]) == secret
    assert base64.b32decode(totp.written(secret).replace(" ", "")) == secret
    assert found["issuer"] == ["呼び鈴 箱"]


def somebody(floor: Floor) -> int:
    return users.create(
        floor.store,
        floor.tenant,
        login_name="sato2",
        name="佐藤 二",
        role="SV",
        password="正しい馬と電池の留め具3",
        at=1,
    )


def proved(floor: Floor, *, at: int = NOON_MS) -> tuple[int, bytes, list[str]]:
    user = somebody(floor)
    secret = second_factor.begin(floor.store, floor.tenant, user, at=at)
    code = totp.code(secret, totp.step_of(at))
    return user, secret, second_factor.prove(floor.store, floor.tenant, user, code, at=at)


def test_it_counts_once_it_is_proved(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    user = somebody(floor)
    secret = second_factor.begin(floor.store, floor.tenant, user, at=NOON_MS)
    assert second_factor.begun(floor.store, user) == secret
    assert not second_factor.is_on(floor.store, user)
    wrong = totp.code(secret, totp.step_of(NOON_MS) + 5)
    with pytest.raises(BadInput, match="違います"):
        second_factor.prove(floor.store, floor.tenant, user, wrong, at=NOON_MS)
    codes = second_factor.prove(
        floor.store, floor.tenant, user, totp.code(secret, totp.step_of(NOON_MS)), at=NOON_MS
    )
    assert second_factor.is_on(floor.store, user)
    assert second_factor.begun(floor.store, user) is None
    assert len(set(codes)) == second_factor.CODES == second_factor.codes_left(floor.store, user)
    with pytest.raises(BadInput, match="設定済み"):
        second_factor.begin(floor.store, floor.tenant, user, at=NOON_MS)


@pytest.mark.parametrize(
    ("late_steps", "is_taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_code_is_taken_near_its_time_alone_and_once(
    tmp_path: Path, late_steps: int, is_taken: bool
) -> None:
    floor = make_floor(tmp_path)
    user, secret, _ = proved(floor)
    later = NOON_MS + 600_000
    code = totp.code(secret, totp.step_of(later) + late_steps)
    wide = code.translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"})
    assert second_factor.check(floor.store, user, f"{wide[:3]} {wide[3:]}", at=later) is is_taken
    assert not second_factor.check(floor.store, user, code, at=later), "a code is taken once"


def test_the_code_that_proved_it_does_not_open_the_door_too(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    user, secret, _ = proved(floor)
    assert not second_factor.check(floor.store, user, totp.code(secret, totp.step_of(NOON_MS)), at=NOON_MS)


def test_a_recovery_code_opens_once_and_new_ones_end_the_old(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    user, _, codes = proved(floor)
    assert second_factor.use_code(floor.store, user, codes[0].upper().replace("-", " "), at=NOON_MS)
    assert not second_factor.use_code(floor.store, user, codes[0], at=NOON_MS)
    assert second_factor.codes_left(floor.store, user) == second_factor.CODES - 1
    fresh = second_factor.new_codes(floor.store, floor.tenant, user)
    assert not second_factor.use_code(floor.store, user, codes[1], at=NOON_MS)
    assert second_factor.use_code(floor.store, user, fresh[1], at=NOON_MS)


def test_after_removal_neither_code_nor_recovery_code_is_anything(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    user, secret, codes = proved(floor)
    other = users.create_tenant(floor.store, entry_code="other", name="他社", at=NOON_MS)
    assert not second_factor.remove(floor.store, other, user), "another tenant's manager takes nothing off"
    assert second_factor.codes_left(floor.store, user) == second_factor.CODES
    assert second_factor.remove(floor.store, floor.tenant, user)
    later = NOON_MS + 600_000
    assert not second_factor.check(floor.store, user, totp.code(secret, totp.step_of(later)), at=later)
    assert not second_factor.use_code(floor.store, user, codes[0], at=later)


def test_a_code_is_awaited_for_five_minutes_from_one_browser(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    user = users.get(floor.store, floor.tenant, somebody(floor))
    assert user is not None
    first = second_factor.await_code(floor.store, user, at=NOON_MS)
    token = second_factor.await_code(floor.store, user, at=NOON_MS)
    assert second_factor.awaited(floor.store, first, at=NOON_MS) is None, "the last browser counts"
    until = NOON_MS + second_factor.AWAITED_MS
    assert second_factor.awaited(floor.store, token, at=until) == user
    assert second_factor.awaited(floor.store, token, at=until + 1) is None
    second_factor.forget(floor.store, token)
    assert second_factor.awaited(floor.store, token, at=NOON_MS) is None
