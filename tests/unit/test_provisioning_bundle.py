"""What leaves the box: customers' data masked, the content listed; and what a reset leaves behind."""

from __future__ import annotations

import gzip
import os
import tarfile
import time
from pathlib import Path

import pytest

from appliance import settings
from appliance.errors import BadInput
from appliance.settings import Home
from provisioning import hardware, messages, setup_door, stick, support_bundle
from provisioning.box import Box
from provisioning.box_files import BoxFiles
from provisioning.commands import Ran, RecordedCommands, SystemCommands
from provisioning.masking import masker
from provisioning.network_trial import TRIAL_S, NetworkTrial
from provisioning.pin import CODE_DIGITS, Locked, Pin, WrongPin, remaining_s, wait_s
from provisioning.reset import factory_reset
from provisioning.setup_service import SetupService, is_ours
from tests.store_help import make_floor


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("dialled 0312345678 cause 17", "dialled 031******* cause 17"),
        ("call to 03-1234-5678.", "call to 03-1***-****."),
        ("090 1234 5678 answered", "090 **** **** answered"),
        ("０３１２３４５６７８", "０３１*******"),
        ("from tanaka@example.co.jp refused", "from ***@example.co.jp refused"),
        ("tanaka@example.jp/suzuki@example.jp", "***@example.jp***@example.jp"),
        ('password = "hunter2"', "password = ******"),
        ("  pin: 12345678", "  pin: ******"),
        ("operator 管理 花子 logged in", "operator *** logged in"),
        ("2026-11-21 12:00:05 took 12.345 ms", "2026-11-21 12:00:05 took 12.345 ms"),
        ("192.168.10.5 -> 10.0.0.1", "192.168.10.5 -> 10.0.0.1"),
        ("pid 12345 used 1234567 bytes", "pid 12345 used 1234567 bytes"),
    ],
)
def test_only_what_is_a_customers_is_masked(before: str, after: str) -> None:
    assert masker(["管理 花子", "x"])(before) == after


@pytest.mark.parametrize("letter", ["a", "1", "-", "\n", " ", "a@", "０"])
def test_a_log_of_one_endless_word_is_masked_in_seconds(letter: str) -> None:
    """It runs in the set-up process, whose loop must go round meanwhile."""
    began = time.process_time()
    masker(["管理 花子"])(letter * support_bundle.LOG_TAIL_BYTES)
    assert time.process_time() - began < 10.0


@pytest.mark.parametrize("site", ['password = "hunter2"', 'site_name = "A"'])
def test_a_bundle_holds_logs_and_settings_without_secrets_and_lists_them(tmp_path: Path, site: str) -> None:
    floor = make_floor(tmp_path)
    floor.store.close()
    home = Home(tmp_path)
    home.site_file.write_text(site, encoding="utf-8")
    (home.logs / "dialer.log").write_text("call 0312345678 by 田中 一郎\n" * 100_000, encoding="utf-8")
    path = tmp_path / "support.tar.gz"

    names = support_bundle.make(home, RecordedCommands(lambda words: Ran(0, f"{words[0]} 0399998888")), path)

    assert path.stat().st_mode & 0o777 == 0o600
    with tarfile.open(path) as archive:
        texts = {
            member.name.removeprefix("yobirin-support/"): file.read().decode()
            for member in archive
            if (file := archive.extractfile(member)) is not None
        }
    assert set(texts) == {"CONTENT.txt", *names}
    everything = "".join(texts.values())
    for secret in ("hunter2", "0312345678", "0399998888", "田中 一郎", home.key_file.read_bytes().hex()):
        assert secret not in everything
    assert "call 031******* by ***" in texts["logs/dialer.log"]
    assert "logs/dialer.log" in texts["CONTENT.txt"]
    assert len(everything) < 2 * support_bundle.BYTES_MAX


def test_links_in_the_run_directory_lead_set_up_nowhere(tmp_path: Path) -> None:
    """Any process may write there; root makes the bundle there and reads the watchdog's file."""
    home = Home(tmp_path / "home")
    secret = home.directory("secrets") / "appliance-ca.key"
    secret.write_text("BEGIN PRIVATE", encoding="ascii")
    bundle = home.run / "support.tar.gz"
    for name in ("support.tar.gz", "watchdog.json", "setup-restart"):
        (home.run / name).symlink_to(secret)
    assert not is_ours(bundle)

    names = support_bundle.make(home, RecordedCommands(), bundle)
    box = Box(home, RecordedCommands(), files=BoxFiles(home, RecordedCommands(), box=tmp_path), now=float)
    box.apply(messages.Apply(step=messages.WriteFile(name="mail_password", text="x")))

    assert is_ours(bundle)
    assert "settings/watchdog.json" in names
    assert b"BEGIN PRIVATE" not in gzip.decompress(bundle.read_bytes())
    assert secret.read_text() == "BEGIN PRIVATE"
    assert not (home.run / "setup-restart").is_symlink()


def test_a_file_beside_the_database_is_no_address_on_trial(tmp_path: Path) -> None:
    """Others write beside the database; what root puts in force at a start lies where root alone writes."""
    home = Home(tmp_path / "home")
    (home.directory("data") / "network.before").write_text("[Network]\n", encoding="ascii")
    running, files = trial(tmp_path)
    assert not running.revert()
    assert files.text("network") == NETWORK


def blocks(root: Path) -> Path:
    """A machine with a disk and two sticks, as /sys/block shows it."""
    for name, removable, parts in (("sda", "0", ["sda1"]), ("sdb", "1", ["sdb1"]), ("sdc", "1", ["sdc1"])):
        for part in parts:
            (root / name / part).mkdir(parents=True)
        (root / name / "removable").write_text(f"{removable}\n")
    return root


def test_a_stick_is_found_and_the_key_stick_is_left_alone(tmp_path: Path) -> None:
    def answers(words: tuple[str, ...]) -> Ran:
        return Ran(0, "YOBIRIN-KEY\n" if words[-1] == "/dev/sdb1" else "\n")

    file = tmp_path / "support.tar.gz"
    file.write_bytes(b"x")
    commands = RecordedCommands(answers)

    assert stick.copy(file, commands, blocks=blocks(tmp_path / "block")) == "/dev/sdc1"
    assert hardware.disks(tmp_path / "block") == ("/dev/sda",)

    mounted = [words for words in commands.ran if words[0] == "mount"]
    assert [words[3] for words in mounted] == ["/dev/sdc1"]
    assert commands.ran[-1][0] == "umount"
    with pytest.raises(BadInput, match="no USB stick"):
        stick.copy(file, RecordedCommands(lambda _words: Ran(0, "YOBIRIN-KEY")), blocks=tmp_path / "block")


def test_a_link_on_a_stick_costs_the_box_no_file(tmp_path: Path) -> None:
    site, bundle = tmp_path / "site.toml", tmp_path / "support.tar.gz"
    site.write_text("the box's own")
    bundle.write_bytes(b"bundle")
    written: list[bytes] = []

    def mounts(words: tuple[str, ...]) -> Ran:
        if words[0] == "mount":
            Path(words[-1], bundle.name).symlink_to(site)
        elif words[0] == "umount":
            written.append(Path(words[-1], bundle.name).read_bytes())
        return Ran(0, "")

    stick.copy(bundle, RecordedCommands(mounts), blocks=blocks(tmp_path / "block"))
    assert written == [b"bundle"]
    assert site.read_text() == "the box's own"


def test_a_reset_leaves_nothing_to_read_and_needs_its_word(tmp_path: Path) -> None:
    floor = make_floor(tmp_path / "home")
    floor.store.close()
    home, box, commands = Home(tmp_path / "home"), tmp_path / "box", RecordedCommands()
    (box / "network").mkdir(parents=True)
    home.site_file.write_text("", encoding="utf-8")
    (home.directory("restore.partial") / "database.key").write_bytes(bytes(32))

    with pytest.raises(BadInput, match="type ERASE"):
        factory_reset(home, commands, box=box, confirmation="erase")
    assert home.database.exists()
    assert commands.ran == []

    factory_reset(home, commands, box=box, confirmation=messages.RESET_WORD)

    assert [path for path in (*home.root.rglob("*"), *box.rglob("*")) if path.is_file()] == []
    assert commands.ran[-1] == ("systemctl", "--no-block", "reboot")


# --- PIN and network trial ------------------------------------------------------------------------------


def test_the_pin_is_throttled_over_a_restart_and_a_clock_set_back(tmp_path: Path) -> None:
    home = Home(tmp_path)
    Pin(home).set("24681357")
    for failure in range(1, 5):
        now = 1000.0 * failure
        with pytest.raises(WrongPin):
            Pin(home).check("00000000", now)
    with pytest.raises(Locked):
        Pin(home).check("24681357", now + 1)
    with pytest.raises(Locked):  # a clock set back is no way round, and no longer wait
        Pin(home).check("24681357", now - 500)
    assert remaining_s(Pin(home).kept(), now - 500) == wait_s(4)
    assert Pin(home).check("24681357", now + 6).failures == 0


def test_waits_only_grow_and_are_bounded() -> None:
    waits = [wait_s(failures) for failures in range(20)]
    assert waits == sorted(waits)
    assert waits[-1] == 900


@pytest.mark.parametrize("pin", ["12345", "1" * 8, "1234567890123", "1234567a", "１２３４５６"])
def test_a_pin_that_cannot_be_typed_or_is_guessed_is_refused(tmp_path: Path, pin: str) -> None:
    with pytest.raises(BadInput):
        Pin(Home(tmp_path)).set(pin)


def test_a_code_is_new_each_time_and_opens_with_and_without_its_hyphen(tmp_path: Path) -> None:
    pin = Pin(Home(tmp_path))
    first, second = pin.new_code(), pin.new_code()
    assert first != second
    assert len(second.replace("-", "")) == CODE_DIGITS
    assert pin.check(second.replace("-", ""), 1.0).kind == "code"
    with pytest.raises(WrongPin):
        pin.check(first, 2.0)


NETWORK = "[Network]\nAddress=192.168.10.5/24\nGateway=192.168.10.1\n"


def trial(tmp_path: Path) -> tuple[NetworkTrial, BoxFiles]:
    files = BoxFiles(Home(tmp_path / "home"), RecordedCommands(), box=tmp_path / "box")
    if not files.text("network"):
        files.write("network", NETWORK)
    return NetworkTrial(Home(tmp_path / "home"), files), files


def test_what_the_system_reads_can_be_read_by_its_daemons(tmp_path: Path) -> None:
    """chronyd, not being root, passed the site's time servers by without a word."""
    files = BoxFiles(Home(tmp_path / "home"), RecordedCommands(), box=tmp_path / "box")
    files.write("chrony", "server 192.168.10.1 iburst\n")
    source = files.path("chrony")
    assert source.stat().st_mode & 0o777 == 0o644
    before = os.umask(0o007)  # as supervisord starts set-up
    try:
        assert SystemCommands().run("cp", str(source), str(tmp_path / "copy")).is_good
    finally:
        os.umask(before)
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o644


def test_an_address_on_trial_goes_back_by_itself_and_at_a_restart(tmp_path: Path) -> None:
    running, files = trial(tmp_path)
    running.begin("192.168.20.9/24", "192.168.20.1", now=100.0)
    assert "192.168.20.9/24" in files.text("network")
    assert not running.revert_if_due(100.0 + TRIAL_S - 1)
    assert running.revert_if_due(100.0 + TRIAL_S)
    assert files.text("network") == NETWORK

    running.begin("192.168.20.9/24", "192.168.20.1", now=200.0)
    after_power_cut, files = trial(tmp_path)
    assert after_power_cut.revert()
    assert files.text("network") == NETWORK


def test_an_address_that_is_kept_stays(tmp_path: Path) -> None:
    running, files = trial(tmp_path)
    files.write("site", 'site_name = "見本"\n[phones]\naddress = "192.168.10.5"\n')
    running.begin("192.168.20.9/24", "192.168.20.1", now=0.0)
    running.begin("192.168.20.8/24", "192.168.20.1", now=10.0)
    assert running.keep() == "192.168.20.8"
    assert not running.revert_if_due(1000.0)
    assert 'address = "192.168.20.8"' in files.text("site")
    with pytest.raises(BadInput, match="No address is on trial"):
        running.keep()


def test_an_address_that_is_kept_takes_allow_list_and_router_along(tmp_path: Path) -> None:
    """Else page and telephones of the new network are shut out."""
    running, files = trial(tmp_path)
    files.write(
        "site",
        '[phones]\naddress = "192.168.10.5"\nallowed_networks = ["192.168.10.0/24", "10.1.0.0/16"]\n'
        '[monitor]\nping = ["192.168.10.1"]\nmetrics_networks = ["192.168.10.1/32"]\n',
    )
    files.write("nft", "add element inet box lan { 10.1.0.0/16, 192.168.10.0/24 }\n")
    running.begin("192.168.20.9/24", "192.168.20.1", now=0.0)
    assert "192.168.10.0/24" in files.text("nft"), (
        "not while it is on trial: nothing else goes back by itself"
    )
    running.keep()
    assert files.text("nft") == "add element inet box lan { 10.1.0.0/16, 192.168.20.0/24 }\n"
    site = settings.parse(files.text("site"), where="site.toml")
    assert site.phones.address == "192.168.20.9"
    assert site.phones.allowed_networks == ("192.168.20.0/24", "10.1.0.0/16")
    assert site.monitor.ping == ("192.168.20.1",)
    assert site.monitor.metrics_networks == ("192.168.10.1/32",), (
        "another's address is not the box's to change"
    )


@pytest.mark.parametrize(
    ("address", "gateway"),
    [
        ("192.168.10.9", "192.168.10.1"),
        ("192.168.10.9/24", "10.0.0.1"),
        ("x", "y"),
        ("1.1.1.1/24", "1.1.1.1"),
    ],
)
def test_an_address_that_cannot_work_is_not_even_tried(tmp_path: Path, address: str, gateway: str) -> None:
    running, files = trial(tmp_path)
    with pytest.raises(BadInput):
        running.begin(address, gateway, now=0.0)
    assert files.text("network") == NETWORK


def test_a_box_without_a_pin_shows_a_code_on_its_own_screen_and_one_with_a_pin_does_not(
    tmp_path: Path,
) -> None:
    screen = tmp_path / "console"
    screen.touch()
    service = SetupService(Home(tmp_path / "home"), RecordedCommands(), box_directory=tmp_path / "box")

    setup_door.begin(service, console=screen)

    code = screen.read_text(encoding="utf-8").split("set-up code: ")[1].strip()
    assert service.box.pin.check(code, 1.0).kind == "code"
    service.box.pin.set("24681357")
    screen.write_text("")
    setup_door.begin(service, console=screen)
    assert screen.read_text(encoding="utf-8") == ""
