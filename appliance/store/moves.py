"""Moving customers from list to list: extraction by code, duplicates and chosen rows into the bin, and back.

A customer keeps its id, attempts and history; what was counted for a call stays with the list it was made
from.  Nobody is moved while being called.  The worker moves a few rows a transaction, counters with them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec

from appliance.errors import BadInput
from appliance.store import list_jobs, lists
from appliance.store.counters import Deltas
from appliance.store.customers import VISIBLE
from appliance.store.list_jobs import IDS_MAX, UNDO_DAYS, marks
from appliance.store.models import Customer, Job, List, Noun
from appliance.store.open import Store
from appliance.store.times import DAY_MS

NEVER_CALLED: Final = ""
IDLE: Final = "NOT EXISTS (SELECT 1 FROM attempt WHERE customer_id = c.id AND end = '')"
UNTOUCHED: Final = (  # since it was moved: no call and no note from the list it is in
    "NOT EXISTS (SELECT 1 FROM attempt WHERE customer_id = c.id AND list_id = c.list_id)"
    " AND NOT EXISTS (SELECT 1 FROM history WHERE customer_id = c.id AND list_id = c.list_id)"
)

What = Literal["codes", "duplicates", "ids"]


class MovePlan(Noun, frozen=True):
    """Who moves whither.  `is_removal`: the new list is in the bin from the beginning."""

    what: What
    from_list_id: int
    to_list_id: int
    codes: tuple[str, ...] = ()
    ids: tuple[int, ...] = ()
    is_removal: bool = False


class Moved(Noun, frozen=True):
    """What became of it.  `kept` stayed: being called just then or, for an undoing, called since."""

    moved: int = 0
    kept: int = 0


def extract(
    store: Store,
    tenant_id: int,
    list_id: int,
    *,
    codes: tuple[str, ...],
    name: str,
    user_id: int,
    at: int,
    label: str = "",
) -> int:
    """Move the customers whose last code is one of `codes` ('' never called) to a new list; the job's id.

    The new list is stopped.  Raises BadInput: nobody has such a code, the name is taken.
    """
    source = _source(store, tenant_id, list_id)
    if not codes:
        raise BadInput("結果コードが選ばれていません。", remedy="結果コードを選んでください。")
    if not count(store, list_id, codes):
        raise BadInput("選んだ結果の顧客はいません。", remedy="件数のある結果コードを選んでください。")
    with store.transaction():
        to_list_id = _new_list(store, source, name=name, label=label, at=at)
        plan = MovePlan(what="codes", from_list_id=list_id, to_list_id=to_list_id, codes=codes)
        return _job(store, source, plan, user_id=user_id, at=at)


def count(store: Store, list_id: int, codes: tuple[str, ...]) -> int:
    """Customers of the list with one of these last codes."""
    sql = "SELECT coalesce(sum(customers), 0) FROM list_counter WHERE list_id = ? AND code IN"
    return int(store.value(f"{sql} ({marks(codes)})", (list_id, *codes)))


def remove(
    store: Store,
    tenant_id: int,
    list_id: int,
    *,
    ids: tuple[int, ...] = (),
    user_id: int,
    at: int,
) -> int:
    """Put customers (without `ids`: all that are marked as duplicates) into the bin, as a list; the job's id.

    Raises BadInput where there is nobody to remove.
    """
    source = _source(store, tenant_id, list_id)
    what: What = "ids" if ids else "duplicates"
    if not _chosen(store, list_id, what, ids=ids[:IDS_MAX]):
        raise BadInput("削除する顧客がいません。", remedy="一覧を更新してください。")
    when = datetime.fromtimestamp(at / 1000, store.zone)
    name = f"{source.name[:50]}（{when:%m/%d %H:%M:%S}に削除）"
    with store.transaction():
        to_list_id = _new_list(store, source, name=name, label=source.label, at=at, deleted_at=at)
        plan = MovePlan(
            what=what, from_list_id=list_id, to_list_id=to_list_id, ids=ids[:IDS_MAX], is_removal=True
        )
        return _job(store, source, plan, user_id=user_id, at=at)


def undo(store: Store, tenant_id: int, job_id: int, *, user_id: int, at: int) -> int:
    """Move them back, within 7 days; the undoing job's id.  Those called since stay.  Raises BadInput."""
    job = list_jobs.existing(store, tenant_id, job_id)
    if job.kind != "move" or job.state not in ("done", "partly", "cancelled"):
        raise BadInput("この処理は取り消せません。", remedy="終わった抽出と削除だけ取り消せます。")
    if at - job.finished_at > UNDO_DAYS * DAY_MS:
        raise BadInput(f"処理から{UNDO_DAYS}日を過ぎました。", remedy="リストをそのままお使いください。")
    plan = plan_of(job)
    source = lists.get(store, tenant_id, plan.from_list_id)
    if source is None or source.deleted_at:
        raise BadInput("元のリストがごみ箱にあります。", remedy="先に元のリストを戻してください。")
    with store.transaction():
        if not store.run("UPDATE job SET state = 'undone' WHERE id = ? AND state = ?", (job_id, job.state)):
            raise BadInput("この処理は取り消し中です。", remedy="しばらくお待ちください。")
        back = msgspec.structs.replace(
            plan, from_list_id=plan.to_list_id, to_list_id=plan.from_list_id, codes=(), ids=()
        )
        return _job(store, source, back, user_id=user_id, at=at, parent_id=job_id)


def kept(store: Store, tenant_id: int, job: Job, *, limit: int = 200) -> list[Customer]:
    """Customers of an undone move that stayed where they had been moved."""
    plan = plan_of(job)
    return store.all(
        Customer,
        f"FROM customer WHERE tenant_id = ? AND list_id = ? AND {VISIBLE} AND id IN"  # noqa: S608 - constant
        " (SELECT customer_id FROM moved_customer WHERE job_id = ?) ORDER BY id LIMIT ?",
        (tenant_id, plan.from_list_id, job.parent_id, limit),
    )


def plan_of(job: Job) -> MovePlan:
    """The plan a move carries."""
    return msgspec.json.decode(job.plan, type=MovePlan)


def result_of(job: Job) -> Moved:
    """What became of a move, zeros before."""
    return msgspec.json.decode(job.result, type=Moved)


# --- in the worker ------------------------------------------------------------------------------------


def run(store: Store, job_id: int) -> Moved:
    """Move; killed and begun again it goes on with those that are left."""
    job = list_jobs.of_worker(store, job_id)
    plan = plan_of(job)
    ids = _chosen(store, plan.from_list_id, plan.what, codes=plan.codes, ids=plan.ids)
    before = _moved_by(store, job_id)
    list_jobs.begin(store, job_id, rows_total=before + len(ids))
    state, moved = "done", before
    try:
        for part in _moving(store, job, plan, ids, IDLE):
            moved += part
            list_jobs.progress(store, job_id, moved)
    except list_jobs.Stopped:
        state = "cancelled"
    result = Moved(moved=moved, kept=before + len(ids) - moved)
    list_jobs.end(
        store,
        job_id,
        "partly" if state == "done" and result.kept else state,
        result=msgspec.json.encode(result).decode(),
        rows_done=moved,
    )
    return result


def run_back(store: Store, job_id: int) -> Moved:
    """Move back whoever has not been called since; a list that is empty then goes into the bin."""
    job = list_jobs.of_worker(store, job_id)
    plan = plan_of(job)
    ids = [
        row[0]
        for row in store.tuples(
            "SELECT customer_id FROM moved_customer WHERE job_id = ? ORDER BY customer_id", (job.parent_id,)
        )
    ]
    list_jobs.begin(store, job_id, rows_total=len(ids))
    moved = _moved_by(store, job_id)
    for part in _moving(store, job, plan, ids, f"{IDLE} AND {UNTOUCHED}"):
        moved += part
        list_jobs.progress(store, job_id, moved)
    result = Moved(moved=moved, kept=_left(store, job.parent_id, plan.from_list_id))
    with store.transaction():
        if not store.value("SELECT 1 FROM customer WHERE list_id = ? LIMIT 1", (plan.from_list_id,)):
            store.run(
                "UPDATE list SET deleted_at = ?, state = 'stopped' WHERE id = ? AND deleted_at = 0",
                (list_jobs.now_ms(), plan.from_list_id),
            )
        list_jobs.end(
            store,
            job_id,
            "partly" if result.kept else "done",
            result=msgspec.json.encode(result).decode(),
            rows_done=moved,
        )
    return result


def _moving(store: Store, job: Job, plan: MovePlan, ids: Sequence[int], where: str) -> Iterator[int]:
    """How many each transaction moved.

    Their commits do not wait for the disk: a power cut leaves a beginning of them, and the job goes on.
    """
    pace, at = list_jobs.Pace(), 0
    with store.relaxed():
        while at < len(ids):
            chunk = ids[at : at + pace.rows]
            at += len(chunk)
            began = time.monotonic()
            moved = _move_chunk(store, job, plan, chunk, where)
            held_s = time.monotonic() - began
            pace.took(len(chunk), held_s)
            yield moved
            time.sleep(max(list_jobs.YIELD_S, held_s))  # half of the time is the dialer's


def _move_chunk(store: Store, job: Job, plan: MovePlan, ids: Sequence[int], where: str) -> int:
    """One transaction: rows, both lists' counters, who was moved."""
    with store.transaction():
        rows = store.tuples(
            "SELECT id, last_code, is_callable, is_worked FROM customer c"  # noqa: S608 - marks and constants
            f" WHERE id IN ({marks(ids)}) AND list_id = ? AND {where}",
            (*ids, plan.from_list_id),
        )
        if plan.what == "codes" and plan.codes:
            rows = [row for row in rows if row[1] in plan.codes]
        deltas, at = Deltas(store.zone), list_jobs.now_ms()
        for _, code, is_callable, is_worked in rows:
            for list_id, sign in ((plan.from_list_id, -1), (plan.to_list_id, 1)):
                deltas.customers(
                    list_id, code, customers=sign, callable=sign * is_callable, worked=sign * is_worked
                )
        store.many(
            "UPDATE customer SET list_id = ? WHERE id = ?", [(plan.to_list_id, row[0]) for row in rows]
        )
        store.many(
            "INSERT OR REPLACE INTO moved_customer (job_id, customer_id, from_list_id, to_list_id, at)"
            " VALUES (?, ?, ?, ?, ?)",
            [(job.id, row[0], plan.from_list_id, plan.to_list_id, at) for row in rows],
        )
        deltas.flush(store)
    return len(rows)


def _chosen(
    store: Store, list_id: int, what: What, *, codes: tuple[str, ...] = (), ids: tuple[int, ...] = ()
) -> list[int]:
    """Ids of the customers meant, read without keeping anybody waiting."""
    where, values = {
        "codes": (f"last_code IN ({marks(codes)})", codes),
        "ids": (f"id IN ({marks(ids)})", ids),
        "duplicates": ("is_duplicate = 1", ()),
    }[what]
    rows = store.tuples(
        f"SELECT id FROM customer WHERE list_id = ? AND {where} AND {VISIBLE}",  # noqa: S608 - marks
        (list_id, *values),
    )
    return sorted(row[0] for row in rows)


def _moved_by(store: Store, job_id: int) -> int:
    return int(store.value("SELECT count(*) FROM moved_customer WHERE job_id = ?", (job_id,)))


def _left(store: Store, job_id: int, list_id: int) -> int:
    return int(
        store.value(
            "SELECT count(*) FROM moved_customer m JOIN customer c ON c.id = m.customer_id"
            " WHERE m.job_id = ? AND c.list_id = ?",
            (job_id, list_id),
        )
    )


def _source(store: Store, tenant_id: int, list_id: int) -> List:
    found = lists.get(store, tenant_id, list_id)
    if found is None or found.deleted_at:
        raise BadInput("そのリストはありません。", remedy="一覧を更新してください。")
    return found


def _new_list(store: Store, source: List, *, name: str, label: str, at: int, deleted_at: int = 0) -> int:
    """A stopped list like `source`.  One for the bin is made there: its name need not be free."""
    list_id = lists.create(
        store,
        source.tenant_id,
        source.project_id,
        name=name,
        label=label,
        headers=lists.headers_of(source),
        deleted_at=deleted_at,
        at=at,
    )
    store.update("list", list_id, order_mode=source.order_mode)
    lists.permit_same(store, source.id, list_id)
    return list_id


def _job(store: Store, source: List, plan: MovePlan, *, user_id: int, at: int, parent_id: int = 0) -> int:
    return store.insert(
        "job",
        tenant_id=source.tenant_id,
        user_id=user_id,
        kind="move_back" if parent_id else "move",
        state="running",
        parent_id=parent_id,
        project_id=source.project_id,
        list_id=plan.to_list_id,
        file_name=source.name,
        plan=msgspec.json.encode(plan).decode(),
        created_at=at,
    )
