"""What forbids a call: pure predicates, asked at selection and again in the instant before SETUP.

A verdict is a `Refusal`: a system code that belongs to the customer (9a, 90, 99, 97, 95), or a reason that
belongs to the moment (`hours`, `stopped`, `caller`, `changed`: the list or its permissions) and leaves the
customer as he was; None: the call may go.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from appliance.dialer import wall
from appliance.dialer.inputs import Block, BlockKind, CallingHours, Customer, ListSettings, ProjectSettings

Refusal = Literal["9a", "90", "99", "97", "95", "hours", "stopped", "caller", "changed", "disk"]
CODE_OF: Final[dict[BlockKind, Refusal]] = {"forbid": "9a", "suspend": "90", "exclude": "99"}
CODES: Final = frozenset({"9a", "90", "99", "97", "95"})
SEVERITY: Final[tuple[BlockKind, ...]] = ("forbid", "suspend", "exclude")
assert set(SEVERITY) == set(CODE_OF)


class Blocks:
    """Numbers blocked while the machine runs; what was blocked before, the store never offered."""

    def __init__(self) -> None:
        self._by_number: dict[tuple[int, str], list[Block]] = {}

    def add(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            held = self._by_number.setdefault((block.tenant_id, block.number), [])
            if block not in held:
                held.append(block)

    def release(self, blocks: Iterable[Block]) -> None:
        """Take blocks back: those of the same number, kind and project, whatever their days."""
        for block in blocks:
            key = (block.tenant_id, block.number)
            held = [
                other
                for other in self._by_number.get(key, ())
                if (other.kind, other.project_id) != (block.kind, block.project_id)
            ]
            if held:
                self._by_number[key] = held
            else:
                self._by_number.pop(key, None)

    def code(self, tenant_id: int, project_id: int, number: str, day: int) -> Refusal | None:
        """The gravest block of a number on a day: 9a before 90 before 99."""
        held = self._by_number.get((tenant_id, number))
        if held is None:
            return None
        kinds = {block.kind for block in held if _binds(block, project_id, day)}
        return next((CODE_OF[kind] for kind in SEVERITY if kind in kinds), None)


def _binds(block: Block, project_id: int, day: int) -> bool:
    return block.project_id in (0, project_id) and block.from_day <= day <= (block.to_day or 99_999_999)


def is_open(hours: tuple[CallingHours, ...], at: float, utc_offset_s: float) -> bool:
    """Whether calls may go out now.  No hours at all: never."""
    weekday, minute = wall.minute_of_week(at, utc_offset_s)
    return any(span.weekday == weekday and span.from_minute <= minute < span.to_minute for span in hours)


def project_refusal(project: ProjectSettings, at: float, utc_offset_s: float) -> Refusal | None:
    """What holds the whole project back."""
    if not project.is_active:
        return "stopped"
    if not project.main_caller:
        return "caller"
    return None if is_open(project.hours, at, utc_offset_s) else "hours"


def list_refusal(listed: ListSettings | None) -> Refusal | None:
    """What holds a list back; None as `listed`: it has been removed."""
    return None if listed is not None and listed.is_enabled and listed.is_started else "stopped"


def customer_refusal(
    project: ProjectSettings,
    customer: Customer,
    blocks: Blocks,
    *,
    at: float,
    day: int,
    last_called_at: float,
) -> Refusal | None:
    """What holds one customer back.  `last_called_at`: the latest call to the number that is known of."""
    code = blocks.code(project.tenant_id, project.project_id, customer.number, day)
    if code is not None:
        return code
    if project.attempts_max and customer.attempts >= project.attempts_max:
        return "97"
    if project.interval_s and last_called_at and at - last_called_at < project.interval_s:
        return "95"
    return None
