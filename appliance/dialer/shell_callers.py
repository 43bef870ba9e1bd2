"""A page names the caller whom a seat has on the line: his facts are read, and the machine is told."""

from __future__ import annotations

from typing import Protocol

from appliance.dialer import inputs
from appliance.dialer.inputs import Customer
from appliance.dialer.messages import NameCaller
from appliance.dialer.shell import Shell
from appliance.dialer.shell_requests import REFUSALS
from appliance.errors import BadInput


class Judge(Protocol):
    """What the machine says of it."""

    def name_refusal(self, seat_id: int, attempt_id: int) -> str: ...


class Customers(Protocol):
    """Where a customer's facts come from."""

    async def customer(self, customer_id: int, number: str = "") -> tuple[int, Customer] | None: ...


class CallerNames:
    """Takes `NameCaller`."""

    def __init__(self, shell: Shell, judge: Judge, customers: Customers) -> None:
        self._shell, self._judge, self._customers = shell, judge, customers

    async def name(self, wanted: NameCaller) -> None:
        """Feed it.  Raises BadInput where the seat has no such call, or there is no such customer."""
        found = await self._customers.customer(wanted.customer_id)
        if found is None:
            raise BadInput("その顧客はありません。", remedy="一覧を更新してください。")
        refusal = self._judge.name_refusal(wanted.seat_id, wanted.attempt_id)
        if refusal:
            raise BadInput(REFUSALS[refusal])
        list_id, customer = found
        self._shell.feed(inputs.CallerNamed(wanted.seat_id, wanted.attempt_id, list_id, customer))
