"""What types cannot say of a site description: values that clash with each other or with the box.

Every check yields problems and goes on, so that all are told at once.  Values left at their defaults because
they were of the wrong kind are empty, and empty ones are passed over here.  checks_network.py has the rest.
"""

from __future__ import annotations

import re
import zoneinfo
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from appliance.settings import SEATS_MAX, SPANS_MAX, Phones
from appliance.store import numbers
from provisioning import authority, checks_network
from provisioning.description import Description
from provisioning.problems import Problem
from provisioning.words import Text

SERVICE_CODE: Final = Phones().service_code
PHONE_PASSWORD_MIN: Final = 8
PIN_PATTERN: Final = r"[0-9]{6,12}"
DISKS_MAX: Final = 2
BAUDS: Final = (9_600, 19_200, 38_400, 57_600, 115_200)
DEVICE: Final = r"/dev/[A-Za-z0-9/_.-]+"


def every(site: Description, *, beside: Path | None) -> list[Problem]:
    """Everything that is wrong across `site`; certificate files are looked for in `beside`."""
    return [
        *_site(site),
        *checks_network.every(site),
        *_spans(site),
        *_callers(site),
        *_seats(site),
        *_people(site),
        *_certificate(site, beside),
        *_disks(site),
        *_board(site),
        *_console(site),
    ]


def _site(site: Description) -> Iterator[Problem]:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", site.site.host_name):
        yield Problem(
            "[site]",
            "host_name",
            site.site.host_name,
            Text("ホスト名に使えない文字があります。", "This is no host name."),
            Text("英小文字・数字・ハイフンで書きます。", "Use a-z, 0-9 and hyphens."),
        )
    if site.site.time_zone not in zoneinfo.available_timezones():
        yield Problem(
            "[site]",
            "time_zone",
            site.site.time_zone,
            Text("知らない時間帯です。", "This time zone is not known."),
            Text("例：Asia/Tokyo", "For instance Asia/Tokyo."),
        )
    if not 1 <= len(site.site.name) <= 60:
        yield Problem(
            "[site]",
            "name",
            site.site.name,
            Text("長さが合いません。", "The length does not fit."),
            Text("1〜60文字にします。", "Give 1 to 60 characters."),
        )


def _spans(site: Description) -> Iterator[Problem]:
    found = [span.number for span in site.span]
    if not found:
        yield Problem(
            "[[span]]",
            "",
            None,
            Text("回線がありません。", "There is no line."),
            Text("[[span]] を1つ以上書きます。", "Write at least one [[span]]."),
        )
    elif sorted(found) != list(range(1, len(found) + 1)) or len(found) > SPANS_MAX:
        yield Problem(
            "[[span]]",
            "number",
            found,
            Text("番号が1からの続き番号ではありません。", "The numbers do not run from 1 upwards."),
            Text(f"1から{SPANS_MAX}までを1つずつ使います。", f"Use each of 1 to {SPANS_MAX} once."),
        )
    ranks = Counter(span.timing for span in site.span)
    if site.span and not any(ranks.keys() - {0}):
        yield Problem(
            "[[span]]",
            "timing",
            0,
            Text("交換機の時計を使う回線がありません。", "No line takes the exchange's clock."),
            Text("1本目を timing = 1 にします。", "Give the first one timing = 1."),
        )
    for rank in sorted(rank for rank, count in ranks.items() if rank and count > 1):
        yield Problem(
            "[[span]]",
            "timing",
            rank,
            Text("同じ順位が2つあります。", "Two lines have the same rank."),
            Text("1, 2, 3 … と分けます（0は使わない）。", "Give 1, 2, 3 … (0: not used)."),
        )
    yield from _span_values(site)


def _span_values(site: Description) -> Iterator[Problem]:
    modes = sorted({span.line_mode for span in site.span})
    if len(modes) > 1:
        yield Problem(
            "[[span]]",
            "line_mode",
            modes,
            Text("回線の方式が混ざっています。", "Line modes are mixed."),
            Text("カード全体で1つです。INS1500 は j1 です。", "A card has one mode: j1 for INS1500."),
        )
    for span in site.span:
        where = f"[[span]] {span.number}"
        if span.line_mode == "e1":
            yield Problem(
                where,
                "line_mode",
                "e1",
                Text("INS1500 は E1 では動きません。", "INS1500 does not run on E1."),
                Text("j1 にします（構内交換機なら t1）。", "Give j1 (t1 behind a PBX)."),
            )
        if not 0 <= span.timing <= SPANS_MAX:
            yield Problem(
                where,
                "timing",
                span.timing,
                Text("順位の範囲外です。", "The rank is out of range."),
                Text(f"0〜{SPANS_MAX} にします。", f"Give 0 to {SPANS_MAX}."),
            )
        if not 10 <= span.slot_ms <= 1000 or span.slot_ms % 10:
            yield Problem(
                where,
                "slot_ms",
                span.slot_ms,
                Text("発信間隔の範囲外です。", "The slot is out of range."),
                Text("10〜1000 を10刻みで書きます。", "Give 10 to 1000 in steps of 10."),
            )


def _callers(site: Description) -> Iterator[Problem]:
    seen: set[str] = set()
    for at, caller in enumerate(site.caller, 1):
        if not caller.number:
            continue
        found = numbers.normalise(caller.number)
        if isinstance(found, numbers.Problem):
            what = Text(f"{found.reason}。", "This is no telephone number.")
            remedy = Text(f"{found.fix}。", "Give area code and number, such as 03-1234-5678.")
            yield Problem(f"[[caller]] {at}", "number", caller.number, what, remedy)
        elif found.digits in seen:
            yield _repeated(f"[[caller]] {at}", "number", caller.number)
        else:
            seen.add(found.digits)


def _seats(site: Description) -> Iterator[Problem]:
    if len(site.seat) > SEATS_MAX:
        yield Problem(
            "[[seat]]",
            "",
            len(site.seat),
            Text("座席が多すぎます。", "There are too many seats."),
            Text(f"{SEATS_MAX}席までです。", f"A box has at most {SEATS_MAX}."),
        )
    labels = Counter(seat.label for seat in site.seat if seat.label)
    extensions = Counter(seat.extension for seat in site.seat if seat.extension)
    for at, seat in enumerate(site.seat, 1):
        where = f"[[seat]] {at}"
        if labels[seat.label] > 1:
            yield _repeated(where, "label", seat.label)
        if extensions[seat.extension] > 1:
            yield _repeated(where, "extension", seat.extension)
        if seat.label and not re.fullmatch(r"[A-Za-z0-9-]{1,10}", seat.label):
            yield _odd(where, "label", seat.label, "英数字とハイフン10文字まで", "up to 10 of A-Z a-z 0-9 -")
        if seat.extension and not re.fullmatch(r"[0-9]{2,6}", seat.extension):
            yield _odd(where, "extension", seat.extension, "2〜6桁の数字", "2 to 6 digits")
        if seat.extension == SERVICE_CODE:
            yield Problem(
                where,
                "extension",
                seat.extension,
                Text("サービス番号と同じです。", "This is the service code."),
                Text("別の番号にします。", "Give another one."),
            )
        if seat.password and not re.fullmatch(rf"[!-~]{{{PHONE_PASSWORD_MIN},64}}", seat.password):
            yield _odd(
                where, "password", seat.password, "空白なしの英数記号8〜64文字", "8 to 64 printable ASCII"
            )


def _people(site: Description) -> Iterator[Problem]:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,30}", site.tenant.entry_code):
        yield _odd(
            "[tenant]", "entry_code", site.tenant.entry_code, "英数字30文字まで", "up to 30 of A-Z 0-9"
        )
    if site.caller and not site.tenant.project.strip():
        yield _odd("[tenant]", "project", site.tenant.project, "案件の名前", "a project's name")
    if site.manager.login_name and not re.fullmatch(r"[A-Za-z0-9._-]{3,30}", site.manager.login_name):
        yield _odd(
            "[manager]", "login_name", site.manager.login_name, "英数字3〜30文字", "3 to 30 of A-Z 0-9"
        )


def _certificate(site: Description, beside: Path | None) -> Iterator[Problem]:
    chain, key = site.certificate.chain, site.certificate.key
    if not chain and not key:
        return
    if not chain or not key:
        missing = "key" if chain else "chain"
        what = Text("証明書と鍵は両方要ります。", "Certificate and key are needed both.")
        yield Problem("[certificate]", missing, "", what, Text("両方書きます。", "Give both."))
        return
    found = {}
    for name, value in (("chain", chain), ("key", key)):
        try:
            found[name] = ((beside or Path()) / value).read_bytes()
        except OSError as error:
            what = Text("読めません。", f"It cannot be read: {error.strerror}.")
            remedy = Text("SITE.toml と同じ場所に置きます。", "Put it beside SITE.toml.")
            yield Problem("[certificate]", name, value, what, remedy)
    if len(found) == 2 and (fault := authority.own_fault(found["chain"], found["key"])):
        remedy = Text("証明書を作り直してください。", "Have it made again.")
        yield Problem("[certificate]", "chain", chain, fault, remedy)


def _disks(site: Description) -> Iterator[Problem]:
    members = site.disks.members
    if len(members) > DISKS_MAX:
        yield Problem(
            "[disks]",
            "members",
            list(members),
            Text(f"ディスクが{len(members)}台あります。", f"There are {len(members)} disks."),
            Text("ミラーは2台までです。", "A mirror has two at most."),
        )
    if len(set(members)) != len(members):
        yield _repeated("[disks]", "members", list(members))
    for member in members:
        if not re.fullmatch(DEVICE, member):
            yield _odd("[disks]", "members", member, "/dev/sda の形", "a whole disk such as /dev/sda")


def _board(site: Description) -> Iterator[Problem]:
    board = site.board
    if board.lamps == "pca9555" and not 0x20 <= board.lamps_address <= 0x27:
        yield _odd("[board]", "lamps_address", board.lamps_address, "0x20〜0x27", "0x20 to 0x27")
    if not 0 <= board.lamps_bus <= 63:
        yield _odd("[board]", "lamps_bus", board.lamps_bus, "0〜63", "0 to 63")
    if not 1 <= board.chassis_node <= 127:
        yield _odd("[board]", "chassis_node", board.chassis_node, "1〜127", "1 to 127")
    if board.watchdog and not re.fullmatch(DEVICE, board.watchdog):
        yield _odd("[board]", "watchdog", board.watchdog, "/dev/watchdog の形", "such as /dev/watchdog")


def _console(site: Description) -> Iterator[Problem]:
    console = site.console
    if not re.fullmatch(DEVICE, console.device):
        yield _odd("[console]", "device", console.device, "/dev/ttyS1 の形", "such as /dev/ttyS1")
    if console.baud not in BAUDS:
        listed = " / ".join(map(str, BAUDS))
        yield _odd("[console]", "baud", console.baud, listed, f"one of {listed}")
    if console.pin and (not re.fullmatch(PIN_PATTERN, console.pin) or len(set(console.pin)) < 3):
        wanted = Text("3種類以上の数字を使った6〜12桁", "6 to 12 digits, three of them different")
        yield _odd("[console]", "pin", console.pin, *wanted)


def _odd(table: str, key: str, value: object, wanted_ja: str, wanted_en: str) -> Problem:
    what = Text("使えない値です。", "This value cannot be used.")
    return Problem(table, key, value, what, Text(f"{wanted_ja}にします。", f"Give {wanted_en}."))


def _repeated(table: str, key: str, value: object) -> Problem:
    what = Text("ほかと重なっています。", "Another entry has the same.")
    return Problem(table, key, value, what, Text("どちらかを変えます。", "Change one of them."))
