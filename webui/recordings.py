"""Recordings over HTTP: ranges of a WAV, also while it grows; the waveform; a download with its reason.

Playing and saving are logged.  The key of a recording is read here and goes no further.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import bottle

from appliance.audio.recording_file import RecordingReader
from appliance.store import recordings, visibility
from appliance.store.models import Recording
from webui.ask import Ask, Invalid, NotFound, Services
from webui.auth import log_action
from webui.roles import Route

CHUNK: Final = 262_144
PEAK_MAX: Final = 255.0


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/recordings/<recording_id:int>", "recordings.play", play),
        Route("GET", "/recordings/<recording_id:int>/peaks", "recordings.play", peaks),
        Route("GET", "/seats/<seat_id:int>/recording", "recordings", of_seat),
        Route("POST", "/recordings/<recording_id:int>/download", "recordings", download),
    ]


def _existing(ask: Ask, recording_id: int) -> Recording:
    """A recording that the person may hear and that still stands.  Raises NotFound, saying why it is gone."""
    found = recordings.get(ask.services.store, ask.tenant_id, recording_id)
    if found is None or not visibility.sees_recording(ask.services.store, ask.viewer, recording_id):
        raise NotFound(ask.t("この録音はありません。"))
    if found.deleted_at:
        day = ask.services.calendar.date(found.deleted_at)
        raise NotFound(
            ask.t("録音がありません（理由：{reason}、{day}に削除）。", reason=found.deleted_reason, day=day)
        )
    return found


def _reader(ask: Ask, found: Recording) -> RecordingReader:
    path = recordings.path_of(ask.services.store, found.path)
    if not path.exists():
        raise NotFound(
            ask.t("録音がありません（理由：{reason}）。", reason=found.lost_reason or "ファイルがありません")
        )
    return RecordingReader(path, found.key)


def play(ask: Ask, recording_id: int) -> Any:
    """The bytes of the range that was asked for (RFC 9110, 14.2); the whole without one."""
    found = _existing(ask, recording_id)
    reader = _reader(ask, found)
    size = reader.wav_size
    first, last, is_part = asked_range(ask.request.get_header("Range", ""), size)
    if first == 0:
        log_action(ask, "history", "recording played", str(recording_id))
    head = {
        "Content-Type": "audio/wav",
        "Accept-Ranges": "bytes",
        "Content-Length": str(last - first + 1),
        "Cache-Control": "no-store",
    }
    if is_part:
        head["Content-Range"] = f"bytes {first}-{last}/{size}"
    return bottle.HTTPResponse(_pieces(reader, first, last), 206 if is_part else 200, head)


def asked_range(header: str, size: int) -> tuple[int, int, bool]:
    """(first, last, whether a part was asked for); what cannot be satisfied is the whole.  Pure."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", header.strip())
    if not found or not (found[1] or found[2]) or size <= 0:
        return 0, size - 1, False
    if not found[1]:
        return max(0, size - int(found[2])), size - 1, True
    first = int(found[1])
    last = min(int(found[2]), size - 1) if found[2] else size - 1
    return (first, last, True) if first <= last else (0, size - 1, False)


def _pieces(reader: RecordingReader, first: int, last: int) -> Iterator[bytes]:
    while first <= last:
        end = min(first + CHUNK - 1, last)
        yield reader.read_wav(first, end + 1)
        first = end + 1


def peaks(ask: Ask, recording_id: int) -> Any:
    """The waveform: 0-1 a point for operator (left) and customer (right)."""
    found = _existing(ask, recording_id)
    reader = _reader(ask, found)
    points = reader.peaks() / PEAK_MAX
    return ask.json(
        {
            "left": points[:, 0].tolist(),
            "right": points[:, 1].tolist(),
            "seconds": reader.seconds,
            "grows": not found.finished_at,
        }
    )


def of_seat(ask: Ask, seat_id: int) -> Any:
    """Where the conversation that a seat is in is being recorded; without `play` where it is not."""
    board = ask.services.live.board
    seat = next((row for row in board.seats if row.seat_id == seat_id), None)
    if seat is None or not seat.is_seen_by(ask.tenant_id):
        raise NotFound(ask.t("この座席はありません。"))
    standing = recordings.of_attempt(ask.services.store, ask.tenant_id, seat.attempt_id)
    whole = [one for one in standing if not one.deleted_at]
    return ask.json({"play": f"/recordings/{whole[-1].id}"} if whole else {})


def download(ask: Ask, recording_id: int) -> Any:
    """The whole WAV as a file; the reason is kept in the log."""
    reason = ask.text("reason", size_max=200)
    if not reason:
        raise Invalid(ask.t("理由を入力してください。"))
    found = _existing(ask, recording_id)
    reader = _reader(ask, found)
    log_action(ask, "history", "recording saved", f"{recording_id}: {reason}")
    stamp = ask.services.calendar.stamp(found.started_at)
    answer = ask.download(
        _pieces(reader, 0, reader.wav_size - 1), f"録音_{stamp}_{recording_id}.wav", "audio/wav"
    )
    answer.set_header("Content-Length", str(reader.wav_size))
    return answer
