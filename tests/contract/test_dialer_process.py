"""The dialer process with a real exchange and a real store; phones and audio are played by the test.

What is proved: the stairs from list to SETUP to bridge to history, and that a killed dialer loses nothing.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from appliance import ipc
from appliance.audio import messages as audio
from appliance.dialer import flight, outputs, shell_flight
from appliance.dialer import messages as dialer
from appliance.dialer.machine import Machine
from appliance.errors import BadInput
from appliance.phones import messages as phones
from appliance.settings import Home
from appliance.simulator import population
from appliance.store import compare, history, import_run, lists, projects, result_codes, seats, users
from appliance.store.imports import Plan
from appliance.store.models import Hours
from appliance.store.open import Store, open_store
from tests.crowd import crowd

NOW_MS = int(time.time() * 1000)
MEDIA = phones.Media("127.0.0.1", 40_000)
EVERYBODY_ANSWERS = """
[answer]
rate = 1.0
[ring]
floor_s = 0.1
mean_s = 0.2
[busy]
share = 0.0
[vacant]
cause = 0.0
progress = 0.0
disconnect = 0.0
changed = 0.0
[voicemail]
share = 0.0
[talk]
mean_s = 1.0
cv = 0.2
min_s = 0.5
callee_clears = 1.0
[incoming]
per_hour = 0.0
"""


class Box:
    """A home with one seat, one operator, one started list; and the far ends of the dialer's sockets."""

    def __init__(self, home: Home, *, legs: tuple[str, ...] = ()) -> None:
        """`legs`: what audio still has of phones whose handset went down while no dialer ran."""
        self.home = home
        self.heard: list[Any] = []
        self.told: list[Any] = []
        self.board: dialer.Board | None = None
        self.seat: dialer.SeatBoard | None = None
        self.phones = ipc.Server(
            home.socket("phones"), phones.Union, name="phones", on_request=self._to_phones,
            on_connect=lambda peer: peer.send(phones.PhonesSnapshot({}, ())),
        )  # fmt: skip
        self.audio = ipc.Server(
            home.socket("audio"), audio.Union, name="audio", on_request=self._to_audio,
            on_connect=lambda peer: peer.send(audio.AudioSnapshot(("b1/4", *legs), {}, legs)),
        )  # fmt: skip
        self.client = ipc.Client(home.socket("dialer"), dialer.Union, name="test", on_event=self._from_dialer)

    async def _to_phones(self, _peer: ipc.Peer, body: Any) -> Any:
        self.told.append(body)

    async def _to_audio(self, _peer: ipc.Peer, body: Any) -> Any:
        self.heard.append(body)
        if isinstance(body, audio.OpenPhone):
            if body.remote.address != MEDIA.address:
                raise BadInput("a phone wants its speech elsewhere.")
            return audio.PhoneOpened(body.port, phones.Media("127.0.0.1", 41_000))
        if isinstance(body, audio.Bridge):
            self.audio.publish(audio.Bridged(body.bridge_id, 0.004))
        if isinstance(body, audio.Play) and body.tag and not body.is_loop:
            self.audio.publish(audio.Played(body.port, body.tag))
        return None

    def _from_dialer(self, body: Any) -> None:
        if isinstance(body, dialer.Board):
            self.board = body
            self.seat = next((seat for seat in body.seats if seat.extension == "201"), self.seat)
        elif isinstance(body, dialer.SeatChanged) and body.seat.extension == "201":
            self.seat = body.seat

    def press(self, digits: str, leg: str = "p1") -> None:
        for digit in digits:
            self.audio.publish(audio.Digit(leg, digit))

    async def until(self, condition: Callable[[], Any], what: str, *, timeout_s: float = 20.0) -> None:
        deadline = time.monotonic() + timeout_s * crowd()
        while not condition():
            assert time.monotonic() < deadline, (
                f"{what} did not happen; seat {self.seat}; said {self.heard[-5:]}"
            )
            await asyncio.sleep(0.005)

    async def seat_is(self, state: str) -> None:
        await self.until(lambda: self.seat is not None and self.seat.state == state, state)


def process(name: str, home: Home) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "appliance", name, "--home", str(home.root)],
        stdout=(home.logs / f"{name}.log").open("ab"),
        stderr=subprocess.STDOUT,
    )


def prepare(home: Home, *, customers: int) -> None:
    store = open_store(home, create=True)
    tenant = users.create_tenant(store, entry_code="t", name="T", at=NOW_MS)
    users.create(
        store, tenant, login_name="op", name="佐藤", role="OP", password="correct-horse-9", phone_id="1001",
        pin="246810", at=NOW_MS,
    )  # fmt: skip
    seats.create(store, label="A-01", extension="201", password="secret-201", tenant_id=tenant)
    project = projects.create(store, tenant, name="案件", at=NOW_MS)
    result_codes.add(store, tenant, project, code="01", name="成約", is_dials=True, is_connect=True,
                     is_contact=True, is_sales=True)  # fmt: skip
    week = tuple(Hours(weekday=day, from_minute=0, to_minute=1440) for day in range(7))
    projects.change(store, tenant, project, mode="progressive", hours=week, is_active=1)
    projects.add_caller(store, tenant, project, number="0300009000")
    rows_ = "".join(f"見本{n},030000{n:04d}\n" for n in range(1, customers + 1))
    content = f"氏名,電話番号\n{rows_}".encode()
    import_run.load_file(
        store, tenant, Plan(project_id=project, list_name="L"), file_name="l.csv", content=iter([content]),
        is_dry=False,
    )  # fmt: skip
    listed = lists.by_name(store, tenant, project, "L")
    assert listed is not None
    lists.set_state(store, tenant, listed.id, "started")
    store.close()


@asynccontextmanager
async def standing(home: Home, *, legs: tuple[str, ...] = ()) -> AsyncIterator[Box]:
    box = Box(home, legs=legs)
    await box.phones.start()
    await box.audio.start()
    watching = asyncio.create_task(box.client.run())
    try:
        yield box
    finally:
        watching.cancel()
        await box.phones.stop()
        await box.audio.stop()


def on_a_floor(
    home: Home, work: Callable[[Box], Coroutine[Any, Any, None]], *, legs: tuple[str, ...] = ()
) -> None:
    async def go() -> None:
        async with standing(home, legs=legs) as box:
            await work(box)

    children = [process("exchange", home), process("dialer", home)]
    try:
        asyncio.run(go())
    finally:
        for child in reversed(children):
            child.terminate()
        for child in children:
            child.wait(10 * crowd())


async def log_in(box: Box, leg: str = "p1") -> None:
    await box.until(lambda: box.board is not None and box.board.spans[0].is_up, "the span came up")
    box.phones.publish(phones.Registered("201", "127.0.0.1:5070"))
    box.phones.publish(phones.Invited(leg, "201", "9000", MEDIA))
    await box.until(lambda: phones.AnswerLeg(leg, phones.Media("127.0.0.1", 41_000)) in box.told, "an answer")
    await box.seat_is("login")
    box.press("1001#246810#", leg)
    await box.seat_is("paused")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    people = tmp_path / "people.toml"
    people.write_text(EVERYBODY_ANSWERS, encoding="utf-8")
    made.directory()
    population.install(made, people, seed=1)
    return made


def rows(home: Home, sql: str) -> list[tuple[Any, ...]]:
    store: Store = open_store(home)
    try:
        return store.tuples(sql)
    finally:
        store.close()


def test_a_list_is_dialled_handed_over_coded_and_counted(home: Home) -> None:
    prepare(home, customers=3)

    async def work(box: Box) -> None:
        await log_in(box)
        box.press("*")
        for _ in range(3):
            await box.seat_is("talking")
            assert box.seat is not None
            assert box.seat.customer_id
            await box.seat_is("wrapup")
            box.press("01*")
            await box.until(lambda: box.seat is not None and box.seat.state != "wrapup", "the code was taken")
        await box.until(lambda: box.board is not None and box.board.lists[0].callable == 0, "an empty list")
        box.phones.publish(phones.LegEnded("p1"))
        await box.seat_is("logged_out")
        figures = await box.client.request(dialer.AskFigures())
        assert (figures.answered, figures.abandoned, figures.lost_events) == (3, 0, 0)

    on_a_floor(home, work)
    assert rows(home, "SELECT code, count(*), min(talk_ms) > 300 FROM history") == [("01", 3, 1)]
    assert rows(home, "SELECT count(*) FROM recording WHERE length(key) = 32") == [(3,)]
    assert rows(home, "SELECT result, end, cause, count(*) FROM attempt") == [("01", "result", 16, 3)]
    store = open_store(home)
    assert compare.compare(store) == []
    store.close()
    assert_the_flight_runs_again(home, codes=["01", "01", "01"])


def test_a_phone_that_audio_refuses_hears_so_and_leaves_its_seat_free(home: Home) -> None:
    prepare(home, customers=1)

    async def work(box: Box) -> None:
        await box.until(lambda: box.board is not None, "the dialer")
        box.phones.publish(phones.Registered("201", "127.0.0.1:5070"))
        box.phones.publish(phones.Invited("p1", "201", "9000", phones.Media("203.0.113.9", 4_000)))
        await box.until(lambda: phones.RejectLeg("p1", 503) in box.told, "the refusal")
        board: dialer.Board = await box.client.request(dialer.AskBoard())
        assert board.seats[0].state == "logged_out"
        await log_in(box, "p2")

    on_a_floor(home, work)


def test_the_port_of_a_handset_that_went_down_while_no_dialer_ran_is_closed(home: Home) -> None:
    prepare(home, customers=1)

    async def work(box: Box) -> None:
        await box.until(lambda: box.heard, "a word to audio")
        await log_in(box)
        assert [body for body in box.heard if isinstance(body, audio.ClosePort)] == [audio.ClosePort("p7")]

    on_a_floor(home, work, legs=("p7",))


def assert_the_flight_runs_again(home: Home, *, codes: list[str]) -> None:
    """The recorded inputs, fed to a new machine, give the same results; the PIN is not among them."""
    recorded = b"".join(path.read_bytes() for path in shell_flight.files(home.trace))
    digits = [
        what.digit
        for _now, what in map(flight.decode, recorded.splitlines())
        if isinstance(what, audio.Digit)
    ]
    assert "".join(digits).startswith("1001#000000#*")
    again = flight.replay(recorded.splitlines(), Machine())
    saved = [
        output for _now, _what, outs in again for output in outs if isinstance(output, outputs.SaveHistory)
    ]
    assert [entry.code for entry in saved] == codes


def test_a_killed_dialer_loses_no_result_and_dials_nobody_twice(home: Home) -> None:
    prepare(home, customers=40)
    children: list[subprocess.Popen[bytes]] = []

    async def work() -> None:
        async with standing(home) as box:
            for round_ in (1, 2):
                children.append(process("dialer", home))
                box.board = box.seat = None
                await log_in(box, f"p{round_}")
                box.press("*", f"p{round_}")
                for _ in range(2):
                    await box.seat_is("talking")
                    await box.seat_is("wrapup")
                    box.press("01*", f"p{round_}")
                    await box.until(
                        lambda: box.seat is not None and box.seat.state != "wrapup", "the code was taken"
                    )
                await box.seat_is("talking")
                if round_ == 1:  # at once: the answer need not be on the disk
                    os.kill(children[-1].pid, signal.SIGKILL)
                    children[-1].wait()

    exchange = process("exchange", home)
    try:
        asyncio.run(work())
    finally:
        for child in [*children, exchange]:
            child.terminate()
        for child in [*children, exchange]:
            child.wait(10 * crowd())
    dialled_often = "SELECT customer_id FROM attempt WHERE answered_at > 0 GROUP BY 1 HAVING count(*) > 1"
    assert rows(home, dialled_often) == []
    assert rows(home, "SELECT count(*) >= 4 FROM history WHERE code = '01'") == [(1,)]
    cut = "SELECT count(*) FROM attempt WHERE end = 'interrupted' AND answered_at > 0"
    assert rows(home, cut) == [(2,)], "the kill cut one off, the stop in order another"
    owed = "SELECT count(*) FROM history JOIN attempt ON attempt.id = attempt_id WHERE code = ''"
    assert rows(home, f"{owed} AND history.user_id > 0 AND end = 'interrupted'") == [(2,)], "both are listed"
    assert rows(home, "SELECT id FROM attempt WHERE end = ''") == []
    store = open_store(home)
    assert compare.compare(store) == []
    assert history.search(store, 1, history.Filter(code="01")).count >= 4
    store.close()
