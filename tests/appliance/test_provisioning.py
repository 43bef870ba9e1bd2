"""A blank box is set up over its second serial line, as a technician does it, and is what was described."""

from __future__ import annotations

import json
import re
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from provisioning import reading, wanted
from provisioning.cli import FOUND_BAD
from tests.appliance.box import Box
from tests.appliance.lines import Serial

pytestmark = [pytest.mark.short, pytest.mark.timeout(3_600)]  # waiting for the one emulator counts too

SAMPLE = Path(reading.__file__).parent / "sample-site.toml"
ADDRESS = "10.0.2.15"  # QEMU's own network, so that its forward still finds the box
REGISTER = Path(__file__).resolve().parent / "guest" / "register_phone.py"


def site_file(directory: Path) -> Path:
    """The sample, with the addresses and disks of the emulated box."""
    text = SAMPLE.read_text(encoding="utf-8")
    for before, after in (
        ("192.168.10.5/24", f"{ADDRESS}/24"),
        ('gateway = "192.168.10.1"', 'gateway = "10.0.2.2"'),
        ('dns = ["192.168.10.1"]', "dns = []"),
        ('ntp = ["192.168.10.1"]', 'ntp = ["10.0.2.2"]'),
        ('["/dev/sda", "/dev/sdb"]', '["/dev/vda", "/dev/vdb"]'),
        ('watchdog = ""', 'watchdog = "/dev/watchdog0"'),
    ):
        assert before in text, before
        text = text.replace(before, after)
    path = directory / "SITE.toml"
    path.write_text(text, encoding="utf-8")
    return path


def provision(box: Box, site: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The technician's script, over the box's second line."""
    box.technician.close()
    port = f"unix:{box.directory}/ttyS1.sock"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "provisioning.cli",
            str(site),
            "--port",
            port,
            "--yes",
            "--language",
            "en",
            *words,
        ],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    print(done.stdout, done.stderr)
    assert done.returncode in (0, FOUND_BAD), done.stderr
    return done


def test_a_blank_box_is_set_up_over_its_serial_line(box: Box, tmp_path: Path) -> None:
    box.boot(900.0)
    code = box.console.expect(r"set-up code: (\d{4}-\d{4})", 240).group(1)
    site = site_file(tmp_path)

    first = provision(box, site, "--pin", code)

    assert "No line card was found" in first.stdout
    kept = json.loads(wanted.secrets_file(site).read_text())
    assert kept["recovery_told"]
    sheet = site.with_name("SITE-handover.html").read_text(encoding="utf-8")
    looked = {name: mark for mark, name in re.findall(r"^  (\S) (\S+) ", first.stdout, re.MULTILINE)}
    assert {name for name, mark in looked.items() if mark == "×"} <= {"lines"}, first.stdout
    the_page_is_the_boxs_own(box, sheet)
    a_phone_registers(box, kept["seats"]["201"])
    the_address_is_fixed(box)
    the_recovery_key_opens_the_disks(box, sheet)

    second = provision(box, site)
    assert "There is nothing to do." in second.stdout
    the_menu_opens(box, kept["pin"])


def the_page_is_the_boxs_own(box: Box, sheet: str) -> None:
    """A PC that trusts the authority of the sheet reaches the page by its address, without a warning."""
    box.wait_ready()
    authority = box.guest.get("/data/yobirin/tls/appliance-ca.crt").decode()
    shown = box.run("openssl x509 -in /data/yobirin/tls/appliance-ca.crt -noout -fingerprint -sha256")
    assert shown.strip().split("=")[1] in sheet
    context = ssl.create_default_context(cadata=authority)
    with (
        socket.create_connection(("127.0.0.1", box.web_port), 30) as plain,
        context.wrap_socket(plain, server_hostname=ADDRESS) as line,
    ):
        assert line.version() in ("TLSv1.2", "TLSv1.3")


def a_phone_registers(box: Box, password: str) -> None:
    """SIP REGISTER with the sheet's password, from the box's own network."""
    box.guest.put("/run/register_phone.py", REGISTER.read_text(encoding="utf-8"))
    words = f"python /run/register_phone.py {ADDRESS} 201 {password}"
    box.wait(lambda: "200" in box.tried(words).out, 120.0, "the phone did not register")
    assert "403" in box.tried(words + "x").out or "401" in box.tried(words + "x").out


def the_address_is_fixed(box: Box) -> None:
    shown = box.run("ip -4 address show scope global")
    assert f"{ADDRESS}/24" in shown
    assert "dynamic" not in shown, "the address still comes by DHCP"


def the_recovery_key_opens_the_disks(box: Box, sheet: str) -> None:
    found = re.search(r"<code>([a-z2-9]{4}(?:-[a-z2-9]{4}){7})</code>", sheet)
    assert found is not None
    box.guest.put("/run/recovery", found.group(1), mode=0o600)
    device = box.run("blkid -t LABEL=YOBIRIN-DATA -o device | head -n 1").strip()
    box.run(f"cryptsetup open --test-passphrase --key-slot 1 --key-file /run/recovery {device}", 120.0)
    box.run("rm /run/recovery")


def the_menu_opens(box: Box, pin: str) -> None:
    """The same line is the technician's menu again, and opens with the sheet's PIN."""
    line: Any = Serial(box.directory / "ttyS1.sock", "the technician's line (ttyS1)")
    try:
        line.send("\x03\r")
        line.expect("保守コンソール", 150.0)
        line.send(pin + "\r")
        line.expect("メニュー", 60.0)
        line.send("1")
        line.expect("プログラム +すべて動作中", 60.0)
        line.send("0")
        line.expect("メニュー", 30.0)
        line.send("0")
        line.expect("保守コンソール", 30.0)
    finally:
        line.close()
