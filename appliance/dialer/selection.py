"""Whom to call next: buffers what the store offered, list by list, and takes from started lists in turn.

The store decides what is callable and in which order; here it is kept that a customer, and a number, has one
attempt at a time, that nobody is taken from an offer older than his last call, and that no list starves.
"""

from __future__ import annotations

import collections
from dataclasses import dataclass, field
from typing import Final, TypeVar

from appliance.dialer.inputs import Customer, ListSettings, Offered

OFFER_COUNT: Final = 200  # rows a query may bring
LOW_WATER: Final = 60  # ask for more below this: 100 seats place about 4 calls a second
ASK_TIMEOUT_S: Final = 5.0  # a question without an answer is asked again
EXHAUSTED_S: Final = 60.0  # an exhausted list is asked from its start again: intervals run out
OFFER_AGE_GRACE_S: Final = 2.0  # a result takes at most this long to the disk, where a query sees it


Key = TypeVar("Key")


@dataclass(slots=True)
class ListRun:
    """One list while it is started: what is buffered of it, and where its query stands."""

    settings: ListSettings
    buffer: collections.deque[Customer] = field(default_factory=collections.deque)
    buffered: set[int] = field(default_factory=set)
    cursor: str = ""
    is_exhausted: bool = False
    is_asked: bool = False
    asked: float = 0.0
    callable: int = 0
    is_counted: bool = False  # `callable` has been told at least once
    valid_from: int = 0  # attempts older than this were chosen before customers or permissions changed

    @property
    def list_id(self) -> int:
        return self.settings.list_id

    def wants_offer(self) -> bool:
        """Whether it is time to ask the store."""
        return not self.is_asked and not self.is_exhausted and len(self.buffer) < LOW_WATER

    def ask(self, now: float) -> None:
        self.is_asked = True
        self.asked = now

    def restart(self) -> None:
        """Ask from the start of the list again; what is buffered stays."""
        self.cursor = ""
        self.is_exhausted = False
        self.is_asked = False

    def drop(self) -> None:
        """Forget everything buffered: it will be offered again if it is still callable."""
        self.buffer.clear()
        self.buffered.clear()
        self.restart()

    def take_offer(self, offered: Offered, in_hand: InHand) -> None:
        """Buffer an answer, but nobody who is here already, is being called, or was since the question."""
        self.is_asked = False
        self.cursor = offered.cursor
        self.is_exhausted = offered.is_last
        self.callable = offered.callable
        self.is_counted = True
        for customer in offered.customers:
            customer_id = customer.customer_id
            is_stale = customer_id in in_hand.customers or in_hand.ended_since(customer_id, self.asked)
            if not is_stale and customer_id not in self.buffered:
                self.put_back(customer, is_first=False)

    def put_back(self, customer: Customer, *, is_first: bool) -> None:
        self.buffered.add(customer.customer_id)
        if is_first:
            self.buffer.appendleft(customer)
        else:
            self.buffer.append(customer)

    def forget(self, customer_id: int) -> None:
        """Take one customer out: he is dialled another way."""
        if customer_id in self.buffered:
            self.buffered.discard(customer_id)
            self.buffer = collections.deque(kept for kept in self.buffer if kept.customer_id != customer_id)

    def take(self) -> Customer:
        customer = self.buffer.popleft()
        self.buffered.discard(customer.customer_id)
        return customer


class InHand:
    """Customers and numbers that have an attempt now, and when others last had one (monotonic seconds)."""

    def __init__(self) -> None:
        self.customers: set[int] = set()
        self.numbers: set[tuple[int, str]] = set()
        self.ended: dict[int, float] = {}
        self.called_at: dict[tuple[int, str], float] = {}  # wall clock of the last call to a number

    def is_free(self, tenant_id: int, customer: Customer) -> bool:
        is_number_free = (tenant_id, customer.number) not in self.numbers
        return customer.customer_id not in self.customers and is_number_free

    def begin(self, tenant_id: int, customer: Customer) -> None:
        assert self.is_free(tenant_id, customer), f"customer {customer.customer_id} has an attempt already"
        if customer.customer_id:
            self.customers.add(customer.customer_id)
        if customer.number:
            self.numbers.add((tenant_id, customer.number))

    def end(self, tenant_id: int, customer: Customer) -> None:
        self.customers.discard(customer.customer_id)
        self.numbers.discard((tenant_id, customer.number))

    def note_call(self, tenant_id: int, number: str, at: float) -> None:
        """A call went out to a number at this wall-clock time."""
        self.called_at.pop((tenant_id, number), None)  # the newest stands last, so that the oldest is first
        self.called_at[(tenant_id, number)] = at

    def forget_call(self, tenant_id: int, number: str) -> None:
        """The line failed: the number counts as not called, and 95 does not hold its retry back."""
        self.called_at.pop((tenant_id, number), None)

    def note_end(self, customer_id: int, now: float) -> None:
        """A customer's attempt has its result."""
        if not customer_id:
            return
        self.ended.pop(customer_id, None)
        self.ended[customer_id] = now

    def ended_since(self, customer_id: int, asked: float) -> bool:
        """Whether a question asked then may not have seen the customer's result yet."""
        last = self.ended.get(customer_id)
        return last is not None and last + OFFER_AGE_GRACE_S >= asked

    def forget_before(self, ended: float, called_at: float) -> None:
        """Drop what no offer and no interval asks for any more."""
        _drop_oldest(self.ended, ended)
        _drop_oldest(self.called_at, called_at)


def _drop_oldest(times: dict[Key, float], before: float) -> None:
    while times:
        oldest = next(iter(times))
        if times[oldest] >= before:
            return
        del times[oldest]


def next_free(run: ListRun, in_hand: InHand, tenant_id: int) -> Customer | None:
    """The first buffered customer without an attempt; those in hand go to the end of the queue."""
    for _try in range(len(run.buffer)):
        customer = run.take()
        if in_hand.is_free(tenant_id, customer):
            return customer
        run.put_back(customer, is_first=False)
    return None
