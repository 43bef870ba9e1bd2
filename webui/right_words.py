"""What rights are called on pages, grouped as people look for them.  Words only; the table is roles.py."""

from __future__ import annotations

from typing import Final

from webui.roles import RIGHTS, ROLE_WORDS, may
from webui.words import Translate

ROLES: Final = ROLE_WORDS

Rows = tuple[tuple[str, str], ...]

GROUPS: Final[tuple[tuple[str, Rows], ...]] = (
    (
        "架電の画面",
        (
            ("seat", "座席につく・休憩・ヘルプ"),
            ("search", "リスト選択・顧客検索"),
            ("call", "架電・自動発信"),
            ("recalls", "見込・再架電"),
            ("transfers", "転送電話"),
            ("manual", "手動発信"),
            ("missed", "不在着信"),
            ("monitoring", "フロアの様子"),
            ("add-history", "履歴の追加"),
            ("history.view", "検索・履歴（自分の対応）"),
            ("recordings.play", "録音を聞く（自分の対応と担当リスト）"),
            ("reports.view", "成績（自分）"),
            ("report-history", "報告履歴"),
        ),
    ),
    (
        "管理の画面：見る",
        (
            ("board", "リアルタイム・座席表"),
            ("lists.view", "リストを見る"),
            ("projects.view", "案件設定を見る"),
            ("history.all", "全員の検索・履歴"),
            ("reports.all", "全員のレポート"),
            ("incoming.view", "折り返し着信を見る"),
            ("report-mail.view", "報告メールを見る"),
            ("device.view", "装置を見る"),
        ),
    ),
    (
        "管理の画面：使う・変える",
        (
            ("supervise", "モニタリング・ささやき・割り込み"),
            ("seats.change", "強制ログアウト"),
            ("layout", "座席表を変える"),
            ("monitors.enrol", "分割モニタの登録"),
            ("blocked", "発信禁止の登録・解除"),
            ("users", "ユーザーの作成・変更（SVはOP・BIZ・BYのみ）"),
            ("users.retire", "ユーザーの退職"),
            ("lists.change", "リストの登録・変更・削除"),
            ("projects.change", "案件設定を変える"),
            ("incoming", "折り返し着信を変える"),
            ("report-mail", "報告メールを変える"),
            ("export", "CSV・Excelの書き出し"),
            ("recordings", "全員の録音・保存・削除"),
            ("security", "セキュリティ設定"),
            ("audit", "操作ログ"),
            ("contract", "契約・料金"),
            ("device.change", "装置の操作"),
        ),
    ),
)

NOTES: Final[dict[str, str]] = {
    "MGR": "すべての機能を使えます。架電の画面にも切り替えられます。",
    "SV": "管理の画面を見て、フロアを動かします。リスト・案件・録音の変更はできません。",
    "OP": "担当のリストに架電します。履歴と成績は自分の分だけです。",
    "BIZ": "自分あての報告と履歴を見るだけです。",
    "BY": "担当のリストを検索し、履歴を追加します。架電はしません。",
}

NOT_SHOWN: Final = frozenset(("self",))

assert {right for _, rows in GROUPS for right, _ in rows} | NOT_SHOWN == set(RIGHTS), "a right has no words"


def held(role: str, translate: Translate) -> list[tuple[str, list[str]]]:
    """What a role may do, by group; groups with nothing are left out."""
    groups = [
        (translate(title), [translate(words) for right, words in rows if may(role, right)])
        for title, rows in GROUPS
    ]
    return [group for group in groups if group[1]]
