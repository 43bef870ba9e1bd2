"""Which of a customer's promises to call again still stand.  Pure: contacts in, verdicts out.

A contact makes a promise iff its code is 見込 or 再コール, or a time was agreed; a successor or a level alone
does not.  It stands until somebody was reached, a later contact made another one, or nothing can reach them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

PROMISING: Final = ("05", "06")  # 再コール, 見込: fixed codes of every project (result_codes.FIXED)
UNKNOWN: Final = "98"  # spoken to, and nobody wrote down with what result: not called again by itself
HOPELESS: Final = ("91", "97", "9a")  # unused number, attempts used up, forbidden: no call will be made

ELSE: Final = ""
RETRY_MIN: Final[dict[str, tuple[int, ...]]] = {
    "93": (3, 5, 10, 20),  # busy: the customer is there, and will hang up
    "90": (60,),  # suspended or excluded today: it may be released
    "99": (60,),
    ELSE: (10, 30, 60, 120),  # nobody answered, or an own code that reached nobody
}
"""Minutes until the dialer tries a promise again, by the code of its last try: after the first, second, …"""

TRIES_MAX: Final = 5  # then it stands on 見込・再架電 as overdue, for people to decide


class Contact(NamedTuple):
    """One history entry, or what a page wrote before its entry came (`code` '').

    `key` is the recall's id, 0 where nothing was agreed.  `is_reached`: a person's code with Connect.
    """

    key: int
    at: int
    code: str
    is_reached: bool
    due_at: int
    closed_at: int = 0  # by hand


class Verdict(NamedTuple):
    """How one promise stands.  `done_reason` '' is open."""

    is_promise: bool
    tries: int = 0
    tried_at: int = 0
    tried_code: str = ""
    done_at: int = 0
    done_code: str = ""
    done_reason: str = ""


def is_promise(contact: Contact) -> bool:
    """Whether the customer comes into 見込・再コール by this contact."""
    return contact.code in PROMISING or contact.due_at > 0


def verdicts(contacts: Sequence[Contact]) -> dict[int, Verdict]:
    """The verdict for each contact that has a key.  `contacts` in the order in which they happened."""
    return {
        contact.key: _verdict(contact, contacts[place + 1 :])
        for place, contact in enumerate(contacts)
        if contact.key
    }


def _verdict(promise: Contact, later: Sequence[Contact]) -> Verdict:
    if not is_promise(promise):
        return Verdict(False)
    found = Verdict(True)
    for contact in later:
        if promise.closed_at and promise.closed_at <= contact.at:
            break
        reason = _ends_by(contact)
        if reason:
            return found._replace(done_at=contact.at, done_code=contact.code, done_reason=reason)
        if contact.code:
            found = found._replace(tries=found.tries + 1, tried_at=contact.at, tried_code=contact.code)
    if promise.closed_at:
        return found._replace(done_at=promise.closed_at, done_reason="hand")
    return found


def _ends_by(contact: Contact) -> str:
    if contact.is_reached:
        return "kept"
    if is_promise(contact):
        return "replaced"
    return "hopeless" if contact.code in HOPELESS else ""


def retry_at(tries: int, tried_at: int, tried_code: str) -> int | None:
    """When (ms) the dialer may try again; 0: at once, as nothing was tried; None: never by itself."""
    if not tries:
        return 0
    if tries >= TRIES_MAX or tried_code == UNKNOWN:
        return None
    minutes = RETRY_MIN.get(tried_code, RETRY_MIN[ELSE])
    return tried_at + minutes[min(tries, len(minutes)) - 1] * 60_000
