"""The queue of mails to the site's relay: durable, de-duplicated, with its tries.  Sends nothing itself.

Alarms are sent at least once.  A report carries a customer's data and is handed over at most once: what a
crash left between handing over and the relay's answer is shown, and sent again by hand alone.
"""

from __future__ import annotations

from typing import Final

from appliance.store.models import Noun
from appliance.store.open import Store
from appliance.store.times import DAY_MS, HOUR_MS

QUEUE_MAX: Final = 200
REPORTS_MAX: Final = 5_000
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
    recipients: str = ""
    is_once: int = 0

    @property
    def to(self) -> tuple[str, ...]:
        """Who gets it; nobody named: the site's own recipients."""
        return tuple(self.recipients.split("\n")) if self.recipients else ()


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
        if _waiting(store, is_once=False) >= QUEUE_MAX:
            return False
        store.insert("mail", created_at=at, topic=topic, subject=subject, body=body, due_at=at)
    return True


def put_report(store: Store, *, to: tuple[str, ...], subject: str, body: str, at: int, due_at: int) -> int:
    """Queue a letter with customer data for these addresses; its id, 0 where too many wait already."""
    with store.transaction():
        if _waiting(store, is_once=True) >= REPORTS_MAX:
            return 0
        return store.insert(
            "mail",
            created_at=at,
            topic="report",
            subject=subject,
            body=body,
            due_at=due_at,
            recipients="\n".join(to),
            is_once=1,
        )


def _waiting(store: Store, *, is_once: bool) -> int:
    return int(
        store.value(
            "SELECT count(*) FROM mail WHERE sent_at = 0 AND given_up_at = 0 AND is_once = ?", (int(is_once),)
        )
    )


def rewrite(store: Store, mail_id: int, *, subject: str, body: str) -> bool:
    """Change a letter nobody has begun to hand over; False where it is too late."""
    return bool(
        store.run(
            "UPDATE mail SET subject = ?, body = ? WHERE id = ? AND sent_at = 0 AND handing_at = 0",
            (subject, body, mail_id),
        )
    )


def begin(store: Store, mail_id: int, *, at: int) -> bool:
    """A letter is handed over now.  False: it was begun before, so nobody knows whether it arrived."""
    return bool(
        store.run(
            "UPDATE mail SET handing_at = ? WHERE id = ? AND handing_at = 0 AND sent_at = 0", (at, mail_id)
        )
    )


def again(store: Store, mail_id: int, *, at: int) -> bool:
    """Send a letter that stands still (given up, or nobody knows) once more, by hand."""
    return bool(
        store.run(
            "UPDATE mail SET handing_at = 0, given_up_at = 0, due_at = ?, created_at = ?, error = ''"
            " WHERE id = ? AND sent_at = 0 AND (given_up_at > 0 OR handing_at > 0)",
            (at, at, mail_id),
        )
    )


def due(store: Store, *, at: int, limit: int = 10, has_site: bool = True) -> list[Mail]:
    """What is to be sent now, alarms first, oldest first; without `has_site` what names its recipients."""
    return store.all(
        Mail,
        "FROM mail WHERE sent_at = 0 AND given_up_at = 0 AND handing_at = 0 AND due_at <= ?"
        " AND (? OR recipients != '') ORDER BY is_once, id LIMIT ?",
        (at, int(has_site), limit),
    )


def sent(store: Store, mail_id: int, *, at: int, refused: tuple[str, ...] = ()) -> None:
    """The relay has it; `refused`: addresses it would not take.  A customer's data do not stay here."""
    store.run(
        "UPDATE mail SET sent_at = ?, error = ?, body = CASE WHEN is_once THEN '' ELSE body END WHERE id = ?",
        (at, ", ".join(refused)[:500], mail_id),
    )
    store.run("DELETE FROM mail WHERE (sent_at > 0 OR given_up_at > 0) AND created_at < ?", (at - KEPT_MS,))


def failed(store: Store, mail_id: int, *, error: str, next_at: int, at: int) -> None:
    """A try did not go through, for certain.  After three days it is given up."""
    store.run(
        "UPDATE mail SET tries = tries + 1, error = ?, due_at = ?, handing_at = 0,"
        " given_up_at = CASE WHEN created_at < ? THEN ? ELSE 0 END WHERE id = ?",
        (error[:500], next_at, at - LIFE_MS, at, mail_id),
    )


def unknown(store: Store, mail_id: int, *, error: str) -> None:
    """The line broke after the letter was handed over: it stands until a person decides."""
    store.run("UPDATE mail SET tries = tries + 1, error = ? WHERE id = ?", (error[:500], mail_id))


def queue(store: Store) -> Queue:
    """How the queue stands."""
    found = store.one(
        Queue,
        "SELECT coalesce(sum(sent_at = 0 AND given_up_at = 0 AND handing_at = 0), 0) AS waiting,"
        " coalesce(max(sent_at), 0) AS sent_at,"
        " coalesce((SELECT error FROM mail WHERE error != '' AND sent_at = 0 AND given_up_at = 0"
        " AND handing_at = 0 ORDER BY id LIMIT 1), '') AS error FROM mail",
    )
    assert found is not None
    return found


def last_of(store: Store, topic: str) -> int:
    """When a mail of a topic was last queued (ms since 1970); 0: never."""
    return int(store.value("SELECT coalesce(max(created_at), 0) FROM mail WHERE topic = ?", (topic,)))
