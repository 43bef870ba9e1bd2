"""A box that is switched on: comes up by itself, read-only, closed, and says what it is."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.appliance.box import Box
from tests.appliance.floor import wait_running

pytestmark = [pytest.mark.short, pytest.mark.timeout(900)]

LISTENS = {
    ("tcp", "443"),  # the page
    ("udp", "5060"),  # desk phones
}


@pytest.fixture(scope="module")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A real start, from power on: the one that other scenarios may leave out."""
    with Box(tmp_path_factory.mktemp("start") / "box") as made:
        made.to("booted")
        yield made


def test_every_process_runs_and_the_page_answers(booted: Box) -> None:
    wait_running(booted)
    print(f"power to page: {time.monotonic() - booted.switched_on_at:.0f} s (at most)")
    assert {"dialer", "audio", "phones", "web", "worker"} <= set(booted.processes())
    assert booted.page("/login") == 200


def test_each_process_has_a_user_of_its_own(booted: Box) -> None:
    rows = booted.run("ps -eo user:32,args | grep '[-]m appliance '").splitlines()
    owners = {row.split("-m appliance ")[1].split()[0]: row.split()[0] for row in rows}
    for name in ("dialer", "audio", "phones", "web", "worker"):
        assert owners[name] == f"yobirin-{name}", owners


def test_the_root_is_read_only_and_etc_forgets(booted: Box) -> None:
    for place in ("/usr/bin/x", "/opt/yobirin/x", "/x"):
        assert "Read-only file system" in booted.tried(f"touch {place}").out, place
    booted.run("touch /etc/x && rm /etc/x")
    assert booted.run("stat -f -c %T /etc").strip() == "overlayfs"


def test_nothing_listens_but_the_services_of_the_lan(booted: Box) -> None:
    rows = [line.split() for line in booted.run("ss -H -tuln").splitlines()]
    open_to_lan = set()
    for row in rows:
        address, _, port = row[4].rpartition(":")
        if not address.startswith(("127.", "[::1]")) and not (row[0] == "udp" and port == "68"):
            open_to_lan.add((row[0], port))
    assert open_to_lan <= LISTENS, open_to_lan
    rules = booted.run("nft list chain inet box input")
    assert "policy drop" in rules
    assert "dport 443" in rules


def test_no_password_key_or_identity_is_in_the_image(booted: Box) -> None:
    squash = "/run/yobirin/volatile"
    assert booted.run("mount | grep -c squashfs").strip() != "0"
    shadow = booted.run("cut -d: -f2 /etc/shadow").split()
    assert all(word in {"*", "!", "!*", "!!"} for word in shadow), shadow
    found = booted.run(
        "find /opt /usr /etc -xdev -type f '(' -name '*.key' -o -name 'ssh_host_*' -o -name '*.pem' ')' "
        "| grep -v /usr/share/ca-certificates | grep -v site-packages | head"
    )
    assert [line for line in found.splitlines() if "/etc/ssl/certs/" not in line] == [], squash


def test_nothing_failed_on_the_way(booted: Box) -> None:
    assert booted.run("systemctl --failed --no-legend --plain").strip() == ""
