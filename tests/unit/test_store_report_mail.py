"""Reports: who gets them, once and no more, withdrawn with a code; letters that stand still."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import BadInput
from appliance.store import events, history, mail, report_mail, users
from tests.store_help import NOON_MS, NOON_S, Floor, make_floor


@pytest.fixture
def floor(tmp_path: Path) -> Floor:
    found = make_floor(tmp_path)
    switch(found)
    return found


def switch(floor: Floor, *, is_on: bool = True, addresses: tuple[str, ...] = ("kanri@example.com",)) -> None:
    report_mail.change(
        floor.store, floor.tenant, floor.project, is_on=is_on, addresses=addresses, user_ids=(floor.manager,),
        subject="", header="いつもお世話になっております。", footer="見本コールセンター",
        by=floor.manager, at=NOON_MS,
    )  # fmt: skip


def save(floor: Floor, attempt: int, code: str, *, at: float = NOON_S, is_new: bool = True) -> int:
    """The entry of one call, as the dialer writes it; its customer."""
    list_id = floor.store.value("SELECT min(id) FROM list") or floor.make_list(3)
    customer = floor.first_customer(int(list_id))
    opened = [floor.opened(attempt, int(list_id), customer)] if is_new else []
    floor.write(
        *opened,
        events.SaveAttempt(attempt_id=attempt, setup_at=at, cleared_at=at + 9, result=code, end="result"),
        floor.entry(attempt, int(list_id), customer, code, user=floor.operator, at=at),
    )
    return customer


def due(floor: Floor, seconds: float = 60) -> list[mail.Mail]:
    return mail.due(floor.store, at=NOON_MS + int(seconds * 1000))


def entry_of(floor: Floor, attempt: int) -> int:
    return int(floor.store.value("SELECT id FROM history WHERE attempt_id = ?", (attempt,)))


@pytest.mark.parametrize("is_wished_first", [True, False])
def test_a_saved_result_is_reported_once_its_entry_is_there(floor: Floor, is_wished_first: bool) -> None:
    def wish() -> None:
        report_mail.wish(floor.store, floor.tenant, 1, user_id=floor.operator, at=NOON_MS)

    if is_wished_first:
        wish()
    save(floor, 1, "01")
    if not is_wished_first:
        wish()

    assert due(floor, 5) == [], "it can still be taken back"
    (letter,) = due(floor)
    assert (letter.to, letter.is_once, letter.subject) == (
        ("kanri@example.com",),
        1,
        "【報告】光回線 01 成約",
    )
    for words in ("いつもお世話に", "結果: 01 成約", "氏名: 見本1", "通話: 0分30秒", "見本コールセンター"):
        assert words in letter.body
    assert floor.store.tuples("SELECT user_id FROM report_reader") == [(floor.manager,)]


def test_a_code_taken_back_changes_the_letter_that_waits(floor: Floor) -> None:
    report_mail.wish(floor.store, floor.tenant, 1, user_id=floor.operator, at=NOON_MS)
    save(floor, 1, "01")
    save(floor, 1, "06", is_new=False)

    (letter,) = due(floor)
    assert "結果: 06 見込" in letter.body
    report_mail.withdraw(floor.store, floor.tenant, 1, at=NOON_MS + 20_000)
    assert len(due(floor)) == 1, "what stands for longer than a code can be taken back stays"
    report_mail.withdraw(floor.store, floor.tenant, 1, at=NOON_MS + 9_000)
    assert due(floor) == []
    assert floor.store.value("SELECT count(*) FROM report_delivery") == 0


def test_what_went_out_is_neither_changed_nor_reported_again_as_it_stood(floor: Floor) -> None:
    save(floor, 1, "01")
    entry = entry_of(floor, 1)
    report_mail.report(floor.store, floor.tenant, entry, user_id=floor.operator, at=NOON_MS)
    (letter,) = due(floor)
    assert mail.begin(floor.store, letter.id, at=NOON_MS)
    mail.sent(floor.store, letter.id, at=NOON_MS)

    with pytest.raises(BadInput, match="報告済み"):
        report_mail.report(floor.store, floor.tenant, entry, user_id=floor.operator, at=NOON_MS)
    history.edit(
        floor.store, floor.tenant, entry, code="06", memo="訂正", editor_id=floor.manager, at=NOON_MS + 1
    )
    assert due(floor) == []
    report_mail.report(floor.store, floor.tenant, entry, user_id=floor.operator, at=NOON_MS + 2)
    assert "訂正" in due(floor)[0].body
    assert floor.store.value("SELECT body FROM mail WHERE id = ?", (letter.id,)) == ""


def test_a_letter_begun_before_a_crash_is_not_sent_again_unasked(floor: Floor) -> None:
    save(floor, 1, "01")
    report_mail.report(floor.store, floor.tenant, entry_of(floor, 1), user_id=floor.operator, at=NOON_MS)
    (letter,) = due(floor)
    assert mail.begin(floor.store, letter.id, at=NOON_MS)

    assert due(floor) == []
    assert not mail.begin(floor.store, letter.id, at=NOON_MS)
    assert mail.queue(floor.store).waiting == 0
    assert mail.again(floor.store, letter.id, at=NOON_MS)
    assert [one.id for one in due(floor)] == [letter.id]
    mail.failed(floor.store, letter.id, error="451", next_at=NOON_MS + 30_000, at=NOON_MS)
    assert due(floor, 29) == []
    assert [one.id for one in due(floor, 31)] == [letter.id]


def test_off_means_off_and_without_addresses_the_page_alone(floor: Floor) -> None:
    save(floor, 1, "01")
    switch(floor, is_on=False)
    with pytest.raises(BadInput, match="報告をしません"):
        report_mail.report(floor.store, floor.tenant, entry_of(floor, 1), user_id=floor.operator, at=NOON_MS)
    report_mail.wish(floor.store, floor.tenant, 1, user_id=floor.operator, at=NOON_MS)
    assert floor.store.value("SELECT count(*) FROM report_delivery") == 0
    switch(floor, addresses=())
    report_mail.report(floor.store, floor.tenant, entry_of(floor, 1), user_id=floor.operator, at=NOON_MS)
    assert due(floor) == []
    assert floor.store.value("SELECT mail_id FROM report_delivery") == 0


@pytest.mark.parametrize(
    "address", ["kanri", "a@b@c", "a b@example.com", "a@example.com\nBcc: x@example.com"]
)
def test_what_is_no_address_is_refused(floor: Floor, address: str) -> None:
    with pytest.raises(BadInput, match="メールアドレスではありません"):
        switch(floor, addresses=("ok@example.com", address))
    assert report_mail.get(floor.store, floor.tenant, floor.project).to == ("kanri@example.com",)


def test_a_person_who_left_gets_no_more(floor: Floor) -> None:
    assert report_mail.projects_of(floor.store, floor.tenant, floor.manager) == {floor.project}
    assert report_mail.recipients(floor.store, floor.tenant, floor.project) == (floor.manager,)
    floor.store.update("user", floor.manager, retired_at=NOON_MS)
    assert report_mail.recipients(floor.store, floor.tenant, floor.project) == ()
    assert users.get(floor.store, floor.tenant, floor.manager) is not None


def test_another_tenant_reaches_nothing(floor: Floor) -> None:
    save(floor, 1, "01")
    other = floor.tenant + 1
    with pytest.raises(BadInput):
        report_mail.report(floor.store, other, entry_of(floor, 1), user_id=1, at=NOON_MS)
    with pytest.raises(BadInput):
        report_mail.change(
            floor.store, other, floor.project, is_on=True, addresses=(), user_ids=(), subject="", header="",
            footer="", by=1, at=NOON_MS,
        )  # fmt: skip
    report_mail.report(floor.store, floor.tenant, entry_of(floor, 1), user_id=floor.operator, at=NOON_MS)
    report_mail.withdraw(floor.store, other, 1, at=NOON_MS)
    assert len(due(floor)) == 1
