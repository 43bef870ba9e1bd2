"""Checks of a site description's network side: addresses, mail relay, backup target, allow-list."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from provisioning.description import Description
from provisioning.problems import Problem
from provisioning.words import Text

HOST: Final = r"[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?"
MAILBOX: Final = r"[^@\s<>,;]+@[A-Za-z0-9.-]+"
SHARE: Final = rf"nfs://{HOST}/[A-Za-z0-9._/-]*"
HOST_KEY: Final = r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]{40,1000}={0,3}"
VLAN_MAX: Final = 4094  # IEEE 802.1Q: 12 bits, 4095 is reserved


def every(site: Description) -> list[Problem]:
    """Everything that is wrong with addresses and names of the network side."""
    return [*_address(site), *_names(site), *_mail(site), *_backup(site), *_access(site)]


def network_of(site: Description) -> ipaddress.IPv4Interface | None:
    """The box's own address with its network; None where the file has none that is one."""
    try:
        return ipaddress.IPv4Interface(site.network.address)
    except ValueError:
        return None


def _address(site: Description) -> Iterator[Problem]:
    network = site.network
    own = network_of(site)
    if network.address and (own is None or "/" not in network.address):
        yield Problem(
            "[network]",
            "address",
            network.address,
            Text("IPv4アドレスと長さではありません。", "This is no IPv4 address with its prefix."),
            Text("例：192.168.10.5/24", "For instance 192.168.10.5/24."),
        )
        return
    if own is not None and own.network.prefixlen < 31 and own.ip in _ends(own.network):
        yield Problem(
            "[network]",
            "address",
            network.address,
            Text("ネットワークの両端のアドレスです。", "This is the network's first or last address."),
            Text("間のアドレスにします。", "Give one in between."),
        )
    if own is not None and network.gateway:
        yield from _gateway(network.gateway, own)


def _gateway(text: str, own: ipaddress.IPv4Interface) -> Iterator[Problem]:
    try:
        gateway = ipaddress.IPv4Address(text)
    except ValueError:
        what = Text("IPv4アドレスではありません。", "This is no IPv4 address.")
        yield Problem("[network]", "gateway", text, what, Text("例：192.168.10.1", "Such as 192.168.10.1."))
        return
    if gateway not in own.network:
        yield Problem(
            "[network]",
            "gateway",
            text,
            Text(f"{own.network} の外にあります。", f"It is outside {own.network}."),
            Text("アドレスの長さかゲートウェイを直します。", "Correct the prefix or the gateway."),
        )
    elif gateway == own.ip or (own.network.prefixlen < 31 and gateway in _ends(own.network)):
        yield Problem(
            "[network]",
            "gateway",
            text,
            Text("装置自身か、両端のアドレスです。", "This is the box itself or an end of the network."),
            Text("ルータのアドレスにします。", "Give the router's address."),
        )


def _ends(network: ipaddress.IPv4Network) -> tuple[ipaddress.IPv4Address, ipaddress.IPv4Address]:
    return network.network_address, network.broadcast_address


def _names(site: Description) -> Iterator[Problem]:
    network = site.network
    for server in network.dns:
        if not _is_address(server):
            yield _bad("dns", server, "DNSサーバのアドレス", "a DNS server's address")
    for server in network.ntp:
        if not re.fullmatch(HOST, server):
            yield _bad("ntp", server, "時刻サーバのアドレス", "a time server's address")
        elif not _is_address(server) and not network.dns:
            yield Problem(
                "[network]",
                "ntp",
                server,
                Text("名前ですが、DNSサーバがありません。", "This is a name, and there is no DNS server."),
                Text("アドレスにするか、dns を書きます。", "Give its address, or `dns`."),
            )
    if not 0 <= network.vlan <= VLAN_MAX:
        yield _bad("vlan", network.vlan, f"0〜{VLAN_MAX}", f"0 to {VLAN_MAX}")
    if network.interface and not re.fullmatch(r"[a-z][a-z0-9]{1,14}", network.interface):
        yield _bad("interface", network.interface, "eno1 などの名前", "a name such as eno1")


def _mail(site: Description) -> Iterator[Problem]:
    mail = site.mail
    if not mail.relay:
        if mail.to:
            what = Text("宛先はありますが、中継サーバがありません。", "There are recipients and no relay.")
            remedy = Text("relay を書くか、to を消します。", "Give `relay`, or remove `to`.")
            yield Problem("[mail]", "relay", "", what, remedy)
        return
    if not re.fullmatch(HOST, mail.relay):
        yield _bad("relay", mail.relay, "サーバの名前かアドレス", "a host name or address", "[mail]")
    if not 1 <= mail.port <= 65_535:
        yield _bad("port", mail.port, "1〜65535", "1 to 65535", "[mail]")
    for key, texts in (("sender", (mail.sender,)), ("to", mail.to or ("",))):
        for text in texts:
            if not re.fullmatch(MAILBOX, text):
                yield _bad(key, text, "name@example.co.jp の形", "such as name@example.co.jp", "[mail]")
    if bool(mail.user) != bool(mail.password):
        missing = "password" if mail.user else "user"
        what = Text("ユーザーとパスワードは両方要ります。", "User and password are needed both.")
        yield Problem(
            "[mail]", missing, None, what, Text("両方書くか、両方消します。", "Give both, or none.")
        )


def _backup(site: Description) -> Iterator[Problem]:
    backup = site.backup
    is_ssh = re.fullmatch(rf"ssh://[a-z_][a-z0-9_-]{{0,31}}@{HOST}(:[0-9]{{1,5}})?/\S+", backup.target)
    others = ("", "usb")
    if backup.target not in others and not is_ssh and not re.fullmatch(rf"/\S+|{SHARE}", backup.target):
        yield _bad(
            "target",
            backup.target,
            "usb、nfs://server/path、ssh://user@host/path、または / で始まる場所",
            "usb, nfs://server/path, ssh://user@host/path, or a directory from / on",
            "[backup]",
        )
    if bool(is_ssh) != bool(re.fullmatch(HOST_KEY, backup.host_key)) or (backup.host_key and not is_ssh):
        yield _bad(
            "host_key",
            backup.host_key,
            "SSHサーバの公開鍵（ssh://の宛先にだけ必要）",
            "the SSH server's public key, for an ssh:// target alone",
            "[backup]",
        )
    if not 0 <= backup.hour <= 23:
        yield _bad("hour", backup.hour, "0〜23", "0 to 23", "[backup]")
    if not 1 <= backup.keep <= 365:
        yield _bad("keep", backup.keep, "1〜365", "1 to 365", "[backup]")


def _access(site: Description) -> Iterator[Problem]:
    access = site.access
    for key, networks in (("web", access.web), ("phones", access.phones), ("metrics", access.metrics)):
        for text in networks:
            try:
                ipaddress.IPv4Network(text)
            except ValueError:
                yield _bad(key, text, "192.168.10.0/24 の形", "such as 192.168.10.0/24", "[access]")
    for text in access.nrpe:
        if not _is_address(text):
            yield _bad("nrpe", text, "Nagiosサーバのアドレス", "a Nagios server's address", "[access]")


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _bad(key: str, value: object, wanted_ja: str, wanted_en: str, table: str = "[network]") -> Problem:
    what = Text("使えない値です。", "This value cannot be used.")
    return Problem(table, key, value, what, Text(f"{wanted_ja}にします。", f"Give {wanted_en}."))
