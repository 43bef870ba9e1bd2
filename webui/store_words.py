"""Refusals of the store in the reader's language.  Pure.

The store writes Japanese sentences with the value in them; the catalogue holds them with `{0}`, `{1}` in
the places of numbers and quoted names.  A sentence it does not hold is shown as it came: better read late
than not at all.
"""

from __future__ import annotations

import re
from typing import Final

from webui.words import Translate

VALUE: Final = re.compile(r"「[^」]*」|\d[\d.,:]*")
PLACE: Final = re.compile(r"\{(\d+)\}")

SENTENCES: Final = frozenset(
    (
        # a row of a file
        "電話番号が入力されていません",
        "番号を入力してください",
        "数字以外が含まれています",
        "数字とハイフンだけにしてください",
        "指数表記です（Excelで変換された可能性）",
        "列を文字列にして保存し直してください",
        "国際電話の番号です",
        "国内の番号にしてください",
        "桁数が足りません（{0}桁）",
        "桁数が多すぎます（{0}桁）",
        "{0}桁または{1}桁にしてください",
        "{0}桁にしてください",
        "{0}から始まっていません",
        "市外局番から入力してください",
        "発信できない番号です",
        "{0}から始まる加入者の番号にしてください",
        "列が多すぎます（{0}列）",
        "見出しと同じ列数にしてください",
        "同じファイルの{0}行目と重複しています",
        "リスト{0}に登録済みです",
        "{0}行だけ残してください",
        # a whole file
        "ファイルが空です。",
        "見出しの下にデータの行を入れてください。",
        "見出しとデータの行があるか確かめてください。",
        "データの行がありません。",
        "文字コードを選び直してください。",
        "文字コードを選ぶか、UTF-{0}で保存し直してください。",
        "文字のファイルではありません。",
        "CSVかXLSXで保存し直してください。",
        "CSVで保存し直してください。",
        "XLSXとして読めません。",
        "ファイルが{0}MBを超えています。",
        "行数が{0}行を超えています。",
        "ファイルを分割して取り込んでください。",
        "分割して取り込んでください。",
        "リストが{0}件を超えます。",
        "別のリストに分けてください。",
        "見出しをそろえてください。",
        "リスト名がありません。",
        "リスト名を入れてください。",
        "リスト{0}はすでにあります。",
        "別の名前にするか、追加してください。",
        "別の名前にしてください。",
        "リスト名が{0}文字です。",
        "{0}〜{1}文字にしてください。",
        "取り込みから{0}日を過ぎました。",
        "リストをごみ箱へ移してください。",
        "その取り込みはありません。",
        "取り込みは中断されました。",
        "一覧を更新してください。",
        # lists and projects
        "そのリストはありません。",
        "無効なリストは開始できません。",
        "先に有効にしてください。",
        "その案件はありません。",
        "案件{0}はすでにあります。",
        "案件名が{0}文字です。",
        "一覧から選んでください。",
        "使用回線数は{0}〜{1}にしてください。",
        "呼出時間は{0}〜{1}秒にしてください。",
        "呼出時間が{0}秒未満です。相手が出る前に切れます。",
        "応答待ちは{0}〜{1}秒にしてください。",
        "放棄率の目標は{0}〜{1}%にしてください。",
        "発信回数の上限は{0}（なし）〜{1}にしてください。",
        "発信比率は{0}〜{1}にしてください。",
        "発信間隔は{0}秒〜{1}日にしてください。",
        "追加発信は{0}〜{1}にしてください。",
        "発信時間帯が正しくありません。",
        "開始は終了より前、終了は{0}までにしてください。",
        "その番号は登録済みです。",
        # the rest
        "理由を入れてください。",
        "開始日と終了日を入れてください。",
        "日付が正しくありません。",
        "期間が正しくありません。",
        "この番号のモニタはありません。",
        "モニタに表示されている{0}けたを入力してください。",
    )
)


def told(text: str, translate: Translate) -> str:
    """The store's sentence in the language of `translate`; names and numbers as they are.

    A job's message is a refusal and its remedy with two blanks between: each for itself.
    """
    if "  " in text:
        return " ".join(told(part, translate) for part in text.split("  "))
    values: list[str] = []

    def mark(found: re.Match[str]) -> str:
        values.append(found[0])
        return f"{{{len(values) - 1}}}"

    pattern = VALUE.sub(mark, text)
    if pattern not in SENTENCES:
        return text
    return PLACE.sub(lambda place: values[int(place[1])], translate(pattern))
