"""Prompt files, what is said to one port, and speech made for a site."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from appliance.audio import make_prompts, mulaw, prompts, site_prompts, speech, tones
from appliance.audio.music import hold_music
from appliance.audio.player import WAITING_MAX, Announcement, Player
from appliance.audio.prompt_texts import TEXTS
from appliance.audio.prompts import PromptBook
from appliance.errors import BadInput, DeviceError
from appliance.settings import Home

A, B = b"\x11" * 320, b"\x22" * 160


def wav(kind: int, bits: int, data: bytes, *, channels: int = 1, rate_hz: int = 8_000) -> bytes:
    form = struct.pack("<HHIIHH", kind, channels, rate_hz, rate_hz * channels * bits // 8, bits // 8, bits)
    body = b"WAVELIST" + struct.pack("<I", 3) + b"abc\0" + b"fmt " + struct.pack("<I", len(form)) + form
    body += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_mulaw_and_16_bit_files_are_read_past_strange_chunks() -> None:
    assert prompts.from_wav(wav(7, 8, A), "a") == A
    samples = mulaw.decode(A)
    assert prompts.from_wav(wav(1, 16, samples.astype("<i2").tobytes()), "a") == A
    assert prompts.from_wav(prompts.to_wav(A[:161]), "a") == A[:161] + b"\xff" * 159


@pytest.mark.parametrize(
    "data",
    [b"", b"RIFF1234WAVE", wav(1, 8, A), wav(7, 8, A, channels=2), wav(7, 8, A, rate_hz=16_000), b"ID3" + A],
)
def test_another_kind_of_file_is_refused_by_name_with_a_remedy(data: bytes) -> None:
    with pytest.raises(BadInput, match=r"greeting.*sox"):
        prompts.from_wav(data, "greeting")


def test_a_book_knows_shipped_and_site_prompts_and_follows_changes(tmp_path: Path) -> None:
    shipped, site = tmp_path / "shipped", tmp_path / "site"
    for directory in (shipped, site):
        directory.mkdir()
    (shipped / "welcome.wav").write_bytes(prompts.to_wav(A))
    book = PromptBook(site, {"tone:beep": B}, shipped=shipped)
    assert book.sound("welcome") == A
    assert book.sound("tone:beep") == B
    (site / "welcome.wav").write_bytes(prompts.to_wav(B))
    (site / "bad.wav").write_bytes(b"nonsense")
    book.refresh()
    assert book.sound("welcome") == B
    (site / "welcome.wav").unlink()
    book.refresh()
    assert book.sound("welcome") == A
    (site / "code-1-06.wav").write_bytes(prompts.to_wav(B))
    assert book.sound("code-1-06") == B  # at once, without a refresh
    for name in ("bad", "nowhere", "../shipped/welcome"):
        with pytest.raises(BadInput, match="no prompt"):
            book.sound(name)


def test_every_prompt_is_shipped_at_one_level_and_unclipped(tmp_path: Path) -> None:
    book = PromptBook(tmp_path, {})
    for name in TEXTS:
        samples = mulaw.decode(book.sound(name))
        frames = samples[: len(samples) // 160 * 160].reshape(-1, 160).astype(float)
        power = np.mean(frames**2, axis=1)
        spoken = frames[power > power.max() / 1_000].reshape(-1)
        assert mulaw.level_dbm0(mulaw.clipped(spoken)) == pytest.approx(-20, abs=1), name
        assert np.abs(samples).max() < 30_000, name
        assert len(samples) < 10 * mulaw.RATE_HZ, name
    assert {path.stem for path in prompts.SHIPPED.glob("*.wav")} == {*TEXTS, make_prompts.MUSIC}


def said(player: Player, ticks: int) -> tuple[bytes, list[str]]:
    blocks: list[bytes] = []
    tags: list[str] = []
    for _ in range(ticks):
        block, finished = player.next_block()
        blocks.append(block)
        tags += finished
    return b"".join(blocks), tags


def test_prompts_follow_each_other_and_report_once() -> None:
    player = Player()
    player.play(Announcement((A, B), "both"), is_cutting=True)
    player.play(Announcement((B,), "next"), is_cutting=False)
    assert said(player, 4) == (A + B + B, ["both"])
    assert said(player, 2) == (mulaw.SILENT_BLOCK * 2, ["next"])
    assert not player.is_busy


def test_cutting_and_hushing_report_nothing() -> None:
    player = Player()
    player.play(Announcement((A,), "cut"), is_cutting=True)
    said(player, 1)
    player.play(Announcement((B,), "new"), is_cutting=True)
    assert said(player, 2) == (B + mulaw.SILENT_BLOCK, ["new"])
    player.play(Announcement((A,), "hushed"), is_cutting=True)
    player.hush()
    assert said(player, 1) == (mulaw.SILENT_BLOCK, [])


def test_a_loop_goes_on_without_a_gap_and_an_empty_one_ends() -> None:
    player = Player()
    player.play(Announcement((A, B), "loop", is_loop=True), is_cutting=True)
    assert said(player, 7) == (A + B + A + B + A[:160], [])
    player.play(Announcement((), "nothing", is_loop=True), is_cutting=True)
    assert said(player, 1)[1] == ["nothing"]


def test_the_queue_of_a_port_is_bounded() -> None:
    player = Player()
    taken = [player.play(Announcement((A,)), is_cutting=False) for _ in range(WAITING_MAX + 1)]
    assert taken.count(False) == 1


def fake_speak(text: str, path: Path) -> None:
    path.write_bytes(prompts.to_wav(text.encode()))


def test_site_prompts_are_made_once_changed_with_their_text_and_removed(tmp_path: Path) -> None:
    home = Home(tmp_path)
    (home.prompts / "lunch.wav").write_bytes(prompts.to_wav(A))  # an upload: not ours
    code, apology = site_prompts.code_name(3, "06"), site_prompts.apology_name(3)
    assert site_prompts.ensure(home, {code: "見込", apology: "山田商店です"}, speak=fake_speak) == {}
    assert site_prompts.missing(home, [code, apology, "code-3-07"]) == ["code-3-07"]
    spoken: list[str] = []

    def noting_speak(text: str, path: Path) -> None:
        spoken.append(text)
        fake_speak(text, path)

    site_prompts.ensure(home, {code: "再コール", apology: "山田商店です"}, speak=noting_speak)
    assert spoken == ["再コール"]
    site_prompts.ensure(home, {}, speak=fake_speak)
    assert sorted(path.name for path in home.prompts.iterdir()) == ["lunch.wav"]


def test_a_prompt_that_cannot_be_spoken_is_reported_and_its_old_text_never_said(tmp_path: Path) -> None:
    home = Home(tmp_path)
    site_prompts.ensure(home, {"code-1-01": "不通"}, speak=fake_speak)

    def broken(_text: str, _path: Path) -> None:
        raise DeviceError("Open JTalk is not installed.")

    assert site_prompts.ensure(home, {"code-1-01": "成約"}, speak=broken) == {
        "code-1-01": "Open JTalk is not installed."
    }
    assert site_prompts.missing(home, ["code-1-01"]) == ["code-1-01"]
    with pytest.raises(BadInput, match="no name of a site prompt"):
        site_prompts.ensure(home, {"../code-1-01": "x"}, speak=fake_speak)


def test_speech_is_trimmed_levelled_and_held_within_the_band() -> None:
    at = np.arange(48_000) / 48_000
    voice = np.concatenate([np.zeros(24_000), 9_000 * np.sin(2 * np.pi * 800 * at), np.zeros(24_000)])
    out = speech.levelled(speech.trimmed(speech.telephone(voice)))
    assert len(out) / mulaw.RATE_HZ == pytest.approx(1.0 + 2 * speech.MARGIN_S, abs=0.01)
    assert mulaw.level_dbm0(mulaw.clipped(out[1_000:-1_000])) == pytest.approx(-20, abs=0.3)
    aliased = speech.telephone(9_000 * np.sin(2 * np.pi * 7_000 * at))
    assert np.abs(aliased[100:-100]).max() < 9_000 / 100
    assert not speech.levelled(np.zeros(800)).any()


def test_open_jtalk_speaks_a_result_code(tmp_path: Path) -> None:
    path = tmp_path / "code-1-06.wav"
    speech.speak("見込", path)
    seconds = len(prompts.read_wav(path)) / mulaw.RATE_HZ
    assert 0.3 < seconds < 2
    with pytest.raises(BadInput, match="cannot speak"):
        speech.speak("、。", path)
    with pytest.raises(BadInput, match="1 to 500"):
        speech.speak("  ", path)


def test_without_open_jtalk_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeviceError, match="apt install open-jtalk"):
        speech.speak("見込", tmp_path / "x.wav")
    assert list(tmp_path.iterdir()) == []


def test_tones_by_the_names_of_play() -> None:
    assert set(tones.all_tones()) == {"tone:dial", "tone:busy", "tone:ringback", "tone:beep", "tone:owed"}


def test_the_shipped_music_is_the_composed_one(tmp_path: Path) -> None:
    """Beyond the last bit of a sine, which is each processor's own."""
    shipped = mulaw.decode(PromptBook(tmp_path, {}).sound("music")).astype(int)
    composed = mulaw.decode(hold_music()).astype(int)
    assert len(shipped) == len(composed)
    assert np.mean(shipped != composed) < 0.001
