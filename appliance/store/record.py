"""Applies the dialer's events to rows and counters, inside the writer's transaction.

One function an event kind.  A refusal is an answer (a short word), never an exception; counters go through
`Deltas`, so rows and counters cannot part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from appliance.store import blocked, details, events, recalls, report_mail, screen_locks
from appliance.store.counters import AttemptRow, Deltas, HistoryRow, IntervalRow
from appliance.store.open import Store
from appliance.store.times import day_of, ms

SETTLING: Final = ("9a", "90", "99", "97")  # refusals that settle a customer; 95 only holds it back


def apply(store: Store, event: events.Event, deltas: Deltas) -> str:
    """Write one event; '' or why it was refused: gone, busy, or the code that forbids it."""
    return _APPLY[type(event)](store, event, deltas)


def _open_attempt(store: Store, event: events.OpenAttempt, deltas: Deltas) -> str:
    at = ms(event.opened_at)
    if event.kind == "manual":
        return _open_manual(store, event, at)
    found = store.tuples(
        "SELECT is_callable, last_code, last_called_at,"
        " EXISTS (SELECT 1 FROM attempt WHERE customer_id = c.id AND end = '')"
        " FROM customer c WHERE id = ? AND tenant_id = ? AND list_id = ?",
        (event.customer_id, event.tenant_id, event.list_id),
    )
    if not found:
        return "gone"  # undone, or moved to another list since it was chosen
    is_callable, last_code, last_called_at, is_busy = found[0]
    held = screen_locks.holder(store, event.tenant_id, event.customer_id, at=at)
    if is_busy or (held is not None and held.user_id != event.user_id):
        return "busy"
    code = blocked.check(
        store, event.tenant_id, number=event.number, project_id=event.project_id, day=day_of(at, store.zone)
    )
    if code:
        return code
    store.insert(
        "attempt",
        id=event.attempt_id,
        tenant_id=event.tenant_id,
        project_id=event.project_id,
        list_id=event.list_id,
        customer_id=event.customer_id,
        number=event.number,
        caller=event.caller,
        seat_id=event.seat_id,
        user_id=event.user_id,
        opened_at=at,
        was_callable=is_callable,
        previous_code=last_code,
        previous_called_at=last_called_at,
        kind=event.kind,
    )
    store.run(
        "UPDATE customer SET is_callable = 0, attempts = attempts + 1, last_called_at = ? WHERE id = ?",
        (at, event.customer_id),
    )
    store.update("list", event.list_id, last_called_at=at)
    deltas.customers(event.list_id, last_code, callable=-is_callable)
    return ""


def _open_manual(store: Store, event: events.OpenAttempt, at: int) -> str:
    """A call to any number: nobody's, so nothing of a list or customer changes."""
    code = blocked.check(
        store, event.tenant_id, number=event.number, project_id=event.project_id, day=day_of(at, store.zone)
    )
    if code:
        return code
    store.insert(
        "attempt",
        id=event.attempt_id,
        tenant_id=event.tenant_id,
        project_id=event.project_id,
        list_id=0,
        customer_id=0,
        number=event.number,
        caller=event.caller,
        seat_id=event.seat_id,
        user_id=event.user_id,
        opened_at=at,
        kind=event.kind,
    )
    return ""


_ATTEMPT_TIMES: Final = ("setup_at", "alerting_at", "answered_at", "connected_at", "cleared_at")
_ATTEMPT_VALUES: Final = ("span", "channel", "seat_id", "user_id", "cause", "result", "end")


def _save_attempt(store: Store, event: events.SaveAttempt, deltas: Deltas) -> str:
    before = _attempt_row(store, event.attempt_id)
    if before is None:
        return "gone"
    times = {name: ms(getattr(event, name)) for name in _ATTEMPT_TIMES}
    values = {name: getattr(event, name) for name in _ATTEMPT_VALUES}
    known: dict[str, Any] = {name: value for name, value in (times | values).items() if value}
    if not known:
        return ""
    deltas.attempt(before, -1)
    store.update("attempt", event.attempt_id, **known)
    after = _attempt_row(store, event.attempt_id)
    assert after is not None
    deltas.attempt(after)
    if event.end in ("fault", "withdrawn", "outrun") and before.end == "":
        give_back(store, event.attempt_id, deltas, is_counted=event.end == "outrun" and event.alerting_at > 0)
    return ""


def _attempt_row(store: Store, attempt_id: int) -> AttemptRow | None:
    rows = store.tuples(
        "SELECT tenant_id, project_id, list_id, user_id, setup_at, answered_at, connected_at, end"
        " FROM attempt WHERE id = ?",
        (attempt_id,),
    )
    return AttemptRow(*rows[0]) if rows else None


def give_back(store: Store, attempt_id: int, deltas: Deltas, *, is_counted: bool) -> None:
    """Make the customer of an attempt without result as callable as before it.

    `is_counted`: the attempt has rung, or may have: it keeps counting towards 95 and 97.
    """
    rows = store.tuples(
        "SELECT a.customer_id, c.list_id, a.was_callable, a.previous_code, a.previous_called_at"
        " FROM attempt a JOIN customer c ON c.id = a.customer_id"
        " AND c.last_code = a.previous_code AND c.is_callable = 0"
        " WHERE a.id = ?",
        (attempt_id,),
    )
    for customer_id, list_id, was_callable, code, called_at in rows:
        store.run(
            "UPDATE customer SET is_callable = ?, attempts = attempts - ?,"
            " last_called_at = CASE WHEN ? THEN last_called_at ELSE ? END WHERE id = ?",
            (was_callable, int(not is_counted), int(is_counted), called_at, customer_id),
        )
        deltas.customers(list_id, code, callable=was_callable)


def _save_history(store: Store, event: events.SaveHistory, deltas: Deltas) -> str:
    at = ms(event.at)
    row = HistoryRow(event.tenant_id, event.project_id, event.list_id, event.user_id, event.code, at)
    spent = {"talk_ms": ms(event.talk_s), "wait_ms": ms(event.wait_s), "wrap_ms": ms(event.wrap_s)}
    before = store.tuples(
        "SELECT tenant_id, project_id, list_id, user_id, code, at, id FROM history WHERE attempt_id = ?",
        (event.attempt_id,),
    )
    if before:
        deltas.history(HistoryRow(*before[0][:6]), -1)
        history_id = int(before[0][6])
        store.update("history", history_id, code=event.code, user_id=event.user_id, at=at, **spent)
    else:
        history_id = store.insert(
            "history",
            tenant_id=event.tenant_id,
            project_id=event.project_id,
            list_id=event.list_id,
            customer_id=event.customer_id,
            attempt_id=event.attempt_id,
            user_id=event.user_id,
            seat_id=event.seat_id,
            number=event.number,
            code=event.code,
            at=at,
            **spent,
        )
    details.join_memo(store, event.attempt_id)
    deltas.history(row)
    settle(store, event.customer_id, event.code, deltas)
    store.run("UPDATE attempt SET result = ? WHERE id = ?", (event.code, event.attempt_id))
    follow_forbidding(store, event.attempt_id, row, number=event.number, customer_id=event.customer_id)
    recalls.follow(store, history_id)
    report_mail.follow(store, history_id)
    if event.talk_s > 0:
        _called_back(store, event, at)
    return ""


def _called_back(store: Store, event: events.SaveHistory, at: int) -> None:
    """Whoever was talked with needs no call for those of his that were missed before."""
    store.run(
        "UPDATE incoming_call SET handled_at = ?, handled_by = ? WHERE tenant_id = ? AND at <= ?"
        " AND outcome = 'missed' AND handled_at = 0"
        " AND (customer_id = ? AND customer_id > 0 OR caller = ? AND caller <> '')",
        (at, event.user_id, event.tenant_id, at, event.customer_id, event.number),
    )


def settle(store: Store, customer_id: int, code: str, deltas: Deltas) -> None:
    """A customer got a code: worked, and not callable until the code is permitted again."""
    rows = store.tuples(
        "SELECT list_id, last_code, is_callable, is_worked FROM customer WHERE id = ?", (customer_id,)
    )
    for list_id, last_code, is_callable, is_worked in rows:
        store.run(
            "UPDATE customer SET last_code = ?, is_callable = 0, is_worked = 1 WHERE id = ?",
            (code, customer_id),
        )
        deltas.customers(list_id, last_code, customers=-1, callable=-is_callable, worked=-is_worked)
        deltas.customers(list_id, code, customers=1, worked=1)


def note_worked(store: Store, customer_id: int, deltas: Deltas) -> None:
    """A customer got an entry without a code: worked, and as callable as before."""
    rows = store.tuples(
        "SELECT list_id, last_code FROM customer WHERE id = ? AND is_worked = 0", (customer_id,)
    )
    for list_id, last_code in rows:
        store.run("UPDATE customer SET is_worked = 1 WHERE id = ?", (customer_id,))
        deltas.customers(list_id, last_code, worked=1)


def follow_forbidding(
    store: Store, attempt_id: int, row: HistoryRow, *, number: str, customer_id: int
) -> None:
    """架電禁止 forbids the number for all of the tenant; taken back within the entry, it is released."""
    is_forbidding = store.value(
        "SELECT is_forbidding FROM result_code WHERE project_id = ? AND code = ?", (row.project_id, row.code)
    )
    if is_forbidding and number:  # a caller may withhold his
        blocked.add(
            store,
            row.tenant_id,
            number=number,
            kind="forbid",
            at=row.at,
            reason="架電禁止",
            origin="code",
            attempt_id=attempt_id,
            customer_id=customer_id,
            user_id=row.user_id,
        )
        return
    for (block_id,) in store.tuples(
        "SELECT id FROM blocked_number WHERE number = ? AND tenant_id = ? AND origin = 'code'"
        " AND attempt_id = ? AND released_at = 0",
        (number, row.tenant_id, attempt_id),
    ):
        blocked.release(
            store, row.tenant_id, block_id, at=row.at, user_id=row.user_id, reason="結果コードの取り消し"
        )


def _save_refusal(store: Store, event: events.SaveRefusal, deltas: Deltas) -> str:
    if event.code not in SETTLING:
        return ""
    at = ms(event.at)
    history_id = store.insert(
        "history",
        tenant_id=event.tenant_id,
        project_id=event.project_id,
        list_id=event.list_id,
        customer_id=event.customer_id,
        number=event.number,
        code=event.code,
        at=at,
    )
    recalls.follow(store, history_id)
    deltas.history(HistoryRow(event.tenant_id, event.project_id, event.list_id, 0, event.code, at))
    settle(store, event.customer_id, event.code, deltas)
    return ""


def _save_interval(store: Store, event: events.SaveInterval, deltas: Deltas) -> str:
    row = IntervalRow(
        event.tenant_id,
        event.project_id,
        event.list_id,
        event.user_id,
        event.kind,
        ms(event.from_at),
        ms(event.seconds),
    )
    beside = {"seat_id": event.seat_id, "attempt_id": event.attempt_id, "reason": event.reason}
    store.insert("seat_interval", **beside, **row._asdict())
    deltas.interval(row)
    return ""


def _save_listening(store: Store, event: events.SaveListening, _deltas: Deltas) -> str:
    store.run(
        "INSERT INTO listening (tenant_id, user_id, seat_id, operator_id, how, from_at, to_at, ended)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (user_id, from_at) DO UPDATE SET to_at = excluded.to_at, ended = excluded.ended",
        (
            event.tenant_id, event.user_id, event.seat_id, event.operator_id, event.how, ms(event.from_at),
            ms(event.to_at), event.ended,
        ),
    )  # fmt: skip
    return ""


def _save_seat(store: Store, event: events.SaveSeat, _deltas: Deltas) -> str:
    store.run("DELETE FROM seat_standing WHERE seat_id = ?", (event.seat_id,))
    if event.user_id:
        store.insert(
            "seat_standing",
            seat_id=event.seat_id,
            leg=event.leg,
            user_id=event.user_id,
            project_id=event.project_id,
            attempt_id=event.attempt_id,
            at=ms(event.at),
        )
    return ""


_INCOMING_TIMES: Final = ("at", "connected_at", "taken_at", "ended_at")


def _save_incoming(store: Store, event: events.SaveIncoming, _deltas: Deltas) -> str:
    values = {name: getattr(event, name) for name in event.__struct_fields__ if name != "incoming_id"}
    values |= {name: ms(values[name]) for name in _INCOMING_TIMES}
    known = {name: value for name, value in values.items() if value}
    if event.incoming_id and store.update("incoming_call", event.incoming_id, **known):
        return ""
    store.insert("incoming_call", id=event.incoming_id or None, **values)
    return ""


def _open_incoming(store: Store, event: events.OpenIncoming, _deltas: Deltas) -> str:
    """Nothing of the customer changes: he is not one whom we dialled."""
    beside = store.tuples(
        "SELECT is_callable, last_code, last_called_at FROM customer WHERE id = ?", (event.customer_id,)
    )
    is_callable, code, called_at = beside[0] if beside else (0, "", 0)
    answered_at = ms(event.answered_at)
    store.insert(
        "attempt",
        id=event.attempt_id,
        kind="incoming",
        tenant_id=event.tenant_id,
        project_id=event.project_id,
        list_id=event.list_id,
        customer_id=event.customer_id,
        number=event.number,
        caller=event.called,
        seat_id=event.seat_id,
        user_id=event.user_id,
        span=event.span,
        channel=event.channel,
        opened_at=ms(event.opened_at),
        answered_at=answered_at,
        connected_at=answered_at,
        was_callable=is_callable,
        previous_code=code,
        previous_called_at=called_at,
    )
    return ""


def _name_attempt(store: Store, event: events.NameAttempt, deltas: Deltas) -> str:
    """The attempt, its entry where it has one already, and the call's row get their customer."""
    if not store.update("attempt", event.attempt_id, customer_id=event.customer_id, list_id=event.list_id):
        return "gone"
    store.run(
        "UPDATE incoming_call SET customer_id = ? WHERE attempt_id = ?",
        (event.customer_id, event.attempt_id),
    )
    entries = store.tuples(
        "SELECT id, tenant_id, project_id, list_id, user_id, code, at FROM history WHERE attempt_id = ?",
        (event.attempt_id,),
    )
    for history_id, *row in entries:
        before = HistoryRow(*row)
        deltas.history(before, -1)
        deltas.history(before._replace(list_id=event.list_id))
        store.update("history", history_id, customer_id=event.customer_id, list_id=event.list_id)
        settle(store, event.customer_id, before.code, deltas)
    return ""


_TRANSFER_TIMES: Final = (
    "asked_at", "setup_at", "alerting_at", "answered_at", "handed_at", "cleared_at",
)  # fmt: skip


def _save_transfer(store: Store, event: events.SaveTransfer, _deltas: Deltas) -> str:
    values = {name: getattr(event, name) for name in event.__struct_fields__ if name != "transfer_id"}
    values |= {name: ms(getattr(event, name)) for name in _TRANSFER_TIMES}
    values |= {name: int(values[name]) for name in ("is_house", "is_joined")}
    known = {name: value for name, value in values.items() if value}
    if not store.update("transfer", event.transfer_id, **known):
        store.insert("transfer", id=event.transfer_id, **{"number": "", "asked_at": 0, **known})
    return ""


def _open_recording(store: Store, event: events.OpenRecording, _deltas: Deltas) -> str:
    store.insert(
        "recording",
        id=event.recording_id,
        tenant_id=event.tenant_id,
        attempt_id=event.attempt_id,
        path=event.path,
        key=event.key,
        started_at=ms(event.at),
    )
    return ""


def _close_recording(store: Store, event: events.CloseRecording, _deltas: Deltas) -> str:
    changed = store.update(
        "recording",
        event.recording_id,
        finished_at=ms(event.at),
        duration_ms=ms(event.seconds),
        size_bytes=event.size_bytes,
        lost_reason=event.lost_reason,
    )
    return "" if changed else "gone"


_APPLY: Final[dict[type[events.Event], Callable[[Store, Any, Deltas], str]]] = {
    events.OpenAttempt: _open_attempt,
    events.SaveAttempt: _save_attempt,
    events.SaveHistory: _save_history,
    events.SaveRefusal: _save_refusal,
    events.SaveInterval: _save_interval,
    events.SaveSeat: _save_seat,
    events.SaveIncoming: _save_incoming,
    events.SaveTransfer: _save_transfer,
    events.OpenRecording: _open_recording,
    events.CloseRecording: _close_recording,
    events.SaveListening: _save_listening,
    events.OpenIncoming: _open_incoming,
    events.NameAttempt: _name_attempt,
}
assert set(_APPLY) == set(events.KINDS)
