"""What a site description puts into the store: tenant, first project with its numbers, manager, seats.

Every verb is idempotent, and all of them go through the store's own.  Nothing is removed here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from appliance.errors import BadInput
from appliance.settings import Home
from appliance.store import projects, seats, users
from appliance.store.open import Store, open_store
from provisioning.messages import SeatPresent, SetManager, SetSeat, SetTenant
from provisioning.plan import mark


@contextmanager
def opened(home: Home, *, create: bool = True) -> Iterator[Store]:
    """The store, made where there is none unless told otherwise, closed at the end."""
    store = open_store(home, create=create)
    try:
        yield store
    finally:
        store.close()


def set_tenant(store: Store, step: SetTenant, *, at: int) -> None:
    """Make or rename the tenant, make its first project, add its caller numbers.  `at`: ms since 1970."""
    with store.transaction():
        found = users.tenant_by_entry(store, step.entry_code)
        if found is None:
            tenant_id = users.create_tenant(store, entry_code=step.entry_code, name=step.name, at=at)
        else:
            tenant_id = found.id
            if found.name != step.name:
                store.update("tenant", tenant_id, name=step.name)
        if step.project:
            _set_project(store, tenant_id, step, at)


def _set_project(store: Store, tenant_id: int, step: SetTenant, at: int) -> None:
    found = projects.by_name(store, tenant_id, step.project)
    project_id = found.id if found else projects.create(store, tenant_id, name=step.project, at=at)
    have = {caller.number: caller for caller in projects.callers(store, tenant_id, project_id)}
    for number, name in step.callers:
        if number not in have:
            projects.add_caller(store, tenant_id, project_id, number=number, name=name)


def set_manager(store: Store, step: SetManager, *, at: int) -> None:
    """Make the first manager, or give the one of this name the one-time password."""
    tenant_id = _tenant(store, step.entry_code)
    found = {user.login_name: user for user in users.every(store, tenant_id)}.get(step.login_name)
    if found is None:
        users.create(
            store,
            tenant_id,
            login_name=step.login_name,
            name=step.name,
            role="MGR",
            password=step.password,
            at=at,
        )
        return
    if found.role != "MGR":
        users.set_role(store, tenant_id, found.id, "MGR")
    users.set_password(store, tenant_id, found.id, step.password, at=at, is_temporary=True)


def set_seat(store: Store, step: SetSeat) -> None:
    """Make a desk phone, or give the one of this extension its label and password."""
    tenant_id = _tenant(store, step.entry_code)
    found = {seat.extension: seat for seat in seats.every(store)}.get(step.extension)
    if found is None:
        count = len(seats.every(store))
        seats.create(
            store,
            label=step.label,
            extension=step.extension,
            password=step.password,
            tenant_id=tenant_id,
            x=count % 10,
            y=count // 10,
        )
        return
    if found.label != step.label:
        store.update("seat", found.id, label=step.label)
    seats.set_password(store, found.id, step.password)


def seats_present(store: Store, nonce: str) -> tuple[SeatPresent, ...]:
    """The desk phones, their password digests marked with `nonce`."""
    return tuple(
        SeatPresent(label=seat.label, extension=seat.extension, mark=mark(seat.ha1, nonce))
        for seat in seats.every(store)
    )


def managers(store: Store, tenant_id: int) -> tuple[str, ...]:
    """Log-in names of those who may manage."""
    return tuple(user.login_name for user in users.every(store, tenant_id) if user.role == "MGR")


def _tenant(store: Store, entry_code: str) -> int:
    found = users.tenant_by_entry(store, entry_code)
    if found is None:
        raise BadInput(f"There is no tenant {entry_code}.", remedy="Set the tenant first.")
    return found.id
