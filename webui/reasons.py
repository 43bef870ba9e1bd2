"""いまの制限: the sentence that says what holds dialling back, and what would release it.

One row for every `Limit` the dialer can name; the fuller sentence is used where the dialer sent the figures
it needs.  Texts are Japanese; English comes from the catalogue like every other word.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Final, Literal, get_args

from appliance.dialer.messages import Limit, Reason
from webui.format import decimal, number, percent
from webui.words import Translate

Weight = Literal["ok", "info", "warn", "bad"]


@dataclass(frozen=True)
class Row:
    """`sentence` needs no figure; `fuller` is preferred when all its figures came."""

    weight: Weight
    sentence: str
    remedy: str
    fuller: tuple[str, ...] = ()


@dataclass(frozen=True)
class Told:
    """What the page shows."""

    weight: Weight
    sentence: str
    remedy: str


# `_` marks a text for the catalogue; it is looked up when the page's language is known.
def _(text: str) -> str:
    return text


ROWS: Final[dict[str, Row]] = {
    "none": Row("ok", _("制限はありません。待機中の席ぶんの発信が出ています。"), ""),
    "stopped": Row(
        "info", _("開始しているリストがありません。"), _("リストの画面で「開始」を押してください。")
    ),
    "no_operators": Row(
        "warn",
        _("待機しているオペレーターがいません。発信は止まっています。"),
        _("電話機からログインし、＊を押してください。"),
    ),
    "channels": Row(
        "warn",
        _("回線がふさがっています。"),
        _("回線の上限を上げるか、通話が終わるのを待ちます。"),
        (_("回線（{total}ch中{used}ch使用）。"),),
    ),
    "customers": Row(
        "bad",
        _("発信できる顧客が残っていません。"),
        _("リストを追加するか、再架電を許可してください。"),
        (_("発信できる顧客が残り{callable}件です。"),),
    ),
    "hours": Row(
        "warn",
        _("発信時間外です。"),
        _("時間帯は案件設定で変えられます。"),
    ),
    "target": Row(
        "info",
        _("放棄率の目標に達しています。これ以上は増やしません。"),
        _("目標を上げるか、待機する席を増やすと速くなります。"),
        (
            _("放棄率の目標（{target_percent}%）。待機{waiting}席に対し{ringing}件を呼び出しています。"),
            _("放棄率の目標（{target_percent}%）。これ以上は増やしません。"),
        ),
    ),
    "mode": Row(
        "info",
        _("発信方式の上限に達しています。"),
        _("追加発信または倍率を上げると速くなります。"),
        (_("発信方式の上限（{allowed}件まで、発信中{out}件）に達しています。"),),
    ),
    "wrapup": Row(
        "info",
        _("待機中の席がありません（通話中または後処理中）。"),
        _("後処理を短くするか、席を増やすと速くなります。"),
        (
            _("待機中の席がありません（通話 {talking}席、後処理 {wrapup}席）。"),
            _("待機中の席がありません（通話 {talking}席）。"),
        ),
    ),
    "congestion": Row(
        "warn",
        _("交換機が発信を制限しています。間隔を広げて発信中です。"),
        _("自動で元の間隔に戻ります。"),
        (_("交換機が発信を制限しています（間隔 {slot_ms}ミリ秒）。"),),
    ),
    "line": Row("bad", _("回線が不通です。発信は止まっています。"), _("回線とケーブルを確認してください。")),
    "caller": Row(
        "bad", _("発信元番号（メイン）がありません。"), _("案件設定で発信元番号を登録してください。")
    ),
    "disk": Row(
        "bad",
        _("保存場所の空きが足りません。新しい発信は止まっています。"),
        _("古い録音を削除してください。空きができると自動で再開します。"),
    ),
}
assert set(ROWS) == set(get_args(Limit)), "every limit has its sentence"


def told(reason: Reason, translate: Translate) -> Told:
    """The sentence for a reason, in the language of `translate`."""
    row = ROWS[reason.limit]
    figures = {name: _written(name, value) for name, value in reason.figures.items()}
    figures |= {f"{name}_percent": percent(value) for name, value in reason.figures.items()}
    for text in row.fuller:
        if _needs(text) <= figures.keys():
            return Told(row.weight, translate(text, **figures), translate(row.remedy) if row.remedy else "")
    return Told(row.weight, translate(row.sentence), translate(row.remedy) if row.remedy else "")


def _needs(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def _written(name: str, value: float) -> str:
    return number(value) if float(value).is_integer() else decimal(value)
