"""What stops and power cuts ended in the last day, in one line of the board and of 装置."""

from __future__ import annotations

from typing import Final

from appliance.store import attempts
from appliance.store.times import DAY_MS
from webui.ask import Ask

ROWS_URL: Final = "/history?view=entries&recent=1&cut_off=1"


def sentences(ask: Ask) -> dict[str, str] | None:
    """How many calls and until when, and what becomes of them; None when there were none."""
    now = ask.services.now_ms()
    found = attempts.cut_off(ask.services.store, ask.tenant_id, since=now - DAY_MS)
    if not found.calls:
        return None
    unanswered = found.calls - found.answered
    what = [
        ask.t(
            "停電・停止で中断した通話が{n}件あります（{at}）。",
            n=found.calls,
            at=ask.services.calendar.clock(found.last_at),
        )
    ]
    if found.answered:
        what.append(ask.t("応答後の{n}件は、結果が入るまで履歴に「結果未入力」と出ます。", n=found.answered))
    if unanswered:
        what.append(ask.t("応答前の{n}件は、あらためて発信します。", n=unanswered))
    return {"first": what[0], "rest": " ".join(what[1:]), "url": ROWS_URL if found.answered else ""}
