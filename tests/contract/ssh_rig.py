"""A real OpenSSH server for one test: its own keys, its own port, one user: whoever runs the test."""

from __future__ import annotations

import contextlib
import getpass
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from appliance.settings import Home

START_S = 10.0


def _key(path: Path) -> str:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path.with_suffix(".pub").read_text()


@contextlib.contextmanager
def ssh_server(folder: Path, home: Home) -> Iterator[str]:
    """Serve below `folder`; the URL of its `store`.  `home` gets the key, and the server's key as known."""
    sshd = shutil.which("sshd") or "/usr/sbin/sshd"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    host_key = _key(folder / "host_key")
    secrets = home.directory("secrets")
    (folder / "authorized").write_text(_key(secrets / "backup_ssh"))
    (secrets / "backup_known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}")
    (folder / "store").mkdir()
    Path("/run/sshd").mkdir(exist_ok=True)
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_key\nPidFile none\nStrictModes no\n"
        f"AuthorizedKeysFile {folder}/authorized\nPasswordAuthentication no\nUsePAM no\n"
        "PermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\nForceCommand internal-sftp\n"
    )
    server = subprocess.Popen([sshd, "-D", "-e", "-f", str(folder / "config")], stderr=subprocess.DEVNULL)
    try:
        _wait(port, server)
        yield f"ssh://{getpass.getuser()}@127.0.0.1:{port}{folder}/store"
    finally:
        server.terminate()
        server.wait(10)


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            return
        time.sleep(0.05)
    raise AssertionError("sshd did not start")
