"""What stood on the board yesterday up to this hour: the comparison beside each figure."""

from __future__ import annotations

from datetime import timedelta

from appliance.store import reports
from appliance.store.report_formulas import Figures, total
from appliance.store.report_rows import Wanted
from webui.ask import Ask


def same_hour_yesterday(ask: Ask) -> dict[str, float | None]:
    """Of the asking person's tenant."""
    return same_hour_of(ask, ask.tenant_id)


def same_hour_of(ask: Ask, tenant_id: int) -> dict[str, float | None]:
    """By the board's names; None where there is nothing to compare with."""
    now = ask.services.calendar.moment(ask.services.now_ms())
    before = now - timedelta(days=1)
    day = before.year * 10_000 + before.month * 100 + before.day
    report = reports.hourly(ask.services.store, tenant_id, Wanted(from_day=day, to_day=day))
    columns = [column for hour, column in zip(report.hours, report.columns, strict=True) if hour <= now.hour]
    return compared(total(columns))


def compared(figures: Figures) -> dict[str, float | None]:
    """The board's ratios of these sums, in percent where the board shows percent.  Pure."""
    if not figures.attempts:
        return {}
    talks, answered = figures.contact, figures.answered
    return {
        "wait": figures.wait_s / talks if talks else None,
        "talk_rate": 100 * talks / answered if answered else None,
        "win_rate": 100 * figures.sales / talks if talks else None,
        "answered": float(answered),
    }
