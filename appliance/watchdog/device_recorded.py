"""A watchdog timer that only writes down what is done to it, for tests and demonstrations.

Its file says `armed 30`, how often it was petted (`pet 17`), and at the end `disarmed` or `closed`.
What stands in the file `….boot` beside it is the boot status, as a number.
"""

from __future__ import annotations

from pathlib import Path

from appliance.errors import DeviceError


class RecordedDevice:
    """Lines in a file."""

    def __init__(self, path: Path, *, timeout_s: int) -> None:
        self.name = str(path)
        self.timeout_s = timeout_s
        self._path = path
        self._lines = [f"armed {timeout_s}"]
        self._pets = 0
        self._is_open = True
        self._write()

    def boot_status(self) -> int:
        self._check()
        status = self._path.with_suffix(".boot")
        return int(status.read_text(encoding="ascii")) if status.exists() else 0

    def pet(self) -> None:
        self._check()
        self._pets += 1
        self._write()

    def disarm(self) -> None:
        self._end("disarmed")

    def close(self) -> None:
        self._end("closed")

    def _end(self, word: str) -> None:
        self._check()
        self._lines.append(word)
        self._write()
        self._is_open = False

    def _write(self) -> None:
        first, *rest = self._lines
        lines = [first, f"pet {self._pets}", *rest]
        fresh = self._path.with_name(f"{self._path.name}.new")
        try:
            fresh.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
            fresh.replace(self._path)
        except OSError as error:
            raise DeviceError(
                f"The watchdog {self.name}: {error.strerror}.", remedy="Free that disk."
            ) from error

    def _check(self) -> None:
        if not self._is_open:
            raise DeviceError(f"The watchdog {self.name}: it has been closed.", remedy="Open it again.")
