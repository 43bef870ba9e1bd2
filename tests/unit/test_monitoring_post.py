"""A mail that cannot be written is one mail's trouble, and holds no other up."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from appliance.errors import DeviceError
from appliance.monitoring.post import Relay
from appliance.settings import Home, Mail
from appliance.store import mail


@pytest.mark.parametrize("subject", ["[Yobirin 本社\n2階] 警報", "a\r\nBcc: all@example.com"])
def test_a_subject_of_two_lines_is_refused_as_the_relay_would(
    tmp_path: Path, mocker: MockerFixture, subject: str
) -> None:
    mocker.patch("appliance.monitoring.post.smtplib.SMTP")
    relay = Relay(Mail(relay="relay", to=("a@example.com",)), home=Home(tmp_path), site="本社")
    with pytest.raises(DeviceError, match="Header values"):
        relay.send(mail.Mail(id=1, created_at=0, subject=subject, body="x", tries=0), at=0.0)
