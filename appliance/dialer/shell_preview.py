"""Preview: an operator's page asks to dial one customer, or several at once.

Every rule is asked first and the reason said.
"""

from __future__ import annotations

from typing import Final, Protocol

from appliance.dialer import inputs
from appliance.dialer.inputs import Chosen, Customer
from appliance.dialer.messages import NONE_CALLABLE, DialCustomer, DialForOperator
from appliance.dialer.rules import CODES
from appliance.dialer.shell import Shell
from appliance.errors import BadInput

REASONS: Final = {
    "9a": "発信禁止に登録されています。",
    "90": "発信一時停止の期間中です。",
    "99": "除外に登録されています。",
    "95": "前回の発信から間隔が空いていません。",
    "97": "発信回数の上限に達しています。",
    "hours": "発信できる時間帯ではありません。",
    "caller": "メインの発信番号が設定されていません。",
    "stopped": "案件が稼働していません。",
    "not-ready": "座席が待機中ではありません。",
    "in-hand": "この顧客は、いま別の席が対応中です。",
    "disk": "ディスクの空きがありません。",
    "channels": "空いている回線がありません。",
    "too-many": "この案件では、その数を同時に発信できません。",
    "not-a-caller": "その発信番号は、この案件の番号ではありません。",
}

CUSTOMERS_OWN: Final = CODES | {"in-hand"}
"""Of the customer, not of the moment."""


class Rules(Protocol):
    """What the machine says of a preview call."""

    def preview_refusal(
        self, seat_id: int, customer: Customer, now: float, *, caller: str = "", list_id: int = 0
    ) -> str: ...

    def many_refusal(self, what: inputs.DialMany, now: float) -> str: ...


class Customers(Protocol):
    """Where a customer's facts come from."""

    async def customer(self, customer_id: int, number: str = "") -> tuple[int, Customer] | None: ...


class Preview:
    """Dials for a seat, or says why not."""

    def __init__(self, shell: Shell, rules: Rules, customers: Customers) -> None:
        self._shell = shell
        self._rules = rules
        self._customers = customers

    async def take(self, wanted: DialCustomer | DialForOperator) -> None:
        """One or the other.  Raises BadInput with the rule in words."""
        await (self.dial(wanted) if isinstance(wanted, DialCustomer) else self.dial_many(wanted))

    async def dial(self, wanted: DialCustomer) -> None:
        """Feed the call.  Raises BadInput with the rule in words."""
        found = await self._customers.customer(wanted.customer_id, wanted.number)
        if found is None:
            raise BadInput("その顧客はありません。", remedy="一覧を更新してください。")
        list_id, customer = found
        if wanted.number and wanted.number != customer.number:
            raise BadInput("その番号は、この顧客の番号ではありません。", remedy="番号を追加してください。")
        refusal = self._rules.preview_refusal(
            wanted.seat_id, customer, self._shell.clock.monotonic(), caller=wanted.caller, list_id=list_id
        )
        if refusal:
            raise BadInput(f"発信できません。{REASONS.get(refusal, refusal)}")
        self._shell.feed(inputs.PreviewDial(wanted.seat_id, list_id, customer, wanted.caller))

    async def dial_many(self, wanted: DialForOperator) -> None:
        """Feed calls to several customers.  Raises BadInput where not one of them may be called."""
        found = [await self._customers.customer(number) for number in dict.fromkeys(wanted.customer_ids)]
        chosen = tuple(Chosen(list_id, customer) for list_id, customer in filter(None, found))
        if not chosen:
            raise BadInput("その顧客はありません。", remedy="一覧を更新してください。")
        what = inputs.DialMany(wanted.seat_id, chosen, wanted.caller)
        refusal = self._rules.many_refusal(what, self._shell.clock.monotonic())
        if refusal in CUSTOMERS_OWN:
            raise BadInput(NONE_CALLABLE)
        if refusal:
            raise BadInput(f"発信できません。{REASONS.get(refusal, refusal)}")
        self._shell.feed(what)
