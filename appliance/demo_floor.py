"""What the demonstration floor consists of: a tenant, its people, desk phones, a project and a sample list.

Made once a home; every later start gives the people new passwords.  All of it through the store's verbs, as
pages make it.
"""

from __future__ import annotations

from typing import Final

import msgspec

from appliance.demo_secrets import one_time_password, pin, write_secret
from appliance.settings import SEATS_MAX, Home, Settings
from appliance.simulator.sample_list import SHIPPED as SAMPLE
from appliance.store import incoming_routes, lists, projects, result_codes, users
from appliance.store import seats as desk_phones
from appliance.store.import_run import load_file
from appliance.store.imports import Plan
from appliance.store.incoming_checks import Wanted
from appliance.store.models import Hours, Role
from appliance.store.open import Store, open_store
from appliance.store.routing import Tier

TENANT: Final = ("demo", "サンプル商会")
PROJECT: Final = "光回線 秋"
LIST: Final = "2026年11月A"
CALLER: Final = "0300009000"
APOLOGY: Final = (
    "こちらは、光回線サービスセンターです。ただいま担当者につながらず、申し訳ございません。"
    "またあらためてお電話いたします。"
)
AWAY: Final = (
    "光回線サービスセンターです。ただいま電話が混み合っております。担当者から、折り返しお電話いたします。"
)
CALLED_BACK_MAX: Final = 8  # seats that callers ring, one after the other
EXTENSION_FIRST: Final = 201
PHONE_ID_FIRST: Final = 1001
MANAGERS: Final[tuple[tuple[str, str, Role], ...]] = (
    ("manager", "管理 花子", "MGR"),
    ("sv", "監督 一郎", "SV"),
)
FAMILY_NAMES: Final = ("佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村", "小林", "加藤")
GIVEN_NAMES: Final = ("美咲", "大輔", "由美", "健太", "直子", "翔", "恵", "誠", "愛", "学")
OWN_CODES: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("01", "成約", ("is_dials", "is_connect", "is_contact", "is_dmc", "is_complete", "is_sales")),
    ("08", "主権者不在", ("is_dials", "is_connect", "is_contact_p")),
    ("09", "他人", ("is_dials", "is_connect")),
    ("10", "資料送付", ("is_dials", "is_connect", "is_contact", "is_contact_p")),
    ("11", "対象外", ("is_dials", "is_connect", "is_contact", "is_complete")),
    ("12", "留守", ("is_dials",)),
)
ALL_WEEK: Final = tuple(Hours(weekday=day, from_minute=0, to_minute=1440) for day in range(7))


class Robot(msgspec.Struct, frozen=True):
    """What a robot operator needs; `secrets/robots.json` is a list of these."""

    extension: str
    sip_password: str
    phone_id: str
    pin: str


class OwnPhone(msgspec.Struct, frozen=True):
    """The seat kept free for a person's own soft phone."""

    label: str
    login: Robot


class Floor(msgspec.Struct, frozen=True):
    """What is printed once: who may log in with which one-time password, and the free seat."""

    logins: tuple[tuple[str, str, str, str], ...]  # login name, password, name, role
    own_phone: OwnPhone | None
    operators: int


def prepare(home: Home, *, seats: int, at: int) -> Floor:
    """Make what is missing, renew the passwords.  `at` is now in milliseconds since 1970."""
    store = open_store(home, create=True)
    try:
        with store.transaction():
            tenant_id = _tenant(store, at)
            project_id = _project(store, tenant_id, at)
        _sample(store, tenant_id, project_id)
        people = min(seats + 1, SEATS_MAX)  # one more seat than robots, where the box has room for it
        robots = [_seat_and_operator(store, tenant_id, index, at) for index in range(people)]
        _callbacks(store, tenant_id, tuple(robot.extension for robot in robots), at)
        logins = tuple(_login(store, tenant_id, *person, at) for person in MANAGERS)
    finally:
        store.close()
    home.directory("secrets")
    write_secret(
        home.root / "secrets" / "robots.json", [msgspec.to_builtins(robot) for robot in robots[:seats]]
    )
    own = OwnPhone(_label(seats), robots[seats]) if len(robots) > seats else None
    return Floor(logins=logins, own_phone=own, operators=seats)


def words(settings: Settings, floor: Floor) -> str:
    """What a newcomer reads when the floor stands."""
    web = settings.web
    lines = [
        "",
        f"  Yobirin is running: https://{web.address}:{web.port}/",
        "  (the certificate is its own: accept it once)",
        "",
        "  Log in (each password works once, then you choose your own):",
        *(f"    {login:<10} {password:<16} {name} ({role})" for login, password, name, role in floor.logins),
        "",
        "  What to click first: log in as `manager`, open リアルタイム (the live board) and watch",
        f"  {floor.operators} robot operators at work; then 検索・履歴 to hear a conversation,",
        "  and レポート for the hourly figures.",
        "",
        *_own_phone_words(settings, floor.own_phone),
        "  Ctrl-C stops everything in order.",
        "",
    ]
    return "\n".join(lines)


def _own_phone_words(settings: Settings, own: OwnPhone | None) -> list[str]:
    if own is None:
        return []
    phones, login = settings.phones, own.login
    return [
        f"  Your own phone (seat {own.label}): SIP user {login.extension}, password {login.sip_password},",
        f"  server {phones.address}:{phones.sip_port} (UDP).",
        f"  Dial {phones.service_code}; ID {login.phone_id}#, PIN {login.pin}#; then *.",
        "",
    ]


def _tenant(store: Store, at: int) -> int:
    found = users.tenant_by_entry(store, TENANT[0])
    return found.id if found else users.create_tenant(store, entry_code=TENANT[0], name=TENANT[1], at=at)


def _project(store: Store, tenant_id: int, at: int) -> int:
    found = projects.by_name(store, tenant_id, PROJECT)
    if found is not None:
        return found.id
    project_id = projects.create(store, tenant_id, name=PROJECT, at=at)
    projects.change(
        store, tenant_id, project_id, mode="adaptive", hours=ALL_WEEK, apology=APOLOGY, is_active=1
    )
    projects.add_caller(store, tenant_id, project_id, number=CALLER, name="代表")
    for code, name, flags in OWN_CODES:
        result_codes.add(store, tenant_id, project_id, code=code, name=name, **dict.fromkeys(flags, True))
    return project_id


def _callbacks(store: Store, tenant_id: int, extensions: tuple[str, ...], at: int) -> None:
    """Who answers customers that call back: some of the floor, then an announcement."""
    if not extensions or incoming_routes.every(store, tenant_id):
        return
    tiers = (
        Tier(
            place=1,
            kind="ring",
            extensions=extensions[:CALLED_BACK_MAX],
            ring_order="longest_idle",
            ring_s=10,
        ),
        Tier(place=2, kind="announce", text=AWAY),
    )
    every_day = Wanted(
        "折り返し", weekdays=127, on_holidays="same", from_minute=0, to_minute=1440, tiers=tiers
    )
    incoming_routes.save(store, tenant_id, every_day, at=at)


def _sample(store: Store, tenant_id: int, project_id: int) -> None:
    """Import the sample list as a person would, with its dirt, and start it."""
    if lists.by_name(store, tenant_id, project_id, LIST) is not None:
        return
    plan = Plan(project_id=project_id, list_name=LIST)
    with SAMPLE.open("rb") as file:
        load_file(store, tenant_id, plan, file_name=SAMPLE.name, content=iter([file.read()]), is_dry=False)
    found = lists.by_name(store, tenant_id, project_id, LIST)
    assert found is not None
    lists.set_state(store, tenant_id, found.id, "started")


def _login(
    store: Store, tenant_id: int, login_name: str, name: str, role: Role, at: int
) -> tuple[str, str, str, str]:
    password = one_time_password(login_name=login_name)
    found = {user.login_name: user for user in users.every(store, tenant_id)}.get(login_name)
    if found is None:
        users.create(store, tenant_id, login_name=login_name, name=name, role=role, password=password, at=at)
    else:
        users.set_password(store, tenant_id, found.id, password, at=at, is_temporary=True)
    return login_name, password, name, role


def _label(index: int) -> str:
    return f"{'ABCDEFGHIJK'[index // 10]}-{index % 10 + 1:02d}"


def _seat_and_operator(store: Store, tenant_id: int, index: int, at: int) -> Robot:
    """One desk phone and the person at it; passwords are new at every start."""
    extension, phone_id = str(EXTENSION_FIRST + index), str(PHONE_ID_FIRST + index)
    sip_password, phone_pin = one_time_password(), pin()
    known = {seat.extension: seat for seat in desk_phones.every(store)}.get(extension)
    if known is None:
        desk_phones.create(
            store,
            label=_label(index),
            extension=extension,
            password=sip_password,
            tenant_id=tenant_id,
            x=index % 10,
            y=index // 10,
        )
    else:
        desk_phones.set_password(store, known.id, sip_password)
    login_name = f"op{index + 1:02d}"
    found = {user.login_name: user for user in users.every(store, tenant_id)}.get(login_name)
    if found is None:
        name = f"{FAMILY_NAMES[index % 10]} {GIVEN_NAMES[(index // 10 + index) % 10]}"
        users.create(
            store,
            tenant_id,
            login_name=login_name,
            name=name,
            role="OP",
            password=one_time_password(),
            phone_id=phone_id,
            pin=phone_pin,
            at=at,
        )
    else:
        users.set_phone(store, tenant_id, found.id, phone_id=phone_id, pin=phone_pin)
    return Robot(extension=extension, sip_password=sip_password, phone_id=phone_id, pin=phone_pin)
