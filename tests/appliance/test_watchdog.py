"""The watchdog on real drivers: a stopped dialer, a frozen supervisord, a hung kernel, a loaded box.

Bounds are the product's; where emulation itself is slow, a plain restart in the same box is the measure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.appliance import floor, kept
from tests.appliance.box import BOOT_S, Box

pytestmark = pytest.mark.timeout(1800)

TIMEOUT_S = 30
RECOVERY_S = 15.0  # from the signal to the next attempt
NOTICE_S = 7.0  # of which until the process is started again
RESET_S = 2 * TIMEOUT_S + 60.0  # patience for supervisord, the timer, and an emulated machine's clock
LOADED_S = 60
SITE = f'\\n[watchdog]\\ndevice = "/dev/watchdog0"\\ntimeout_s = {TIMEOUT_S}\\n'
DIALLED = """
from pathlib import Path
from appliance.settings import Home
from appliance.store.open import open_store
store = open_store(Home(Path("/var/lib/yobirin")))
print(store.value("SELECT count(*) FROM attempt WHERE setup_at > 0"))
store.close()
"""
RECOVERY = """
import json, os, signal, sys, time
from pathlib import Path
from appliance.settings import Home
from appliance.store.open import open_store
from appliance.supervisor_client import SupervisorClient

home = Home(Path("/var/lib/yobirin"))
client, store = SupervisorClient(home), open_store(home)

def wait(is_so):
    deadline = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < deadline, "it did not come back"
        time.sleep(0.1)
    return round(time.monotonic() - begun, 1)

def dialled():
    return store.value("SELECT count(*) FROM attempt WHERE setup_at > 0")

pid = client.programs()["dialer"].pid
begun = time.monotonic()
if {is_stopped}:
    os.kill(pid, signal.SIGSTOP)
else:
    client.restart("dialer")
noticed_s = wait(lambda: client.programs()["dialer"].pid not in (0, pid))
before = dialled()
print(json.dumps([noticed_s, wait(lambda: dialled() > before)]))
"""


@pytest.fixture(scope="module")
def dialling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A box that dials a long list, with its timer armed."""
    with kept.box(tmp_path_factory.mktemp("watchdog") / "box", "dialling") as made:
        made.run(f"printf '{SITE}' >>/data/yobirin/site.toml && sync")  # a hung kernel writes nothing out
        made.run("systemctl restart yobirin-watchdog")
        made.wait(lambda: status(made).get("is_petting", False), 60.0, "the timer was not armed")
        yield made


def status(box: Box) -> dict[str, Any]:
    """What the watchdog says; empty while it says nothing."""
    done = box.tried("cat /data/yobirin/run/watchdog.json")
    found: dict[str, Any] = json.loads(done.out) if done.code == 0 else {}
    return found


def boot_id(box: Box) -> str:
    return box.run("cat /proc/sys/kernel/random/boot_id").strip()


def dialled(box: Box) -> int:
    return int(box.python(DIALLED))


def test_a_loaded_box_is_left_alone(dialling: Box) -> None:
    before, begun = status(dialling), dialled(dialling)
    boot = boot_id(dialling)
    dialling.run(
        f"for i in 1 2 3 4 5 6; do timeout {LOADED_S} sh -c 'while :; do :; done' & done;"
        f" timeout {LOADED_S} sh -c"
        " 'while :; do dd if=/dev/zero of=/data/load bs=1M count=64 conv=fsync 2>/dev/null; done' &"
        " wait; rm -f /data/load",
        timeout_s=LOADED_S + 120.0,
    )
    assert boot_id(dialling) == boot
    assert status(dialling)["steps"] == before["steps"]
    assert dialled(dialling) > begun


def recovery(box: Box, *, is_stopped: bool) -> tuple[float, float]:
    """Seconds until the dialer is started again, and until it has placed a call; measured in the box."""
    noticed_s, dialling_s = json.loads(box.python(RECOVERY.replace("{is_stopped}", str(is_stopped)), 150.0))
    return noticed_s, dialling_s


@pytest.mark.short
def test_a_stopped_dialer_is_started_again_and_dials(dialling: Box) -> None:
    _, plain_s = recovery(dialling, is_stopped=False)

    noticed_s, took_s = recovery(dialling, is_stopped=True)

    print(f"stopped dialer: started again after {noticed_s} s, dialling after {took_s} s")
    print(f"a plain restart: dialling after {plain_s} s")
    assert noticed_s <= NOTICE_S
    assert took_s <= max(RECOVERY_S, NOTICE_S + 1.5 * plain_s)
    dialling.wait(lambda: bool(status(dialling)["steps"]), 10.0, "the step was not told")
    (step,) = status(dialling)["steps"]
    assert (step["what"], step["check"]) == ("restart_one", "dialer")


def wait_for_another_boot(box: Box, before: str) -> None:
    """Until the box has reset itself and every process runs again."""

    def is_another() -> bool:
        try:
            return box.tried("cat /proc/sys/kernel/random/boot_id", timeout_s=3.0).out.strip() not in (
                "",
                before,
            )
        except TimeoutError:
            return False

    box.wait(is_another, RESET_S + BOOT_S, "the box did not reset")
    floor.wait_running(box, BOOT_S)
    box.wait(lambda: bool(status(box)), 120.0, "the watchdog said nothing")


def test_a_frozen_supervisord_resets_the_box_which_says_so(dialling: Box) -> None:
    boot = boot_id(dialling)
    dialling.run("kill -STOP $(cat /data/yobirin/run/supervisord.pid)")

    wait_for_another_boot(dialling, boot)

    restarted = status(dialling)["restarted"]
    assert (restarted["why"], restarted["check"]) == ("check_failed", "supervisord"), restarted
    assert "supervisord did not answer" in restarted["en"]


@pytest.mark.short
def test_a_hung_kernel_resets_the_box_which_says_so(dialling: Box) -> None:
    boot = boot_id(dialling)
    dialling.run("sysctl -w kernel.panic=0 kernel.sysrq=1")
    with pytest.raises(TimeoutError):
        dialling.guest.run("echo c >/proc/sysrq-trigger", timeout_s=3.0)

    wait_for_another_boot(dialling, boot)

    restarted = status(dialling)["restarted"]
    assert restarted["why"] == "hung", restarted
    before = dialled(dialling)
    dialling.wait(lambda: dialled(dialling) > before, 120.0, "nothing was dialled")


def test_a_watchdog_that_is_killed_leaves_the_time_running(dialling: Box) -> None:
    """Nobody pets any more: the hardware is the last to notice, and it does."""
    boot = boot_id(dialling)
    dialling.run("systemctl kill -s STOP yobirin-watchdog")
    wait_for_another_boot(dialling, boot)
    assert status(dialling)["restarted"]["why"] == "hung"


def test_a_restart_that_was_ordered_is_called_so(dialling: Box) -> None:
    boot = boot_id(dialling)
    dialling.run("systemctl --no-block reboot")
    wait_for_another_boot(dialling, boot)
    assert status(dialling)["restarted"]["why"] == "ordered"
