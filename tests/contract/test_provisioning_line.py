"""A fresh home is provisioned over a real tty: whole, twice, with a broken cable, with noise on the line."""

from __future__ import annotations

import json
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from appliance import ipc, settings
from appliance.backup import key as backup_key
from appliance.backup import messages as backup
from appliance.store import projects, seats, users
from appliance.store.open import open_store
from appliance.store.seats import ha1
from provisioning import cli, messages, reading, wanted
from provisioning.apply import Provisioner
from provisioning.commands import Ran
from provisioning.link import Link
from provisioning.messages import Finding, Step
from provisioning.serial_port import SerialPort
from provisioning.words import Text
from tests.contract import provisioning_rig as rig

SAMPLE = Path(reading.__file__).parent / "sample-site.toml"


@pytest.fixture
def line(tmp_path: Path) -> Iterator[tuple[rig.Cable, rig.Box]]:
    with rig.cabled(tmp_path) as (cable, box):
        yield cable, box


class Silent:
    """A technician who says yes, and counts."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.said: list[str] = []
        self.plans: list[int] = []

    def say(self, text: Text) -> None:
        self.said.append(text.en)

    def step(self, at: int, of: int, text: Text, note: str) -> None:
        self.done.append(text.en)

    def confirm(self, notes: tuple[Text, ...], steps: tuple[Step, ...]) -> bool:
        self.plans.append(len(steps))
        return True

    def secret(self, wants: str) -> str:
        return ""


def site_file(directory: Path) -> Path:
    path = directory / "SITE.toml"
    path.write_text(SAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    return path


def provisioner(cable: rig.Cable, box: rig.Box, told: Silent, path: Path) -> Provisioner:
    site = reading.read(path)
    kept = wanted.fill(wanted.load_secrets(wanted.secrets_file(path)), site)
    wanted.save_secrets(wanted.secrets_file(path), kept)
    want = wanted.build(site, kept, beside=path.parent)
    return Provisioner(lambda: rig.link(cable), site, want, told, given=box.code, sleep=lambda _s: None)


def test_a_fresh_box_is_set_up_by_the_script_and_a_second_run_finds_nothing(
    line: tuple[rig.Cable, rig.Box], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cable, box = line
    path = site_file(tmp_path)
    words = [str(path), "--port", cable.laptop, "--pin", box.code, "--yes", "--language", "en"]

    assert (
        cli.main(words) == cli.FOUND_BAD
    )  # no supervisord and no page answer in this home: said, not hidden

    first = capsys.readouterr().out
    assert "write network" in first
    assert "gateway" in first
    assert cli.main(words) == cli.FOUND_BAD
    assert "There is nothing to do." in capsys.readouterr().out
    check_home(box, path)
    check_sheet(path)


def test_the_sheet_tells_how_to_reach_and_to_open_the_backups(
    line: tuple[rig.Cable, rig.Box], tmp_path: Path
) -> None:
    cable, box = line
    path, server_key = site_file(tmp_path), "ssh-ed25519 " + "A" * 68
    text = path.read_text(encoding="utf-8").replace('target = ""', 'target = "ssh://u@192.168.10.9/backup"')
    path.write_text(text.replace('host_key = ""', f'host_key = "{server_key}"'), encoding="utf-8")

    cli.main([str(path), "--port", cable.laptop, "--pin", box.code, "--yes", "--language", "en"])

    secrets = box.home.root / "secrets"
    assert (secrets / "backup_known_hosts").read_text() == f"192.168.10.9 {server_key}\n"
    assert stat.S_IMODE((secrets / "backup_ssh").stat().st_mode) == 0o600
    public = subprocess.run(
        ["ssh-keygen", "-y", "-f", secrets / "backup_ssh"], capture_output=True, text=True, check=True
    ).stdout.split()
    sheet = path.with_name("SITE-handover.html").read_text(encoding="utf-8")
    assert " ".join(public[:2]) in sheet
    assert backup_key.written((secrets / "backup.key").read_bytes()) in sheet
    assert backup.read(box.home).key_shown_at > 0


def test_a_verb_that_stumbles_is_answered_and_so_is_the_next(
    line: tuple[rig.Cable, rig.Box], mocker: MockerFixture
) -> None:
    _, box = line
    client = ipc.BlockingClient(box.home.socket("setup"), messages.Union, name="console")
    client.request(messages.LogIn(secret=box.code))
    mocker.patch.object(box.service.box, "present", side_effect=ValueError("not ASCII"))

    with pytest.raises(ipc.Refused, match="ValueError: not ASCII"):
        client.request(messages.Read())
    with pytest.raises(ipc.Refused, match="stumbled"):
        client.request(messages.Applied())  # an answer is no request
    assert isinstance(client.request(messages.Hail()), messages.Hailed)
    client.close()


def check_home(box: rig.Box, path: Path) -> None:
    """What the sample describes is on the box, with its rights."""
    kept = json.loads(wanted.secrets_file(path).read_text())
    found = settings.load(box.home)
    assert found.phones.address == "192.168.10.5"
    assert found.spans[0].kind == "dahdi"
    assert (box.box_directory / "hostname").read_text() == "yobirin\n"
    assert "192.168.10.5/24" in (box.box_directory / "network/10-site.network").read_text()
    assert ("/usr/lib/yobirin/apply-site",) in box.commands.ran
    store = open_store(box.home)
    try:
        tenant = users.tenants(store)[0]
        manager = users.check_password(store, tenant.id, "kanri", kept["manager"])
        assert manager is not None
        assert manager.role == "MGR"
        project = projects.every(store, tenant.id)[0]
        assert projects.main_caller(store, project.id) == "0344305356"
        assert [(seat.extension, seat.ha1) for seat in seats.every(store)] == [
            (number, ha1(number, kept["seats"][number])) for number in ("201", "202")
        ]
    finally:
        store.close()
    assert box.service.box.pin.is_set()
    secret = box.home.root / "secrets" / "console.json"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert kept["pin"] not in secret.read_text()


def check_sheet(path: Path) -> None:
    """The sheet has what the site needs, for its owner alone."""
    sheet = path.with_name("SITE-handover.html")
    kept = json.loads(wanted.secrets_file(path).read_text())
    text = sheet.read_text(encoding="utf-8")
    assert stat.S_IMODE(sheet.stat().st_mode) == 0o600
    for secret in (*kept["seats"].values(), kept["manager"], kept["pin"]):
        assert secret in text
    assert "https://192.168.10.5/" in text
    assert text.count(":") > 31  # the fingerprint's pairs


def test_a_wrong_key_in_the_file_touches_no_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "SITE.toml"
    path.write_text(SAMPLE.read_text(encoding="utf-8").replace("vlan = 0", "vlna = 0"), encoding="utf-8")
    assert cli.main([str(path), "--port", "/dev/does-not-exist", "--language", "en"]) == 5
    assert "Did you mean `vlan`?" in capsys.readouterr().err


def test_a_cable_that_breaks_in_the_middle_is_resumed_and_nothing_is_done_twice(
    line: tuple[rig.Cable, rig.Box], tmp_path: Path
) -> None:
    cable, box = line
    told = Silent()
    path = site_file(tmp_path)
    journal = box.service.box.journal
    cable.cut_when = lambda: len(journal.entries()) >= 9  # the fifth step is begun, its answer is lost
    tried: list[float] = []

    run = provisioner(cable, box, told, path)
    opened = run._open_link

    def reopened() -> Link:
        if tried:
            cable.is_cut = False
        tried.append(1.0)
        return opened()

    run._open_link = reopened
    outcome = run.run()

    assert len(tried) == 2, told.said
    assert any("Reconnecting" in text for text in told.said)
    done = [entry.what for entry in journal.entries() if entry.state == "done"]
    assert len(done) == len(set(done)), "a step was done twice"
    assert outcome.present.unfinished == ""


def test_noise_on_the_line_only_makes_it_slower(tmp_path: Path) -> None:
    with rig.cabled(tmp_path, seed=7) as (cable, box):
        cable.noise = 0.1
        told = Silent()
        outcome = provisioner(cable, box, told, site_file(tmp_path)).run()
        cable.noise = 0.0
        assert outcome.applied >= 12
        assert box.beats > 0
        again = provisioner(cable, box, told, site_file(tmp_path))
        again._given = again._wanted.pin
        assert again.plan_only()[1] == ()


def test_nothing_is_done_without_the_pin_and_guessing_gets_slow(line: tuple[rig.Cable, rig.Box]) -> None:
    cable, _box = line
    link = rig.link(cable)
    assert link.greet().wants == "code"
    with pytest.raises(ipc.Refused, match="Not logged in"):
        link.request(messages.Read())
    with pytest.raises(ipc.Refused, match="Not logged in"):
        link.request(messages.FactoryReset(confirmation="ERASE"))
    waits = []
    for _ in range(5):
        with pytest.raises(ipc.Refused) as caught:
            link.request(messages.LogIn(secret="0000-0000"))
        waits.append(caught.value.remedy)
    assert waits == ["Wait 0 s.", "Wait 0 s.", "Wait 0 s.", "Wait 5 s.", waits[4]]
    assert waits[4] in ("Wait 5 s.", "Wait 4 s.")
    assert rig.link(cable).greet().wait_s > 0


def test_a_file_whose_program_refuses_it_is_put_back(tmp_path: Path) -> None:
    with rig.cabled(tmp_path) as (cable, box):
        box.commands.answers = lambda words: Ran(1, "no such span") if "set-up-lines" in words[0] else Ran(0)
        with pytest.raises(ipc.Refused, match=r"set-up-lines refuses dahdi: no such span"):
            provisioner(cable, box, Silent(), site_file(tmp_path)).run()
        assert not (box.box_directory / "dahdi" / "system.conf").exists()
        assert "lines of the card" in box.service.box.journal.unfinished()


def test_the_findings_say_what_does_not_work_yet(line: tuple[rig.Cable, rig.Box], tmp_path: Path) -> None:
    cable, box = line
    outcome = provisioner(cable, box, Silent(), site_file(tmp_path)).run()
    found: dict[str, Finding] = {each.name: each for each in outcome.findings}
    assert found["gateway"].is_good  # the recorded ping says so
    assert not found["processes"].is_good
    assert not found["address"].is_good
    assert "no card" in found["lines"].seen


def test_a_terminal_on_the_same_line_gets_the_menu_and_its_log_in(line: tuple[rig.Cable, rig.Box]) -> None:
    cable, box = line
    port = SerialPort(cable.laptop, rig.BAUD)
    seen = bytearray()

    def expect(text: str) -> None:
        def has_come() -> bool:
            seen.extend(port.read(0.05))
            return text in seen.decode("utf-8", "replace")

        rig.wait_for(has_come, text)
        seen.clear()

    def has_begun() -> bool:
        port.write(b"\r")  # what is typed before the console has opened its line is lost
        seen.extend(port.read(0.2))
        return b"PIN" in seen

    try:
        rig.wait_for(has_begun, "the log-in")
        port.write(b"\xff\xfe\x1b[6n\x00" * 40 + b"\x03")  # garbage harms nothing
        port.write(b"0000-0000\r")
        expect("PINが違います")
        port.write(f"{box.code}\r".encode())
        expect("テスト発信")
        port.write(b"1")
        expect("supervisord")  # this home has none, and the page says so
        port.write(b"061")
        expect("ZMODEM")
        port.write(b"00")
        expect("Enterを押してください")
    finally:
        port.close()
