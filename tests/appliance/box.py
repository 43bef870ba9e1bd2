"""One box in QEMU: switched on and off, its disks pulled, its consoles read, its page fetched.

States: off → booted → provisioned → dialling; `to(state)` takes the steps that are missing.  One box at
a time on a machine (a lock), because emulation takes every core there is.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, Self, TextIO

from tests.appliance import disks
from tests.appliance.lines import Done, Guest, Monitor, Serial

State = Literal["off", "booted", "provisioned", "dialling"]
STATES: Final[tuple[State, ...]] = ("off", "booted", "provisioned", "dialling")
ARTIFACTS: Final = disks.ROOT / "tests" / ".artifacts"
LOCK: Final = Path("/tmp/qemu.lock")
BOOT_S: Final = 900.0  # emulated beside a dozen other programs; an idle machine needs a tenth of it
MEMORY_MB: Final = 1536
CPU: Final = "max,erms=off,fsrm=off"
"""Without the words by which a kernel clears pages with `rep stosb`: the emulator takes a byte at a time."""
MOMENT: Final = "running"  # the snapshot's name


class Box:
    """A box with two disks, a key stick, four serial lines and every device the kernel can pretend.

    `directory` holds its sockets, logs and disks.  Use it in a `with`: it is switched off at the end, and its
    logs are kept in tests/.artifacts when the block failed.
    """

    on: ClassVar[set[Box]] = set()  # of this process, switched on: one at most

    def __init__(
        self,
        directory: Path,
        *,
        installed: Path | None = None,
        kept: Path | None = None,
        extra: tuple[str, ...] = (),
    ) -> None:
        self.directory = directory
        if kept is None:
            self.disks = disks.fresh(directory, installed or disks.installed())
        else:
            self.disks = disks.copied(directory, kept)
        self.resumes = kept is not None  # the first start goes on where the box was kept (kept.py)
        self.extra = extra
        self.web_port = _free_port()
        self.state: State = "off"
        self.has_key = True
        self.pulled: set[int] = set()
        self.switched_on_at = 0.0
        self.keeps_turn = False  # a box that is switched on again at once lets nobody in between
        self._qemu: subprocess.Popen[bytes] | None = None
        self._lock: TextIO | None = None

    # --- power ------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Switch on.  The consoles, `monitor` and `guest` are there at once, the system some time later.

        A fixture's box that is still on is switched off: what has a box of its own comes last in a file.
        """
        for other in Box.on - {self}:
            other.kill()
            other.end_turn()
        Box.on.add(self)
        if self._lock is None:
            self._lock = LOCK.open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        for left in self.directory.glob("*.sock"):
            left.unlink()
        self.switched_on_at = time.monotonic()
        with (self.directory / "qemu.log").open("ab") as log:
            self._qemu = subprocess.Popen(
                [*self.command(), *(("-loadvm", MOMENT) if self.resumes else ())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.resumes = False
        self.monitor = Monitor(self.directory / "qmp.sock")
        self.console = Serial(self.directory / "ttyS0.sock", "the system console (ttyS0)")
        self.technician = Serial(self.directory / "ttyS1.sock", "the technician's line (ttyS1)")
        self.guest = Guest(self.directory / "guest.sock")

    def kill(self) -> None:
        """A power cut: the emulator dies in the middle of what it does."""
        if self._qemu is None:
            return
        self._qemu.send_signal(signal.SIGKILL)
        self._qemu.wait()
        self._qemu = None
        Box.on.discard(self)
        for line in (self.monitor, self.console, self.technician, self.guest):
            line.close()
        self.state = "off"
        if not self.keeps_turn:
            self.end_turn()

    def end_turn(self) -> None:
        """Let another box on this machine start."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def stop(self, timeout_s: float = 120.0) -> None:
        """An ordered switch-off by the power button."""
        assert self._qemu is not None
        self.monitor.command("system_powerdown")
        self._qemu.wait(timeout_s)
        self.kill()

    def reset(self) -> None:
        """The reset button."""
        self.monitor.command("system_reset")

    def save(self) -> None:
        """Keep memory and disks in the disks' own files, for a later start that goes on from here."""
        nodes = [*(f"disk{number}" for number in (0, 1)), "key"]
        self.monitor.job("snapshot-save", tag=MOMENT, vmstate=nodes[0], devices=nodes)

    def is_on(self) -> bool:
        return self._qemu is not None and self._qemu.poll() is None

    # --- hardware ---------------------------------------------------------------------------------------

    def pull_disk(self, number: int) -> None:
        """Take disk 0 or 1 out, running or not."""
        self.pulled.add(number)
        if self.is_on():
            self.monitor.command("device_del", id=f"disk{number}-device")

    def plug_disk(self, number: int, *, is_blank: bool = False) -> None:
        """Put it back: the same one, or a new blank one."""
        self.pulled.discard(number)
        if is_blank:
            disks.make(self.disks[number], disks.DISK_SIZE)
        if self.is_on():
            name = f"disk{number}"
            self.wait(lambda: self._is_forgotten(name), 60.0, f"{name} was not let go")
            self.monitor.command(
                "blockdev-add",
                driver="qcow2",
                **{
                    "node-name": name,
                    "discard": "unmap",
                    "detect-zeroes": "unmap",
                    "file": {"driver": "file", "filename": str(self.disks[number])},
                },
            )
            self.monitor.command("device_add", driver="virtio-blk-pci", id=f"{name}-device", drive=name)

    def _is_forgotten(self, name: str) -> bool:
        """Whether no drive of this name is left; the guest lets go of a pulled one in its own time."""
        try:
            self.monitor.command("blockdev-del", **{"node-name": name})
        except AssertionError as error:
            return "Failed to find" in str(error) or "Cannot find" in str(error)
        return True

    def pull_key(self) -> None:
        self.has_key = False
        if self.is_on():
            self.monitor.command("device_del", id="key-device")

    def plug_key(self) -> None:
        self.has_key = True
        if self.is_on():
            self.monitor.command(
                "device_add", driver="usb-storage", id="key-device", drive="key", bus="usb.0"
            )

    # --- states -----------------------------------------------------------------------------------------

    def to(self, wanted: State) -> None:
        """Take what steps are missing to the state."""
        from tests.appliance import floor  # it uses us

        steps: dict[State, Callable[[], None]] = {
            "booted": self.boot,
            "provisioned": lambda: floor.provision(self),
            "dialling": lambda: floor.dial(self),
        }
        for state in STATES[STATES.index(self.state) + 1 : STATES.index(wanted) + 1]:
            steps[state]()
            self.state = state

    def boot(self, timeout_s: float = BOOT_S) -> None:
        """Switch on and wait until every process runs and the page answers."""
        self.start()
        self.guest.wait(timeout_s)
        self.wait_ready(timeout_s)
        self.state = "booted"

    def wait_ready(self, timeout_s: float = BOOT_S) -> None:
        """Until the page answers through nginx, as a browser would see it."""
        # Not /health: it says 503 as long as a box has no line that is up, which a blank one never has.
        self.wait(lambda: self.page("/login") == 200, timeout_s, "the page did not answer")

    # --- from inside and outside ------------------------------------------------------------------------

    def run(self, command: str, timeout_s: float = 60.0) -> str:
        """A shell command as root in the box; its output.  Raises AssertionError when it fails."""
        done = self.guest.run(command, timeout_s)
        assert done.code == 0, f"{command!r} ended with {done.code}:\n{done.out[-3000:]}"
        return done.out

    def tried(self, command: str, timeout_s: float = 60.0) -> Done:
        """A shell command that may fail."""
        return self.guest.run(command, timeout_s)

    def python(self, source: str, timeout_s: float = 120.0) -> str:
        """A Python program with the product's own environment, in the box."""
        self.guest.put("/run/test.py", source)
        return self.run("python /run/test.py", timeout_s)

    def wait(self, condition: Callable[[], bool], timeout_s: float, what: str) -> float:
        """Ask until it is true; the seconds it took.  Raises AssertionError with `what`."""
        begun = time.monotonic()
        while not condition():
            assert time.monotonic() - begun < timeout_s, f"{what} in {timeout_s:.0f} s"
            assert self.is_on(), f"{what}: the emulator ended; see {self.directory}/qemu.log"
            time.sleep(0.3)
        return time.monotonic() - begun

    def page(self, path: str) -> int:
        """The HTTP status of a page from the LAN; 0 when nobody answers."""
        try:
            with self.open(path, timeout_s=10.0) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def open(self, path: str, timeout_s: float = 30.0) -> Any:
        """An HTTPS answer, through the loop-back forward.  The certificate is the box's own."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        url = f"https://127.0.0.1:{self.web_port}{path}"
        return urllib.request.urlopen(url, timeout=timeout_s, context=context)

    def processes(self) -> dict[str, str]:
        """Process name → supervisord's state of it; empty while supervisord does not answer."""
        done = self.tried("supervisorctl -s unix:///var/lib/yobirin/run/supervisor.sock status")
        rows = [line.split() for line in done.out.splitlines()]
        return {row[0]: row[1] for row in rows if len(row) > 1 and row[1].isupper()}

    # --- the rest ---------------------------------------------------------------------------------------

    def command(self) -> list[str]:
        """QEMU's command line."""
        here = self.directory
        words = [
            *("qemu-system-x86_64", "-machine", "pc", "-accel", "tcg,thread=multi", "-cpu", CPU),
            *("-m", str(MEMORY_MB), "-smp", "2", "-nodefaults", "-display", "none", "-no-user-config"),
            *("-rtc", "base=utc", "-device", "virtio-rng-pci", "-action", "watchdog=reset"),
            *(
                "-chardev",
                f"socket,id=qmp,path={here}/qmp.sock,server=on,wait=off",
                "-mon",
                "qmp,mode=control",
            ),
            *("-netdev", f"user,id=lan,restrict=on,hostfwd=tcp:127.0.0.1:{self.web_port}-:443"),
            *("-device", "virtio-net-pci,netdev=lan", "-device", "qemu-xhci,id=usb", "-device", "i6300esb"),
            *("-object", "can-bus,id=chassis", "-device", "kvaser_pci,canbus=chassis"),
            *("-device", "kvaser_pci,canbus=chassis", "-device", "virtio-serial-pci"),
        ]
        for number in (0, 1):
            name = f"ttyS{number}"
            words += [
                "-chardev",
                f"socket,id={name},path={here}/{name}.sock,server=on,wait=off,logfile={here}/{name}.log",
            ]
            words += ["-device", f"isa-serial,chardev={name},index={number}"]
        for name, port in (("guest", "test"), ("look", "look")):
            words += ["-chardev", f"socket,id={name},path={here}/{name}.sock,server=on,wait=off"]
            words += ["-device", f"virtserialport,chardev={name},name=org.yobirin.{port}"]
        for number, disk in enumerate(self.disks):
            words += ["-blockdev", _drive(f"disk{number}", disk)]
            if number not in self.pulled:
                words += ["-device", f"virtio-blk-pci,id=disk{number}-device,drive=disk{number}"]
        words += ["-blockdev", _drive("key", here / "key.qcow2")]
        if self.has_key:
            words += ["-device", "usb-storage,id=key-device,drive=key,bus=usb.0"]
        words += ["-drive", f"file={here}/more.ext4,format=raw,if=virtio,readonly=on"]
        return [*words, *self.extra]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.collect()
        self.kill()
        self.end_turn()

    def collect(self) -> Path:
        """Keep what the box said, for whoever looks into a failure."""
        place = ARTIFACTS / self.directory.name
        place.mkdir(parents=True, exist_ok=True)
        for log in self.directory.glob("*.log"):
            shutil.copy(log, place / log.name)
        if self.is_on():
            with contextlib.suppress(Exception):
                (place / "journal.txt").write_text(self.tried("journalctl -b --no-pager | tail -n 2000").out)
                logs = self.tried("tail -n 200 /data/yobirin/logs/* 2>&1").out
                (place / "processes.txt").write_text(logs)
        return place


def _drive(name: str, path: Path) -> str:
    return (
        f"driver=qcow2,node-name={name},discard=unmap,detect-zeroes=unmap,"
        f"file.driver=file,file.filename={path}"
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


assert os.name == "posix"
