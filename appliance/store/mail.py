"""The queue of mails to the site's relay: durable, de-duplicated, with its tries.  Sends nothing itself."""

from __future__ import annotations

from typing import Final

from appliance.store.models import Noun
from appliance.store.open import Store
from appliance.store.times import DAY_MS, HOUR_MS

QUEUE_MAX: Final = 200
KEPT_MS: Final = 30 * DAY_MS
LIFE_MS: Final = 3 * DAY_MS  # a mail of an alarm of last week helps nobody
SAME_TOPIC_MS: Final = HOUR_MS


class Mail(Noun, frozen=True):
    """One mail that waits."""

    id: int
    created_at: int
    subject: str
    body: str
    tries: int


class Queue(Noun, frozen=True):
    """How the queue stands.  `error` is of the latest try that failed and did not succeed since."""

    waiting: int
    sent_at: int
    error: str


def put(store: Store, *, topic: str, subject: str, body: str, at: int) -> bool:
    """Queue a mail; False where it would say what the latest of its topic said, or the queue is full.

    The latest counts while it waits, and for an hour.
    """
    with store.transaction():
        if store.value(
            "SELECT 1 FROM mail WHERE id = (SELECT max(id) FROM mail WHERE topic = ?) AND subject = ?"
            " AND (created_at > ? OR (sent_at = 0 AND given_up_at = 0))",
            (topic, subject, at - SAME_TOPIC_MS),
        ):
            return False
        if int(store.value("SELECT count(*) FROM mail WHERE sent_at = 0 AND given_up_at = 0")) >= QUEUE_MAX:
            return False
        store.insert("mail", created_at=at, topic=topic, subject=subject, body=body, due_at=at)
    return True


def due(store: Store, *, at: int, limit: int = 10) -> list[Mail]:
    """What is to be sent now, oldest first."""
    return store.all(
        Mail,
        "FROM mail WHERE sent_at = 0 AND given_up_at = 0 AND due_at <= ? ORDER BY id LIMIT ?",
        (at, limit),
    )


def sent(store: Store, mail_id: int, *, at: int) -> None:
    store.update("mail", mail_id, sent_at=at, error="")
    store.run("DELETE FROM mail WHERE (sent_at > 0 OR given_up_at > 0) AND created_at < ?", (at - KEPT_MS,))


def failed(store: Store, mail_id: int, *, error: str, next_at: int, at: int) -> None:
    """A try did not go through.  After three days it is given up."""
    store.run(
        "UPDATE mail SET tries = tries + 1, error = ?, due_at = ?,"
        " given_up_at = CASE WHEN created_at < ? THEN ? ELSE 0 END WHERE id = ?",
        (error[:500], next_at, at - LIFE_MS, at, mail_id),
    )


def queue(store: Store) -> Queue:
    """How the queue stands."""
    found = store.one(
        Queue,
        "SELECT coalesce(sum(sent_at = 0 AND given_up_at = 0), 0) AS waiting,"
        " coalesce(max(sent_at), 0) AS sent_at,"
        " coalesce((SELECT error FROM mail WHERE error != '' AND sent_at = 0 AND given_up_at = 0"
        " ORDER BY id LIMIT 1), '') AS error FROM mail",
    )
    assert found is not None
    return found


def last_of(store: Store, topic: str) -> int:
    """When a mail of a topic was last queued (ms since 1970); 0: never."""
    return int(store.value("SELECT coalesce(max(created_at), 0) FROM mail WHERE topic = ?", (topic,)))
