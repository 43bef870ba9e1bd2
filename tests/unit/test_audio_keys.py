"""Keys heard in-band: spandsp behind cffi."""

from __future__ import annotations

import pytest

from appliance.audio import dtmf, mixer, mulaw, tones
from appliance.audio.dtmf import KeyEar
from appliance.errors import DeviceError


def heard(data: bytes) -> str:
    ear = KeyEar()
    return "".join(ear.feed(data[at : at + 160]) for at in range(0, len(data), 160))


@pytest.mark.parametrize("key", sorted(tones.KEY_HZ))
@pytest.mark.parametrize("level_dbm0", [-6.0, -25.0])
def test_each_key_is_heard_once_through_mulaw(key: str, level_dbm0: float) -> None:
    assert heard(mulaw.SILENT_BLOCK * 5 + tones.key(key, 0.08, level_dbm0) + mulaw.SILENT_BLOCK * 5) == key


def test_keys_in_a_row_are_told_apart() -> None:
    gap = mulaw.SILENT_BLOCK * 3
    assert heard(b"".join(gap + tones.key(key, 0.06) for key in "1159*#") + gap) == "1159*#"


def test_music_and_tones_are_no_keys() -> None:
    sounds = tones.all_tones()
    assert heard(b"".join(sounds[name] for name in sorted(sounds))) == ""
    assert heard(mixer.mix([tones.dial(), sounds["music"][: len(tones.dial())]])) == ""


def test_a_missing_library_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dtmf, "LIBRARIES", ("libspandsp-not-here.so.9",))
    dtmf._spandsp.cache_clear()
    try:
        with pytest.raises(DeviceError, match="apt install libspandsp2"):
            KeyEar()
    finally:
        dtmf._spandsp.cache_clear()
