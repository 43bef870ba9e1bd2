"""What the monitor keeps: alarms that stand, their history, a day of figures, the mail queue."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.settings import Home
from appliance.store import alarms, mail
from appliance.store.alarms import AlarmEvent, AlarmState
from appliance.store.open import Store, open_store
from appliance.store.times import DAY_MS, HOUR_MS

NOW = 1_795_000_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with contextlib.closing(open_store(Home(tmp_path), create=True)) as opened:
        yield opened


def test_alarms_that_stand_replace_those_that_stood(store: Store) -> None:
    first = AlarmState(check_name="mirror", state="raised", status=2, raised_at=NOW)
    second = AlarmState(
        check_name="ping", state="acknowledged", status=1, raised_at=NOW, who="田中", note="予備機待ち"
    )
    event = AlarmEvent(
        at=NOW, check_name="mirror", event="raised", status=2, sentence="mirror_broken",
        filling=alarms.filling({"array": "md0"}),
    )  # fmt: skip

    alarms.write(store, [first], [event])
    alarms.write(store, [second], [])

    assert alarms.standing(store) == [second]
    assert alarms.history(store) == [event]


def test_a_day_of_figures_is_kept_and_no_more(store: Store) -> None:
    for hour in range(30):
        alarms.add_samples(store, NOW + hour * HOUR_MS, {"load": hour / 10})

    found = alarms.samples(store, since=NOW)

    assert [value for _, value in found["load"]] == pytest.approx([hour / 10 for hour in range(4, 30)])


def test_the_probe_commits_and_measures(store: Store) -> None:
    probe = alarms.probe(store, at=NOW)

    assert store.value("SELECT at FROM commit_probe") == NOW
    assert probe.commit_ms > 0
    assert probe.size_bytes > 0


def test_a_mail_that_says_the_same_again_is_not_queued(store: Store) -> None:
    assert mail.put(store, topic="mirror", subject="raised", body="b", at=NOW)
    assert not mail.put(store, topic="mirror", subject="raised", body="b", at=NOW + 2 * HOUR_MS)
    assert mail.put(store, topic="mirror", subject="recovered", body="b", at=NOW + 2 * HOUR_MS)
    assert mail.put(store, topic="mirror", subject="raised", body="b", at=NOW + 2 * HOUR_MS), "it is news"
    assert [row.subject for row in mail.due(store, at=NOW + DAY_MS)] == ["raised", "recovered", "raised"]


def test_the_same_may_be_said_again_an_hour_after_it_was_sent(store: Store) -> None:
    mail.put(store, topic="ping", subject="raised", body="b", at=NOW)
    mail.sent(store, mail.due(store, at=NOW)[0].id, at=NOW)

    assert mail.due(store, at=NOW + DAY_MS) == []
    assert not mail.put(store, topic="ping", subject="raised", body="b", at=NOW + HOUR_MS // 2)
    assert mail.put(store, topic="ping", subject="raised", body="b", at=NOW + HOUR_MS)
    assert mail.last_of(store, "ping") == NOW + HOUR_MS


def test_a_mail_that_fails_waits_longer_and_is_given_up_after_three_days(store: Store) -> None:
    mail.put(store, topic="ping raised", subject="a", body="b", at=NOW)
    row = mail.due(store, at=NOW)[0]

    mail.failed(store, row.id, error="Connection refused", next_at=NOW + 60_000, at=NOW)

    assert mail.due(store, at=NOW + 59_000) == []
    assert mail.due(store, at=NOW + 60_000)[0].tries == 1
    assert mail.queue(store) == mail.Queue(waiting=1, sent_at=0, error="Connection refused")
    mail.failed(store, row.id, error="still", next_at=NOW + 5 * DAY_MS, at=NOW + 4 * DAY_MS)
    assert mail.queue(store).waiting == 0
