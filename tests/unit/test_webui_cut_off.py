"""The line about calls that a stop ended: on the board and on 装置, with a way to their entries."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.settings import Home, Settings
from appliance.store import attempts, sessions
from appliance.store.open import Store
from appliance.store.times import ms
from tests.browser import floor as floors
from tests.browser.floor import Floor
from webui import app, process
from webui.auth import COOKIE

Fetch = Callable[[str], str]


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    made = floors.seed(Home(tmp_path), customers=6, seat_count=1, calls=2)
    yield made
    made.store.close()


@pytest.fixture
def fetch(floor: Floor) -> Iterator[Fetch]:
    """A page as the manager gets it."""
    services = process.services(floor.home, Settings())
    wsgi = app.build(services)
    token, _ = sessions.start(
        floor.store, floor.tenant_id, floor.manager_id, address="10.0.0.9", at=ms(time.time())
    )

    def ask(url: str) -> str:
        path, _, query = url.partition("?")
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "HTTP_HOST": "box",
            "SERVER_NAME": "box",
            "SERVER_PORT": "443",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "10.0.0.9",
            "wsgi.url_scheme": "https",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(),
            "HTTP_COOKIE": f"{COOKIE}={token}",
        }
        seen: list[str] = []
        body = b"".join(wsgi(environ, lambda status, _headers, _exc=None: seen.append(status)))
        assert seen[0].startswith("200"), seen
        return body.decode()

    yield ask
    services.store.close()


def leave_open(store: Store, floor: Floor, number: int, *, answered: bool) -> None:
    at = ms(time.time()) - 60_000
    store.insert(
        "attempt",
        id=number,
        tenant_id=floor.tenant_id,
        project_id=floor.project_id,
        list_id=floor.list_ids[0],
        customer_id=floor.customer_ids[number % 6],
        number="0312345678",
        opened_at=at,
        setup_at=at,
        answered_at=at if answered else 0,
    )


def test_a_day_without_a_stop_says_nothing(fetch: Fetch) -> None:
    assert 'id="cut-off"' not in fetch("/board")
    assert 'id="cut-off"' not in fetch("/device")


def test_calls_that_a_stop_ended_are_told_with_a_way_to_their_entries(floor: Floor, fetch: Fetch) -> None:
    leave_open(floor.store, floor, 9001, answered=True)
    leave_open(floor.store, floor, 9002, answered=False)
    leave_open(floor.store, floor, 9003, answered=False)
    attempts.recover(floor.store)

    for page in (fetch("/board"), fetch("/device")):
        assert "停電・停止で中断した通話が3件あります" in page
        assert "応答後の1件" in page
        assert "応答前の2件は、あらためて発信します。" in page
        assert 'href="/history?view=entries&amp;recent=1&amp;cut_off=1"' in page
    rows = fetch("/history?view=entries&recent=1&cut_off=1")
    assert rows.count("！ 結果未入力") == 1
    assert 'name="cut_off" value="1"' in rows
