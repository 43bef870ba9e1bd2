"""baresip, headless: a soft phone that nobody here wrote, with a tone for a voice and a file for an ear."""

from __future__ import annotations

import json
import math
import socket
import struct
import subprocess
import wave
from pathlib import Path
from typing import Any

from tests.contract.phones_rig import PASSWORD, free_port, wait

CONFIG = """\
poll_method epoll
sip_listen 127.0.0.1:{sip}
call_local_timeout 120
call_max_calls 4
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control}
audio_source aufile,{voice}
audio_player aubridge,box
snd_path {ear}
audio_alert aubridge,box
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
rtp_ports {rtp}-{rtp_last}
"""
ACCOUNT = (
    "<sip:{extension}@127.0.0.1:{port};transport=udp>;auth_user={extension};auth_pass={password}"
    ";audio_codecs=PCMU/8000/1;regint={regint};answermode={answermode}\n"
)


class Baresip:
    """One running baresip."""

    def __init__(
        self,
        directory: Path,
        port: int,
        extension: str,
        *,
        tone_hz: int,
        password: str = PASSWORD,
        answermode: str = "manual",
        voice_s: int = 60,
    ) -> None:
        """Its call ends with its voice, after `voice_s`."""
        directory.mkdir()
        control, rtp = _free_tcp_port(), free_port() & ~1
        self._ear = directory / "ear"
        self._ear.mkdir()
        voice = directory / "voice.wav"
        write_tone(voice, tone_hz, voice_s)
        (directory / "config").write_text(
            CONFIG.format(
                sip=free_port(), control=control, voice=voice, ear=self._ear, rtp=rtp,
                rtp_last=rtp + 20,
            )
        )  # fmt: skip
        (directory / "accounts").write_text(
            ACCOUNT.format(
                extension=extension, port=port, password=password, regint=60, answermode=answermode
            )
        )
        (directory / "contacts").write_text("")
        self._log = (directory / "log").open("wb")
        self.process = subprocess.Popen(
            ["baresip", "-f", str(directory)],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self._directory = directory
        self._control = control
        self._socket: socket.socket = wait(self._connected, f"baresip's control port: {self.log()}")

    def _connected(self) -> socket.socket | None:
        try:
            return socket.create_connection(("127.0.0.1", self._control), timeout=5)
        except OSError:
            return None

    def command(self, word: str, parameters: str = "") -> None:
        """A command of its menu, e.g. `dial`; netstring of JSON, see baresip's ctrl_tcp module."""
        body: dict[str, Any] = {"command": word, "params": parameters, "token": "t"}
        text = json.dumps(body).encode()
        self._socket.sendall(b"%d:%s," % (len(text), text))

    def heard(self) -> bytes:
        """16-bit samples that it decoded so far, whatever length the file's header still claims."""
        files = sorted(self._ear.glob("*-dec.wav"))
        data = files[-1].read_bytes()[44:] if files else b""
        return data[: len(data) & ~1]

    def log(self) -> str:
        return (self._directory / "log").read_text(errors="replace")

    def stop(self) -> None:
        self._socket.close()
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()


def _free_tcp_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_tone(path: Path, hz: int, seconds: int = 60) -> None:
    """A sine at a tenth of full scale."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        step = 2 * math.pi * hz / 8_000
        second = [int(3_277 * math.sin(step * n)) for n in range(8_000)]  # whole periods
        file.writeframes(struct.pack(f"<{len(second)}h", *second) * seconds)
