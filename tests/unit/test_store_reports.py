"""Reports from counters and from rows, the rows behind a figure, CSV."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from appliance.errors import BadInput
from appliance.store import compare, events, report_csv, report_rows, reports
from appliance.store.report_formulas import Figures
from appliance.store.report_rows import Wanted
from tests.store_help import DAY, NOON_S, Floor, make_floor

TODAY = Wanted(from_day=DAY, to_day=DAY)


def a_day(directory: Path) -> tuple[Floor, int]:
    """Twelve calls at noon and, three of them, at 23 o'clock: 4 sales, 4 abandoned, 4 unanswered."""
    floor = make_floor(directory)
    list_id = floor.make_list(12)
    written: list[events.Event] = []
    for n in range(1, 13):
        at = NOON_S + (11 * 3600 if n > 9 else 0)
        user = floor.operator if n % 3 == 1 else 0
        code = {1: "01", 2: "96", 0: "94"}[n % 3]
        written += [
            floor.opened(n, list_id, n),
            events.SaveAttempt(
                attempt_id=n, setup_at=at, answered_at=at + 5 if n % 3 else 0.0, user_id=user,
                cleared_at=at + 60,
                connected_at=at + 6 if user else 0.0, result=code, end="result",
            ),
            floor.entry(n, list_id, n, code, user=user, at=at + 60),
        ]  # fmt: skip
        for kind, seconds in (("talk", 30.0), ("wait", 5.0), ("wrap", 10.0)) if user else ():
            written.append(
                events.SaveInterval(
                    kind=kind, tenant_id=floor.tenant, seat_id=1, user_id=user, project_id=floor.project,
                    list_id=list_id, from_at=at + 6, seconds=seconds, attempt_id=n,
                )
            )  # fmt: skip
    assert not any(one.refused for one in floor.write(*written))
    assert compare.compare(floor.store) == []
    return floor, list_id


def test_the_hours_add_up_and_a_late_hour_gets_its_column(tmp_path: Path) -> None:
    floor, _ = a_day(tmp_path)

    report = reports.hourly(floor.store, floor.tenant, TODAY)

    assert report.hours == (*range(9, 23), 23)
    assert report.total == Figures(
        attempts=12, answered=8, sales=4, dmc=4, complete=4, contact=4, abandoned=4,
        talk_s=120, wait_s=20, wrap_s=40,
    )  # fmt: skip
    noon = report.columns[report.hours.index(12)]
    assert (noon.attempts, noon.sales, noon.abandoned) == (9, 3, 3)


def test_filters_narrow_and_other_tenants_see_nothing(tmp_path: Path) -> None:
    floor, list_id = a_day(tmp_path)

    def attempts(wanted: Wanted) -> int:
        return reports.hourly(floor.store, floor.tenant, wanted).total.attempts

    of_list = structs.replace(TODAY, project_id=floor.project, list_id=list_id)
    assert attempts(of_list) == 12
    assert attempts(structs.replace(of_list, list_id=list_id + 1)) == 0
    assert attempts(structs.replace(TODAY, user_id=floor.operator)) == 4
    assert reports.hourly(floor.store, floor.tenant + 1, TODAY).total == Figures()
    yesterday = Wanted(from_day=DAY - 1, to_day=DAY - 1)
    assert reports.hourly(floor.store, floor.tenant, yesterday).total == Figures()


def test_the_sexes_together_are_everybody(tmp_path: Path) -> None:
    floor, _ = a_day(tmp_path)

    parts = [
        reports.hourly(floor.store, floor.tenant, Wanted(from_day=DAY, to_day=DAY, sex=sex)).total
        for sex in ("男", "女")
    ]
    young = reports.hourly(floor.store, floor.tenant, structs.replace(TODAY, age_from=21, age_to=24))

    whole = reports.hourly(floor.store, floor.tenant, TODAY).total
    for name in ("attempts", "answered", "sales", "abandoned", "talk_s", "wait_s", "wrap_s"):
        assert sum(getattr(part, name) for part in parts) == getattr(whole, name)
    assert young.total.attempts == 4


@pytest.mark.parametrize(
    ("key", "count"), [("attempts", 12), ("answered", 8), ("sales", 4), ("abandoned", 4), ("talk", 4)]
)
def test_every_figure_opens_to_as_many_rows_as_it_says(tmp_path: Path, key: str, count: int) -> None:
    floor, _ = a_day(tmp_path)

    found = report_rows.behind(floor.store, floor.tenant, TODAY, key)
    noon = report_rows.behind(floor.store, floor.tenant, TODAY, key, hour=12, limit=2)

    assert found.count == count == len(found.lines) + len(found.attempts)
    assert noon.count < count
    assert len(noon.lines) + len(noon.attempts) == 2


def test_codes_by_list_and_operator(tmp_path: Path) -> None:
    floor, list_id = a_day(tmp_path)

    by_list = reports.codes_by_list(floor.store, floor.tenant, TODAY)
    by_operator = reports.codes_by_operator(floor.store, floor.tenant, TODAY)
    (line,) = reports.operators(floor.store, floor.tenant, TODAY)

    assert (by_list.row_ids, by_list.codes, by_list.cells) == ((list_id,), ("01", "94", "96"), ((4, 4, 4),))
    assert by_operator.row_names == ("田中 一郎", "")
    assert by_operator.cells == ((4, 0, 0), (0, 4, 4))
    assert (line.user_name, line.figures.sales, line.figures.worked_s) == ("田中 一郎", 4, 180)


def test_csv_has_raw_numbers_in_both_encodings(tmp_path: Path) -> None:
    floor, _ = a_day(tmp_path)
    report = reports.hourly(floor.store, floor.tenant, TODAY)

    text = report_csv.hourly_csv(report)
    matrix = report_csv.matrix_csv(
        reports.codes_by_list(floor.store, floor.tenant, TODAY), row_title="リスト"
    )

    assert text.startswith(b"\xef\xbb\xbf")
    assert "TALK,120,0,0,0,90" in text.decode("utf-8-sig")
    assert "平均通話時間,30.0,," in text.decode("utf-8-sig")
    assert "放棄呼数,4" in report_csv.hourly_csv(report, encoding="cp932").decode("cp932")
    assert "秋,12,4,4,4" in matrix.decode("utf-8-sig")
    with pytest.raises(BadInput):
        report_csv.hourly_csv(report, encoding="ebcdic")


def test_a_cell_is_never_run_as_a_formula() -> None:
    assert report_csv.to_csv([["=1+1", "-5", "@x"]], "cp932") == b"'=1+1,-5,'@x\r\n"


@pytest.mark.parametrize("days", [(DAY, DAY - 1), (20260230, 20260301), (20200101, DAY)])
def test_impossible_days_are_refused(tmp_path: Path, days: tuple[int, int]) -> None:
    floor = make_floor(tmp_path)

    with pytest.raises(BadInput):
        reports.hourly(floor.store, floor.tenant, Wanted(from_day=days[0], to_day=days[1]))
