"""Attributes of customers and of results: what a project asks beside the code, and what was answered.

A value is a text; of several chosen boxes one a line.  What is not among the choices is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, Literal

from appliance.errors import BadInput
from appliance.store.models import Noun
from appliance.store.open import Conflict, Store

Target = Literal["customer", "result"]
Kind = Literal["check", "radio", "select", "text"]
KINDS: Final[tuple[Kind, ...]] = ("check", "radio", "select", "text")
ATTRIBUTES_MAX: Final = 30  # of one project and target: a screen, not a questionnaire
CHOICES_MAX: Final = 50
NAME_MAX: Final = 30
VALUE_MAX: Final = 500


class Attribute(Noun, frozen=True):
    """One question.  `choices` is JSON; a text has none."""

    id: int
    project_id: int
    target: Target
    kind: Kind
    name: str
    choices: str
    sort: int
    retired_at: int

    @property
    def offered(self) -> tuple[str, ...]:
        """What may be chosen."""
        return tuple(json.loads(self.choices))


def every(store: Store, tenant_id: int, project_id: int, target: Target) -> list[Attribute]:
    """The project's attributes in their order."""
    return store.all(
        Attribute,
        "FROM attribute WHERE tenant_id = ? AND project_id = ? AND target = ? AND retired_at = 0"
        " ORDER BY sort, id",
        (tenant_id, project_id, target),
    )


def add(
    store: Store,
    tenant_id: int,
    project_id: int,
    *,
    target: Target,
    kind: Kind,
    name: str,
    choices: tuple[str, ...] = (),
) -> int:
    """A new attribute behind the others; its id.  BadInput: no name, a taken one, no choices."""
    assert kind in KINDS, f"no kind of attribute: {kind}"
    if not store.value(
        "SELECT 1 FROM project WHERE id = ? AND tenant_id = ? AND retired_at = 0", (project_id, tenant_id)
    ):
        raise BadInput("その案件はありません。", remedy="一覧を更新してください。")
    wanted = name.strip()
    if not 1 <= len(wanted) <= NAME_MAX:
        raise BadInput("属性の名前がありません。", remedy=f"1〜{NAME_MAX}文字にしてください。")
    standing = every(store, tenant_id, project_id, target)
    if len(standing) >= ATTRIBUTES_MAX:
        raise BadInput(f"属性は{ATTRIBUTES_MAX}個までです。", remedy="使わないものを削除してください。")
    try:
        return store.insert(
            "attribute",
            tenant_id=tenant_id,
            project_id=project_id,
            target=target,
            kind=kind,
            name=wanted,
            choices=json.dumps(_choices(kind, choices), ensure_ascii=False),
            sort=max((row.sort for row in standing), default=0) + 1,
        )
    except Conflict as error:
        raise BadInput(f"属性「{wanted}」はすでにあります。", remedy="別の名前にしてください。") from error


def _choices(kind: Kind, choices: tuple[str, ...]) -> list[str]:
    if kind == "text":
        return []
    found = list(dict.fromkeys(choice.strip() for choice in choices if choice.strip()))
    if not 1 <= len(found) <= CHOICES_MAX or any(len(choice) > NAME_MAX for choice in found):
        raise BadInput(
            "選択肢がありません。",
            remedy=f"1行に1つ、{CHOICES_MAX}個まで、それぞれ{NAME_MAX}文字までにしてください。",
        )
    return found


def change_choices(
    store: Store, tenant_id: int, project_id: int, attribute_id: int, choices: tuple[str, ...]
) -> None:
    """Replace what may be chosen; answers given before stay as they were."""
    found = _existing(store, tenant_id, project_id, attribute_id)
    store.update("attribute", found.id, choices=json.dumps(_choices(found.kind, choices), ensure_ascii=False))


def rename(store: Store, tenant_id: int, project_id: int, attribute_id: int, name: str) -> None:
    """Another name; the answers stay.  Raises BadInput: no name, a taken one."""
    found, wanted = _existing(store, tenant_id, project_id, attribute_id), name.strip()
    if not 1 <= len(wanted) <= NAME_MAX:
        raise BadInput("属性の名前がありません。", remedy=f"1〜{NAME_MAX}文字にしてください。")
    try:
        store.update("attribute", found.id, name=wanted)
    except Conflict as error:
        raise BadInput(f"属性「{wanted}」はすでにあります。", remedy="別の名前にしてください。") from error


def move(store: Store, tenant_id: int, project_id: int, attribute_id: int, *, is_up: bool) -> None:
    """One place up or down among those of its target; at an end nothing happens.  Raises BadInput."""
    with store.transaction():
        found = _existing(store, tenant_id, project_id, attribute_id)
        order = [row.id for row in every(store, tenant_id, project_id, found.target)]
        place = order.index(found.id) if found.id in order else -1
        other = place - 1 if is_up else place + 1
        if place < 0 or not 0 <= other < len(order):
            return
        order[place], order[other] = order[other], order[place]
        for sort, row_id in enumerate(order, start=1):
            store.update("attribute", row_id, sort=sort)


def retire(store: Store, tenant_id: int, project_id: int, attribute_id: int, *, at: int) -> None:
    """Ask no longer; the answers stay."""
    found = _existing(store, tenant_id, project_id, attribute_id)
    store.update("attribute", found.id, retired_at=at)


def _existing(store: Store, tenant_id: int, project_id: int, attribute_id: int) -> Attribute:
    found = store.one(
        Attribute,
        "FROM attribute WHERE id = ? AND tenant_id = ? AND project_id = ?",
        (attribute_id, tenant_id, project_id),
    )
    if found is None:
        raise BadInput("その属性はありません。", remedy="一覧を更新してください。")
    return found


# --- answers --------------------------------------------------------------------------------------------


def checked(attribute: Attribute, value: str) -> str:
    """The value as it is kept: known choices in their order, or a text without outer blanks.  Pure.

    Raises BadInput for what is not among the choices.
    """
    if attribute.kind == "text":
        return value.strip()[:VALUE_MAX]
    chosen = [line.strip() for line in value.split("\n") if line.strip()]
    unknown = [line for line in chosen if line not in attribute.offered]
    if unknown or (len(chosen) > 1 and attribute.kind != "check"):
        raise BadInput(
            f"属性「{attribute.name}」に「{(unknown or chosen)[-1]}」は選べません。",
            remedy="選択肢から選んでください。",
        )
    return "\n".join(choice for choice in attribute.offered if choice in chosen)


def of_customer(store: Store, tenant_id: int, customer_id: int) -> dict[int, str]:
    """Attribute to value, of one customer."""
    return dict(
        store.tuples(
            "SELECT attribute_id, value FROM customer_attribute WHERE tenant_id = ? AND customer_id = ?",
            (tenant_id, customer_id),
        )
    )


def of_attempt(store: Store, tenant_id: int, attempt_id: int) -> dict[int, str]:
    """Attribute to value, of one result."""
    return dict(
        store.tuples(
            "SELECT attribute_id, value FROM history_attribute WHERE tenant_id = ? AND attempt_id = ?",
            (tenant_id, attempt_id),
        )
    )


def save(
    store: Store, tenant_id: int, project_id: int, target: Target, owner_id: int, values: Mapping[int, str]
) -> None:
    """Keep values by attribute id, of a customer or of an attempt; '' takes one away.

    Inside the caller's transaction.  Raises BadInput for a value that is not offered; attributes of another
    project are passed over.
    """
    kind: Owner = "customer" if target == "customer" else "attempt"
    _put(store, tenant_id, every(store, tenant_id, project_id, target), kind, owner_id, values)


def save_note(
    store: Store, tenant_id: int, project_id: int, history_id: int, values: Mapping[int, str]
) -> None:
    """Keep result attributes of an entry without a call; as `save`."""
    _put(store, tenant_id, every(store, tenant_id, project_id, "result"), "note", history_id, values)


class Answer(Noun, frozen=True):
    """What an entry says to one question; the question may be retired by now."""

    history_id: int
    name: str
    value: str

    @property
    def shown(self) -> str:
        """Chosen boxes on one line."""
        return self.value.replace("\n", "・")


def of_entries(store: Store, tenant_id: int, customer_id: int) -> dict[int, list[Answer]]:
    """Result attributes of a customer's entries, by entry, in the order of the questions."""
    rows = store.all(
        Answer,
        "SELECT history_id, name, value FROM ("
        " SELECT h.id AS history_id, a.attribute_id, a.value FROM history h"
        " JOIN history_attribute a ON a.attempt_id = h.attempt_id"
        " WHERE h.tenant_id = ? AND h.customer_id = ? AND h.attempt_id > 0"
        " UNION ALL SELECT h.id, a.attribute_id, a.value FROM history h"
        " JOIN note_attribute a ON a.history_id = h.id WHERE h.tenant_id = ? AND h.customer_id = ?"
        ") JOIN attribute ON attribute.id = attribute_id ORDER BY attribute.sort, attribute.id",
        (tenant_id, customer_id, tenant_id, customer_id),
    )
    found: dict[int, list[Answer]] = {}
    for row in rows:
        found.setdefault(row.history_id, []).append(row)
    return found


Owner = Literal["customer", "attempt", "note"]
_KEPT: Final[dict[Owner, tuple[str, str]]] = {
    "customer": ("customer_attribute", "customer_id"),
    "attempt": ("history_attribute", "attempt_id"),
    "note": ("note_attribute", "history_id"),
}


def _put(
    store: Store,
    tenant_id: int,
    questions: list[Attribute],
    kind: Owner,
    owner_id: int,
    values: Mapping[int, str],
) -> None:
    table, column = _KEPT[kind]
    for attribute in questions:
        if attribute.id not in values:
            continue
        value = checked(attribute, values[attribute.id])
        store.run(f"DELETE FROM {table} WHERE {column} = ? AND attribute_id = ?", (owner_id, attribute.id))  # noqa: S608 - names of ours
        if value:
            names = {column: owner_id, "attribute_id": attribute.id}
            store.insert(table, **names, tenant_id=tenant_id, value=value)
