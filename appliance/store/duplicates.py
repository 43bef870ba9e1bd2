"""Where else a list's numbers stand: within the list, and in every other list of the tenant."""

from __future__ import annotations

from appliance.store.customers import VISIBLE
from appliance.store.list_jobs import marks
from appliance.store.models import Customer, Noun
from appliance.store.open import Store

OTHERS_SHOWN = 5


class Place(Noun, frozen=True):
    """One other customer with the same number."""

    id: int
    number: str
    name: str
    list_id: int
    list_name: str
    project_name: str


class Double(Noun, frozen=True):
    """A customer of the list, and the first few others with its number."""

    customer: Customer
    others: tuple[Place, ...]


_IN_SIGHT = (
    " AND l.deleted_at = 0 AND l.is_hidden = 0 AND o.import_id NOT IN (SELECT import_id FROM hidden_import)"
)


def marked(store: Store, tenant_id: int, list_id: int) -> int:
    """Customers of the list that are marked as duplicates."""
    return int(
        store.value(
            "SELECT count(*) FROM customer WHERE tenant_id = ? AND list_id = ? AND is_duplicate = 1 AND "  # noqa: S608 - constant
            + VISIBLE,
            (tenant_id, list_id),
        )
    )


def search(store: Store, tenant_id: int, list_id: int, *, after_id: int = 0, limit: int = 50) -> list[Double]:
    """Customers of the list, by ID, whose number another customer of the tenant has too; and who has it."""
    found = store.all(
        Customer,
        "FROM customer WHERE tenant_id = ? AND list_id = ? AND id > ? AND number <> '' AND EXISTS"  # noqa: S608
        " (SELECT 1 FROM customer o INDEXED BY customer_by_number JOIN list l ON l.id = o.list_id"
        " WHERE o.number = customer.number AND o.id <> customer.id AND o.tenant_id = customer.tenant_id"
        + _IN_SIGHT
        + f") AND {VISIBLE} ORDER BY id LIMIT ?",
        (tenant_id, list_id, after_id, limit),
    )
    places = _places(store, tenant_id, [row.number for row in found])
    return [
        Double(
            customer=row,
            others=tuple(place for place in places.get(row.number, []) if place.id != row.id)[:OTHERS_SHOWN],
        )
        for row in found
    ]


def _places(store: Store, tenant_id: int, numbers: list[str]) -> dict[str, list[Place]]:
    if not numbers:
        return {}
    found: dict[str, list[Place]] = {}
    for place in store.all(
        Place,
        "SELECT o.id, o.number, o.name, o.list_id, l.name AS list_name, project.name AS project_name"  # noqa: S608
        " FROM customer o INDEXED BY customer_by_number JOIN list l ON l.id = o.list_id"
        " JOIN project ON project.id = o.project_id"
        f" WHERE o.number IN ({marks(numbers)}) AND o.tenant_id = ?" + _IN_SIGHT + " ORDER BY o.id",
        (*numbers, tenant_id),
    ):
        found.setdefault(place.number, []).append(place)
    return found
