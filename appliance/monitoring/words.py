"""What the monitor says, in both languages: names of checks and events, and sentences filled with values.

Pages, mails, the log and plugins all speak through here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from appliance.monitoring.sentences import SENTENCES, Words

Language = Literal["ja", "en"]


CHECKS: Final[dict[str, Words]] = {
    "database": Words("データベース", "Database"),
    "ping": Words("ネットワーク", "Network"),
    "load": Words("負荷", "Load"),
    "disk": Words("空き容量", "Disk space"),
    "mirror": Words("ミラー（RAID 1）", "Mirror (RAID 1)"),
    "smart": Words("ディスクの健康", "Disk health"),
    "swap": Words("メモリ・スワップ", "Memory and swap"),
    "pri": Words("回線（INS1500）", "Lines (INS1500)"),
    "processes": Words("プログラム", "Programs"),
    "phones": Words("電話機", "Telephones"),
    "recordings": Words("録音", "Recordings"),
    "backup": Words("バックアップ", "Backup"),
    "certificate": Words("証明書", "Certificate"),
    "chassis": Words("電源・ファン・温度", "Power, fans, temperature"),
    "panel": Words("前面パネル", "Front panel"),
    "watchdog": Words("見張り（ウォッチドッグ）", "Watchdog"),
    "clock": Words("時計", "Clock"),
}

EVENTS: Final[dict[str, Words]] = {
    "raised": Words("発生", "raised"),
    "worse": Words("悪化", "worse"),
    "eased": Words("軽減", "eased"),
    "cleared": Words("復旧", "recovered"),
    "acknowledged": Words("確認", "acknowledged"),
    "flapping": Words("不安定", "flapping"),
    "steady": Words("安定", "steady"),
}


def name(check: str, language: Language) -> str:
    """A check's name."""
    return _pick(CHECKS[check], language)


def event(what: str, language: Language) -> str:
    """What happened to an alarm."""
    return _pick(EVENTS[what], language)


def sentence(key: str, values: Mapping[str, str], language: Language) -> str:
    """What a verdict says."""
    return _pick(SENTENCES[key], language).format_map(_Filled(values))


def remedy(key: str, values: Mapping[str, str], language: Language) -> str:
    """What to do about it; "" where nothing is."""
    words = SENTENCES[key]
    return (words.do_ja if language == "ja" else words.do_en).format_map(_Filled(values))


class _Filled(dict[str, str]):
    """A value that an older monitor did not send is a dash, not an error."""

    def __missing__(self, key: str) -> str:
        return "—"


def _pick(words: Words, language: Language) -> str:
    return words.ja if language == "ja" else words.en
