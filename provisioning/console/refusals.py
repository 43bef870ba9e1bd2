"""Refusals of the set-up in Japanese: its sentences are English; a table has those that are often seen."""

from __future__ import annotations

import re
from typing import Final

from appliance.errors import YobirinError
from provisioning.words import Text

KNOWN: Final = {
    "That is not the PIN.": "PINが違います。",
    "Too many wrong PINs.": "PINの間違いが続きました。",
    "Not logged in.": "ログインが切れました。",
    "Give the PIN.": "PINを入力してください。",
    "This PIN is easily guessed.": "推測されやすいPINです。",
    "Use at least three different digits.": "3種類以上の数字にしてください。",
    "The box has no network file.": "ネットワークの設定がありません。",
    "Run yobirin-provision first.": "先に yobirin-provision で設定してください。",
    "No address is on trial.": "試しているアドレスはありません。",
    "There is no bundle yet.": "まだ作っていません。",
    "Make one first.": "先に作ってください。",
    "There is no USB stick (the key stick is not used).": "USBメモリがありません（鍵のメモリは使いません）。",
    "Plug one in, FAT or ext4.": "FATかext4のUSBメモリを差してください。",
    "This number is a customer's.": "お客様の番号です。",
    "Call a service number.": "保守用の番号にかけてください。",
    "Another channel is being tried.": "ほかのチャネルを試験中です。",
    "dialer is not running": "発信プログラムが動いていません",
    "There is no such log.": "そのログはまだありません。",
    "There is no USB disk with backups.": "バックアップの入ったUSBディスクがありません。",
    "Plug it in, wait a moment, then repeat.": "差して少し待ってから、もう一度行ってください。",
    "The site names no backup target.": "サイトのバックアップ先が設定されていません。",
    "Run yobirin-provision --before-restore first.": "先に yobirin-provision --before-restore です。",
    "The recovery key is mistyped.": "復元の鍵が違います。",
    "The recovery key holds other letters": "復元の鍵に使われない文字があります。",
    "Compare it with the sheet, group by group.": "引き渡し書と4文字ずつ見比べてください。",
    "Type it as the sheet shows it.": "引き渡し書のとおりに入力してください。",
    "A restore is for a blank box, and this one holds data.": "この装置にはデータがあります。",
    "Factory reset (menu 9) first.": "先にメニュー9で工場出荷状態に戻してください。",
    "There is no such backup.": "その番号のバックアップはありません。",
    "Choose one of the list.": "一覧から選んでください。",
    "A restore is running.": "復元しています。",
    "Wait until it is done.": "終わるまでお待ちください。",
    "setup is not running": "設定プログラムが動いていません",
}
_WAIT: Final = re.compile(r"^Wait ([0-9]+) s\.$")


def words(error: YobirinError) -> Text:
    """What is shown of a refusal."""
    parts = [part for part in (error.what, error.remedy) if part]
    return Text("".join(_ja(part) for part in parts), " ".join(parts))


def _ja(part: str) -> str:
    if found := _WAIT.match(part):
        return f"{found.group(1)}秒待ってください。" if found.group(1) != "0" else ""
    for known, japanese in KNOWN.items():
        if part.startswith(known):
            return japanese
    return f"{part} "
