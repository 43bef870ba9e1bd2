"""Users, sessions, throttling, seats and the log of actions."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import BadInput
from appliance.store import audit, lists, seats, sessions, throttle, users
from tests.store_help import NOON_MS, PASSWORD, make_floor

MINUTE = 60_000


def test_a_password_opens_and_only_that_one(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)

    found = users.check_password(floor.store, floor.tenant, "TANAKA ", PASSWORD)

    assert found is not None
    assert found.id == floor.operator
    assert users.check_password(floor.store, floor.tenant, "tanaka", PASSWORD + "x") is None
    assert users.check_password(floor.store, floor.tenant, "nobody", PASSWORD) is None
    assert users.check_password(floor.store, floor.tenant + 1, "tanaka", PASSWORD) is None


def test_a_pin_logs_in_at_the_phone(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)

    found = users.check_pin(floor.store, "101", "2580")

    assert found is not None
    assert found.id == floor.operator
    assert users.check_pin(floor.store, "101", "0852") is None
    assert users.check_pin(floor.store, "999", "2580") is None


def test_hashes_are_argon2id_and_leave_the_store_in_no_row(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)

    stored = floor.store.value("SELECT password_hash FROM user WHERE id = ?", (floor.operator,))
    user = users.get(floor.store, floor.tenant, floor.operator)

    assert stored.startswith("$argon2id$")
    assert "argon2" not in repr(user)


def test_a_retired_users_names_and_digits_are_never_given_again(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    users.retire(floor.store, floor.tenant, floor.operator, at=NOON_MS)

    for login, name, phone in (("tanaka", "別人", ""), ("betsu", "田中 一郎", ""), ("betsu", "別人", "101")):
        with pytest.raises(BadInput, match="使われています"):
            users.create(
                floor.store, floor.tenant, login_name=login, name=name, role="OP", password=PASSWORD,
                phone_id=phone, pin="1111" if phone else "", at=NOON_MS,
            )  # fmt: skip
    assert users.check_password(floor.store, floor.tenant, "tanaka", PASSWORD) is None
    assert users.check_pin(floor.store, "101", "2580") is None


def test_a_retired_user_drops_out_of_permissions_and_keeps_the_name(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(1)
    lists.permit_users(floor.store, floor.tenant, list_id, (floor.operator, floor.manager))

    users.retire(floor.store, floor.tenant, floor.operator, at=NOON_MS)

    assert lists.permitted_users(floor.store, floor.tenant, list_id) == (floor.manager,)
    kept = users.get(floor.store, floor.tenant, floor.operator)
    assert kept is not None
    assert kept.name == "田中 一郎"


def test_the_last_manager_stays(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)

    with pytest.raises(BadInput, match="最後のMGR"):
        users.retire(floor.store, floor.tenant, floor.manager, at=NOON_MS)


@pytest.mark.parametrize(
    ("password", "words"), [("short", "5文字"), ("aaaaaaaaaaaa", "推測"), ("suzuki-himitsu", "推測")]
)
def test_weak_passwords_are_refused(tmp_path: Path, password: str, words: str) -> None:
    floor = make_floor(tmp_path)

    with pytest.raises(BadInput, match=words):
        users.create(
            floor.store, floor.tenant, login_name="suzuki", name="鈴木", role="OP", password=password, at=1
        )


def test_a_changed_password_ends_every_session(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    token, _ = sessions.start(floor.store, floor.tenant, floor.operator, address="10.0.0.5", at=NOON_MS)

    users.set_password(
        floor.store, floor.tenant, floor.operator, "atarashii-himitsu", at=NOON_MS, is_temporary=False
    )

    assert sessions.find(floor.store, token, at=NOON_MS) is None


def test_a_session_lives_while_it_is_used_and_its_token_is_not_stored(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    token, csrf = sessions.start(floor.store, floor.tenant, floor.operator, address="10.0.0.5", at=NOON_MS)

    for minute in range(0, 120, 30):
        found = sessions.find(floor.store, token, at=NOON_MS + minute * MINUTE)
        assert found is not None
        assert found.csrf == csrf

    assert sessions.find(floor.store, token, at=NOON_MS + (90 + 61) * MINUTE) is None
    assert floor.store.value("SELECT count(*) FROM session WHERE token_hash = ?", (token,)) == 0


def test_no_session_outlives_a_day(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    token, _ = sessions.start(floor.store, floor.tenant, floor.operator, address="a", at=NOON_MS)

    alive = [
        sessions.find(floor.store, token, at=NOON_MS + minute * MINUTE) for minute in range(0, 15 * 60, 30)
    ]

    assert alive[-1] is None
    assert alive[1] is not None


def test_guessing_locks_the_name_for_a_while_and_survives_a_restart(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    subjects = ("web:demo/tanaka", "address:10.0.0.5")

    until = [throttle.failed(floor.store, subjects, at=NOON_MS + n) for n in range(5)]
    floor.store.close()

    assert until[:4] == [0, 0, 0, 0]
    assert until[4] > NOON_MS
    assert throttle.locked_until(floor.store, ("web:demo/tanaka",), at=NOON_MS + MINUTE) == until[4]
    assert throttle.locked_until(floor.store, ("web:demo/suzuki",), at=NOON_MS + MINUTE) == 0
    assert throttle.locked_until(floor.store, subjects, at=until[4] + 1) == 0


def test_a_success_forgets_the_name_but_not_the_address(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    for n in range(throttle.ADDRESS_FAILURES_MAX - 1):
        throttle.failed(floor.store, (f"web:{n}", "address:10.0.0.5"), at=NOON_MS)

    throttle.succeeded(floor.store, ("web:0", "address:10.0.0.5"))

    assert throttle.failed(floor.store, ("web:0", "address:10.0.0.5"), at=NOON_MS) > 0


def test_old_failures_do_not_add_up(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)

    for n in range(10):
        assert throttle.failed(floor.store, ("web:a",), at=NOON_MS + n * (throttle.WINDOW_MS + 1)) == 0


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_log SET detail = 'x' WHERE id = 2",
        "DELETE FROM audit_log WHERE id = 2",
        "UPDATE audit_log SET at = at + 1 WHERE id = 3",
    ],
)
def test_a_changed_log_shows(tmp_path: Path, change: str) -> None:
    floor = make_floor(tmp_path)
    for n in range(4):
        audit.log(floor.store, floor.tenant, at=NOON_MS + n, screen="リスト", action="開始", user_id=1)
    assert audit.first_broken(floor.store) == 0

    floor.store.run(change)

    assert audit.first_broken(floor.store) in (2, 3)


def test_the_log_is_searched_within_the_tenant(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    audit.log(floor.store, floor.tenant, at=1, screen="リスト", action="開始", detail="秋のリスト")
    audit.log(floor.store, floor.tenant + 1, at=1, screen="リスト", action="開始", detail="秋のリスト")

    assert len(audit.search(floor.store, floor.tenant, text="秋の")) == 1
    assert audit.search(floor.store, floor.tenant, text="冬の") == []


def test_seats_have_unique_extensions_and_digests(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    seats.create(floor.store, label="A-1", extension="201", password="himitsu")

    with pytest.raises(BadInput, match="使われています"):
        seats.create(floor.store, label="A-2", extension="201", password="himitsu")
    with pytest.raises(BadInput, match="使えません"):
        seats.create(floor.store, label="A-2", extension="2o1", password="himitsu")

    assert seats.every(floor.store)[0].ha1 == "91657f98c91d075e60c621eea12b4d62"  # MD5 of 201:yobirin:himitsu
