"""The machine's inputs as JSON lines, and back: what the flight recorder stores and `replay` runs again.

Pure encoding; files and their size are the recorder's.  A key of somebody's PIN is stored as "0": the replay
runs the same way, as the PIN itself decides nothing in the machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from appliance.audio import messages as audio
from appliance.dialer import inputs
from appliance.dialer.machine import Machine
from appliance.errors import BadInput
from appliance.phones import messages as phones

TYPE_OF: Final[dict[str, type]] = {kind.__name__: kind for kind in inputs.TYPES}
MASKED: Final = "0"


class Line(msgspec.Struct, frozen=True):
    """One line of a flight: monotonic seconds, the input's class, its fields."""

    now: float
    kind: str
    body: msgspec.Raw


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(Line)


def encode(now: float, what: inputs.Any_, *, is_secret: bool = False) -> bytes:
    """One line with its newline.  `is_secret`: what `Machine.is_secret` said before the input was fed."""
    if is_secret and isinstance(what, audio.Digit | phones.InfoDigit):
        what = msgspec.structs.replace(what, digit=MASKED)
    body = msgspec.Raw(_encoder.encode(what))
    return _encoder.encode(Line(now, type(what).__name__, body)) + b"\n"


def decode(line: bytes) -> tuple[float, Any]:
    """(now, input) of one line.  Raises BadInput on a line that is not one, e.g. the torn last of a crash."""
    try:
        read = _decoder.decode(line)
        return read.now, msgspec.json.decode(read.body, type=TYPE_OF[read.kind])
    except (msgspec.MsgspecError, KeyError) as error:
        raise BadInput(f"a line of the flight cannot be read: {error}.") from error


def replay(lines: Iterable[bytes], machine: Machine) -> Iterator[tuple[float, Any, list[Any]]]:
    """Run a flight again on a new machine; (now, input, outputs) of each line."""
    for line in lines:
        now, what = decode(line)
        yield now, what, machine.feed(what, now)
