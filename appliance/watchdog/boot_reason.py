"""Why the box restarted, from the hardware's word and the watchdog's own book; one table of sentences.

Pure.  The hardware knows whether its timer ran out, the book knows why it was let run out.
"""

from __future__ import annotations

from typing import Final

from appliance.watchdog import device, journal
from appliance.watchdog.journal import Entry
from appliance.watchdog.messages import Restarted, Why

SENTENCES: Final[dict[Why, tuple[str, str]]] = {
    Why.FIRST: ("この箱の最初の起動です。", "This is the first start of this box."),
    Why.ORDERED: ("指示による再起動です。", "The box was restarted in order."),
    Why.CHECK_FAILED: (
        "監視タイマーが箱を再起動しました：{check}（{for_s}秒間）。",
        "The watchdog reset the box: {check} (for {for_s} s).",
    ),
    Why.HUNG: (
        "監視タイマーが箱を再起動しました：システム全体が停止していました（直前の異常は記録されていません）。",
        "The watchdog reset the box: the whole system stood still; nothing had been found wrong before.",
    ),
    Why.OVERHEATED: (
        "過熱のため箱が再起動しました。",
        "The box was reset because it was too hot.",
    ),
    Why.POWER_CUT: (
        "電源が切れた後の起動です（停止の指示はありませんでした）。",
        "The power was cut: nobody had ordered a stop.",
    ),
}
assert set(SENTENCES) == set(Why)

CHECKS: Final[dict[str, tuple[str, str]]] = {
    "supervisord": ("プロセス管理が応答しませんでした", "supervisord did not answer"),
    "store": ("データベースに書き込めませんでした", "the database took no commit"),
    "disk": ("ディスクが応答しませんでした", "the disks did not answer"),
}


def explain(entries: list[Entry], *, boot: str, boot_status: int) -> Restarted:
    """Why the boot with this id happened.  `boot_status`: WDIOF_ bits of the hardware, 0 if it knows none."""
    before = [entry for entry in entries if entry.boot != boot]
    last = before[-1] if before else None
    why = _why(last, boot_status)
    check = last.check if last is not None and why is Why.CHECK_FAILED else ""
    for_s = last.for_s if last is not None else 0
    ja, en = SENTENCES[why]
    check_ja, check_en = CHECKS.get(
        check, (f"プロセス {check} が動かなくなりました", f"the process {check} stood still")
    )
    return Restarted(
        why, ja.format(check=check_ja, for_s=for_s), en.format(check=check_en, for_s=for_s), check
    )


def _why(last: Entry | None, boot_status: int) -> Why:
    if last is not None and last.what == journal.RESET:
        return Why.CHECK_FAILED  # not every timer says afterwards that it was it
    if boot_status & device.OVERHEAT:
        return Why.OVERHEATED
    if boot_status & device.CARD_RESET:
        return Why.HUNG
    if last is None:
        return Why.FIRST
    return Why.ORDERED if last.what == "ordered" else Why.POWER_CUT
