"""SITE.toml: the sample is right, and every mistake is told at once with table, key, value and remedy."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from appliance import settings
from provisioning import generate, reading
from provisioning.description import Description
from provisioning.problems import BadSite

SAMPLE = Path(reading.__file__).parent / "sample-site.toml"
TEXT = SAMPLE.read_text(encoding="utf-8")


def problems(text: str) -> list[tuple[str, str, str]]:
    """(table, key, English words) of each mistake."""
    with pytest.raises(BadSite) as caught:
        reading.parse(text)
    return [(each.table, each.key, each.in_("en")) for each in caught.value.problems]


def test_the_sample_is_right_and_names_every_key_with_its_default() -> None:
    described = reading.read(SAMPLE)
    assert [seat.extension for seat in described.seat] == ["201", "202"]
    raw: dict[str, Any] = tomllib.loads(TEXT)
    for field in msgspec.structs.fields(Description):
        table = raw[field.name][0] if isinstance(raw[field.name], list) else raw[field.name]
        kind = type(getattr(described, field.name)[0]) if isinstance(raw[field.name], list) else field.type
        assert set(table) == set(kind.__struct_fields__), field.name


def test_all_mistakes_are_told_at_once_each_with_its_remedy() -> None:
    text = (
        TEXT.replace('gateway = "192.168.10.1"', 'gateway = "10.0.0.1"')
        .replace("slot_ms = 20 ", "slot_ms = 25 ")
        .replace('extension = "202"', 'extension = "201"')
        .replace('members = ["/dev/sda", "/dev/sdb"]', 'members = ["/dev/sda", "/dev/sdb", "/dev/sdc"]')
        .replace('lamps = "absent"', 'lamps = "none"')
        .replace("hour = 3", 'houre = "3"')
    )
    found = problems(text)
    assert {(table, key) for table, key, _ in found} == {
        ("[network]", "gateway"),
        ("[[span]] 1", "slot_ms"),
        ("[[seat]] 1", "extension"),
        ("[[seat]] 2", "extension"),
        ("[disks]", "members"),
        ("[board]", "lamps"),
        ("[backup]", "houre"),
    }
    words = {key: text for _, key, text in found}
    assert "outside 192.168.10.0/24" in words["gateway"]
    assert "Did you mean `hour`?" in words["houre"]
    assert "pca9555" in words["lamps"]
    assert "3 disks" in words["members"]


@pytest.mark.parametrize(
    ("before", "after", "table", "key"),
    [
        ('address = "192.168.10.5/24"', 'address = "192.168.10.5"', "[network]", "address"),
        ('address = "192.168.10.5/24"', 'address = "192.168.10.0/24"', "[network]", "address"),
        ('gateway = "192.168.10.1"', 'gateway = "192.168.10.5"', "[network]", "gateway"),
        ('gateway = "192.168.10.1" ', "", "[network]", "gateway"),
        ('ntp = ["192.168.10.1"]', 'ntp = "192.168.10.1"', "[network]", "ntp"),
        ('dns = ["192.168.10.1"]\nntp = ["192.168.10.1"]', 'ntp = ["ntp.nict.jp"]', "[network]", "ntp"),
        ("vlan = 0", "vlan = 4095", "[network]", "vlan"),
        ('line_mode = "j1"', 'line_mode = "e1"', "[[span]] 1", "line_mode"),
        ('line_mode = "j1"', 'line_mode = "J1"', "[[span]] 1", "line_mode"),
        ("number = 1\n", "number = 2\n", "[[span]]", "number"),
        ("timing = 1", "timing = 0", "[[span]]", "timing"),
        ('number = "03-4430-5356"', 'number = "+1-202-555-0100"', "[[caller]] 1", "number"),
        ('extension = "202"', 'extension = "9000"', "[[seat]] 2", "extension"),
        ('extension = "202"', "extension = 202", "[[seat]] 2", "extension"),
        ('password = ""                       # none', 'password = "short" # none', "[[seat]] 1", "password"),
        ('name = "サンプル商会"  ', "", "[tenant]", "name"),
        ('login_name = "kanri"', 'login_name = "管理"', "[manager]", "login_name"),
        ("to = []", 'to = ["a@example.jp"]', "[mail]", "relay"),
        ('relay = ""', 'relay = "mail.example.jp"', "[mail]", "sender"),
        ('target = ""', 'target = "ssh://nas/backup"', "[backup]", "target"),
        ('target = ""', 'target = "nfs://nas"', "[backup]", "target"),
        ('target = ""', 'target = "USB"', "[backup]", "target"),
        ('target = ""', 'target = "nfs://nas/a b"', "[backup]", "target"),
        ("web = []", 'web = ["192.168.10.7/24"]', "[access]", "web"),
        ("nrpe = []", 'nrpe = ["192.168.10.0/24"]', "[access]", "nrpe"),
        ('chain = ""', 'chain = "web.pem"', "[certificate]", "key"),
        ('time_zone = "Asia/Tokyo"', 'time_zone = "Asia/Tokio"', "[site]", "time_zone"),
        ('host_name = "yobirin"', 'host_name = "よびりん"', "[site]", "host_name"),
        ('name = "管理 花子"', 'name = "管理\\u001b[2J"', "[manager]", "name"),
        ("baud = 115200", "baud = 31250", "[console]", "baud"),
        ('pin = ""', 'pin = "1234"', "[console]", "pin"),
        ('pin = ""', 'pin = "11112222"', "[console]", "pin"),
        ("[site]", "[sight]", "[sight]", ""),
    ],
)
def test_a_mistake_is_told_where_it_stands(before: str, after: str, table: str, key: str) -> None:
    assert before in TEXT
    found = problems(TEXT.replace(before, after, 1))
    assert (table, key) in {(where, name) for where, name, _ in found}


def test_no_line_and_no_toml_are_told() -> None:
    start, end = TEXT.index("[[span]]"), TEXT.index("[[caller]]")
    assert [each[0] for each in problems(TEXT[:start] + TEXT[end:])] == ["[[span]]"]
    assert "Not TOML" in problems("network = ")[0][2]


def test_a_secret_is_never_told_back() -> None:
    found = problems(TEXT.replace('pin = ""', 'pin = "4711"'))
    assert "4711" not in found[0][2]


def test_both_languages_say_every_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BadSite) as caught:
        reading.parse(TEXT.replace("vlan = 0", "vlan = 9999"), language="ja")
    assert "0〜4094" in str(caught.value)
    assert "何もしていません" in str(caught.value)


def test_the_site_file_made_from_it_is_read_by_the_appliance() -> None:
    described = reading.parse(
        TEXT.replace('name = "サンプル商会 本社"', 'name = "引用符\\"と\\\\の店"').replace(
            "[[caller]]", "[[span]]\nnumber = 2\ntiming = 2\n\n[[caller]]", 1
        )
    )
    found = generate.settings_of(described)
    assert found.site_name == '引用符"と\\の店'
    assert [span.first_channel for span in found.spans] == [1, 25]
    assert found.phones.address == "192.168.10.5"
    assert found.phones.allowed_networks == ("192.168.10.0/24",)
    assert found.console == settings.Console(device="/dev/ttyS1", baud=115_200)


def test_the_lines_of_the_card_are_numbered_through() -> None:
    described = reading.parse(TEXT.replace("[[caller]]", "[[span]]\nnumber = 2\ntiming = 2\n\n[[caller]]", 1))
    assert generate.dahdi(described).splitlines()[1:] == [
        "span=1,1,0,esf,b8zs",
        "bchan=1-23",
        "dchan=24",
        "span=2,2,0,esf,b8zs",
        "bchan=25-47",
        "dchan=48",
        "loadzone=jp",
        "defaultzone=jp",
    ]


def test_the_network_is_tagged_only_where_it_is_asked_for() -> None:
    plain = reading.parse(TEXT)
    assert "Name=en* eth*" in generate.network(plain)
    assert "Address=192.168.10.5/24\nGateway=192.168.10.1\nDNS=192.168.10.1" in generate.network(plain)
    assert (generate.vlan(plain), generate.vlan_parent(plain)) == ("", "")
    tagged = reading.parse(TEXT.replace("vlan = 0", "vlan = 12"))
    assert "Name=vlan12" in generate.network(tagged)
    assert "Id=12" in generate.vlan(tagged)
    assert "VLAN=vlan12" in generate.vlan_parent(tagged)


def test_networks_that_overlap_are_one_to_the_packet_filter() -> None:
    """nft refuses `{ 192.168.10.0/24, 192.168.10.128/25 }`: "conflicting intervals specified"."""
    described = 'web = ["192.168.10.128/25", "192.168.10.0/24"]'
    described_twice = TEXT.replace("web = []", described).replace(
        "metrics = []", 'metrics = ["192.168.10.9", "10.9.9.9"]'
    )
    assert "lan { 10.9.9.9/32, 192.168.10.0/24 }" in generate.nft(reading.parse(described_twice))


KEY = "ssh-ed25519 " + "A" * 68


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("ssh://yobirin@nas.example/backup", f"nas.example {KEY}\n"),
        ("ssh://yobirin@192.168.10.9:2222/backup", f"[192.168.10.9]:2222 {KEY}\n"),
    ],
)
def test_the_backup_server_is_known_by_its_key(target: str, line: str) -> None:
    described = TEXT.replace('target = ""', f'target = "{target}"')
    assert (
        generate.backup_hosts(reading.parse(described.replace('host_key = ""', f'host_key = "{KEY}"')))
        == line
    )
    with pytest.raises(BadSite, match="host_key"):
        reading.parse(described)


def test_a_directory_has_no_server_key() -> None:
    assert generate.backup_hosts(reading.parse(TEXT)) == ""
    with pytest.raises(BadSite, match="host_key"):
        reading.parse(TEXT.replace('host_key = ""', f'host_key = "{KEY}"'))


def test_the_packet_filter_has_every_set_that_a_site_fills() -> None:
    rules = (Path(__file__).parents[2] / "image-build/root/etc/nftables.conf").read_text(encoding="utf-8")
    filled = {line.split()[4] for line in generate.nft(reading.parse(TEXT)).splitlines() if line[:3] == "add"}
    assert filled == {"lan", "phones"}
    assert all(f"set {name} {{" in rules and f"ip saddr @{name} " in rules for name in filled)


def test_nagios_is_let_in_and_answered_where_the_site_names_it() -> None:
    described = reading.parse(TEXT.replace("nrpe = []", 'nrpe = ["192.168.10.8", "10.9.9.9"]'))
    assert "add element inet box nrpe { 10.9.9.9/32, 192.168.10.8/32 }" in generate.nft(described)
    assert generate.every(described)["nrpe"] == "192.168.10.8,10.9.9.9"
    assert generate.every(reading.parse(TEXT))["nrpe"] == "", "without a server NRPE does not run"


@pytest.mark.parametrize(
    ("target", "place", "known_as"),
    [
        ("usb", "usb\n", generate.BACKUP_PLACE),
        ("nfs://nas.local/export/yobirin", "nfs nas.local:/export/yobirin\n", generate.BACKUP_PLACE),
        ("/data/elsewhere", "", "/data/elsewhere"),
        ("", "", ""),
    ],
)
def test_what_the_image_mounts_is_a_directory_to_the_backup(target: str, place: str, known_as: str) -> None:
    described = reading.parse(TEXT.replace('target = ""', f'target = "{target}"'))
    assert generate.every(described)["backup_place"] == place
    assert generate.settings_of(described).backup.target == known_as


def test_the_allow_list_is_the_boxs_own_network_unless_described() -> None:
    assert "{ 192.168.10.0/24 }" in generate.nft(reading.parse(TEXT))
    wider = reading.parse(TEXT.replace("web = []", 'web = ["10.1.0.0/16"]'))
    assert "lan { 10.1.0.0/16 }" in generate.nft(wider), "who has a phone need not open the page"
    assert "phones { 192.168.10.0/24 }" in generate.nft(wider)
    assert generate.chrony(wider) == "server 192.168.10.1 iburst\n"
