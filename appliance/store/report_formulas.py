"""What each row of the hourly report is: two sets of formulas over the same figures.  Pure.

`honest` is ours: averages over what they are averages of, nothing divided by zero.  `compatible` prints what
Open Dialer prints: per second, upside down, two decimals cut off.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from appliance.store.models import Noun

Kind = Literal["count", "seconds", "rate", "percent", "average"]


class Figures(Noun, frozen=True):
    """The sums of one column of the report.  Seconds are whole, as they are printed."""

    attempts: int = 0
    answered: int = 0
    sales: int = 0
    dmc: int = 0
    complete: int = 0
    contact: int = 0
    abandoned: int = 0
    talk_s: int = 0
    wait_s: int = 0
    wrap_s: int = 0
    break_s: int = 0

    @property
    def busy_s(self) -> int:
        """通話+後処理."""
        return self.talk_s + self.wrap_s

    @property
    def worked_s(self) -> int:
        """実稼働: breaks are outside."""
        return self.talk_s + self.wrap_s + self.wait_s


class Formula(Noun, frozen=True):
    """numerator / denominator * factor, by the names of `Figures`; denominator '' is a plain figure."""

    numerator: str
    denominator: str = ""
    factor: float = 1.0


class Line(Noun, frozen=True):
    """One row of the report: its Japanese name, its kind, and both formulas."""

    key: str
    name: str
    kind: Kind
    honest: Formula
    compatible: Formula


def _plain(key: str, name: str, figure: str, kind: Kind = "count") -> Line:
    formula = Formula(numerator=figure)
    return Line(key=key, name=name, kind=kind, honest=formula, compatible=formula)


def _rate(key: str, name: str, figure: str) -> Line:
    return Line(
        key=key,
        name=name,
        kind="rate",
        honest=Formula(numerator=figure, denominator="worked_s", factor=3600.0),
        compatible=Formula(numerator=figure, denominator="worked_s"),
    )


def _average(key: str, name: str, figure: str, compatible: Formula) -> Line:
    honest = Formula(numerator=figure, denominator="contact")
    return Line(key=key, name=name, kind="average", honest=honest, compatible=compatible)


LINES: Final[tuple[Line, ...]] = (
    _plain("sales", "成約数", "sales"),
    _plain("dmc", "本人通話完了数", "dmc"),
    _plain("attempts", "発信数", "attempts"),
    _plain("answered", "接続数", "answered"),
    _plain("complete", "完了数", "complete"),
    _plain("contact", "通話数", "contact"),
    _plain("abandoned", "放棄呼数", "abandoned"),
    _plain("talk", "TALK", "talk_s", "seconds"),
    _plain("wait", "WAIT", "wait_s", "seconds"),
    _plain("wrap", "WRAP", "wrap_s", "seconds"),
    _plain("busy", "通話+後処理時間", "busy_s", "seconds"),
    _plain("worked", "実稼働時間", "worked_s", "seconds"),
    _rate("complete_rate", "時間当たり完了率", "complete"),
    _rate("attempts_rate", "時間当たり発信数", "attempts"),
    _rate("contact_rate", "時間当たり接続率", "contact"),
    _rate("sales_rate", "時間当たり成約率", "sales"),
    Line(
        key="sales_share",
        name="接続数あたり成約率",
        kind="percent",
        honest=Formula(numerator="sales", denominator="contact", factor=100.0),
        compatible=Formula(numerator="sales", denominator="contact", factor=100.0),
    ),
    _average("talk_mean", "平均通話時間", "talk_s", Formula(numerator="attempts", denominator="talk_s")),
    _average("wrap_mean", "平均後処理時間", "wrap_s", Formula(numerator="attempts", denominator="wrap_s")),
    _average("busy_mean", "平均消費時間", "busy_s", Formula(numerator="attempts", denominator="busy_s")),
    _average("wait_mean", "平均接続待ち時間", "wait_s", Formula(numerator="wait_s", denominator="answered")),
)
"""The 21 rows, in Open Dialer's order."""

BY_KEY: Final = {line.key: line for line in LINES}


def honest(key: str, figures: Figures) -> float | None:
    """Our value, unrounded; None where there is nothing to divide by (the page shows —)."""
    formula = BY_KEY[key].honest
    top = float(getattr(figures, formula.numerator))
    if not formula.denominator:
        return top
    bottom = getattr(figures, formula.denominator)
    return top / bottom * formula.factor if bottom else None


def compatible(key: str, figures: Figures) -> float:
    """Open Dialer's value: 0 where there is nothing to divide by, two decimals cut off as floats do it."""
    formula = BY_KEY[key].compatible
    top = getattr(figures, formula.numerator)
    if not formula.denominator:
        return float(top)
    bottom = getattr(figures, formula.denominator)
    return int(top / bottom * formula.factor * 100) / 100 if bottom else 0.0


def compatible_text(key: str, figures: Figures) -> str:
    """As Open Dialer prints it: 294, 0.07, 0.1, 21.81%, 0%."""
    value = compatible(key, figures)
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{text}%" if BY_KEY[key].kind == "percent" else text


def honest_text(key: str, figures: Figures) -> str:
    """Raw numbers for CSV: counts and seconds whole, all else one decimal, half up; '' for 0 ÷ 0."""
    value = honest(key, figures)
    if value is None:
        return ""
    if BY_KEY[key].kind in ("count", "seconds"):
        return f"{value:.0f}"
    return f"{int(value * 10 + 0.5) / 10:.1f}"


def total(columns: list[Figures]) -> Figures:
    """The sum of columns, figure by figure."""
    return Figures(
        **{name: sum(getattr(column, name) for column in columns) for name in Figures.__struct_fields__}
    )


TextOf = Callable[[str, Figures], str]
