"""The gate before SETUP: the rules once more, and whether anybody is left to dial for.  Changes nothing."""

from __future__ import annotations

from typing import Final

from appliance.dialer import narrow, rules
from appliance.dialer.attempt import Attempt, State
from appliance.dialer.inputs import Customer
from appliance.dialer.machine_core import Core
from appliance.dialer.project import Project

ASKED_FOR: Final = ("recall", "manual")
QUEUE_AGE_MAX_S: Final = 3.0  # an attempt older than this was decided for seats of another moment


def refusal(core: Core, attempt: Attempt, now: float) -> rules.Refusal | None:
    """What forbids the SETUP of a committed attempt now.  Changes nothing."""
    project = core.projects[attempt.project_id]
    at = now + core.wall_offset_s
    held = core.refusal(project.settings, at)
    run = core.lists.get(attempt.list_id)
    if held is None and not attempt.is_bound:
        held = rules.list_refusal(run.settings if run else None)
    if held is not None:
        return held
    if run is not None and not attempt.is_bound and attempt.attempt_id < run.valid_from:
        return "changed"
    return customer_refusal(core, project, attempt.customer, at, is_asked_for=attempt.kind in ASKED_FOR)


def customer_refusal(
    core: Core, project: Project, customer: Customer, at: float, *, is_asked_for: bool = False
) -> rules.Refusal | None:
    """What forbids a call to one customer at a wall-clock time.  Changes nothing.

    `is_asked_for`: 95 does not hold back what the customer asked for, or an operator typed.
    """
    number = (project.settings.tenant_id, customer.number)
    last = max(customer.last_called_at, core.in_hand.called_at.get(number, 0.0))
    if is_asked_for:
        last = 0.0
    return rules.customer_refusal(
        project.settings, customer, core.blocks, at=at, day=core.day, last_called_at=last
    )


def may_setup(core: Core, attempt: Attempt, now: float) -> bool:
    """The rules once more, and whether anybody is left to dial for."""
    project = core.projects[attempt.project_id]
    if attempt.state is not State.COMMITTED or project.calls_out > project.settings.channel_share:
        return False
    if not attempt.is_bound and (not project.ready or now - attempt.opened > QUEUE_AGE_MAX_S):
        return False
    if attempt.is_narrow and not narrow.able_to(core, project, attempt.list_id):
        return False  # nobody is left who may have the customer
    return refusal(core, attempt, now) is None
