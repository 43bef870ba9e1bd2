"""Reports at a real relay: to their own recipients, at most once whatever breaks; alarms beside them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.monitoring.post import Post, relay_of
from appliance.settings import Home, Mail
from appliance.store import mail
from appliance.store.open import Store, open_store
from tests.contract.smtp_sink import SmtpSink

BOUND_S = 20.0
NOW_S = 1_795_230_000.0
NOW_MS = int(NOW_S * 1000)


def until(condition: Callable[[], object]) -> None:
    due = time.monotonic() + BOUND_S
    while not condition():
        assert time.monotonic() < due, "it did not come to it"
        time.sleep(0.02)


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with SmtpSink() as found:
        yield found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = open_store(Home(tmp_path), create=True)
    yield found
    found.close()


@pytest.fixture
def deliver(store: Store, sink: SmtpSink) -> Iterator[Callable[..., Post]]:
    """A running post for the sink."""
    posts: list[Post] = []

    def start(*, to: tuple[str, ...] = ()) -> Post:
        settings = Mail(relay="127.0.0.1", port=sink.port, sender="box@example.com", to=to)
        relay = relay_of(settings, home=store.home, site="本社")
        posts.append(Post(store.home, relay, wall=lambda: NOW_S))
        posts[-1].start()
        posts[-1].wake()
        return posts[-1]

    yield start
    for post in posts:
        post.stop()
        post._thread.join(BOUND_S)


def put(store: Store, *to: str) -> int:
    return mail.put_report(
        store, to=to, subject="【報告】光回線", body="氏名: 見本", at=NOW_MS, due_at=NOW_MS
    )


def row(store: Store, mail_id: int) -> tuple[object, ...]:
    return store.tuples("SELECT sent_at > 0, handing_at > 0, tries FROM mail WHERE id = ?", (mail_id,))[0]


def test_a_report_goes_to_its_own_recipients_and_leaves_no_text_behind(
    store: Store, sink: SmtpSink, deliver: Callable[..., Post]
) -> None:
    found = put(store, "a@example.com", "b@example.com")
    mail.put(store, topic="x", subject="警報", body="x", at=NOW_MS)
    post = deliver()
    until(lambda: row(store, found)[0])

    assert [letter["To"] for letter in sink.letters] == ["a@example.com, b@example.com"]
    assert sink.letters[0]["Message-ID"] == f"<yobirin-report-{found}-{NOW_MS}@example.com>"
    assert store.value("SELECT body FROM mail WHERE id = ?", (found,)) == ""
    assert not post.state.is_set_up, "nobody is named for alarms"


def test_a_line_that_breaks_behind_the_letter_sends_it_no_second_time(
    store: Store, sink: SmtpSink, deliver: Callable[..., Post]
) -> None:
    sink.silent = True
    found = put(store, "a@example.com")
    post = deliver()
    until(lambda: row(store, found) == (0, 1, 1))
    sink.silent = False
    post.wake()
    other = put(store, "c@example.com")
    post.wake()
    until(lambda: row(store, other)[0])

    assert [letter["To"] for letter in sink.letters] == ["a@example.com", "c@example.com"]
    assert mail.again(store, found, at=NOW_MS)
    post.wake()
    until(lambda: row(store, found)[0])
    assert len(sink.letters) == 3


def test_a_letter_refused_is_tried_again_and_one_begun_before_a_crash_is_not(
    store: Store, sink: SmtpSink, deliver: Callable[..., Post]
) -> None:
    sink.refuse = True
    crashed, refused = put(store, "a@example.com"), put(store, "b@example.com")
    assert mail.begin(store, crashed, at=NOW_MS)
    post = deliver()
    until(lambda: row(store, refused) == (0, 0, 1))
    sink.refuse = False
    store.run("UPDATE mail SET due_at = ? WHERE id = ?", (NOW_MS, refused))
    post.wake()
    until(lambda: row(store, refused)[0])

    assert [letter["To"] for letter in sink.letters] == ["b@example.com"]
    assert row(store, crashed) == (0, 1, 0)
