"""A backup is brought onto a blank box through the set-up's own verbs, with a real directory as target.

supervisord is the seam: a fake that notes who was stopped and started, and what the home looked like then.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.backup import key as backup_key
from appliance.backup.nightly import opened_target
from appliance.backup.run import back_up
from appliance.backup.seal import BadSeal
from appliance.errors import BadInput, YobirinError
from appliance.settings import Home
from appliance.store import users
from appliance.store.open import open_store
from appliance.supervisor_client import Program, SupervisorClient
from provisioning import cli, messages, reading
from provisioning.commands import Ran, RecordedCommands
from provisioning.messages import FindBackups, ReadRestore, RestoreBackup, RestoreProgress
from provisioning.restoring import Restoring
from provisioning.setup_service import Session, SetupService
from tests.contract import provisioning_rig as rig

NOW = 1_795_230_000_000
RAN = ("audio", "console", "dialer", "setup", "web", "worker")


class Supervisor:
    """supervisord: everything runs; `on_stop` is called before a program goes down."""

    def __init__(self) -> None:
        self.states = dict.fromkeys(RAN, "RUNNING") | {"chassis": "STOPPED"}
        self.said: list[str] = []
        self.on_stop: Callable[[str], None] = lambda _name: None

    def programs(self) -> dict[str, Program]:
        return {name: Program(name, state, 1) for name, state in self.states.items()}

    def stop(self, name: str) -> None:
        self.on_stop(name)
        self.said.append(f"stop {name}")
        self.states[name] = "STOPPED"

    def start(self, name: str) -> None:
        self.said.append(f"start {name}")
        self.states[name] = "RUNNING"


class Blank:
    """A box as first boot leaves it, with its set-up and a technician who is logged in."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root / "blank")
        open_store(self.home, create=True).close()
        self.supervisor = Supervisor()
        self.commands = RecordedCommands()
        self.service = SetupService(
            self.home, self.commands, box_directory=root / "box", settle_s=0.0, supervisor=self.supervisor
        )
        self.session = Session()
        self.opened = self.ask(messages.LogIn(secret=self.service.box.pin.new_code()))

    def ask(self, request: Any) -> Any:
        return self.service.handle(self.session, request)

    def name_target(self, target: Path) -> None:
        self.home.site_file.write_text(f'[backup]\ntarget = "{target}"\n', encoding="utf-8")

    def restore(self, number: int = 1) -> RestoreProgress:
        self.ask(RestoreBackup(number=number))
        self.service.restoring().join(60)
        found = self.ask(ReadRestore())
        assert isinstance(found, RestoreProgress)
        return found


@pytest.fixture
def blank(tmp_path: Path) -> Blank:
    return Blank(tmp_path)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A disk with two backups of a box with a tenant; its key is in `key`."""
    disk = tmp_path / "disk"
    disk.mkdir()
    home = Home(tmp_path / "old")
    store = open_store(home, create=True)
    home.site_file.write_text('site_name = "本社"\n', encoding="utf-8")
    users.create_tenant(store, entry_code="demo", name="見本", at=NOW)
    with opened_target(str(disk), home) as target:
        back_up(store, target, backup_key.ensure(home), at=NOW, keep=9)
        users.create_tenant(store, entry_code="two", name="二つ目", at=NOW)
        back_up(store, target, backup_key.ensure(home), at=NOW + 86_400_000, keep=9)
    store.close()
    (tmp_path / "key").write_text(backup_key.written(backup_key.ensure(home)))
    shutil.rmtree(home.root)
    return disk


@pytest.fixture
def key(disk: Path) -> str:
    return disk.with_name("key").read_text()


def tenants(home: Home) -> list[str]:
    store = open_store(home)
    try:
        return sorted(tenant.name for tenant in users.tenants(store))
    finally:
        store.close()


def test_a_blank_box_gets_the_newest_backup_of_the_sites_target(blank: Blank, disk: Path, key: str) -> None:
    blank.name_target(disk)
    assert blank.opened.is_blank

    found = blank.ask(FindBackups(place="site", key=key.lower().replace("-", " "))).found

    assert [backup.at for backup in found] == [NOW + 86_400_000, NOW]
    assert found[0].recordings == 0
    assert blank.supervisor.said == [], "looking stops nothing"
    assert blank.restore().state == "done"
    assert tenants(blank.home) == ["二つ目", "見本"]
    assert 'site_name = "本社"' in blank.home.site_file.read_text(encoding="utf-8")
    others = ["audio", "dialer", "web", "worker"]
    assert blank.supervisor.said == [f"stop {name}" for name in others] + [f"start {name}" for name in others]
    assert ("systemctl", "reload", "nginx") in blank.commands.ran


SLOW = "import signal, time; signal.signal(15, lambda *_: (time.sleep(0.5), exit())); time.sleep(600)"
CONFIGURATION = """\
[supervisord]
nodaemon=true
silent=true
logfile=/dev/null
logfile_maxbytes=0
pidfile={run}/supervisord.pid
[unix_http_server]
file={run}/supervisor.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[program:setup]
command={python} -c "{slow}"
startsecs=0
[program:dialer]
command={python} -c "{slow}"
startsecs=0
"""


def test_a_real_supervisord_stops_what_runs_and_starts_it_again(blank: Blank, disk: Path, key: str) -> None:
    run = blank.home.directory("run")
    conf = run / "supervisord.conf"
    conf.write_text(CONFIGURATION.format(run=run, python=sys.executable, slow=SLOW))
    daemon = subprocess.Popen([sys.executable, "-m", "supervisor.supervisord", "-c", str(conf)])
    client = SupervisorClient(blank.home)

    def running() -> dict[str, int]:
        with contextlib.suppress(YobirinError):
            return {name: each.pid for name, each in client.programs().items() if each.state == "RUNNING"}
        return {}

    try:
        rig.wait_for(lambda: len(running()) == 2, "supervisord")
        before = running()
        restoring = Restoring(blank.home, blank.commands, client, after=lambda: None)
        opened = backup_key.spoken(key)
        restoring.begin("site", str(disk), opened, "29991231T000000Z")
        restoring.join(60)
        assert restoring.progress().state == "done", restoring.progress()
        rig.wait_for(lambda: len(running()) == 2, "the dialer")
        assert running()["setup"] == before["setup"], "who restores goes on"
        assert running()["dialer"] != before["dialer"]
    finally:
        daemon.terminate()
        daemon.wait(rig.WAIT_S)


def test_an_earlier_backup_can_be_chosen(blank: Blank, disk: Path, key: str) -> None:
    blank.name_target(disk)
    blank.ask(FindBackups(place="site", key=key))
    assert blank.restore(2).state == "done"
    assert tenants(blank.home) == ["見本"]


def test_a_plugged_disk_is_mounted_for_reading_and_let_go(
    tmp_path: Path, blank: Blank, disk: Path, key: str
) -> None:
    def answers(words: tuple[str, ...]) -> Ran:
        place = Path(words[-1])
        if words[0] == "blkid":
            return Ran(0, "/dev/sdz1\n" if words[-1] == "LABEL=YOBIRIN-BACKUP" else "")
        if words[0] == "mount":
            place.rmdir()
            place.symlink_to(disk)
        if words[0] == "umount":
            place.unlink()
            place.mkdir()
        return Ran(0)

    commands = RecordedCommands(answers)
    restoring = Restoring(
        blank.home,
        commands,
        blank.supervisor,
        after=lambda: None,
        mounted=tmp_path / "nothing",
        blocks=tmp_path / "none",
    )
    opened = backup_key.spoken(key)
    (newest, _) = restoring.find("usb", "", opened).found
    restoring.begin("usb", "", opened, newest.stamp)
    restoring.join(60)

    assert restoring.progress().state == "done"
    mounts = [words for words in commands.ran if words[0] == "mount"]
    assert {words[1:4] for words in mounts} == {("-o", "ro,nosuid,nodev,noexec", "/dev/sdz1")}
    assert len([words for words in commands.ran if words[0] == "umount"]) == len(mounts) == 2
    assert not [Path(words[-1]) for words in mounts if Path(words[-1]).exists()]


def test_without_a_disk_or_a_target_the_remedy_is_told(blank: Blank, key: str) -> None:
    with pytest.raises(BadInput, match="no USB disk with backups"):
        blank.ask(FindBackups(place="usb", key=key))
    with pytest.raises(BadInput, match="names no backup target"):
        blank.ask(FindBackups(place="site", key=key))


def test_a_wrong_key_opens_nothing_and_stops_nothing(blank: Blank, disk: Path, key: str) -> None:
    blank.name_target(disk)
    with pytest.raises(BadInput, match="mistyped"):
        blank.ask(FindBackups(place="site", key="A" * 56))
    with pytest.raises(BadSeal):
        blank.ask(FindBackups(place="site", key=backup_key.written(bytes(32))))
    with pytest.raises(BadInput, match="no such backup"):
        blank.ask(RestoreBackup(number=1))
    assert blank.supervisor.said == []


def test_a_box_with_data_is_refused_before_anything_is_stopped(blank: Blank, disk: Path, key: str) -> None:
    blank.name_target(disk)
    blank.ask(FindBackups(place="site", key=key))
    store = open_store(blank.home)
    users.create_tenant(store, entry_code="main", name="お客様", at=NOW)
    store.close()

    for request in (RestoreBackup(number=1), FindBackups(place="site", key=key)):
        with pytest.raises(BadInput, match="this one holds data"):
            blank.ask(request)
    assert blank.supervisor.said == []
    assert tenants(blank.home) == ["お客様"]
    assert not blank.ask(messages.LogIn(secret=blank.session.secret)).is_blank


def test_nothing_is_found_or_restored_without_the_pin(blank: Blank, key: str) -> None:
    for request in (FindBackups(place="usb", key=key), RestoreBackup(number=1), ReadRestore()):
        with pytest.raises(BadInput, match="Not logged in"):
            blank.service.handle(Session(), request)


def test_a_damaged_backup_is_told_the_programs_go_on_and_it_can_be_repeated(
    blank: Blank, disk: Path, key: str
) -> None:
    blank.name_target(disk)
    blank.ask(FindBackups(place="site", key=key))
    files = [path for path in disk.glob("2*/*") if path.stat().st_size > 10_000]
    whole = {path: path.read_bytes() for path in files}
    for path, content in whole.items():
        path.write_bytes(content[:5_000] + b"\0" + content[5_001:])

    failed = blank.restore()

    assert failed.state == "failed"
    assert "does not open" in failed.note
    assert set(blank.supervisor.states.values()) == {"RUNNING", "STOPPED"}
    assert blank.supervisor.states["dialer"] == "RUNNING"
    for path, content in whole.items():
        path.write_bytes(content)
    assert blank.restore().state == "done"


def test_a_fault_after_the_restore_is_told_and_keeps_no_program_down(
    blank: Blank, disk: Path, key: str
) -> None:
    def fault() -> None:
        raise ValueError("no certificate")

    restoring = Restoring(blank.home, blank.commands, blank.supervisor, after=fault)
    restoring.begin("site", str(disk), backup_key.spoken(key), "29991231T000000Z")
    restoring.join(60)
    assert restoring.progress().state == "failed"
    assert "no certificate" in restoring.progress().note
    assert tenants(blank.home) == ["二つ目", "見本"]
    assert blank.supervisor.states["dialer"] == "RUNNING"


def test_while_it_restores_only_its_progress_is_answered_and_the_key_is_told_to_nobody(
    blank: Blank, disk: Path, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    blank.name_target(disk)
    blank.ask(FindBackups(place="site", key=key))
    seen: list[Any] = []

    def on_stop(_name: str) -> None:
        seen.append(blank.ask(ReadRestore()))
        for request in (messages.Read(), messages.MakeBundle(), RestoreBackup(number=1)):
            with pytest.raises(YobirinError, match="A restore is running"):
                blank.ask(request)

    blank.supervisor.on_stop = on_stop
    assert blank.restore().state == "done"
    assert [each.state for each in seen] == ["working"] * 4
    told = caplog.text + repr(blank.commands.ran)
    assert key[:9] not in told
    assert key[:9] not in "".join(
        path.read_text("utf-8", "replace") for path in blank.home.root.rglob("*") if path.is_file()
    )


def test_the_laptop_readies_a_blank_box_for_a_restore_from_a_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = (Path(reading.__file__).parent / "sample-site.toml").read_text(encoding="utf-8")
    server = f'target = "ssh://keeper@nas:2222/backup"\nhost_key = "ssh-ed25519 {"A" * 68}"'
    site = tmp_path / "SITE.toml"
    site.write_text(sample.replace('target = ""', server).replace('host_key = ""', "#", 1), encoding="utf-8")
    with rig.cabled(tmp_path) as (cable, box):
        open_store(box.home, create=True).close()
        words = [str(site), "--port", cable.laptop, "--pin", box.code, "--yes", "--language", "en"]
        cli.main([*words, "--before-restore"])
        said = capsys.readouterr().out
        public = (box.home.root / "secrets/backup_known_hosts").read_text(encoding="ascii")
        assert tenants(box.home) == []
    assert "authorized_keys:\n  ssh-ed25519 AAAA" in said
    assert public.startswith("[nas]:2222 ssh-ed25519 ")
    assert not site.with_name("SITE-handover.html").exists(), "it would show a key that opens nothing"
