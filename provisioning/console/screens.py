"""The menu's pages as bytes: title, lines, foot.  Pure: what was seen in, a page out.

English pages are plain ASCII, for terminal programs that know no UTF-8.
"""

from __future__ import annotations

from typing import Any, Final

from provisioning.console.menu_table import FORMS, Page, What
from provisioning.console.seen import NOTHING, Seen
from provisioning.console.terminal import page
from provisioning.console.views import VIEWS
from provisioning.words import Text

NOT_THAT: Final = Text("その形では入力できません。", "This cannot stand here.")

TITLES: Final[dict[Page, Text]] = {
    Page.LOGIN: Text("Yobirin 保守コンソール", "Yobirin service console"),
    Page.MAIN: Text("メニュー", "Menu"),
    Page.STATUS: Text("状態", "Status"),
    Page.LINES: Text("回線とチャネル", "Lines and channels"),
    Page.NETWORK: Text("ネットワーク", "Network"),
    Page.ADDRESS: Text("アドレスの変更", "Change the address"),
    Page.TRIAL: Text("アドレスを試しています", "The address is on trial"),
    Page.TEST: Text("テスト発信", "Test call"),
    Page.TESTED: Text("テスト発信の結果", "Result of the test call"),
    Page.LOGS: Text("ログ", "Logs"),
    Page.LOG: Text("ログ", "Log"),
    Page.BUNDLE: Text("サポート一式", "Support bundle"),
    Page.MADE: Text("サポート一式の内容", "Content of the support bundle"),
    Page.ACCESS: Text("接続制限の解除", "Rescue from the allow-list"),
    Page.RESTART: Text("再起動", "Restart"),
    Page.RESET: Text("工場出荷状態に戻す", "Factory reset"),
    Page.PIN: Text("PINの変更", "Change the PIN"),
    Page.RESTORE: Text("バックアップから復元", "Restore from a backup"),
    Page.RESTORE_USB: Text("バックアップから復元：USBディスク", "Restore from a backup: USB disk"),
    Page.RESTORE_SITE: Text(
        "バックアップから復元：サイトのバックアップ先", "Restore from a backup: the site's target"
    ),
    Page.BACKUPS: Text("見つかったバックアップ", "Backups found"),
    Page.RESTORING: Text("復元", "Restore"),
    Page.WORKING: Text("処理中…", "Working..."),
    Page.TOLD: Text("結果", "Result"),
}
assert set(TITLES) == set(Page), "every page has its title"

FOOT: Final = Text("0 戻る  l English", "0 back  l Japanese")
FOOTS: Final[dict[Page, Text]] = {
    Page.MAIN: Text("番号を押してください  l English", "Press a key  l Japanese"),
    Page.STATUS: Text("r 更新  0 戻る  l English", "r refresh  0 back  l Japanese"),
    Page.LINES: Text("r 更新  0 戻る  l English", "r refresh  0 back  l Japanese"),
    Page.RESTORING: Text("r 更新  0 戻る  l English", "r refresh  0 back  l Japanese"),
    Page.BACKUPS: Text("番号で復元を始めます  0 戻る", "A number begins the restore  0 back"),
    Page.LOG: Text("n 古い方へ  b 新しい方へ  0 戻る", "n older  b newer  0 back"),
}


def draw(shown: Page, seen: Seen) -> bytes:
    """The page's bytes."""
    language = seen.language
    lines = [line.in_(language) if isinstance(line, Text) else line for line in VIEWS[shown](seen)]
    foot = "" if shown in (Page.WORKING, Page.TRIAL) else FOOTS.get(shown, FOOT).in_(language)
    if shown in FORMS:
        asked = FORMS[shown][len(seen.answers) : len(seen.answers) + 1]
        foot = " ".join(f"{each.label.in_(language)}: {_typed(seen, each.is_secret)}" for each in asked)
    return page(f"■ {TITLES[shown].in_(language)}", lines, foot, is_ascii=language == "en")


def _typed(seen: Seen, is_secret: bool) -> str:
    return "*" * len(seen.typed) if is_secret else seen.typed


def done(what: What, value: Any) -> Text:
    """What is said after something was done."""
    note = value if isinstance(value, str) else ""
    words = {
        What.KEEP_NETWORK: Text("このアドレスに決めました。", "The address stays."),
        What.RESCUE: Text(
            "構内のどのアドレスからでも画面を開けます。", "Every private address may open the page again."
        ),
        What.RESTART: Text("プログラムを動かし直しています。", "The programs are restarting."),
        What.REBOOT: Text("装置を再起動します。", "The box restarts."),
        What.POWER_OFF: Text("電源を切ります。", "The box powers off."),
        What.RESET: Text("消去しました。装置を再起動します。", "Erased. The box restarts."),
        What.SET_PIN: Text("PINを変更しました。", "The PIN is changed."),
        What.SEND_BUNDLE: Text("送りました。", "Sent."),
        What.COPY_BUNDLE: Text("USBメモリに書き込みました。", "Written to the USB stick."),
    }.get(what, NOTHING)
    return Text(f"{words.ja} {note}".strip(), f"{words.en} {note}".strip())
