"""A store with a tenant, a project and people, for the tests of the store's room."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from appliance.settings import Home
from appliance.store import events, import_run, projects, result_codes, users
from appliance.store.counters import Deltas
from appliance.store.imports import Counts, Plan
from appliance.store.lists import create
from appliance.store.models import Job
from appliance.store.open import Store, open_store
from appliance.store.writer import Committed, Writer

NOON_S = 1_795_230_000.0  # 2026-11-21 12:00 in Japan
NOON_MS = int(NOON_S * 1000)
DAY = 20261121
PASSWORD = "hanako-no-himitsu"


@dataclass(frozen=True)
class Floor:
    """Ids of what every test needs."""

    store: Store
    tenant: int
    project: int
    manager: int
    operator: int

    def make_list(self, customers: int, *, name: str = "秋", order: str = "id") -> int:
        """A list of callable customers 0300000001, 0300000002 …; its id."""
        store = self.store
        list_id = create(
            store, self.tenant, self.project, name=name, at=NOON_MS, headers=("電話番号", "氏名")
        )
        store.update("list", list_id, order_mode=order)
        with store.transaction():
            for number in range(1, customers + 1):
                digits = f"03{number:08d}"
                store.insert(
                    "customer",
                    tenant_id=self.tenant,
                    project_id=self.project,
                    list_id=list_id,
                    number=digits,
                    name=f"見本{number}",
                    sex="女" if number % 2 else "男",
                    age=20 + number % 50,
                    fields=f'["{digits}","見本{number}"]',
                    random_key=(number * 2_654_435_761) % (1 << 32),
                )
            deltas = Deltas(store.zone)
            deltas.customers(list_id, "", customers=customers, callable=customers)
            deltas.flush(store)
        return list_id

    def first_customer(self, list_id: int) -> int:
        """The smallest customer id of a list."""
        return int(self.store.value("SELECT min(id) FROM customer WHERE list_id = ?", (list_id,)))

    def opened(self, attempt: int, list_id: int, customer: int, *, number: str = "") -> events.OpenAttempt:
        """The write-ahead event of an attempt."""
        digits = number or str(self.store.value("SELECT number FROM customer WHERE id = ?", (customer,)))
        return events.OpenAttempt(
            attempt_id=attempt,
            tenant_id=self.tenant,
            project_id=self.project,
            list_id=list_id,
            customer_id=customer,
            number=digits,
            caller="0344305356",
            opened_at=NOON_S,
        )

    def entry(
        self, attempt: int, list_id: int, customer: int, code: str, *, user: int = 0, at: float = NOON_S + 60
    ) -> events.SaveHistory:
        """The history event of an attempt."""
        number = str(self.store.value("SELECT number FROM customer WHERE id = ?", (customer,)))
        return events.SaveHistory(
            attempt_id=attempt,
            tenant_id=self.tenant,
            project_id=self.project,
            list_id=list_id,
            customer_id=customer,
            number=number,
            code=code,
            at=at,
            user_id=user,
            talk_s=30.0 if user else 0.0,
            wait_s=5.0 if user else 0.0,
            wrap_s=10.0 if user else 0.0,
        )

    def write(self, *written: events.Event) -> list[Committed]:
        """Through a writer of its own, in one go; what became of each event."""
        done: list[Committed] = []
        writer = Writer(self.store, on_committed=done.extend)
        writer.start()
        for token, event in enumerate(written, 1):
            writer.submit(event, token=token)
        assert writer.close()
        return sorted(done)

    def load(self, content: bytes, plan: Plan, *, is_dry: bool = False) -> tuple[Job, Counts]:
        """Import a file in this process."""
        return import_run.load_file(
            self.store, self.tenant, plan, file_name="list.csv", content=iter([content]), is_dry=is_dry
        )


def make_floor(directory: Path) -> Floor:
    """A new home with a new store in it: a copy of one that is made once, argon2 is slow on purpose."""
    template, ids = _template()
    shutil.copytree(template, directory, dirs_exist_ok=True)
    return Floor(open_store(Home(directory)), *ids)


@functools.cache
def _template() -> tuple[Path, tuple[int, int, int, int]]:
    directory = Path(tempfile.mkdtemp(prefix="yobirin-test-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    store = open_store(Home(directory), create=True)
    ids = _fill(store)
    store.value("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    return directory, ids


def _fill(store: Store) -> tuple[int, int, int, int]:
    tenant = users.create_tenant(store, entry_code="demo", name="見本", at=NOON_MS)
    project = projects.create(store, tenant, name="光回線", at=NOON_MS)
    projects.add_caller(store, tenant, project, number="03-4430-5356")
    result_codes.add(
        store, tenant, project, code="01", name="成約", is_dials=True, is_connect=True, is_contact=True,
        is_dmc=True, is_complete=True, is_sales=True,
    )  # fmt: skip
    manager = users.create(
        store, tenant, login_name="kanri", name="管理 花子", role="MGR", password=PASSWORD, at=NOON_MS
    )
    operator = users.create(
        store, tenant, login_name="tanaka", name="田中 一郎", role="OP", password=PASSWORD, phone_id="101",
        pin="2580", at=NOON_MS,
    )  # fmt: skip
    return tenant, project, manager, operator
