"""What the audio process and the dialer say to each other.  The dialer is the client.

A port is one end of speech: a B channel ("b1/5": span 1, channel 5) or a phone's RTP stream ("p7", the
leg's name).  Two ports are bridged, or one hears prompts.  All commands act within one 20 ms tick and
carry no answer unless they say so; what goes wrong comes back as `PortFault`.
After a reconnect the snapshot is `AudioSnapshot`.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from appliance.phones.messages import Media


class Message(msgspec.Struct, frozen=True, tag=True, tag_field="t"):
    """Base of all."""


# --- dialer to audio ----------------------------------------------------------------------------------


class OpenLine(Message, frozen=True):
    """Open a B channel's audio.  Opened at SETUP, so that an answer finds it ready."""

    port: str
    span: int
    channel: int


class OpenPhone(Message, frozen=True):
    """Open an RTP stream.  Request; answered by `PhoneOpened` with the box's own end.

    `local_port` asks for that very UDP port: a phone in a conversation goes on sending there when audio has
    restarted.  0, or one that is taken: any.
    """

    port: str
    remote: Media
    local_port: int = 0


class PhoneOpened(Message, frozen=True):
    """Answer to OpenPhone."""

    port: str
    local: Media


class SetRemote(Message, frozen=True):
    """The phone's end changed (re-INVITE, hold)."""

    port: str
    remote: Media


class ClosePort(Message, frozen=True):
    """Free a port; ends its prompts, and its bridge with the recording.

    A mixed conversation goes on without it, until its last port is closed.
    """

    port: str


class Bridge(Message, frozen=True):
    """Let two ports hear each other; stops their prompts.  `bridge_id` is the attempt's id."""

    bridge_id: int
    line: str
    phone: str
    recording: Recording | None = None


class Recording(msgspec.Struct, frozen=True):
    """Where a recording goes: a file below the recordings directory, sealed with a key of its own.

    `key` is 32 bytes, `path` is relative.  Left = operator, right = customer.
    """

    recording_id: int
    path: str
    key: bytes


class Mix(Message, frozen=True):
    """From now on the ports of this conversation hear exactly these sources: the whole matrix each time.

    `hears` says for each port whom it hears, as a sum; () is silence, or what `Play` gives it.  A port that
    is named nowhere is no longer part of the conversation.  Playing goes on; only a port that now hears
    somebody and did not before, or that hears a loop, is hushed.  `left` and `right`: whose speech is
    recorded on which side; both empty end the recording.  `recording` begins one where none is under way.

    `Bridge` stays the start of a conversation (the customer is heard at once); a Mix of an unknown
    `bridge_id` begins one all the same, be it of two lines without a phone.  A port of another conversation
    leaves that one; one that is not open is a `PortFault`, and the others hear each other.  Ended by
    `Unbridge`.
    """

    bridge_id: int
    hears: Mapping[str, tuple[str, ...]]
    left: tuple[str, ...] = ()
    right: tuple[str, ...] = ()
    recording: Recording | None = None


class Unbridge(Message, frozen=True):
    """End a conversation, mixed or not, and finish its recording; its ports stay open."""

    bridge_id: int


class Play(Message, frozen=True):
    """Say prompts to a port, after what it is saying unless `is_cutting`.

    Names are files of the prompt directories without ".wav", "music" among them; "tone:ringback",
    "tone:busy", "tone:beep" and "tone:owed" are made on the spot.  `is_loop` repeats until `Hush`.  When the
    last has been said, `Played`.
    """

    port: str
    prompts: tuple[str, ...]
    tag: str = ""
    is_loop: bool = False
    is_cutting: bool = True


class Hush(Message, frozen=True):
    """Stop what is being said to a port."""

    port: str


class Listen(Message, frozen=True):
    """Report keys heard in-band on a port (a B channel's DTMF, or a phone without RFC 4733)."""

    port: str
    is_on: bool = True


class Measure(Message, frozen=True):
    """How loud is a line?  Request; answered by `Level` of what was heard since the last one on this port.

    The first one only begins.  Ends with the port.
    """

    port: str


class Level(Message, frozen=True):
    """Answer to Measure: level and peak in dBm0, -100 for silence or nothing heard."""

    port: str
    level_dbm0: float
    peak_dbm0: float
    seconds: float


# --- audio to dialer ----------------------------------------------------------------------------------


class Digit(Message, frozen=True):
    """A key was pressed: one of 0-9 * # A-D.  `source` is "rfc4733" or "inband"."""

    port: str
    digit: str
    source: str = "rfc4733"


class Played(Message, frozen=True):
    """The prompts of a `Play` have all been said (not sent when cut off)."""

    port: str
    tag: str


class Bridged(Message, frozen=True):
    """The first packet with the customer's voice left for the phone, `after_s` after Bridge arrived."""

    bridge_id: int
    after_s: float


class RecordingDone(Message, frozen=True):
    """A recording is closed and on the disk, its waveform sealed in the same file."""

    recording_id: int
    seconds: float
    size_bytes: int


class RecordingLost(Message, frozen=True):
    """A recording could not be written; the conversation goes on.  `reason` names disk and error."""

    recording_id: int
    reason: str


class PortFault(Message, frozen=True):
    """A port cannot be used: no such channel, silent socket, unknown prompt.  `what` names it."""

    port: str
    what: str


class Silence(Message, frozen=True):
    """No RTP from a phone for `seconds`."""

    port: str
    seconds: float


class TickReport(Message, frozen=True):
    """Once a second: how the 20 ms plane does.  Lateness in ms over the second just gone."""

    ports: int
    bridges: int
    recordings: int
    late_ms_p99: float
    late_ms_max: float
    cpu_s: float
    strangers: int = 0  # RTP packets from outside phones.allowed_networks since the start


class AudioSnapshot(Message, frozen=True):
    """What stands: open ports, and conversations as bridge_id to their ports (unmixed: line, phone)."""

    ports: tuple[str, ...]
    bridges: dict[int, tuple[str, ...]]
    legs: tuple[str, ...] = ()  # those of the ports that are phones


Union = (
    OpenLine | OpenPhone | PhoneOpened | SetRemote | ClosePort | Bridge | Mix | Unbridge | Play | Hush
    | Listen | Measure | Level
    | Digit | Played | Bridged | RecordingDone | RecordingLost | PortFault | Silence | TickReport
    | AudioSnapshot
)  # fmt: skip
