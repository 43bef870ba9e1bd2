"""What is typed on a call screen and not saved yet: one draft a person, customer and call.

It outlives a refresh, a crash and the PC it was typed on.  Its content is the page's own JSON: nothing here
reads it.
"""

from __future__ import annotations

from typing import Final

from appliance.errors import BadInput
from appliance.store.models import Noun
from appliance.store.open import Store

CONTENT_MAX: Final = 20_000
KEEP_MS: Final = 30 * 86_400_000


class Draft(Noun, frozen=True):
    """`attempt_id` 0: typed before the call."""

    customer_id: int
    user_id: int
    attempt_id: int
    content: str
    saved_at: int


def save(
    store: Store, tenant_id: int, user_id: int, customer_id: int, attempt_id: int, *, content: str, at: int
) -> None:
    """Keep a draft.  What was typed before the call becomes the call's.  BadInput: none such, too long."""
    if len(content) > CONTENT_MAX:
        raise BadInput("下書きが長すぎます。", remedy="メモを短くしてください。")
    if not store.value("SELECT 1 FROM customer WHERE id = ? AND tenant_id = ?", (customer_id, tenant_id)):
        raise BadInput("その顧客はありません。", remedy="検索し直してください。")
    with store.transaction():
        store.run(
            "DELETE FROM draft WHERE customer_id = ? AND user_id = ? AND attempt_id IN (0, ?)",
            (customer_id, user_id, attempt_id),
        )
        store.insert(
            "draft",
            customer_id=customer_id,
            user_id=user_id,
            attempt_id=attempt_id,
            tenant_id=tenant_id,
            content=content,
            saved_at=at,
        )


def find(store: Store, tenant_id: int, user_id: int, customer_id: int, attempt_id: int) -> Draft | None:
    """The draft of this call, else what was typed before it."""
    return store.one(
        Draft,
        "FROM draft WHERE tenant_id = ? AND customer_id = ? AND user_id = ? AND attempt_id IN (0, ?)"
        " ORDER BY attempt_id DESC LIMIT 1",
        (tenant_id, customer_id, user_id, attempt_id),
    )


def of_user(store: Store, tenant_id: int, user_id: int) -> list[Draft]:
    """Everything a person has typed and not saved, newest first."""
    return store.all(
        Draft,
        "FROM draft WHERE tenant_id = ? AND user_id = ? ORDER BY saved_at DESC",
        (tenant_id, user_id),
    )


def remove(store: Store, tenant_id: int, user_id: int, customer_id: int, attempt_id: int) -> None:
    """It was saved, or thrown away: of this call, and what was typed before it."""
    store.run(
        "DELETE FROM draft WHERE tenant_id = ? AND user_id = ? AND customer_id = ? AND attempt_id IN (0, ?)",
        (tenant_id, user_id, customer_id, attempt_id),
    )


def sweep(store: Store, *, at: int) -> int:
    """Remove drafts nobody has come back to for a month; how many."""
    return store.run("DELETE FROM draft WHERE saved_at < ?", (at - KEEP_MS,))
