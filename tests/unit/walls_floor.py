"""A floor for the walk: one of everything in tenant A, people of every role in A and in B."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any

from appliance.settings import Home
from appliance.store import (
    attributes,
    blocked,
    call_settings,
    customer_edits,
    import_run,
    incoming_routes,
    jobs,
    mail,
    monitors,
    own_holidays,
    recalls,
    report_history,
    report_mail,
    saved_views,
    transfers,
    users,
)
from appliance.store.exports import ExportPlan, request
from appliance.store.imports import Plan
from appliance.store.incoming_checks import Wanted
from appliance.store.routing import Tier
from tests.browser import floor as floors
from tests.browser.floor import PASSWORD, Floor

ROLES: dict[str, Any] = {"manager": "MGR", "super": "SV", "op1": "OP", "reader": "BIZ", "clerk": "BY"}


@dataclass(frozen=True)
class Samples:
    """Ids of tenant A by the parameter's name, or by the route's path where names mean several things."""

    by_name: dict[str, str]
    by_path: dict[str, str]
    names: tuple[str, ...]  # texts that only A may read


def seed(home: Home) -> tuple[Floor, Samples]:
    """The floor and what of it the walk asks for."""
    floor = floors.seed(home, customers=8, seat_count=3, calls=16)
    recording_id = floors.add_recording(floor)
    _people(floor)
    store, tenant = floor.store, floor.tenant_id
    operator = floor.operator_ids[0]
    now = int(time.time() * 1000)
    content = iter(["電話番号,氏名\r\n0451112222,壁野 内子\r\n短い,x\r\n".encode("cp932")])
    load, _ = import_run.load_file(
        store, tenant, Plan(project_id=floor.project_id, list_name="壁の中の名簿"), file_name="壁の中.csv",
        content=content, is_dry=False,
    )  # fmt: skip
    export = request(store, tenant, ExportPlan(list_ids=(floor.list_ids[0],)), user_id=1, at=now)
    jobs.work_on(store, export)
    entry, customer = store.tuples(
        "SELECT id, customer_id FROM history WHERE user_id = ? ORDER BY id", (operator,)
    )[0]
    block = blocked.add(store, tenant, number="0312340000", kind="forbid", at=now, reason="壁の中の理由")
    view = saved_views.save(
        store, tenant, floor.manager_id, page="history", name="壁の中のビュー", address="/history?q=1",
        is_shared=True, at=now,
    )  # fmt: skip
    recall = recalls.wish(
        store, tenant, customer, user_id=operator, at=now, history_id=entry, due_at=now + 9_000_000,
        memo="壁の中の約束",
    )  # fmt: skip
    attribute = attributes.add(
        store, tenant, floor.project_id, target="result", kind="radio", name="壁の中の属性",
        choices=("壁の中の選択",),
    )  # fmt: skip
    report_mail.change(
        store, tenant, floor.project_id, is_on=True, addresses=("kabe@example.com",), user_ids=(operator,),
        subject="", header="壁の中の前書き", footer="", by=floor.manager_id, at=now,
    )  # fmt: skip
    delivery = report_mail.report(store, tenant, entry, user_id=operator, at=now)
    mail.begin(store, report_history.mail_of(store, tenant, delivery), at=now)
    number = customer_edits.add_number(
        store, tenant, customer, number="0451113333", label="壁の中", user_id=1, at=now
    )
    target = transfers.add_target(store, tenant, floor.project_id, name="壁の中の転送先", number="0451114444")
    level = call_settings.add_level(store, tenant, floor.project_id, name="壁の中の見込")
    template = call_settings.add_template(
        store, tenant, floor.project_id, name="壁の中の定型", text="壁の中の文"
    )
    own_holidays.set_day(store, tenant, 20261230, name="壁の中の休み", is_open=False)
    transfer = store.insert(
        "transfer", id=1, tenant_id=tenant, project_id=floor.project_id, list_id=floor.list_ids[0],
        customer_id=customer, attempt_id=1, user_id=operator, number="201", is_house=1, asked_at=now,
        cleared_at=now, outcome="dropped",
    )  # fmt: skip
    caller = store.insert(
        "incoming_call", id=1, tenant_id=tenant, project_id=floor.project_id, customer_id=customer,
        called="0451110000", caller="0451115555", span=1, channel=1, at=now, outcome="missed", ended_at=now,
    )  # fmt: skip
    samples = {
        "delivery_id": delivery,
        "number_id": number,
        "target_id": target,
        "level_id": level,
        "template_id": template,
        "route_id": _route(floor),
        "own_day": 20261230,
        "attribute_id": attribute,
        "project_id": floor.project_id,
        "list_id": floor.list_ids[0],
        "customer_id": customer,
        "entry_id": entry,
        "recording_id": recording_id,
        "seat_id": floor.seat_ids[0],
        "block_id": block,
        "view_id": view,
        "device_id": _monitor(floor, tenant, floor.manager_id),
        "recall_id": recall,
        "transfer_id": transfer,
        "incoming_id": caller,
        "place": 1,
        "user_id": operator,
        "attempt_id": store.value("SELECT max(id) FROM attempt"),
        # of the box, everybody's who holds the right
        "check": "mirror",
        "span": 1,
        "channel": 1,
        "labels": "A-01",
    }
    paths = {"/imports/<job_id:int>": load.id, "/work/<job_id:int>": export}
    _monitor(floor, floor.other_tenant_id, 1)
    return floor, Samples(
        {name: str(value) for name, value in samples.items()},
        {path: str(value) for path, value in paths.items()},
        _names(floor),
    )


def _people(floor: Floor) -> None:
    """The roles that the floor lacks: readers and clerks in A, all but the manager in B."""
    for tenant_id, company in ((floor.tenant_id, "壁の中"), (floor.other_tenant_id, "よその")):
        there = {user.login_name for user in users.every(floor.store, tenant_id)}
        for login in ROLES.keys() - there:
            users.create(
                floor.store, tenant_id, login_name=login, name=f"{company} {login}", role=ROLES[login],
                password=PASSWORD, at=1, is_password_temporary=False,
            )  # fmt: skip


def _route(floor: Floor) -> int:
    tier = Tier(place=1, kind="announce", text="壁の中の案内")
    wanted = Wanted(name="壁の中の着信", called="0451110000", tiers=(tier,))
    return incoming_routes.save(floor.store, floor.tenant_id, wanted, at=1)


def _monitor(floor: Floor, tenant_id: int, user_id: int) -> int:
    _token, code = monitors.request(floor.store, at=int(time.time() * 1000))
    monitors.enrol(
        floor.store,
        tenant_id,
        code=code,
        name=f"壁の{tenant_id}",
        user_id=user_id,
        at=int(time.time() * 1000),
    )
    return monitors.every(floor.store, tenant_id)[-1].id


def _names(floor: Floor) -> tuple[str, ...]:
    store, tenant = floor.store, floor.tenant_id
    found: list[str] = []
    for column, table in (
        ("name", "tenant"), ("name", "user"), ("name", "project"), ("name", "list"), ("name", "customer"),
        ("number", "customer"),
    ):  # fmt: skip
        own = "id" if table == "tenant" else "tenant_id"
        found += [
            str(row[0])
            for row in store.tuples(f"SELECT DISTINCT {column} FROM {table} WHERE {own} = ?", (tenant,))
        ]
    # The other tenant's customers have names of the same families.
    theirs = {row[0] for row in store.tuples("SELECT name FROM customer WHERE tenant_id <> ?", (tenant,))}
    texts = ("壁の中", "壁野", "0312340000")
    return tuple(sorted({*found, *texts} - theirs - {""}))


def sums(floor: Floor, *, but: tuple[str, ...] = ()) -> dict[str, str]:
    """A sum over every row of tenant A in every table, and over the whole of tables without tenants."""
    store = floor.store
    tables = [
        row[0]
        for row in store.tuples(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
    ]
    return {table: _sum(floor, table) for table in tables if table not in but}


def _sum(floor: Floor, table: str) -> str:
    columns = [row[1] for row in floor.store.tuples(f"PRAGMA table_info({table})")]
    where, values = ("WHERE tenant_id = ?", (floor.tenant_id,)) if "tenant_id" in columns else ("", ())
    rows = floor.store.tuples(f"SELECT * FROM {table} {where}", values)
    return hashlib.sha256(repr(sorted(map(repr, rows))).encode()).hexdigest()
