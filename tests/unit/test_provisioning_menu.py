"""The technician's menu: what it shows, what it refuses, and that garbage and hostile names harm nothing."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.dialer.messages import ChannelTried
from provisioning.console import screens, terminal
from provisioning.console.facts import Facts, Span
from provisioning.console.keys import Keys
from provisioning.console.menu import IDLE_S, TYPED_MAX, Do, Leave, Menu, Show
from provisioning.console.menu_table import TABLE, TIMEOUT, Page, What
from provisioning.console.seen import Seen
from provisioning.frames import MAGIC
from provisioning.messages import Backups, Bundle, FoundBackup, LogLines, Opened, RestoreProgress
from provisioning.words import Language, Text

PIN = b"12345678\r"
FACTS = Facts(
    processes=(("dialer", "RUNNING"), ("web", "BACKOFF")),
    has_dialer=True,
    spans=(Span(number=1, is_up=True, alarm="", channels="..rt" + "." * 19),),
    phones=(("A-01", "201", True), ("A-02", "202", False)),
    calls=2,
    has_monitor=True,
    alarms=(Text("ミラー：ディスクが1台外れています", "mirror: one disk is missing"),),
    mirror="[2/1] [U_]",
    free_bytes=12_300_000_000,
    restarted=Text("停電のあと起動しました", "started after a power cut"),
    address="192.168.10.5",
    up_s=90_061,
    clock="2026-11-21 12:00:00",
)


def logged_in(language: Language = "ja") -> Menu:
    menu = Menu(0.0, language=language)
    menu.feed(PIN, 0.0)
    menu.came(What.LOG_IN, None, 0.0)
    assert menu.page is Page.MAIN
    return menu


def shown(outputs: list[Any]) -> str:
    return b"".join(each.data for each in outputs if isinstance(each, Show)).decode("utf-8")


def done(outputs: list[Any]) -> list[Do]:
    return [each for each in outputs if isinstance(each, Do)]


# --- the way through -----------------------------------------------------------------------------------


def test_nothing_but_the_log_in_is_reached_without_the_pin() -> None:
    menu = Menu(0.0)
    wishes = done(menu.feed(b"0\x1b1\x031p\x1b9ERASE\r", 0.0))
    assert {wish.what for wish in wishes} <= {What.LOG_IN}
    assert not menu.is_logged_in


def test_a_wrong_pin_is_told_and_the_pin_is_never_shown() -> None:
    menu = Menu(0.0)
    outputs = menu.feed(PIN, 0.0)
    assert done(outputs) == [Do(What.LOG_IN, ("12345678",))]
    assert "12345678" not in shown(outputs)
    text = shown(menu.refused(What.LOG_IN, Text("PINが違います。", "That is not the PIN."), 0.0))
    assert menu.page is Page.LOGIN
    assert "PINが違います" in text


@pytest.mark.parametrize("language", ["ja", "en"])
def test_status_at_a_glance_fits_one_screen_and_names_what_is_wrong(language: Language) -> None:
    menu = logged_in(language)
    assert done(menu.feed(b"1", 1.0)) == [Do(What.LOOK)]
    text = shown(menu.came(What.LOOK, FACTS, 1.0))
    for wanted in ("web BACKOFF", "A-02", "12.3 GB", "[2/1] [U_]", "1/2", "1d 1:01"):
        assert wanted in text
    assert ("停電のあと" in text) == (language == "ja")
    assert_fits(text.encode("utf-8"))


def test_a_new_address_is_tried_and_goes_back_unless_it_is_confirmed() -> None:
    menu = logged_in()
    menu.feed(b"3", 0.0)
    menu.came(What.LOOK, FACTS, 0.0)
    wishes = done(menu.feed(b"1192.168.10.9/24\r192.168.10.1\r", 0.0))
    assert wishes == [Do(What.TRY_NETWORK, ("192.168.10.9/24", "192.168.10.1"))]
    menu.came(What.TRY_NETWORK, 60, 10.0)
    assert menu.page is Page.TRIAL
    assert "あと30秒" in shown(menu.tick(39.5))
    assert done(menu.tick(70.0)) == [Do(What.LOOK)]


def test_a_confirmed_address_stays() -> None:
    menu = logged_in()
    menu.feed(b"3", 0.0)
    menu.came(What.LOOK, FACTS, 0.0)
    menu.feed(b"1192.168.10.9/24\r192.168.10.1\r", 0.0)
    menu.came(What.TRY_NETWORK, 60, 10.0)
    assert done(menu.feed(b"y", 20.0)) == [Do(What.KEEP_NETWORK)]
    assert "このアドレスに決めました" in shown(menu.came(What.KEEP_NETWORK, "192.168.10.9", 20.0))
    assert menu.tick(80.0) == []


@pytest.mark.parametrize("typed", [b"erase\r", b"ERASE \x08\x08\r", b"YES\r", b"\r", b"ERASED\r"])
def test_the_factory_reset_needs_its_word_typed_whole(typed: bytes) -> None:
    menu = logged_in()
    menu.feed(b"9", 0.0)
    menu.came(What.LOOK, FACTS, 0.0)
    assert done(menu.feed(typed, 0.0)) == []


def test_the_factory_reset_with_its_word() -> None:
    menu = logged_in()
    menu.feed(b"9", 0.0)
    asked = msgspec.structs.replace(FACTS, is_reset_asked=True)
    assert "前面のボタン" in shown(menu.came(What.LOOK, asked, 0.0))
    assert done(menu.feed(b"ERASE\r", 0.0)) == [Do(What.RESET, ("ERASE",))]


def test_a_log_is_turned_page_by_page_to_its_ends() -> None:
    menu = logged_in()
    menu.feed(b"51", 0.0)
    lines = tuple(f"line {number}" for number in range(50))
    assert "line 49" in shown(menu.came(What.READ_LOG, LogLines(lines=lines), 0.0))
    assert "line 30" in shown(menu.feed(b"n", 0.0))
    assert "line 0" in shown(menu.feed(b"nnnnnn", 0.0))
    assert "line 49" in shown(menu.feed(b"bbbbbbbb", 0.0))


def test_the_bundles_content_is_shown_before_it_leaves() -> None:
    menu = logged_in("en")
    menu.feed(b"61", 0.0)
    bundle = Bundle(path="/run/x", size=123_456, content=("logs/dialer.log", "commands/df -h.txt"))
    text = shown(menu.came(What.MAKE_BUNDLE, bundle, 0.0))
    assert "123 kB, 2 files" in text
    assert "logs/dialer.log" in text
    assert done(menu.feed(b"2", 0.0)) == [Do(What.COPY_BUNDLE)]


def test_a_test_call_asks_for_line_channel_and_number_and_shows_the_levels() -> None:
    menu = logged_in("en")
    assert done(menu.feed(b"49\r1\r24\r7\r117\r", 0.0)) == [Do(What.TEST_CALL, ("1", "7", "117"))]
    tried = ChannelTried("answered", 7, 16, 0.2, 1.5, -18.0, -20.5, -3.0)
    text = shown(menu.came(What.TEST_CALL, tried, 0.0))
    for wanted in ("answered", "-20.5 dBm0", "-18.0 dBm0", "0.20 s / 1.50 s"):
        assert wanted in text


KEY = "Y5JY-OQ6M-YZJA-2VEG-EMXL-INVO-FGIQ-B6RZ-TDJH-XJHE-SKG2-656W-VUDE-SCNX"
FOUND = Backups(
    found=(
        FoundBackup(stamp="20261120T180000Z", at=1_795_197_600_000, site_name="本社", recordings=12_345),
        FoundBackup(stamp="20261119T180000Z", at=1_795_111_200_000, site_name="本社", recordings=9),
    )
)


def test_a_restore_is_offered_to_a_box_without_a_tenant_alone() -> None:
    for is_blank in (False, True):
        menu = Menu(0.0)
        menu.feed(PIN, 0.0)
        page = shown(menu.came(What.LOG_IN, Opened(is_code=True, is_blank=is_blank), 0.0))
        assert ("バックアップから復元" in page) is is_blank


def test_a_restore_asks_for_the_key_shows_what_there_is_and_how_far_it_is() -> None:
    menu = logged_in("en")
    menu.feed(b"b1", 0.0)
    assert done(menu.feed(f"{KEY}\r".encode(), 0.0)) == [Do(What.FIND_USB, (KEY,))]
    page = shown(menu.came(What.FIND_USB, FOUND, 0.0))
    assert "1  2026-11-20 18:00  ??  12,345 recordings" in page
    assert KEY not in page

    assert done(menu.feed(b"2", 0.0)) == [Do(What.RESTORE, ("2",))]
    assert "Restoring: 0 %" in shown(menu.came(What.RESTORE, RestoreProgress(state="working"), 10.0))
    assert menu.tick(14.0) == []
    assert done(menu.tick(15.0)) == [Do(What.READ_RESTORE)]
    assert menu.tick(16.0) == [], "one question at a time"
    half = RestoreProgress(state="working", share=0.5)
    assert "Restoring: 50 %" in shown(menu.came(What.READ_RESTORE, half, 16.0))
    assert done(menu.tick(21.0)) == [Do(What.READ_RESTORE)]
    over = RestoreProgress(state="done", share=1.0, note="Office")
    assert "Restored: Office" in shown(menu.came(What.READ_RESTORE, over, 22.0))
    assert menu.tick(60.0) == []


def test_who_leaves_a_running_restore_is_not_brought_back_by_its_answer() -> None:
    menu = logged_in("en")
    menu.feed(b"b3", 0.0)
    working = RestoreProgress(state="working", share=0.1)
    menu.came(What.READ_RESTORE, working, 0.0)
    assert done(menu.tick(9.0)) == [Do(What.READ_RESTORE)]
    menu.feed(b"0", 9.5)
    assert menu.came(What.READ_RESTORE, working, 10.0) == []
    assert menu.page is Page.MAIN


def test_an_idle_terminal_is_logged_out() -> None:
    menu = logged_in()
    assert menu.tick(IDLE_S - 1) == []
    assert Do(What.LOG_OUT) in menu.tick(IDLE_S + 1)
    assert not menu.is_logged_in


def test_a_laptops_greeting_takes_the_line_at_any_page() -> None:
    for menu in (Menu(0.0), logged_in()):
        assert menu.feed(b"\x03\r\n" + MAGIC + b"\n", 0.0)[-1] == Leave()
    typing = logged_in()
    typing.feed(b"p123", 0.0)
    assert Leave() in typing.feed(b"\x03\r\n" + MAGIC + b"\r\n", 0.0)


def test_while_it_works_no_key_counts_and_a_late_answer_is_nobodys() -> None:
    menu = logged_in()
    menu.feed(b"1", 0.0)
    assert menu.feed(b"9ERASE\r0123", 0.0) == []
    assert menu.came(What.READ_LOG, LogLines(lines=()), 0.0) == []
    assert menu.page == "working"
    menu.came(What.LOOK, FACTS, 0.0)
    assert menu.page == "status"


def test_arrow_keys_are_swallowed_and_a_lone_escape_goes_back() -> None:
    keys = Keys()
    assert list(keys.feed(b"\x1b[A\x1bOP\x1b[15~x")) == ["x"]
    assert list(keys.feed(b"\x1b")) == []
    assert list(keys.pause()) == ["esc"]
    assert list(keys.feed(b"\r\n\n")) == ["enter", "enter"]


def test_every_page_can_be_left() -> None:
    for page in set(Page) - {Page.WORKING, Page.LOGIN}:
        seen: set[Page] = {page}
        todo: list[Page] = [page]
        while todo:
            for row in TABLE[todo.pop()].values():
                if row.page not in seen:
                    seen.add(row.page)
                    todo.append(row.page)
        assert Page.MAIN in seen, page
    assert TIMEOUT in TABLE[Page.TRIAL]


# --- garbage and injection -----------------------------------------------------------------------------

ESCAPES = re.compile(rb"\x1b(?!\[2J|\[H)")
CONTROLS = re.compile(rb"[\x00-\x06\x08\x09\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]")


def assert_harmless(data: bytes) -> None:
    """Nothing but clear, home, bell, CR and LF acts on a terminal."""
    assert not ESCAPES.search(data), data
    assert not CONTROLS.search(data), data
    assert not any("\x80" <= letter <= "\x9f" for letter in data.decode("utf-8")), data


def assert_fits(data: bytes) -> None:
    """At most 24 rows of 80 columns."""
    page = data.rsplit(b"\x1b[2J\x1b[H", 1)[-1].decode("utf-8")
    rows = page.split("\r\n")
    assert len(rows) <= terminal.ROWS
    assert all(terminal.columns(row) <= terminal.COLUMNS for row in rows)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=60), st.sampled_from([b"\r", b"\x1b", PIN])), max_size=25))
def test_garbage_on_the_line_harms_nothing(chunks: list[bytes]) -> None:
    menu = Menu(0.0)
    now = 0.0
    for chunk in chunks:
        now += 0.5
        for output in (*menu.feed(chunk, now), *menu.tick(now)):
            assert not isinstance(output, Do) or output.what in (What.LOG_IN, What.LOG_OUT)
            if isinstance(output, Show):
                assert_harmless(output.data)
        assert len(menu._seen.typed) <= TYPED_MAX
    assert not menu.is_logged_in


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from("0123456789prylnb\r\x1b\x7fERASE./"), max_size=60),
    st.sampled_from(["ja", "en"]),
    st.data(),
)
def test_any_walk_through_the_menu_ends_on_a_page_that_fits(
    keys: list[str], language: Language, data: st.DataObject
) -> None:
    menu = logged_in(language)
    now = 0.0
    for key in keys:
        now += 1.0
        outputs = menu.feed(key.encode(), now) + menu.tick(now)
        for wish in done(outputs):
            outputs += answer(menu, wish, now, is_good=data.draw(st.booleans()))
        for output in outputs:
            if isinstance(output, Show) and output.data.startswith(terminal.CLEAR):
                assert_harmless(output.data)
                assert_fits(output.data)


def answer(menu: Menu, wish: Do, now: float, *, is_good: bool) -> list[Any]:
    if not is_good:
        return list(menu.refused(wish.what, Text("できません。", "It cannot be done."), now))
    values: dict[What, Any] = {
        What.LOOK: FACTS,
        What.TRY_NETWORK: 60,
        What.READ_LOG: LogLines(lines=("x" * 300,) * 99),
        What.MAKE_BUNDLE: Bundle(path="/x", size=1, content=("a" * 90,) * 99),
        What.FIND_USB: FOUND,
        What.RESTORE: RestoreProgress(state="working"),
        What.READ_RESTORE: RestoreProgress(state="failed", note="x" * 300),
        What.TEST_CALL: ChannelTried("answered", 7, 16, 0.2, 1.5, -18.0, -20.5, -3.0),
    }
    return list(menu.came(wish.what, values.get(wish.what, ""), now))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=120), st.sampled_from(["ja", "en"]))
def test_names_and_log_lines_cannot_act_on_the_terminal(text: str, language: Language) -> None:
    hostile = f"{text}\x1b]0;title\x07\x1b[31m\x9b2J\u202e\r\n{text}"
    facts = Facts(
        processes=((hostile, hostile),),
        has_dialer=True,
        spans=(Span(number=1, is_up=False, alarm=hostile, channels=hostile),),
        phones=((hostile, hostile, False),) * 30,
        has_monitor=True,
        alarms=(Text(hostile, hostile),) * 8,
        mirror=hostile,
        address=hostile,
        restarted=Text(hostile, hostile),
    )
    values: dict[What, Any] = {
        What.LOOK: facts,
        What.READ_LOG: LogLines(lines=(hostile,) * 40),
        What.MAKE_BUNDLE: Bundle(path="", size=0, content=(hostile,) * 40),
        What.TEST_CALL: ChannelTried(hostile),
    }
    seen = Seen(language=language, values=values, told=Text(hostile, hostile))
    for page in Page:
        data = screens.draw(page, seen)
        assert_harmless(data)
        assert_fits(data)
        if language == "en":
            assert data.isascii()
