"""What a box says and hears on sockets of QEMU: serial lines with waits, its monitor, our command channel.

Every wait is bounded and names what did not come.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

CONNECT_S: Final = 10.0


def connect(path: Path) -> socket.socket:
    """A Unix socket that QEMU is about to make."""
    deadline = time.monotonic() + CONNECT_S
    while True:
        line = socket.socket(socket.AF_UNIX)
        try:
            line.connect(str(path))
        except OSError:
            line.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return line


class Serial:
    """One serial line of the box, as a technician's terminal sees it.

    A thread reads all the time: a box whose console nobody reads would stand still when the buffers are full.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._line = connect(path)
        self._name = name
        self._seen = 0  # characters that an `expect` has passed
        self._bytes = bytearray()
        self._more = threading.Condition()
        self._reader = threading.Thread(target=self._read, name=name, daemon=True)
        self._reader.start()

    @property
    def text(self) -> str:
        """Everything said so far."""
        with self._more:
            return bytes(self._bytes).decode("utf-8", errors="replace")

    def send(self, text: str | bytes) -> None:
        """Type it; a technician's Enter is "\\r"."""
        self._line.sendall(text.encode() if isinstance(text, str) else text)

    def expect(self, pattern: str, timeout_s: float = 60.0) -> re.Match[str]:
        """Wait for the pattern in what comes after the last expected one.  Fails with the last lines seen."""
        deadline = time.monotonic() + timeout_s
        while True:
            found = re.search(pattern, self.text[self._seen :])
            if found:
                self._seen += found.end()
                return found
            left = deadline - time.monotonic()
            if left <= 0:
                last = "\n  ".join(self.text.splitlines()[-15:])
                raise AssertionError(
                    f"{pattern!r} did not come on {self._name} in {timeout_s:.0f} s; last:\n  {last}"
                )
            with self._more:
                self._more.wait(min(left, 0.5))

    def read(self, timeout_s: float = 0.0) -> bytes:
        """What has come and was not expected yet, waiting so long for more."""
        with self._more:
            self._more.wait(timeout_s)
        text = self.text
        new, self._seen = text[self._seen :], len(text)
        return new.encode()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        self._reader.join(5.0)
        self._line.close()

    def _read(self) -> None:
        while True:
            try:
                data = self._line.recv(65_536)
            except OSError:
                return
            if not data:
                return
            with self._more:
                self._bytes += data
                self._more.notify_all()


class Monitor:
    """QEMU's own monitor (QMP): reset, pull a device, plug one in."""

    def __init__(self, path: Path) -> None:
        self._line = connect(path)
        self._line.settimeout(30.0)
        self._file = self._line.makefile("rw", encoding="utf-8")
        self.events: list[str] = []
        self._file.readline()
        self.command("qmp_capabilities")

    def command(self, name: str, **arguments: Any) -> Any:
        """One command and its answer.  Raises AssertionError with QEMU's own words."""
        self._file.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self._file.flush()
        while True:
            answer = json.loads(self._file.readline())
            if "event" in answer:
                self.events.append(str(answer["event"]))
            elif "error" in answer:
                raise AssertionError(f"QEMU refuses {name}: {answer['error']['desc']}")
            else:
                return answer["return"]

    def job(self, name: str, timeout_s: float = 120.0, **arguments: Any) -> None:
        """A command that goes on after its answer, to its end.  Raises AssertionError with QEMU's words."""
        self.command(name, **{"job-id": name, **arguments})
        deadline = time.monotonic() + timeout_s
        while True:
            (job,) = (each for each in self.command("query-jobs") if each["id"] == name)
            if job["status"] == "concluded":
                break
            assert time.monotonic() < deadline, f"{name} did not end in {timeout_s:.0f} s: {job}"
            time.sleep(0.2)
        self.command("job-dismiss", id=name)
        assert "error" not in job, f"QEMU's {name}: {job['error']}"

    def close(self) -> None:
        self._file.close()
        self._line.close()


@dataclass(frozen=True)
class Done:
    """One command that ran in the box: exit code and both outputs as one text."""

    code: int
    out: str


class Guest:
    """The test's command channel into the box; it is in the test overlay, never in the product."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._line = connect(path)
        self._rest = b""
        self._number = 0

    def wait(self, timeout_s: float) -> None:
        """Until the box answers."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            with contextlib.suppress(TimeoutError):
                if self.run("true", timeout_s=3.0).code == 0:
                    return
        raise AssertionError(f"the box's command channel did not answer in {timeout_s:.0f} s")

    def run(self, command: str, timeout_s: float = 60.0) -> Done:
        """Run a shell command as root.  Raises TimeoutError when no answer comes."""
        answer = self._ask({"run": command, "timeout_s": timeout_s}, timeout_s + 5.0)
        return Done(int(answer["code"]), str(answer["out"]))

    def put(self, path: str, data: bytes | str, mode: int = 0o644) -> None:
        """Write a file in the box."""
        raw = data.encode() if isinstance(data, str) else data
        self._ask({"put": path, "mode": mode, "data": base64.b64encode(raw).decode()}, 60.0)

    def get(self, path: str) -> bytes:
        """Read a file of the box.  Raises AssertionError when it cannot be read."""
        answer = self._ask({"get": path}, 120.0)
        assert "data" in answer, f"{path}: {answer['out']}"
        return base64.b64decode(answer["data"])

    def _ask(self, question: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        self._number += 1
        number = self._number
        deadline = time.monotonic() + timeout_s
        self._line.settimeout(timeout_s)
        self._line.sendall(json.dumps({"number": number, **question}).encode() + b"\n")
        while True:
            while b"\n" not in self._rest:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"no answer in {timeout_s:.0f} s: {str(question)[:200]}")
                self._line.settimeout(left)
                data = self._line.recv(65_536)
                if not data:
                    raise ConnectionError("QEMU is gone")
                self._rest += data
            line, _, self._rest = self._rest.partition(b"\n")
            with contextlib.suppress(ValueError):
                answer: dict[str, Any] = json.loads(line)
                if answer.get("number") == number:  # an older one came too late: its asker is gone
                    return answer

    def close(self) -> None:
        self._line.close()
