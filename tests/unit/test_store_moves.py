"""Extraction: customers move with their history, counters of both lists stay right, and it is undone."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from appliance.errors import BadInput
from appliance.store import compare, customers, events, history, jobs, list_jobs, lists, moves, selection
from tests.store_help import NOON_MS, NOON_S, Floor, make_floor

MANY = 1_203  # more than two chunks


def called(floor: Floor, list_id: int, codes: dict[int, str], *, first: int = 1) -> None:
    """Customers of the list (by place) who got these codes."""
    start = floor.first_customer(list_id)
    for attempt, (place, code) in enumerate(codes.items(), first):
        floor.write(
            floor.opened(attempt, list_id, start + place),
            events.SaveAttempt(attempt_id=attempt, setup_at=NOON_S, result=code, end="result"),
            floor.entry(attempt, list_id, start + place, code),
        )


def extracted(floor: Floor, list_id: int, codes: tuple[str, ...], name: str = "留守だけ") -> tuple[int, int]:
    """The job's id and the new list's."""
    job_id = moves.extract(
        floor.store, floor.tenant, list_id, codes=codes, name=name, user_id=floor.manager, at=NOON_MS
    )
    jobs.work_on(floor.store, job_id)
    return job_id, list_jobs.existing(floor.store, floor.tenant, job_id).list_id


def figures(floor: Floor, list_id: int) -> tuple[int, int, int]:
    every = [
        *lists.table(floor.store, floor.tenant),
        *lists.table(floor.store, floor.tenant, is_bin=True),
    ]
    line = next(line for line in every if line.id == list_id)
    return line.customers, line.callable, line.worked


def test_customers_of_chosen_codes_move_with_their_history(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(10)
    called(floor, list_id, {0: "94", 1: "93", 2: "94"})

    job_id, to_id = extracted(floor, list_id, ("94",))

    first = floor.first_customer(to_id)
    job = list_jobs.existing(floor.store, floor.tenant, job_id)
    assert (job.state, moves.result_of(job)) == ("done", moves.Moved(moved=2))
    assert (figures(floor, list_id), figures(floor, to_id)) == ((8, 7, 1), (2, 0, 2))
    found = lists.get(floor.store, floor.tenant, to_id)
    assert found is not None
    assert (found.state, lists.headers_of(found)) == ("stopped", ("電話番号", "氏名"))
    assert len(history.of_customer(floor.store, floor.tenant, first)) == 1
    assert compare.compare(floor.store) == []


def test_a_moved_customer_is_found_by_its_old_id_and_its_new_one(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(3)
    called(floor, list_id, {0: "94"})
    moved = floor.first_customer(list_id)

    _, to_id = extracted(floor, list_id, ("94",))

    for shown in (f"{list_id}-{moved}", f"{to_id}-{moved}"):
        assert [row.id for row in customers.search(floor.store, floor.tenant, shown)] == [moved]
    assert customers.search(floor.store, floor.tenant, f"{to_id + 1}-{moved}") == []


def test_the_never_called_move_too_by_chunks_and_can_be_dialled(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(MANY)

    _, to_id = extracted(floor, list_id, ("",))

    assert (figures(floor, list_id), figures(floor, to_id)) == ((0, 0, 0), (MANY, MANY, 0))
    batch = selection.next_customers(floor.store, to_id, limit=5, at=NOON_MS)
    assert (len(batch.customers), batch.callable) == (5, MANY)
    assert compare.compare(floor.store) == []


def test_nobody_is_moved_while_being_called(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(3)
    start = floor.first_customer(list_id)
    floor.write(floor.opened(1, list_id, start))

    job_id, _ = extracted(floor, list_id, ("",))

    job = list_jobs.existing(floor.store, floor.tenant, job_id)
    assert (job.state, moves.result_of(job)) == ("partly", moves.Moved(moved=2, kept=1))
    assert floor.first_customer(list_id) == start
    assert compare.compare(floor.store) == []


def test_a_customer_moved_since_it_was_chosen_is_not_dialled_from_the_old_list(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(2)
    chosen = floor.opened(1, list_id, floor.first_customer(list_id))

    extracted(floor, list_id, ("",))

    assert [done.refused for done in floor.write(chosen)] == ["gone"]
    assert compare.compare(floor.store) == []


def test_an_undo_brings_back_all_but_those_called_since(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(5)
    job_id, to_id = extracted(floor, list_id, ("",))
    called(floor, to_id, {2: "06"})
    finished = list_jobs.existing(floor.store, floor.tenant, job_id).finished_at

    with pytest.raises(BadInput, match="7日を過ぎました"):
        moves.undo(floor.store, floor.tenant, job_id, user_id=1, at=finished + 8 * 86_400_000)
    back_id = moves.undo(floor.store, floor.tenant, job_id, user_id=1, at=finished)
    jobs.work_on(floor.store, back_id)

    back = list_jobs.existing(floor.store, floor.tenant, back_id)
    assert (back.state, moves.result_of(back)) == ("partly", moves.Moved(moved=4, kept=1))
    assert (figures(floor, list_id), figures(floor, to_id)) == ((4, 4, 0), (1, 0, 1))
    assert [row.number for row in moves.kept(floor.store, floor.tenant, back)] == ["0300000003"]
    assert compare.compare(floor.store) == []
    with pytest.raises(BadInput, match="取り消せません"):
        moves.undo(floor.store, floor.tenant, job_id, user_id=1, at=finished)


def test_a_list_that_an_undo_empties_goes_into_the_bin(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(5)
    job_id, to_id = extracted(floor, list_id, ("",))

    jobs.work_on(floor.store, moves.undo(floor.store, floor.tenant, job_id, user_id=1, at=NOON_MS))

    assert figures(floor, list_id) == (5, 5, 0)
    assert [line.id for line in lists.table(floor.store, floor.tenant, is_bin=True)] == [to_id]
    assert compare.compare(floor.store) == []


def test_killed_in_the_middle_it_goes_on_with_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(MANY)
    real, seen = list_jobs.progress, []

    def dying(store: object, job_id: int, rows: int) -> None:
        seen.append(rows)
        raise KeyboardInterrupt

    job_id = moves.extract(
        floor.store, floor.tenant, list_id, codes=("",), name="半分", user_id=1, at=NOON_MS
    )
    monkeypatch.setattr(list_jobs, "progress", dying)
    with pytest.raises(KeyboardInterrupt):
        jobs.work_on(floor.store, job_id)
    monkeypatch.setattr(list_jobs, "progress", real)
    assert compare.compare(floor.store) == []

    jobs.work_on(floor.store, job_id)

    job = list_jobs.existing(floor.store, floor.tenant, job_id)
    assert (seen, job.state, moves.result_of(job).moved) == ([list_jobs.MOVE_MIN], "done", MANY)
    assert compare.compare(floor.store) == []


def test_a_transaction_takes_as_many_rows_as_the_lock_may_be_held_for() -> None:
    pace = list_jobs.Pace()
    assert pace.rows == list_jobs.MOVE_MIN

    for _ in range(9):
        pace.took(pace.rows, pace.rows * 0.000_01)  # 10 µs a row: fast, but grown step by step
    assert pace.rows == list_jobs.MOVE_MAX
    pace.took(100, 0.1)  # 1 ms a row: the lock was held far too long
    assert pace.rows == list_jobs.MOVE_MIN


def test_a_move_beside_a_dialling_writer_keeps_the_counters_right(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(MANY)
    start = floor.first_customer(list_id)
    job_id = moves.extract(
        floor.store, floor.tenant, list_id, codes=("", "94"), name="並行", user_id=1, at=NOON_MS
    )
    worker = threading.Thread(target=jobs.work_on, args=(floor.store, job_id))
    worker.start()
    for attempt in range(1, 60):
        customer = start + attempt * 20
        floor.write(floor.opened(attempt, list_id, customer))
        floor.write(events.SaveAttempt(attempt_id=attempt, setup_at=NOON_S, result="94", end="result"))
    worker.join(30)

    assert compare.compare(floor.store) == []
    assert floor.store.value("SELECT count(*) FROM customer") == MANY


def test_duplicates_are_put_into_the_bin_and_brought_back(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(4)
    start = floor.first_customer(list_id)
    floor.store.run("UPDATE customer SET is_duplicate = 1 WHERE id IN (?, ?)", (start + 1, start + 3))

    job_id = moves.remove(floor.store, floor.tenant, list_id, user_id=1, at=NOON_MS)
    jobs.work_on(floor.store, job_id)

    assert figures(floor, list_id) == (2, 2, 0)
    assert [line.customers for line in lists.table(floor.store, floor.tenant, is_bin=True)] == [2]
    assert customers.search(floor.store, floor.tenant, "0300000002") == []
    assert compare.compare(floor.store) == []
    with pytest.raises(BadInput, match="削除する顧客がいません"):
        moves.remove(floor.store, floor.tenant, list_id, user_id=1, at=NOON_MS)

    jobs.work_on(floor.store, moves.undo(floor.store, floor.tenant, job_id, user_id=1, at=NOON_MS))
    assert figures(floor, list_id) == (4, 4, 0)
    assert compare.compare(floor.store) == []


def test_one_customer_is_removed(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(4)
    start = floor.first_customer(list_id)

    job_id = moves.remove(floor.store, floor.tenant, list_id, ids=(start + 1,), user_id=1, at=NOON_MS)
    jobs.work_on(floor.store, job_id)

    assert [row.id for row in customers.in_list(floor.store, floor.tenant, list_id)] == [
        start,
        start + 2,
        start + 3,
    ]


def test_what_cannot_be_extracted_is_refused_in_words(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(2)

    def extract(codes: tuple[str, ...], name: str = "新", tenant: int = floor.tenant) -> int:
        return moves.extract(floor.store, tenant, list_id, codes=codes, name=name, user_id=1, at=NOON_MS)

    with pytest.raises(BadInput, match="選ばれていません"):
        extract(())
    with pytest.raises(BadInput, match="顧客はいません"):
        extract(("94",))
    with pytest.raises(BadInput, match="すでにあります"):
        extract(("",), name="秋")
    with pytest.raises(BadInput, match="そのリストはありません"):
        extract(("",), tenant=floor.tenant + 1)
    assert len(lists.table(floor.store, floor.tenant)) == 1
    job_id, _ = extracted(floor, list_id, ("",))
    with pytest.raises(BadInput, match="その処理はありません"):
        list_jobs.existing(floor.store, floor.tenant + 1, job_id)
    with pytest.raises(BadInput):
        moves.undo(floor.store, floor.tenant + 1, job_id, user_id=1, at=NOON_MS)
