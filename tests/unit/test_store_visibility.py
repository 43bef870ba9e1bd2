"""Who sees what: the two rules over all their cases, and the walls against the store."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from appliance.errors import BadInput
from appliance.store import lists, moves, people, projects, users, visibility
from appliance.store.models import Role
from appliance.store.visibility import Case, Viewer, in_pull_down, on_call_page
from tests.store_help import NOON_MS, PASSWORD, Floor, make_floor

# The manual's own table: recipient, list enabled, permitted → pull-down, call page; its project active.
TABLE = {
    (True, True, True): (True, True),
    (True, True, False): (True, False),
    (True, False, True): (True, False),
    (True, False, False): (True, False),
    (False, True, True): (True, True),
    (False, True, False): (False, False),
    (False, False, True): (False, False),
    (False, False, False): (False, False),
}
ROLES: tuple[Role, ...] = ("MGR", "SV", "OP", "BIZ", "BY")


@pytest.mark.parametrize(
    ("is_active", "is_recipient", "is_enabled", "is_permitted"),
    list(itertools.product((True, False), repeat=4)),
)
def test_the_two_rules(is_active: bool, is_recipient: bool, is_enabled: bool, is_permitted: bool) -> None:
    case = Case(
        is_active=is_active, is_recipient=is_recipient, is_enabled=is_enabled, is_permitted=is_permitted
    )
    expected = TABLE[is_recipient, is_enabled, is_permitted] if is_active else (False, False)
    assert (in_pull_down(case), on_call_page(case)) == expected


@pytest.fixture
def floor(tmp_path: Path) -> Floor:
    return make_floor(tmp_path)


def viewer(floor: Floor, role: Role = "OP", *, user: int = 0, is_managing: bool = False) -> Viewer:
    return Viewer(tenant_id=floor.tenant, user_id=user or floor.operator, role=role, is_managing=is_managing)


@pytest.mark.parametrize("case", list(itertools.product((True, False), repeat=5)))
def test_the_store_asks_the_same(
    floor: Floor, monkeypatch: pytest.MonkeyPatch, case: tuple[bool, bool, bool, bool, bool]
) -> None:
    """Every case once more with rows: permitted is named in the list and working in its project."""
    is_active, is_recipient, is_enabled, is_named, is_assigned = case
    list_id = floor.make_list(1)
    projects.change(floor.store, floor.tenant, floor.project, is_active=int(is_active))
    lists.set_enabled(floor.store, floor.tenant, list_id, is_enabled=is_enabled)
    lists.permit_users(floor.store, floor.tenant, list_id, (floor.operator,) if is_named else ())
    wanted = people.Wanted(
        login_name="tanaka", name="田中 一郎", role="OP", phone_id="101",
        project_ids=(floor.project,) if is_assigned else (),
    )  # fmt: skip
    people.change(floor.store, floor.tenant, floor.operator, wanted, by="MGR")
    gets = frozenset((floor.project,)) if is_recipient else frozenset[int]()
    monkeypatch.setattr(visibility, "recipient_projects", lambda _store, _viewer: gets)

    pull_down = is_active and TABLE[is_recipient, is_enabled, is_named and is_assigned][0]
    to_call = is_active and TABLE[is_recipient, is_enabled, is_named and is_assigned][1]

    assert bool(visibility.lists(floor.store, viewer(floor))) == pull_down
    assert bool(visibility.projects(floor.store, viewer(floor))) == pull_down
    assert bool(visibility.call_lists(floor.store, viewer(floor))) == to_call
    assert visibility.call_projects(floor.store, floor.tenant, floor.operator) == (
        (floor.project,) if to_call else ()
    )
    managing = viewer(floor, "MGR", user=floor.manager, is_managing=True)
    assert [seen.id for seen in visibility.lists(floor.store, managing)] == [list_id]


def test_a_recipient_sees_a_project_without_lists(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visibility, "recipient_projects", lambda _store, _viewer: frozenset((floor.project,)))
    assert [seen.id for seen in visibility.projects(floor.store, viewer(floor))] == [floor.project]


@pytest.mark.parametrize(
    ("role", "calls", "searches"), [("OP", 1, 1), ("BY", 0, 1), ("BIZ", 0, 0), ("SV", 1, 1)]
)
def test_roles_call_or_search_or_neither(floor: Floor, role: Role, calls: int, searches: int) -> None:
    floor.make_list(1)
    users.set_role(floor.store, floor.tenant, floor.operator, role)

    assert len(visibility.call_projects(floor.store, floor.tenant, floor.operator)) == calls
    assert len(visibility.call_lists(floor.store, viewer(floor, role))) == searches
    assert (users.check_pin(floor.store, "101", "2580") is not None) == bool(calls)


def test_a_list_for_nobody_is_not_for_all(floor: Floor) -> None:
    list_id = floor.make_list(1)
    lists.permit_users(floor.store, floor.tenant, list_id, ())
    assert visibility.call_lists(floor.store, viewer(floor)) == []
    lists.permit_users(floor.store, floor.tenant, list_id, (), is_for_all=True)
    assert [seen.id for seen in visibility.call_lists(floor.store, viewer(floor))] == [list_id]


def test_a_list_taken_out_of_another_is_for_the_same_people(floor: Floor) -> None:
    list_id = floor.make_list(3)
    lists.permit_users(floor.store, floor.tenant, list_id, (floor.manager,))
    moves.extract(floor.store, floor.tenant, list_id, codes=("",), name="続き", user_id=1, at=NOON_MS)
    made = lists.by_name(floor.store, floor.tenant, floor.project, "続き")
    assert made is not None
    assert lists.permitted_users(floor.store, floor.tenant, made.id) == (floor.manager,)
    assert visibility.call_lists(floor.store, viewer(floor)) == []


def test_customers_entries_and_recordings_of_others_stay_out_of_sight(floor: Floor) -> None:
    store, list_id = floor.store, floor.make_list(2)
    mine = floor.first_customer(list_id)
    theirs = mine + 1
    for attempt, customer, user in ((1, mine, floor.operator), (2, theirs, floor.manager)):
        floor.write(floor.opened(attempt, list_id, customer))
        floor.write(floor.entry(attempt, list_id, customer, "01", user=user))
        store.run("UPDATE attempt SET user_id = ? WHERE id = ?", (user, attempt))
        store.insert(
            "recording", id=attempt, tenant_id=floor.tenant, attempt_id=attempt, path=f"{attempt}.rec",
            key=bytes(32), started_at=NOON_MS,
        )  # fmt: skip
    lists.permit_users(store, floor.tenant, list_id, ())
    entries = [row[0] for row in store.tuples("SELECT id FROM history ORDER BY attempt_id")]

    def seen(who: Viewer) -> list[tuple[bool, bool, bool, bool]]:
        return [
            (
                visibility.sees_customer(store, who, customer),
                visibility.sees_entry(store, who, entry),
                visibility.changes_entry(store, who, entry),
                visibility.sees_recording(store, who, attempt),
            )
            for customer, entry, attempt in ((mine, entries[0], 1), (theirs, entries[1], 2))
        ]

    assert seen(viewer(floor)) == [(True, True, True, True), (False, False, False, False)]
    lists.permit_users(store, floor.tenant, list_id, (floor.operator,))
    assert seen(viewer(floor)) == [(True, True, True, True), (True, True, False, True)]
    assert seen(viewer(floor, "BIZ"))[1] == (False, False, False, False)
    assert seen(viewer(floor, "MGR", user=floor.manager)) == [(True, True, True, True)] * 2
    assert [row[2:] for row in seen(viewer(floor, "SV", user=99))] == [(False, False)] * 2


@pytest.mark.parametrize("role", ROLES)
def test_another_tenants_rows_are_nobodys(floor: Floor, role: Role) -> None:
    store, list_id = floor.store, floor.make_list(1)
    customer = floor.first_customer(list_id)
    floor.write(floor.opened(1, list_id, customer))
    floor.write(floor.entry(1, list_id, customer, "01", user=floor.operator))
    entry = store.value("SELECT id FROM history")
    other = users.create_tenant(store, entry_code="other", name="別", at=NOON_MS)
    # Even one who has the ids of ours, his own included.
    stranger = Viewer(tenant_id=other, user_id=floor.operator, role=role, is_managing=True)

    assert not visibility.sees_list(store, stranger, list_id)
    assert not visibility.sees_customer(store, stranger, customer)
    assert not visibility.sees_entry(store, stranger, entry)
    assert not visibility.changes_entry(store, stranger, entry)
    assert visibility.lists(store, stranger) == []
    assert visibility.projects(store, stranger) == []


def test_a_supervisor_makes_and_changes_lower_roles_alone(floor: Floor) -> None:
    store, tenant = floor.store, floor.tenant

    def wanted(role: Role, login: str = "atarashii") -> people.Wanted:
        return people.Wanted(login_name=login, name=f"新人 {login}", role=role)

    for role in ("MGR", "SV"):
        with pytest.raises(BadInput, match="作成・変更できません"):
            people.create(store, tenant, wanted(role), by="SV", password=PASSWORD, at=NOON_MS)
    made = people.create(store, tenant, wanted("OP"), by="SV", password=PASSWORD, at=NOON_MS)
    with pytest.raises(BadInput, match="作成・変更できません"):
        people.change(store, tenant, made, wanted("SV"), by="SV")
    with pytest.raises(BadInput, match="作成・変更できません"):
        people.change(store, tenant, floor.manager, wanted("OP", "kanri"), by="SV")
    with pytest.raises(BadInput, match="作成・変更できません"):
        people.reset_password(store, tenant, floor.manager, by="SV", at=NOON_MS)
    assert people.change(store, tenant, made, wanted("BY"), by="SV") == ("role",)


def test_the_last_manager_keeps_the_role(floor: Floor) -> None:
    wanted = people.Wanted(login_name="kanri", name="管理 花子", role="OP")
    with pytest.raises(BadInput, match="最後のMGR"):
        people.change(floor.store, floor.tenant, floor.manager, wanted, by="MGR")


def test_a_refused_change_leaves_nothing_behind(floor: Floor) -> None:
    before = people.get(floor.store, floor.tenant, floor.operator)
    wanted = people.Wanted(
        login_name="kanri", name="別の名前", role="BY", project_ids=()
    )  # the manager's log-in name
    with pytest.raises(BadInput, match="使われています"):
        people.change(floor.store, floor.tenant, floor.operator, wanted, by="MGR")
    assert people.get(floor.store, floor.tenant, floor.operator) == before


def test_a_new_password_opens_once_and_is_never_the_same(floor: Floor) -> None:
    first = people.reset_password(floor.store, floor.tenant, floor.operator, by="MGR", at=NOON_MS)
    second = people.reset_password(floor.store, floor.tenant, floor.operator, by="MGR", at=NOON_MS)
    assert first != second
    found = users.check_password(floor.store, floor.tenant, "tanaka", second)
    assert found is not None
    assert found.is_password_temporary
    assert users.check_password(floor.store, floor.tenant, "tanaka", first) is None


def test_the_pin_stays_where_none_is_given(floor: Floor) -> None:
    wanted = people.Wanted(login_name="tanaka", name="田中 一郎", role="OP", phone_id="102")
    assert people.change(floor.store, floor.tenant, floor.operator, wanted, by="MGR") == ("phone_id",)
    assert users.check_pin(floor.store, "102", "2580") is not None
    none = people.Wanted(login_name="tanaka", name="田中 一郎", role="OP")
    people.change(floor.store, floor.tenant, floor.operator, none, by="MGR")
    assert users.check_pin(floor.store, "102", "2580") is None
    fresh = people.Wanted(login_name="tanaka", name="田中 一郎", role="OP", phone_id="102")
    with pytest.raises(BadInput, match="PIN"):
        people.change(floor.store, floor.tenant, floor.operator, fresh, by="MGR")
