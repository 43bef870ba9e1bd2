"""`yobirin run` as the box runs it: root starts supervisord, and each process has its own user.

In a mount namespace with users and groups of its own; the home has no line and no device.
"""

from __future__ import annotations

import contextlib
import grp
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance import heartbeat, processes, rights
from appliance.settings import Home
from appliance.store.open import open_store
from appliance.supervisor_client import Program, SupervisorClient, SupervisorGone

HERE = Path(__file__).resolve().parent.parent.parent
FIRST_ID = 62_000
PATIENCE_S = 90.0
SITE = """
[[spans]]
number = 1
kind = "absent"
[phones]
sip_port = {sip}
[web]
port = {web}
"""


pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="each process its own user takes root")


def users_and_groups(directory: Path) -> dict[str, int]:
    """Write `passwd` and `group` as systemd-sysusers would add to them; the number of each user."""
    known = {group.gr_name: group.gr_gid for group in grp.getgrall()}
    users: dict[str, int] = {}
    members: dict[str, list[str]] = {}
    for words in (line.split() for line in rights.sysusers().splitlines()):
        if words[0] in ("g", "u"):
            known.setdefault(words[1], FIRST_ID + len(known))
        if words[0] == "u":
            users[words[1]] = known[words[1]]
        if words[0] == "m":
            members.setdefault(words[2], []).append(words[1])
    passwd = [f"{name}:x:{uid}:{uid}::/nonexistent:/usr/sbin/nologin\n" for name, uid in users.items()]
    groups = [f"{name}:x:{gid}:{','.join(members.get(name, []))}\n" for name, gid in known.items()]
    (directory / "passwd").write_text(Path("/etc/passwd").read_text("utf-8") + "".join(passwd), "utf-8")
    (directory / "group").write_text("".join(groups), "utf-8")
    return users


def script(directory: Path, home: Home) -> str:
    """Shell: the users, the interpreter where everybody can reach it, then `yobirin run`."""
    lines = ["set -e"]
    lines += [f"mount --bind {directory}/{name} /etc/{name}" for name in ("passwd", "group")]
    needed = [Path(sys.base_prefix), Path(sys.prefix), HERE]
    blocked = {top for path in needed if (top := first_blocked(path)) is not None}
    for number, path in enumerate(needed):
        (directory / str(number)).mkdir()
        lines.append(f"mount --bind {path} {directory}/{number}")
    lines += [f"mount -t tmpfs -o mode=755 tmpfs {top}" for top in sorted(blocked)]
    for number, path in enumerate(needed):
        if first_blocked(path) is not None:
            lines += [f"mkdir -p {path}", f"mount --bind {directory}/{number} {path}"]
    lines += [f"cd {HERE}", f"exec {sys.executable} -m appliance run --home {home.root}"]
    return "\n".join(lines)


def first_blocked(path: Path) -> Path | None:
    """The topmost directory above `path` that others may not pass."""
    above = [each for each in (*reversed(path.parents), path) if not each.stat().st_mode & 0o001]
    return above[0] if above else None


@dataclass
class Box:
    home: Home
    users: dict[str, int]
    child: subprocess.Popen[bytes]

    def programs(self) -> dict[str, Program]:
        with contextlib.suppress(SupervisorGone):
            return SupervisorClient(self.home).programs()
        return {}

    def logs(self) -> str:
        return "\n".join(f"== {path.name}\n{path.read_text()}" for path in self.home.logs.glob("*.log"))


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    """The box as it runs.  Root without mount namespaces, as in some containers, is a failure."""
    tried = subprocess.run(["unshare", "-m", "true"], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, f"root, and yet no mount namespace: {tried.stderr.strip()}"
    directory = Path(tempfile.mkdtemp(prefix="yobirin-box-"))
    directory.chmod(0o711)
    home = Home(directory / "home")
    open_store(home, create=True).close()
    home.site_file.write_text(SITE.format(sip=free(socket.SOCK_DGRAM), web=free(socket.SOCK_STREAM)), "utf-8")
    users = users_and_groups(directory)
    with (directory / "out").open("wb") as out:
        child = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", script(directory, home)], stdout=out, stderr=out, cwd=HERE
        )
    made = Box(home, users, child)
    try:
        until(lambda: set(heartbeat.beats(home)) >= {each.name for each in processes.BOX}, made)
        yield made
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(60)
        shutil.rmtree(directory)


def until(is_so: Callable[[], bool], box: Box) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert box.child.poll() is None, (box.home.root.parent / "out").read_text()
        assert time.monotonic() < deadline, (sorted(heartbeat.ages_s(box.home)), box.logs())
        time.sleep(0.1)


def free(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_every_process_beats_as_its_own_user(box: Box) -> None:
    uids = {name: Path(f"/proc/{program.pid}").stat().st_uid for name, program in box.programs().items()}
    assert uids == {each.name: box.users.get(rights.user_name(each.name), 0) for each in processes.BOX}


def test_only_audio_may_have_real_time_scheduling_and_nobody_leaves_a_core_file(box: Box) -> None:
    for name, program in box.programs().items():
        limits = Path(f"/proc/{program.pid}/limits").read_text(encoding="ascii")
        assert "Max core file size        0                    0 " in limits, name
        if name not in processes.REAL_TIME:
            assert "Max realtime priority     0                    0 " in limits, name


def test_the_page_is_served_with_a_key_that_root_signed_for(box: Box) -> None:
    key = box.home.root / "tls" / "web.key"
    assert (key.stat().st_mode & 0o777, key.stat().st_uid) == (0o640, box.users["yobirin-web"])
    assert (box.home.root / "secrets" / "backup.key").stat().st_mode & 0o777 == 0o640
    authority = box.home.root / "secrets" / "appliance-ca.key"
    assert (authority.stat().st_mode & 0o777, authority.stat().st_uid) == (0o640, 0)


def test_a_second_run_in_the_same_home_is_refused_while_supervisord_lives(box: Box) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "appliance", "run", "--home", str(box.home.root)],
        capture_output=True, text=True, check=False, timeout=60, cwd=HERE,
    )  # fmt: skip
    assert done.returncode == 4
    assert "yobirin is already running" in done.stderr
    children = [program.pid for program in box.programs().values()]
    assert not [pid for pid in children if holds(pid, box.home.run / "yobirin.lock")]


def holds(pid: int, path: Path) -> bool:
    """Whether a process has the file open."""
    return any(os.path.realpath(each) == str(path) for each in Path(f"/proc/{pid}/fd").iterdir())
