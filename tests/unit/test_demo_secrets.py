"""Passwords of the demonstration are taken by the store, every time."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_mock import MockerFixture

from appliance import demo_secrets


def test_a_password_that_holds_the_login_name_is_drawn_again(mocker: MockerFixture) -> None:
    """`sv` alone would have failed one start in a hundred."""
    letters: Iterator[str] = iter("absvcdefghjk" + "mnpqrstuvwxy")
    mocker.patch("appliance.demo_secrets.secrets.choice", side_effect=lambda _of: next(letters))
    assert demo_secrets.one_time_password(login_name="sv") == "mnpq-rstu-vwxy"


def test_passwords_differ_and_can_be_read_aloud() -> None:
    made = {demo_secrets.one_time_password() for _ in range(200)}
    assert len(made) == 200
    assert not set("".join(made)) & set("0O1l")
