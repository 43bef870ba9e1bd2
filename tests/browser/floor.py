"""A small call floor for tests of the page: a seeded database, and a dialer that says what a test tells it.

The dialer is the real socket with the real messages; nothing is dialled.  No test here needs a line.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from appliance import ipc
from appliance.audio import mulaw
from appliance.audio.recording_file import SESSION_BYTES, RecordingWriter
from appliance.clock import Clock, SystemClock
from appliance.dialer import messages
from appliance.settings import Home
from appliance.store import counters, events, jobs, lists, projects, record, result_codes, seats, users
from appliance.store.open import Store, open_store
from tests.browser.afternoon import midnight
from tests.browser.plays import played

PASSWORD = "正しい馬と電池の留め具7"
SEATS = 24
FAMILY = (
    "佐藤",
    "鈴木",
    "高橋",
    "田中",
    "伊藤",
    "渡辺",
    "山本",
    "中村",
    "小林",
    "加藤",
    "吉田",
    "山田",
    "髙﨑",
    "齋藤",
)
GIVEN = ("太郎", "花子", "健一", "美咲", "翔太", "由美子", "大輔", "恵", "直樹", "陽子", "拓也", "真由美")
KANA = (
    "サトウ",
    "スズキ",
    "タカハシ",
    "タナカ",
    "イトウ",
    "ワタナベ",
    "ヤマモト",
    "ナカムラ",
    "コバヤシ",
    "カトウ",
    "ヨシダ",
    "ヤマダ",
    "タカサキ",
    "サイトウ",
)
HEADERS = ("電話番号", "氏名", "フリガナ", "住所", "年齢", "契約プラン")
OWN_CODES = (
    ("01", "成約", "is_sales is_dmc is_complete is_contact"),
    ("08", "留守", ""),
    ("09", "主権者不在", "is_contact"),
    ("10", "資料送付", "is_contact is_dmc"),
    ("11", "対象外", "is_contact is_complete"),
    ("12", "クレーム", "is_contact"),
)


@dataclass
class Floor:
    """Ids of what was seeded."""

    home: Home
    store: Store
    clock: Clock = field(default_factory=SystemClock)
    tenant_id: int = 0
    other_tenant_id: int = 0
    project_id: int = 0
    other_project_id: int = 0
    list_ids: list[int] = field(default_factory=list)
    other_list_id: int = 0
    customer_ids: list[int] = field(default_factory=list)
    other_customer_id: int = 0
    seat_ids: list[int] = field(default_factory=list)
    operator_ids: list[int] = field(default_factory=list)
    manager_id: int = 0


def seed(
    home: Home,
    *,
    customers: int = 300,
    seat_count: int = SEATS,
    calls: int = 240,
    clock: Clock | None = None,
) -> Floor:
    """A tenant with a project, two lists, operators, today's calls; and a second tenant to keep out."""
    store = open_store(home, create=True)
    floor = Floor(home, store, clock or SystemClock())
    now = int(floor.clock.wall() * 1000)
    rng = random.Random(7)
    floor.tenant_id = users.create_tenant(store, entry_code="demo", name="見本通信販売", at=now)
    floor.other_tenant_id = users.create_tenant(store, entry_code="other", name="別の会社", at=now)
    _people(floor, now, seat_count)
    floor.project_id = _project(floor, floor.tenant_id, "光回線 秋", now)
    floor.other_project_id = _project(floor, floor.other_tenant_id, "よその案件", now)
    for name in ("2026年11月A", "2026年11月B"):
        list_id = lists.create(store, floor.tenant_id, floor.project_id, name=name, at=now, headers=HEADERS)
        floor.list_ids.append(list_id)
        floor.customer_ids += _customers(floor, floor.tenant_id, floor.project_id, list_id, customers, rng)
    floor.other_list_id = lists.create(
        store, floor.other_tenant_id, floor.other_project_id, name="よそのリスト", at=now, headers=HEADERS
    )
    floor.other_customer_id = _customers(
        floor, floor.other_tenant_id, floor.other_project_id, floor.other_list_id, 5, rng
    )[0]
    _calls(floor, calls, rng)
    return floor


def dials(floor: Floor) -> int:
    """How many calls a report of today counts at this moment: every test of the floor may add some."""
    return int(
        floor.store.value(
            "SELECT count(*) FROM attempt WHERE tenant_id = ? AND setup_at > 0"
            " AND end NOT IN ('fault', 'withdrawn')",
            (floor.tenant_id,),
        )
    )


def _people(floor: Floor, now: int, seat_count: int) -> None:
    store = floor.store

    def person(tenant_id: int, login: str, name: str, role: Any, **more: Any) -> int:
        return users.create(
            store,
            tenant_id,
            login_name=login,
            name=name,
            role=role,
            password=PASSWORD,
            at=now,
            is_password_temporary=False,
            **more,
        )

    floor.manager_id = person(floor.tenant_id, "manager", "管理 太郎", "MGR")
    person(floor.tenant_id, "super", "監督 花子", "SV")
    person(floor.other_tenant_id, "manager", "よその管理者", "MGR")
    for at in range(min(seat_count, 12)):
        name = f"{FAMILY[at % len(FAMILY)]} {GIVEN[at % len(GIVEN)]}"
        floor.operator_ids.append(person(floor.tenant_id, f"op{at + 1}", name, "OP"))
    for at in range(seat_count):
        label = f"{chr(65 + at // 10)}-{at % 10 + 1:02}"
        floor.seat_ids.append(
            seats.create(
                store, label=label, extension=str(201 + at), password="x" * 12, tenant_id=floor.tenant_id
            )
        )


def _project(floor: Floor, tenant_id: int, name: str, now: int) -> int:
    store = floor.store
    project_id = projects.create(store, tenant_id, name=name, at=now)
    projects.add_caller(store, tenant_id, project_id, number="03-1234-5678", name="代表", is_main=True)
    for sort, (code, word, flags) in enumerate(OWN_CODES, start=20):
        chosen = dict.fromkeys((*flags.split(), "is_dials", "is_connect"), True)
        result_codes.add(store, tenant_id, project_id, code=code, name=word, sort=sort, **chosen)
    return project_id


def _customers(
    floor: Floor, tenant_id: int, project_id: int, list_id: int, count: int, rng: random.Random
) -> list[int]:
    store, found = floor.store, []
    deltas = counters.Deltas(store.zone)
    with store.transaction():
        for _ in range(count):
            at = rng.randrange(len(FAMILY))
            name, number = f"{FAMILY[at]} {rng.choice(GIVEN)}", f"03{rng.randrange(10_000_000, 99_999_999)}"
            values = [
                number,
                name,
                KANA[at],
                f"東京都港区見本町{rng.randrange(1, 9)}-{rng.randrange(1, 30)}",
                str(rng.randrange(20, 80)),
                "ライト",
            ]
            found.append(
                store.insert(
                    "customer",
                    tenant_id=tenant_id,
                    project_id=project_id,
                    list_id=list_id,
                    number=number,
                    name=name,
                    kana=KANA[at],
                    fields=json.dumps(values, ensure_ascii=False),
                )
            )
        deltas.customers(list_id, "", customers=count, callable=count)
        deltas.flush(store)
    return found


def _calls(floor: Floor, count: int, rng: random.Random) -> None:
    """Today's calls since nine o'clock of the site, through the store's own verbs."""
    store = floor.store
    deltas = counters.Deltas(store.zone)
    start = midnight(floor.clock.wall())
    chosen = rng.sample(floor.customer_ids, min(count, len(floor.customer_ids)))
    with store.transaction():
        for at, customer_id in enumerate(chosen, start=1):
            began = start + 9 * 3600 + at * 40.0
            _call(floor, deltas, at, customer_id, began, rng)
        deltas.flush(store)


def _call(
    floor: Floor, deltas: Any, attempt_id: int, customer_id: int, at: float, rng: random.Random
) -> None:
    store = floor.store
    number, list_id = store.tuples("SELECT number, list_id FROM customer WHERE id = ?", (customer_id,))[0]
    place: dict[str, Any] = {"tenant_id": floor.tenant_id, "project_id": floor.project_id, "list_id": list_id}
    code = rng.choices(
        ("94", "91", "93", "96", "01", "08", "09", "06", "02"), (40, 8, 8, 1, 4, 14, 10, 8, 7)
    )[0]
    is_talk = code < "90"
    who: dict[str, Any] = (
        {"seat_id": rng.choice(floor.seat_ids), "user_id": rng.choice(floor.operator_ids)} if is_talk else {}
    )
    talk = round(rng.lognormvariate(3.8, 0.8), 1) if is_talk else 0.0
    wait, wrap = (round(rng.uniform(1, 20), 1), round(rng.uniform(4, 30), 1)) if is_talk else (0.0, 0.0)
    answered = at + 9 if is_talk or code == "96" else 0.0
    write: Callable[[Any], str] = lambda event: record.apply(store, event, deltas)  # noqa: E731
    write(
        events.OpenAttempt(
            attempt_id=attempt_id,
            customer_id=customer_id,
            number=number,
            caller="0312345678",
            opened_at=at,
            **place,
        )
    )
    write(
        events.SaveAttempt(
            attempt_id=attempt_id,
            span=1,
            channel=1 + attempt_id % 23,
            setup_at=at,
            alerting_at=at + 2,
            answered_at=answered,
            connected_at=answered if is_talk else 0.0,
            cleared_at=at + 10 + talk,
            cause=16,
            result=code,
            end="result",
            **who,
        )
    )
    write(
        events.SaveHistory(
            attempt_id=attempt_id,
            customer_id=customer_id,
            number=number,
            code=code,
            at=at + 10 + talk + wrap,
            talk_s=talk,
            wait_s=wait,
            wrap_s=wrap,
            **place,
            **who,
        )
    )
    if is_talk:
        for kind, begins, seconds in (
            ("wait", at - wait, wait),
            ("talk", at + 9, talk),
            ("wrap", at + 9 + talk, wrap),
        ):
            write(
                events.SaveInterval(
                    kind=kind, from_at=begins, seconds=seconds, attempt_id=attempt_id, **place, **who
                )
            )


# --- the dialer ---------------------------------------------------------------------------------------

STATES = (
    "talking",
    "talking",
    "talking",
    "waiting",
    "wrapup",
    "ringing",
    "talking",
    "waiting",
    "break",
    "logged_out",
)


def board(floor: Floor, *, now: float | None = None) -> messages.Board:
    """A busy minute of the seeded floor."""
    now = floor.clock.wall() if now is None else now
    rng = random.Random(3)
    seat_rows = [_seat(floor, at, seat_id, now, rng) for at, seat_id in enumerate(floor.seat_ids)]
    reason = messages.Reason(
        "target", {"target": 0.03, "waiting": 3, "ringing": 9, "talking": 12, "wrapup": 3}
    )
    project = messages.ProjectBoard(
        project_id=floor.project_id,
        tenant_id=floor.tenant_id,
        mode="adaptive",
        overdial=3,
        ratio=1.5,
        abandon_target=0.03,
        channel_share=46,
        reason=reason,
        seats_ready=3,
        seats_talking=12,
        calls_out=14,
        abandon_ratio_30min=0.021,
        answered_30min=142,
        answer_rate=0.31,
        ring_s_mean=9.4,
    )
    rows = [
        messages.ListBoard(
            list_id,
            floor.project_id,
            True,
            3120 - 900 * at,
            640 + 90 * at,
            412 - 180 * at,
            251 - 90 * at,
            11 - 4 * at,
            2 + at,
            8,
            6,
            8.2 + at,
            now + 5800,
        )
        for at, list_id in enumerate(floor.list_ids)
    ]
    span = messages.SpanBoard(span=1, is_up=True, alarm="", channels="ttttttttttttrrrrrss....", slot_ms=20)
    return messages.Board(
        seq=1,
        now_at=now,
        projects=(project,),
        lists=tuple(rows),
        seats=tuple(seat_rows),
        spans=(span,),
        minutes=tuple(_minutes(floor, now, rng)),
    )


def _seat(floor: Floor, at: int, seat_id: int, now: float, rng: random.Random) -> messages.SeatBoard:
    state: Any = STATES[at % len(STATES)]
    nobody = state == "logged_out"
    customer_id = floor.customer_ids[at] if state in ("talking", "wrapup") else 0
    number = str(floor.store.value("SELECT number FROM customer WHERE id = ?", (customer_id,)) or "")
    common: dict[str, Any] = {
        "seat_id": seat_id,
        "label": f"{chr(65 + at // 10)}-{at % 10 + 1:02}",
        "extension": str(201 + at),
    }
    if nobody:
        return messages.SeatBoard(**common, is_registered=at % 20 != 9)
    user_id = floor.operator_ids[at % len(floor.operator_ids)]
    name = f"{FAMILY[at % 12 % len(FAMILY)]} {GIVEN[at % 12]}"
    return messages.SeatBoard(
        **common,
        is_registered=True,
        state=state,
        since_at=now - rng.choice((8, 23, 47, 95, 151, 263, 640)),
        user_id=user_id,
        user_name=name,
        tenant_id=floor.tenant_id,
        project_id=floor.project_id,
        list_id=floor.list_ids[at % 2],
        attempt_id=900 + at if customer_id else 0,
        customer_id=customer_id,
        number=number,
        typed="06" if at == 4 else "",
        talks_today=21 + at,
        talk_s_today=2860.0 + 60 * at,
        wait_s_today=552.0,
        wrap_s_today=387.0,
    )


def _minutes(floor: Floor, now: float, rng: random.Random) -> list[messages.MinutePoint]:
    found = []
    for ago in range(60):
        for list_id in floor.list_ids:
            attempts = rng.randrange(8, 22)
            answered = round(attempts * rng.uniform(0.2, 0.42))
            found.append(
                messages.MinutePoint(
                    float(int(now // 60 - ago) * 60),
                    list_id,
                    attempts,
                    answered,
                    round(answered * 0.7),
                    int(rng.random() < 0.1),
                    rng.uniform(4, 12),
                )
            )
    return found


class FakeDialer:
    """Serves `home.socket("dialer")` in a thread.  `board` is sent each second, with the time of sending."""

    def __init__(self, home: Home, first: messages.Board, *, clock: Clock | None = None) -> None:
        self.board = first
        self.clock = clock or SystemClock()
        self.requests: list[Any] = []
        self.on_request: Callable[[Any], Any] | None = None  # what a room's own play answers
        self._path = home.socket("dialer")
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._server: ipc.Server | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> FakeDialer:
        self._thread.start()
        assert self._ready.wait(5)
        return self

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)

    def show(self, change: Callable[[messages.Board], messages.Board]) -> None:
        """Change the board and send it at once."""
        self.board = change(self.board)
        self._loop.call_soon_threadsafe(self._publish)

    def say(self, body: Any) -> None:
        """Send one event."""
        assert self._server is not None
        self._loop.call_soon_threadsafe(self._server.publish, body)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.create_task(self._serve())
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()

    async def _serve(self) -> None:
        self._server = ipc.Server(
            self._path,
            messages.Union,
            name="dialer",
            on_request=self._answer,
            on_connect=lambda peer: peer.send(self._now()),
        )
        await self._server.start()
        self._ready.set()
        while True:
            self._publish()
            await asyncio.sleep(1.0)

    def _publish(self) -> None:
        if self._server is not None:
            self._server.publish(self._now())

    def _now(self) -> messages.Board:
        return msgspec.structs.replace(self.board, now_at=self.clock.wall(), seq=self.board.seq + 1)

    async def _answer(self, _peer: ipc.Peer, body: Any) -> Any:
        self.requests.append(body)
        if self.on_request is not None:
            self.on_request(body)
        board = played(self.board, body, self.clock.wall())
        if board is not self.board:
            self.board = board
            self._publish()
        return self._now() if isinstance(body, messages.AskBoard) else None


class Worker:
    """Does jobs as the worker process does, in a thread of the test."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> Worker:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(5)

    def _run(self) -> None:
        store = open_store(self._home)
        sql = "SELECT id FROM job WHERE state IN ('checking', 'running') ORDER BY id"
        while not self._stopped.wait(0.05):
            for (job_id,) in store.tuples(sql):
                jobs.work_on(store, job_id)
        store.close()


def add_recording(floor: Floor, *, seconds: int = 6) -> int:
    """A finished recording with two tones, on the newest talk; its id."""
    attempt_id = int(floor.store.value("SELECT max(attempt_id) FROM history WHERE talk_ms > 5000"))
    recording_id, key, path = 1, bytes(range(32)), "20261121/1.ybr"
    at = np.arange(seconds * 8000) / 8000
    left = (9000 * np.sin(2 * np.pi * 440 * at)).astype(np.int16)
    right = (9000 * np.sin(2 * np.pi * 880 * at) * (at % 2 < 1)).astype(np.int16)
    sides = [np.frombuffer(mulaw.encode(side), dtype=np.uint8) for side in (left, right)]
    stereo = np.column_stack(sides).tobytes()
    writer = RecordingWriter(floor.home.recordings / path, key, session=bytes(SESSION_BYTES))
    writer.write(stereo)
    size = writer.finish()
    deltas = counters.Deltas(floor.store.zone)
    for event in (
        events.OpenRecording(
            recording_id=recording_id,
            attempt_id=attempt_id,
            tenant_id=floor.tenant_id,
            path=path,
            key=key,
            at=floor.clock.wall(),
        ),
        events.CloseRecording(
            recording_id=recording_id, at=floor.clock.wall(), seconds=float(seconds), size_bytes=size
        ),
    ):
        record.apply(floor.store, event, deltas)
    return recording_id
