"""Names and meanings of the hourly report's rows, and of the figures their formulas are made of."""

from __future__ import annotations

from typing import Final

NAMES: Final[dict[str, str]] = {
    "sales": "成約数",
    "dmc": "本人通話完了数",
    "attempts": "発信数",
    "answered": "接続数",
    "complete": "完了数",
    "contact": "通話数",
    "abandoned": "放棄呼数",
    "talk": "通話時間",
    "wait": "待機時間",
    "wrap": "後処理時間",
    "busy": "通話+後処理",
    "worked": "実稼働時間",
    "complete_rate": "時間当たり完了数",
    "attempts_rate": "時間当たり発信数",
    "contact_rate": "時間当たり通話数",
    "sales_rate": "時間当たり成約数",
    "sales_share": "成約率（通話比）",
    "talk_mean": "平均通話時間",
    "wrap_mean": "平均後処理時間",
    "busy_mean": "平均消費時間",
    "wait_mean": "平均接続待ち",
}

MEANS: Final[dict[str, str]] = {
    "sales": "「成約」に数える結果コードの件数です。",
    "dmc": "「本人」に数える結果コードの件数です。",
    "attempts": "交換機に届いた発信の回数です。",
    "answered": "相手が応答した回数です。放棄呼を含みます。",
    "complete": "「完了」に数える結果コードの件数です。",
    "contact": "「通話」に数える結果コードの件数です。",
    "abandoned": "呼出中止（92）と、応答時に席がなかった呼（96）の合計です。",
    "talk": "オペレーターが通話した時間です。",
    "wait": "待機してから通話につながるまでの時間です。",
    "wrap": "切断から結果の確定までの時間です。",
    "busy": "通話時間と後処理時間の合計です。",
    "worked": "通話・後処理・待機の合計です。休憩は含みません。",
}

FIGURES: Final[dict[str, str]] = {
    "attempts": "発信数",
    "answered": "接続数",
    "sales": "成約数",
    "dmc": "本人通話完了数",
    "complete": "完了数",
    "contact": "通話数",
    "abandoned": "放棄呼数",
    "talk_s": "通話時間",
    "wait_s": "待機時間",
    "wrap_s": "後処理時間",
    "busy_s": "通話+後処理",
    "worked_s": "実稼働時間",
    "break_s": "休憩",
}

PLAIN: Final = ("wait", "worked", "wait_mean")  # made of waiting, which no entry stands for
