"""One query, two views: entries and customers; every condition; a deleted recording says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appliance.store import history, recordings, users
from appliance.store.history import Filter
from tests.store_help import NOON_MS, NOON_S, Floor
from tests.unit.test_store_reports import a_day


def entries(floor: Floor, **wanted: Any) -> int:
    page = history.search(floor.store, floor.tenant, Filter(**wanted))
    assert len(page.lines) == page.count
    return page.count


def customers(floor: Floor, **wanted: Any) -> list[str]:
    page = history.people(floor.store, floor.tenant, Filter(**wanted))
    assert len(page.customers) == page.count
    return [one.name for one in page.customers]


def test_both_views_are_of_one_query(tmp_path: Path) -> None:
    floor, _ = a_day(tmp_path)

    assert entries(floor, code="01") == len(customers(floor, code="01")) == 4
    assert customers(floor, code="01")[0] == "見本10", "the newest contact first"
    assert entries(floor, user_id=floor.operator) == 4
    assert entries(floor, is_nobodys=True) == len(customers(floor, is_nobodys=True)) == 8
    assert (
        entries(floor, from_at=NOON_MS + 3_600_000) == len(customers(floor, from_at=NOON_MS + 3_600_000)) == 3
    )


def test_customers_without_entries_are_found_too(tmp_path: Path) -> None:
    floor, _ = a_day(tmp_path)
    later = floor.make_list(3, name="冬")

    assert entries(floor, list_id=later) == 0
    assert customers(floor, list_id=later) == ["見本1", "見本2", "見本3"]
    assert len(customers(floor, text="見本2")) == 2
    assert customers(floor, text="０３００００００１２") == ["見本12"]
    first = floor.first_customer(later)
    assert customers(floor, text=f"{later}-{first}") == ["見本1"]


def test_the_length_of_a_talk_narrows(tmp_path: Path) -> None:
    floor, _ = a_day(tmp_path)
    floor.store.run("UPDATE history SET talk_ms = 30000 WHERE code = '01'")
    floor.store.run("UPDATE history SET talk_ms = 90000 WHERE attempt_id = 1")

    assert entries(floor, talk_min_ms=60_000) == 1
    assert entries(floor, talk_max_ms=60_000) == 3, "those without a talk are not short ones"
    assert customers(floor, talk_min_ms=60_000) == ["見本1"]


def test_a_column_of_the_project_is_searched(tmp_path: Path) -> None:
    floor, _ = a_day(tmp_path)
    column: dict[str, Any] = {"project_id": floor.project, "field_name": "氏名"}

    assert customers(floor, **column, field_text="見本1") == ["見本1", "見本10", "見本11", "見本12"]
    assert entries(floor, **column, field_text="見本12") == 1
    assert customers(floor, **column, field_text="100%") == []
    assert customers(floor, project_id=floor.project, field_name="住所", field_text="見本") == []


def test_no_view_crosses_the_wall(tmp_path: Path) -> None:
    floor, _ = a_day(tmp_path)
    other = users.create_tenant(floor.store, entry_code="other", name="別", at=NOON_MS)

    for wanted in (
        Filter(),
        Filter(code="01"),
        Filter(field_name="氏名", field_text="見本"),
        Filter(text="見本"),
    ):
        assert history.people(floor.store, other, wanted).count == 0


def test_pages_of_customers_do_not_overlap(tmp_path: Path) -> None:
    floor, _ = a_day(tmp_path)

    for wanted in (Filter(), Filter(is_nobodys=True)):
        pages = [history.people(floor.store, floor.tenant, wanted, offset=at, limit=5) for at in (0, 5, 10)]
        ids = [one.id for page in pages for one in page.customers]
        assert len(set(ids)) == len(ids) == pages[0].count


@pytest.mark.parametrize("reason", ["容量超過", "本人の申し出"])
def test_a_deleted_recording_says_why(tmp_path: Path, reason: str) -> None:
    floor, _ = a_day(tmp_path)
    recording_id = floor.store.insert(
        "recording", tenant_id=floor.tenant, attempt_id=1, path="x.ybr", key=b"k" * 32, started_at=NOON_MS
    )

    recordings.delete(floor.store, floor.tenant, recording_id, at=int(NOON_S * 1000), reason=reason)

    (line,) = [
        line
        for line in history.search(floor.store, floor.tenant, Filter(code="01")).lines
        if line.recording_id == recording_id
    ]
    assert (line.recording_deleted_at, line.recording_deleted_reason) == (NOON_MS, reason)
