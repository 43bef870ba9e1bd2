"""The nouns: rows as the verb modules hand them out.  Values only; they know no SQL.

Field names are the columns' (migrations/0001_first.sql): `_at` is milliseconds since 1970 (UTC), 0 where it
has not happened; flags are 0 or 1.  Secrets (hashes, keys) are left out wherever a page could see them.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Role = Literal["MGR", "SV", "OP", "BIZ", "BY"]
Mode = Literal["preview", "progressive", "overdial", "ratio", "adaptive"]
ListState = Literal["stopped", "started", "paused"]
OrderMode = Literal["id", "random"]
BlockKind = Literal["forbid", "suspend", "exclude"]
CodeKind = Literal["own", "fixed", "system"]
AttemptEnd = Literal["", "result", "fault", "withdrawn", "interrupted", "outrun"]
AttemptKind = Literal["list", "preview", "manual", "incoming", "recall"]
JobState = Literal["checking", "waiting", "running", "done", "partly", "failed", "cancelled", "undone"]


class Noun(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all: built by name, never changed."""


class Tenant(Noun, frozen=True):
    """A wall: nobody sees another tenant's rows."""

    id: int
    entry_code: str
    name: str


class User(Noun, frozen=True):
    """A person.  `phone_id` are the digits of the phone log-in, None without one."""

    id: int
    tenant_id: int
    login_name: str
    name: str
    role: Role
    phone_id: str | None
    is_password_temporary: int
    password_set_at: int
    language: str
    created_at: int
    retired_at: int


class Session(Noun, frozen=True):
    """A browser that is logged in.  `csrf` goes into every form."""

    tenant_id: int
    user_id: int
    csrf: str
    address: str
    created_at: int
    seen_at: int
    acted_at: int


class Seat(Noun, frozen=True):
    """A desk phone.  `ha1` is MD5(extension:realm:password), what digest needs."""

    id: int
    tenant_id: int | None
    label: str
    extension: str
    ha1: str
    floor: int
    x: int
    y: int


class SeatStanding(Noun, frozen=True):
    """Who sat where when it was last written; for the dialer's restart."""

    seat_id: int
    leg: str
    user_id: int
    project_id: int
    attempt_id: int
    at: int


class Hours(Noun, frozen=True):
    """One open span of the week: weekday 0 is Monday; minutes from midnight, at most 1440."""

    weekday: int
    from_minute: int
    to_minute: int


class Project(Noun, frozen=True):
    """A campaign and how it dials."""

    id: int
    tenant_id: int
    name: str
    is_active: int
    mode: Mode
    overdial: int
    ratio: float
    abandon_target: float
    channel_share: int
    ring_timeout_s: float
    answer_window_s: float
    interval_min_s: int
    attempts_max: int
    dials_at_once: int
    is_presented: int
    is_ring_cut: int
    is_take_back: int
    is_transfer_recorded: int
    is_listening_told: int
    is_listening_shown: int
    hours: str  # JSON of Hours; `projects.hours_of` reads it
    apology: str
    created_at: int
    retired_at: int


class TransferTarget(Noun, frozen=True):
    """A short dial of a project; `short` is three digits, `code` the result that a hand-over stores."""

    id: int
    project_id: int
    short: str
    name: str
    number: str
    code: str


class Transfer(Noun, frozen=True):
    """One third party's call: to whom, for whom, what came of it."""

    id: int
    project_id: int
    list_id: int
    customer_id: int
    attempt_id: int
    seat_id: int
    user_id: int
    target_id: int
    number: str
    name: str
    is_house: int
    to_seat_id: int
    to_user_id: int
    asked_at: int
    answered_at: int
    handed_at: int
    cleared_at: int
    outcome: str
    code: str
    is_joined: int


class CallerNumber(Noun, frozen=True):
    """A number the project may show; exactly one is main."""

    id: int
    project_id: int
    number: str
    name: str
    is_main: int


class ResultCode(Noun, frozen=True):
    """Two characters and what they count as.  `fixed` and `system` ones cannot be renamed or removed."""

    id: int
    project_id: int
    code: str
    name: str
    kind: CodeKind
    sort: int
    middle_class: str
    fine_class: str
    is_dials: int
    is_connect: int
    is_contact: int
    is_contact_p: int
    is_dmc: int
    is_complete: int
    is_sales: int
    is_forbidding: int
    is_on_phone: int
    retired_at: int


class List(Noun, frozen=True):
    """Customers of one project.  `headers` is JSON: the names of the columns in the file's order."""

    id: int
    tenant_id: int
    project_id: int
    name: str
    label: str
    is_enabled: int
    is_for_all: int  # 0: those of list_permission alone
    state: ListState
    order_mode: OrderMode
    order_from_id: int
    headers: str
    last_called_at: int
    created_at: int
    deleted_at: int


class ListLine(Noun, frozen=True):
    """A list as the table of lists shows it."""

    id: int
    project_id: int
    project_name: str
    name: str
    label: str
    is_enabled: int
    state: ListState
    customers: int
    callable: int
    fresh: int  # callable and never called
    worked: int
    last_called_at: int
    created_at: int


class CodeCount(Noun, frozen=True):
    """A list's customers with one last code; '' is never called.  `callable` is the figure in brackets."""

    code: str
    name: str
    kind: str
    customers: int
    callable: int
    worked: int


class Customer(Noun, frozen=True):
    """One row of a list.  `fields` is JSON: the values in the order of the list's headers."""

    id: int
    tenant_id: int
    project_id: int
    list_id: int
    number: str
    name: str
    kana: str
    sex: str
    age: int
    fields: str
    is_callable: int
    is_worked: int
    is_duplicate: int
    last_code: str
    last_called_at: int
    attempts: int


class Attempt(Noun, frozen=True):
    """One dial to one number, from SETUP to disposal."""

    id: int
    tenant_id: int
    project_id: int
    list_id: int
    customer_id: int
    number: str
    caller: str
    seat_id: int
    user_id: int
    span: int
    channel: int
    opened_at: int
    setup_at: int
    alerting_at: int
    answered_at: int
    connected_at: int
    cleared_at: int
    cause: int
    result: str
    end: AttemptEnd
    kind: AttemptKind = "list"


class HistoryLine(Noun, frozen=True):
    """A history entry with the names a screen needs.  `recording_id` 0: none was made."""

    id: int
    project_id: int
    project_name: str
    list_id: int
    list_name: str
    customer_id: int
    customer_name: str
    attempt_id: int
    user_id: int
    user_name: str
    seat_label: str
    number: str
    code: str
    code_name: str
    memo: str
    at: int
    talk_ms: int
    wait_ms: int
    wrap_ms: int
    edited_at: int
    recording_id: int
    recording_deleted_at: int
    recording_deleted_reason: str
    recording_lost: str


class Recording(Noun, frozen=True):
    """A recording's ledger row, with the key that opens its file.  Never hand `key` to a page."""

    id: int
    tenant_id: int
    attempt_id: int
    path: str
    key: bytes
    started_at: int
    duration_ms: int
    size_bytes: int
    finished_at: int
    lost_reason: str
    deleted_at: int
    deleted_reason: str


class Blocked(Noun, frozen=True):
    """A number not to be dialled: `project_id` 0 is all projects; days are YYYYMMDD, 0 without bound."""

    id: int
    tenant_id: int
    number: str
    kind: BlockKind
    project_id: int
    from_day: int
    to_day: int
    reason: str
    origin: str
    attempt_id: int
    customer_id: int
    user_id: int
    created_at: int
    released_at: int
    released_by: int
    release_reason: str


class Job(Noun, frozen=True):
    """Background work.  `plan` and `result` are JSON; imports.py gives their types."""

    id: int
    tenant_id: int
    user_id: int
    kind: str
    state: JobState
    project_id: int
    list_id: int
    parent_id: int
    file_name: str
    path: str
    plan: str
    result: str
    rows_total: int
    rows_done: int
    message: str
    is_cancelling: int
    created_at: int
    started_at: int
    seen_at: int
    finished_at: int


class RowError(Noun, frozen=True):
    """A row that was not imported: line of the file, what stood there, why, and how to put it right."""

    line: int
    value: str
    name: str
    reason: str
    fix: str


class IncomingCall(Noun, frozen=True):
    """Somebody called us."""

    id: int
    called: str
    caller: str
    span: int
    channel: int
    at: int
    customer_id: int
    project_id: int
    tier: int
    outcome: str
    taken_at: int
    ended_at: int
    attempt_id: int
    user_id: int
    handled_at: int
    handled_by: int


class AuditEntry(Noun, frozen=True):
    """One action of one person."""

    id: int
    at: int
    user_id: int
    user_name: str
    role: str
    screen: str
    action: str
    detail: str
    address: str
