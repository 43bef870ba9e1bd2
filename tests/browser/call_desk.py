"""A desk of the played dialer at which an operator works: each message of the call screen does what it would.

Calls are written to the store as the dialer's writer does, so that entries, counters and queues are real.
"""

from __future__ import annotations

from typing import Any

import msgspec

from appliance.dialer.messages import (
    Board,
    CallTarget,
    DialCustomer,
    DialForOperator,
    DialledBoard,
    DialNumber,
    DropTarget,
    EnterCode,
    HandOver,
    HangUp,
    HoldCall,
    JoinAll,
    PartyBoard,
    SeatBoard,
    SetMode,
    SetReady,
    TakeBack,
)
from appliance.errors import BadInput
from appliance.store import attributes, call_settings, counters, events, projects, record
from tests.browser.floor import FakeDialer, Floor

SCRIPT = """お忙しいところ恐れ入ります。わたくし、{案件}の担当の{担当}と申します。
{氏名}さまのお宅でお間違いないでしょうか。
本日は光回線の料金見直しのご案内でお電話いたしました。いまお時間は1分ほどよろしいでしょうか。
▼ご契約者さまでしょうか
　はい → 現在のプラン（{契約プラン}）を確認
　いいえ → いつ頃お戻りかを伺う"""

_attempts = iter(range(50_000, 10**6))


class Desk:
    """One seat of the floor, its operator, and what happens there."""

    def __init__(self, floor: Floor, dialer: FakeDialer, *, place: int, user_id: int, user_name: str) -> None:
        self.floor, self.dialer = floor, dialer
        self.seat_id = floor.seat_ids[place]
        self.user_id, self.user_name = user_id, user_name
        self.last = 0
        self.refusal = ""
        self.many: dict[int, int] = {}  # attempts by customer
        self._since = 0.0

    def __enter__(self) -> Desk:
        self._before = self.dialer.on_request
        self.dialer.on_request = self._answer
        return self

    def __exit__(self, *_: object) -> None:
        self.dialer.on_request = self._before
        self.leave()

    # --- what happens -------------------------------------------------------------------------------------

    def sit(self, state: str = "waiting", **values: Any) -> None:
        """The operator is here and nowhere else."""
        self._put(
            state=state, user_id=self.user_id, user_name=self.user_name, tenant_id=self.floor.tenant_id,
            project_id=self.floor.project_id, is_registered=True, attempt_id=0, customer_id=0, number="",
            list_id=0, saved_code="", party=None, dialling=(), is_held=False, typed="", **values,
        )  # fmt: skip

    def leave(self) -> None:
        """Nobody sits here."""
        self._put(state="logged_out", user_id=0, user_name="", tenant_id=0, customer_id=0, attempt_id=0)

    def connect(self, customer_id: int, *, state: str = "talking", number: str = "") -> int:
        """The customer is on the line; the attempt's id."""
        store = self.floor.store
        own, list_id = store.tuples("SELECT number, list_id FROM customer WHERE id = ?", (customer_id,))[0]
        self.last, at = next(_attempts), self.floor.clock.wall()
        opened = events.OpenAttempt(
            attempt_id=self.last, tenant_id=self.floor.tenant_id, project_id=self.floor.project_id,
            list_id=list_id, customer_id=customer_id, number=number or own, caller="0312345678", opened_at=at,
            user_id=self.user_id,
        )  # fmt: skip
        self._write(opened)
        self._put(
            state=state, customer_id=customer_id, list_id=list_id, attempt_id=self.last,
            number=number or own, saved_code="", party_failed="",
        )  # fmt: skip
        return self.last

    def call_by_hand(self, number: str) -> int:
        """Any number rings; the attempt's id."""
        self.last, at = next(_attempts), self.floor.clock.wall()
        self._write(
            events.OpenAttempt(
                attempt_id=self.last, tenant_id=self.floor.tenant_id, project_id=self.floor.project_id,
                list_id=0, customer_id=0, number=number, caller="0312345678", opened_at=at,
                seat_id=self.seat_id, user_id=self.user_id, kind="manual",
            )
        )  # fmt: skip
        self._put(
            state="ringing", attempt_kind="manual", attempt_id=self.last, customer_id=0, list_id=0,
            number=number, saved_code="",
        )  # fmt: skip
        return self.last

    def talk(self) -> None:
        """The customer answers."""
        self._put(state="talking")

    def part(self) -> None:
        """The talk is over."""
        self._put(state="wrapup", is_held=False, party=None)

    def dial_many(self, customer_ids: tuple[int, ...]) -> None:
        """Several at once: all of them ring."""
        self.many = {customer_id: self.connect(customer_id, state="ringing") for customer_id in customer_ids}
        rows = self.floor.store.tuples(
            f"SELECT id, number FROM customer WHERE id IN ({', '.join('?' * len(self.many))}) ORDER BY id",
            tuple(self.many),
        )
        self._put(
            state="ringing", customer_id=0, attempt_id=0, number="", list_id=0,
            dialling=tuple(DialledBoard(number, digits, "ringing") for number, digits in rows),
        )  # fmt: skip

    def win(self, customer_id: int) -> int:
        """One of several answers: the others are outrun, and none of them had rung; the attempt's id."""
        self.last = self.many.pop(customer_id)
        self._outrun()
        number, list_id = self.floor.store.tuples(
            "SELECT number, list_id FROM customer WHERE id = ?", (customer_id,)
        )[0]
        self._put(
            state="talking", customer_id=customer_id, list_id=list_id, attempt_id=self.last, number=number,
            saved_code="", dialling=(),
        )  # fmt: skip
        return self.last

    def nobody(self) -> None:
        """None of several is answered, or he hung up."""
        self._outrun()
        self._put(state="waiting", dialling=())

    def _outrun(self) -> None:
        at = self.floor.clock.wall()
        self._write(
            *(
                events.SaveAttempt(attempt_id=attempt, setup_at=at, seat_id=self.seat_id, end="outrun")
                for attempt in self.many.values()
            )
        )
        self.many = {}

    def no_answer(self) -> None:
        """Nobody answers a preview call."""
        self._save("94")
        self._put(state="waiting", customer_id=0, attempt_id=0, number="")

    def key(self, code: str) -> None:
        """A code confirmed at the phone."""
        self._save(code)
        self._put(state="waiting", customer_id=0, attempt_id=0, number="", saved_code=code)

    def seat(self) -> SeatBoard:
        """How the board shows this seat now."""
        return next(row for row in self.dialer.board.seats if row.seat_id == self.seat_id)

    def asked(self, kind: type) -> list[Any]:
        """The messages of one kind that came for this seat."""
        mine = [body for body in self.dialer.requests if isinstance(body, kind)]
        return [body for body in mine if getattr(body, "seat_id", 0) == self.seat_id]

    # --- what the page asks -------------------------------------------------------------------------------

    def _answer(self, body: Any) -> None:
        if self.refusal:
            raise BadInput(self.refusal)
        if getattr(body, "seat_id", 0) != self.seat_id:
            return
        match body:
            case SetReady():
                self._put(state="waiting" if body.is_on else "paused")
            case DialCustomer():
                self.connect(body.customer_id, state="ringing", number=body.number)
            case DialNumber():
                self.call_by_hand(body.number)
            case SetMode():
                self._put(state="manual" if body.is_manual else "waiting", is_manual=body.is_manual)
            case DialForOperator():
                self.dial_many(body.customer_ids)
            case HangUp() if self.seat().dialling:
                self.nobody()
            case HangUp():
                self.part() if self.seat().state == "talking" else self.no_answer()
            case HoldCall():
                self._put(keep_since=True, is_held=body.is_on)
            case CallTarget():
                self._put(
                    keep_since=True, is_held=True, party=PartyBoard("calling", body.number or body.extension)
                )
            case DropTarget():
                self._put(keep_since=True, is_held=False, party=None)
            case JoinAll():
                party = self.seat().party
                assert party is not None
                self._put(
                    keep_since=True, is_held=False, party=msgspec.structs.replace(party, state="joined")
                )
            case HandOver():
                self.part()
            case EnterCode():
                self._enter(body)
            case TakeBack():
                self._take_back(body)

    def party(self, state: Any) -> None:
        """The third party comes along."""
        standing = self.seat().party
        assert standing is not None
        self._put(keep_since=True, party=msgspec.structs.replace(standing, state=state))

    def _enter(self, body: EnterCode) -> None:
        seat = self.seat()
        if seat.state != "wrapup" or seat.attempt_id != body.attempt_id:
            raise BadInput("この通話の結果はもう入力されています。")
        self._save(body.code)
        state = "waiting" if body.is_next else "paused"
        self._put(state=state, customer_id=0, attempt_id=0, number="", saved_code=body.code)

    def _take_back(self, body: TakeBack) -> None:
        if body.attempt_id != self.last:
            raise BadInput("取り消せる時間を過ぎました。")
        customer_id, list_id, number = self.floor.store.tuples(
            "SELECT customer_id, list_id, number FROM attempt WHERE id = ?", (self.last,)
        )[0]
        self._put(
            state="wrapup", customer_id=customer_id, list_id=list_id, attempt_id=self.last, number=number,
            saved_code="",
        )  # fmt: skip

    # --- within -------------------------------------------------------------------------------------------

    def _put(self, *, keep_since: bool = False, **values: Any) -> None:
        if not keep_since:
            values["since_at"] = self.floor.clock.wall()

        def changed(board: Board) -> Board:
            seats = []
            for row in board.seats:
                if row.seat_id == self.seat_id:
                    row = msgspec.structs.replace(row, **values)
                elif row.user_id == self.user_id:
                    row = msgspec.structs.replace(row, user_id=0, user_name="", state="logged_out")
                seats.append(row)
            return msgspec.structs.replace(board, seats=tuple(seats))

        self.dialer.show(changed)

    def _save(self, code: str) -> None:
        seat, at = self.seat(), self.floor.clock.wall()
        place: dict[str, Any] = {
            "tenant_id": self.floor.tenant_id,
            "project_id": self.floor.project_id,
            "list_id": seat.list_id,
        }
        who: dict[str, Any] = {"user_id": self.user_id, "seat_id": self.seat_id}
        self._write(
            events.SaveAttempt(
                attempt_id=seat.attempt_id, setup_at=at - 30, cause=16, result=code, end="result", **who
            ),
            events.SaveHistory(
                attempt_id=seat.attempt_id, customer_id=seat.customer_id, number=seat.number, code=code,
                at=at, talk_s=31.0, wait_s=4.0, wrap_s=7.0, **place, **who,
            ),
        )  # fmt: skip

    def _write(self, *written: Any) -> None:
        deltas = counters.Deltas(self.floor.store.zone)
        with self.floor.store.transaction():
            for event in written:
                refused = record.apply(self.floor.store, event, deltas)
                assert not refused, f"{event}: {refused}"
            deltas.flush(self.floor.store)


def furnish(floor: Floor, **values: Any) -> None:
    """What a project puts on the call screen: script, levels, boilerplates, questions."""
    where = (floor.store, floor.tenant_id, floor.project_id)
    call_settings.change(*where, user_id=floor.manager_id, at=1, script=SCRIPT, **values)
    if call_settings.levels(*where):
        return
    for name in ("A 今月中", "B 来月以降", "C 検討中"):
        call_settings.add_level(*where, name=name)
    call_settings.add_template(*where, name="料金表", text="料金表を希望。")
    call_settings.add_template(*where, name="夕方", text="夕方の方がつながりやすい。")
    attributes.add(*where, target="result", kind="radio", name="お住まい", choices=("戸建", "集合", "店舗"))
    attributes.add(*where, target="result", kind="check", name="関心", choices=("光回線", "電気", "ガス"))
    attributes.add(*where, target="result", kind="text", name="現在の会社")
    attributes.add(*where, target="customer", kind="select", name="ランク", choices=("上", "中", "下"))
    projects.change(*where, hours=projects.DAYTIME)
