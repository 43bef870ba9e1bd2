"""Who sees which projects, lists, customers, entries, recordings and seats: the walls, in one place.

A right (webui/roles.py) opens a page; this says which rows are on it.  Every verb takes the `Viewer`, asks by
his tenant, and answers alike for what is another tenant's and what does not exist.  It changes nothing.

Two rules of the product, pure and tested over all cases:
pull-downs   project active ∧ (report recipient ∨ (list enabled ∧ permitted))
call list    project active ∧ list enabled ∧ permitted
"""

from __future__ import annotations

from typing import Final

from appliance.store import report_history, report_mail
from appliance.store.models import Noun, Role
from appliance.store.open import Store, joined

MANAGERS: Final = ("MGR", "SV")
CALLERS: Final = ("MGR", "SV", "OP")  # roles that work with customers at a phone
CLERKS: Final = (*CALLERS, "BY")  # and those who look customers up


class Viewer(Noun, frozen=True):
    """Whoever looks.  `is_managing`: MGR or SV on the managers' side, where all of the tenant is seen."""

    tenant_id: int
    user_id: int
    role: Role
    is_managing: bool = False


class Case(Noun, frozen=True):
    """What the two rules ask of one list for one person."""

    is_active: bool  # its project
    is_recipient: bool  # of its project's reports
    is_enabled: bool  # the list
    is_permitted: bool  # the list to the person, and its project


def in_pull_down(case: Case) -> bool:
    """Whether project and list stand in pull-downs.  Pure."""
    return case.is_active and (case.is_recipient or (case.is_enabled and case.is_permitted))


def on_call_page(case: Case) -> bool:
    """Whether the list stands on the page of lists to call.  Pure."""
    return case.is_active and case.is_enabled and case.is_permitted


class SeenProject(Noun, frozen=True):
    """A project as a pull-down names it."""

    id: int
    name: str


class SeenList(Noun, frozen=True):
    """A list as a pull-down names it."""

    id: int
    project_id: int
    name: str
    project_name: str


class _Row(SeenList, frozen=True):
    is_active: int
    is_enabled: int
    is_permitted: int


_PERMITTED: Final = (
    "(list.is_for_all = 1 OR EXISTS"
    " (SELECT 1 FROM list_permission p WHERE p.list_id = list.id AND p.user_id = user.id))"
    " AND (user.is_all_projects = 1 OR EXISTS"
    " (SELECT 1 FROM user_project a WHERE a.project_id = list.project_id AND a.user_id = user.id))"
)
"""A list is permitted: to all or to this person by name; and the person works in its project."""

_ROWS: Final = joined(
    "SELECT list.id, list.project_id, list.name, project.name AS project_name,"
    " project.is_active = 1 AND project.retired_at = 0 AS is_active, list.is_enabled,",
    _PERMITTED,
    "AS is_permitted FROM list JOIN project ON project.id = list.project_id"
    " JOIN user ON user.tenant_id = list.tenant_id"
    " WHERE list.tenant_id = ? AND user.id = ? AND user.retired_at = 0"
    " AND list.deleted_at = 0 AND list.is_hidden = 0 ORDER BY project.name, list.created_at, list.id",
)


def recipient_projects(store: Store, viewer: Viewer) -> frozenset[int]:
    """Projects whose reports the person gets, on or off."""
    return report_mail.projects_of(store, viewer.tenant_id, viewer.user_id)


def cases(store: Store, viewer: Viewer) -> list[tuple[SeenList, Case]]:
    """Every list of the tenant that is in sight, with what decides whether this person sees it."""
    gets = recipient_projects(store, viewer)
    return [
        (
            SeenList(id=row.id, project_id=row.project_id, name=row.name, project_name=row.project_name),
            Case(
                is_active=bool(row.is_active),
                is_recipient=row.project_id in gets,
                is_enabled=bool(row.is_enabled),
                is_permitted=bool(row.is_permitted),
            ),
        )
        for row in store.all(_Row, _ROWS, (viewer.tenant_id, viewer.user_id))
    ]


def lists(store: Store, viewer: Viewer, *, project_id: int = 0) -> list[SeenList]:
    """The lists of the pull-downs.  On the managers' side every list of the tenant that is in sight."""
    return [
        seen
        for seen, case in cases(store, viewer)
        if (viewer.is_managing or in_pull_down(case)) and project_id in (0, seen.project_id)
    ]


def call_lists(store: Store, viewer: Viewer, *, project_id: int = 0) -> list[SeenList]:
    """The lists to choose from before calling or searching; for managers by the same rule."""
    return [
        seen
        for seen, case in cases(store, viewer)
        if viewer.role in CLERKS and on_call_page(case) and project_id in (0, seen.project_id)
    ]


def projects(store: Store, viewer: Viewer) -> list[SeenProject]:
    """The projects of the pull-downs.  On the managers' side every one of the tenant."""
    every = store.all(
        _Project,
        "FROM project WHERE tenant_id = ? AND retired_at = 0 ORDER BY name",
        (viewer.tenant_id,),
    )
    shown = {seen.project_id for seen in lists(store, viewer)} | recipient_projects(store, viewer)
    return [
        SeenProject(id=row.id, name=row.name)
        for row in every
        if viewer.is_managing or (row.is_active and row.id in shown)
    ]


class _Project(SeenProject, frozen=True):
    is_active: int


def call_projects(store: Store, tenant_id: int, user_id: int) -> tuple[int, ...]:
    """Projects whose lists a person may call, for the dialer's seats; none for roles that do not call."""
    role = store.value(
        "SELECT role FROM user WHERE id = ? AND tenant_id = ? AND retired_at = 0", (user_id, tenant_id)
    )
    if role not in CALLERS:
        return ()
    viewer = Viewer(tenant_id=tenant_id, user_id=user_id, role=role)
    return tuple(sorted({seen.project_id for seen in call_lists(store, viewer)}))


# --- one thing at a time --------------------------------------------------------------------------------


def sees_list(store: Store, viewer: Viewer, list_id: int) -> bool:
    """Whether the person may work the list: managers all of the tenant, others what they may call."""
    if viewer.role in MANAGERS:
        return _is_own(store, viewer, "list", list_id)
    return any(seen.id == list_id for seen in call_lists(store, viewer))


def sees_customer(store: Store, viewer: Viewer, customer_id: int) -> bool:
    """Managers: all of the tenant.  Others: of lists they may work, or with an entry of or for them."""
    if viewer.role in MANAGERS:
        return _is_own(store, viewer, "customer", customer_id)
    list_id = store.value(
        "SELECT list_id FROM customer WHERE id = ? AND tenant_id = ?", (customer_id, viewer.tenant_id)
    )
    if list_id is None:
        return False
    is_told = report_history.entries_of(store, viewer.tenant_id, viewer.user_id, customer_id)
    return bool(is_told) or has_entry(store, viewer, customer_id) or sees_list(store, viewer, int(list_id))


def has_entry(store: Store, viewer: Viewer, customer_id: int) -> bool:
    """Whether the person wrote an entry of the customer."""
    return bool(
        store.value(
            "SELECT 1 FROM history WHERE customer_id = ? AND tenant_id = ? AND user_id = ? LIMIT 1",
            (customer_id, viewer.tenant_id, viewer.user_id),
        )
    )


def sees_entry(store: Store, viewer: Viewer, entry_id: int) -> bool:
    """Managers: all of the tenant.  Others: their own, and those of a customer they may work."""
    found = store.tuples(
        "SELECT user_id, coalesce(customer_id, 0) FROM history WHERE id = ? AND tenant_id = ?",
        (entry_id, viewer.tenant_id),
    )
    return bool(found) and _sees_call(store, viewer, *found[0])


def changes_entry(store: Store, viewer: Viewer, entry_id: int) -> bool:
    """Its author, and MGR every one."""
    author = store.value(
        "SELECT user_id FROM history WHERE id = ? AND tenant_id = ?", (entry_id, viewer.tenant_id)
    )
    return author is not None and (viewer.role == "MGR" or author == viewer.user_id)


def sees_recording(store: Store, viewer: Viewer, recording_id: int) -> bool:
    """MGR: all of the tenant.  Others: of their own calls, and of customers they may work at a phone."""
    found = store.tuples(
        "SELECT coalesce(a.user_id, 0), coalesce(a.customer_id, 0) FROM recording r"
        " LEFT JOIN attempt a ON a.id = r.attempt_id WHERE r.id = ? AND r.tenant_id = ?",
        (recording_id, viewer.tenant_id),
    )
    if not found:
        return False
    if viewer.role == "MGR":
        return True
    user_id, customer_id = found[0]
    if user_id == viewer.user_id:
        return True
    list_id = store.value("SELECT list_id FROM customer WHERE id = ?", (customer_id,))
    return list_id is not None and any(seen.id == list_id for seen in call_lists(store, viewer))


def sees_seat(store: Store, viewer: Viewer, seat_id: int) -> bool:
    """A desk of the tenant, or one that every tenant may use."""
    return bool(
        store.value(
            "SELECT 1 FROM seat WHERE id = ? AND retired_at = 0 AND (tenant_id IS NULL OR tenant_id = ?)",
            (seat_id, viewer.tenant_id),
        )
    )


def seat_ids(store: Store, tenant_id: int) -> frozenset[int]:
    """The desks a tenant sees."""
    rows = store.tuples("SELECT id FROM seat WHERE tenant_id IS NULL OR tenant_id = ?", (tenant_id,))
    return frozenset(row[0] for row in rows)


def _sees_call(store: Store, viewer: Viewer, user_id: int, customer_id: int) -> bool:
    if viewer.role in MANAGERS or user_id == viewer.user_id:
        return True
    return sees_customer(store, viewer, customer_id)


_OWNED: Final = {
    name: f"SELECT 1 FROM {name} WHERE id = ? AND tenant_id = ?"  # noqa: S608 - names from our own table
    for name in (
        "project",
        "list",
        "customer",
        "attempt",
        "history",
        "recording",
        "job",
        "user",
        "transfer_target",
    )
}


def _is_own(store: Store, viewer: Viewer, table: str, row_id: int) -> bool:
    return bool(store.value(_OWNED[table], (row_id, viewer.tenant_id)))


def owns(store: Store, tenant_id: int, table: str, row_id: int) -> bool:
    """Whether a row is the tenant's.  `table` is a key of the table above; it must exist by now."""
    return bool(store.value(_OWNED[table], (row_id, tenant_id)))
