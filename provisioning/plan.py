"""The plan: what is wanted minus what is present, as ordered steps.  Pure; nothing for what is already right.

Also says what a person should know before anything is touched: a card that does not fit, a missing stick.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

import msgspec

from provisioning.description import Description
from provisioning.messages import (
    FileName,
    Present,
    Restart,
    SetCertificate,
    SetManager,
    SetPin,
    SetRecovery,
    SetSeat,
    SetTenant,
    Step,
    WriteFile,
)
from provisioning.wanted import Wanted
from provisioning.words import Text

FILES_IN_ORDER: Final[tuple[FileName, ...]] = (
    *("host_name", "chrony", "dahdi", "vlan", "vlan_parent", "network", "nft", "mail_password"),
    *("nrpe", "backup_hosts", "backup_place", "site"),
)
"""The site file last: an interrupted run leaves the box on its old one."""

FILE_WORDS: Final[dict[FileName, Text]] = {
    "host_name": Text("ホスト名", "host name"),
    "chrony": Text("時刻サーバ", "time servers"),
    "dahdi": Text("回線の構成", "lines of the card"),
    "vlan": Text("VLAN", "VLAN"),
    "vlan_parent": Text("VLANの親インターフェース", "VLAN's parent interface"),
    "network": Text("ネットワーク", "network"),
    "nft": Text("接続を許す範囲", "allow-list"),
    "mail_password": Text("メール中継のパスワード", "mail relay's password"),
    "backup_hosts": Text("バックアップ先のサーバの鍵", "backup server's key"),
    "backup_place": Text("バックアップの置き場所", "backup's place"),
    "nrpe": Text("NRPEに問い合わせてよい相手", "who may ask NRPE"),
    "site": Text("サイト設定", "site settings"),
}
assert set(FILE_WORDS) == set(FILES_IN_ORDER)


class Plan(msgspec.Struct, frozen=True):
    """Steps in order, and what a person should read before them."""

    steps: tuple[Step, ...]
    notes: tuple[Text, ...] = ()


def plan(wanted: Wanted, present: Present, *, nonce: str = "") -> tuple[Step, ...]:
    """The steps from `present`, read with `nonce`, to `wanted`.  Empty where nothing differs."""
    is_whole = not wanted.is_before_restore
    steps: list[Step] = []
    if is_whole:
        steps += [*_people(wanted, present), *_seats(wanted, present, nonce)]
        steps += _certificate(wanted, present)
    steps += _files(wanted, present)
    if is_whole and wanted.pin and present.pin_mark != mark(wanted.pin, nonce):
        steps.append(SetPin(pin=wanted.pin))
    known = {digest(wanted.recovery), wanted.recovery_told}
    if wanted.recovery and present.has_crypt and present.recovery_mark not in known - {""}:
        steps.append(SetRecovery(passphrase=wanted.recovery))
    if present.needs_restart or any(_needs_restart(step) for step in steps):
        steps.append(Restart())
    return tuple(steps)


def digest(text: str) -> str:
    """SHA-256 of a text, '' for the empty one: how files and the recovery passphrase are compared."""
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


def mark(secret: str, nonce: str) -> str:
    """How a low-entropy secret is compared: with a nonce of this conversation's own."""
    return hashlib.sha256(f"{nonce}\0{secret}".encode()).hexdigest()


def _people(wanted: Wanted, present: Present) -> Iterator[Step]:
    callers = tuple(number for number, _ in wanted.callers)
    has_tenant = (wanted.entry_code, wanted.tenant) in present.tenants
    has_project = not wanted.project or wanted.project in present.projects
    if not has_tenant or not has_project or not set(callers) <= set(present.callers):
        yield SetTenant(
            entry_code=wanted.entry_code,
            name=wanted.tenant,
            project=wanted.project,
            callers=wanted.callers,
        )
    if wanted.manager_login not in present.managers:
        yield SetManager(
            entry_code=wanted.entry_code,
            login_name=wanted.manager_login,
            name=wanted.manager_name,
            password=wanted.manager_password,
        )


def _seats(wanted: Wanted, present: Present, nonce: str) -> Iterator[Step]:
    from appliance.store.seats import ha1  # the laptop's half; the box takes only marks and words from here

    have = {seat.extension: seat for seat in present.seats}
    for seat in wanted.seats:
        found = have.get(seat.extension)
        right = mark(ha1(seat.extension, seat.password), nonce)
        if found is None or found.mark != right or found.label != seat.label:
            yield SetSeat(
                entry_code=wanted.entry_code,
                label=seat.label,
                extension=seat.extension,
                password=seat.password,
            )


def _certificate(wanted: Wanted, present: Present) -> Iterator[Step]:
    if present.certificate != digest(wanted.chain):
        yield SetCertificate(chain=wanted.chain, key=wanted.key)


def _files(wanted: Wanted, present: Present) -> Iterator[Step]:
    for name in FILES_IN_ORDER:
        text = wanted.files[name]
        if present.files.get(name, "") != digest(text):
            yield WriteFile(name=name, text=text)


def _needs_restart(step: Step) -> bool:
    if isinstance(step, WriteFile):
        return step.name in ("site", "mail_password", "dahdi")
    return not isinstance(step, SetPin | SetRecovery)


def notes(site: Description, present: Present) -> tuple[Text, ...]:
    """What does not fit between the description and the box, though it can be set up."""
    return (*_card_notes(site, present), *_disk_notes(site, present), *_seat_notes(site, present))


def _card_notes(site: Description, present: Present) -> Iterator[Text]:
    lines = {span.number: span for span in present.card}
    if not lines:
        yield Text(
            "回線カードが見つかりません。差し込みと電源を確かめてください。ほかの設定は行います。",
            "No line card was found: look at its seat and power. The rest is set up.",
        )
        return
    for span in site.span:
        found = lines.get(span.number)
        if found is None:
            yield Text(
                f"回線{span.number}がカードにありません（カードは{len(lines)}回線）。",
                f"The card has no line {span.number}: it has {len(lines)}.",
            )
        elif found.line_mode and found.line_mode.lower() != span.line_mode:
            yield Text(
                f"回線{span.number}はカードでは{found.line_mode}、SITE.tomlでは{span.line_mode}です。"
                "カードのジャンパを確かめてください。",
                f"Line {span.number} is {found.line_mode} on the card and {span.line_mode} in SITE.toml:"
                " look at the card's jumpers.",
            )


def _disk_notes(site: Description, present: Present) -> Iterator[Text]:
    if site.disks.key == "usb" and not present.has_key_stick:
        yield Text(
            "鍵のUSBメモリが見えません。差したままにしないと、次の起動でデータ領域が開きません。",
            "The key stick is not seen: without it the data partition stays closed at the next start.",
        )
    if site.disks.recovery and not present.has_crypt:
        yield Text(
            "データ領域は暗号化されていません。回復鍵は作りません。",
            "The data partition is not encrypted: no recovery key is made.",
        )
    missing = [disk for disk in site.disks.members if present.disks and disk not in present.disks]
    if missing:
        listed = ", ".join(missing)
        yield Text(f"ディスクが見つかりません：{listed}", f"These disks were not found: {listed}.")


def _seat_notes(site: Description, present: Present) -> Iterator[Text]:
    described = {seat.extension for seat in site.seat}
    more = [seat.extension for seat in present.seats if seat.extension not in described]
    if more:
        listed = ", ".join(more)
        yield Text(
            f"SITE.tomlにない座席が装置にあります（そのまま残します）：{listed}",
            f"These seats are on the box and not in SITE.toml; they stay: {listed}.",
        )


def step_words(step: Step) -> Text:
    """One step in words, without its secrets."""
    if isinstance(step, WriteFile):
        file = FILE_WORDS[step.name]
        verb = Text("を書き込む", "write") if step.text else Text("を消す", "remove")
        return Text(f"{file.ja}{verb.ja}", f"{verb.en} {file.en}")
    if isinstance(step, SetTenant):
        count = len(step.callers)
        return Text(
            f"テナント「{step.name}」と発信元番号{count}件", f"tenant {step.name} and {count} caller numbers"
        )
    if isinstance(step, SetManager):
        return Text(f"最初の管理者「{step.login_name}」", f"first manager {step.login_name}")
    if isinstance(step, SetSeat):
        return Text(
            f"座席{step.label}（内線{step.extension}）", f"seat {step.label}, extension {step.extension}"
        )
    if isinstance(step, SetCertificate):
        return (
            Text("お客様の証明書", "the customer's certificate")
            if step.chain
            else Text("装置の証明書", "the appliance's own certificate")
        )
    if isinstance(step, SetPin):
        return Text("コンソールのPIN", "the console's PIN")
    if isinstance(step, SetRecovery):
        return Text("ディスクの回復鍵", "the disks' recovery key")
    return Text("新しい設定で動かし直す", "restart with the new settings")
