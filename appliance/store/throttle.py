"""Slows down guessing: failed log-ins are counted by name and by address, and kept over a restart.

Subjects are e.g. "web:default/tanaka", "address:192.168.1.5", "phone:1234".
"""

from __future__ import annotations

from typing import Final

from appliance.store.open import Store

WINDOW_MS: Final = 15 * 60_000
LOCK_MS: Final = 15 * 60_000
FAILURES_MAX: Final = 5
ADDRESS_FAILURES_MAX: Final = 30  # many people may sit behind one address


def locked_until(store: Store, subjects: tuple[str, ...], *, at: int) -> int:
    """The moment until which any of the subjects is locked; 0 when none is."""
    marks = ", ".join("?" * len(subjects))
    until = store.value(
        f"SELECT max(locked_until) FROM login_failure WHERE subject IN ({marks})",  # noqa: S608 - only marks
        subjects,
    )
    return int(until) if until and until > at else 0


def failed(store: Store, subjects: tuple[str, ...], *, at: int) -> int:
    """Count one failure for each subject; the moment until which one is locked now, else 0."""
    with store.transaction():
        for subject in subjects:
            _count(store, subject, at)
        store.run(
            "DELETE FROM login_failure WHERE first_at < ? AND locked_until < ?", (at - 10 * WINDOW_MS, at)
        )
    return locked_until(store, subjects, at=at)


def succeeded(store: Store, subjects: tuple[str, ...]) -> None:
    """Forget the failures of these subjects (not the address's: one insider would reset it for all)."""
    for subject in subjects:
        if not subject.startswith("address:"):
            store.run("DELETE FROM login_failure WHERE subject = ?", (subject,))


def _count(store: Store, subject: str, at: int) -> None:
    store.run(
        "INSERT INTO login_failure (subject, failures, first_at) VALUES (?, 1, ?)"
        " ON CONFLICT (subject) DO UPDATE SET"
        " failures = CASE WHEN first_at < ? THEN 1 ELSE failures + 1 END,"
        " first_at = CASE WHEN first_at < ? THEN excluded.first_at ELSE first_at END",
        (subject, at, at - WINDOW_MS, at - WINDOW_MS),
    )
    limit = ADDRESS_FAILURES_MAX if subject.startswith("address:") else FAILURES_MAX
    store.run(
        "UPDATE login_failure SET locked_until = ?, failures = 0 WHERE subject = ? AND failures >= ?",
        (at + LOCK_MS, subject, limit),
    )
