"""What the call screen shows of one customer and of one project, as plain data.  Reads; changes nothing.

A card is read once a call, when its customer is to be seen; a pack (codes, levels, questions) once a page.
Whoever asks has been let in already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from appliance.store import (
    attributes,
    blocked,
    call_settings,
    customers,
    details,
    drafts,
    history,
    lists,
    projects,
    recalls,
    report_mail,
    result_codes,
    transfers,
    users,
    visibility,
)
from appliance.store.import_headers import NUMBER
from appliance.store.models import Customer, HistoryLine, Role
from appliance.store.visibility import Viewer
from webui import roles
from webui.ask import Ask, Services
from webui.format import duration
from webui.phone_number import hyphenated
from webui.script_text import filled
from webui.words import Translate

HISTORY_SHOWN: Final = 5
STOPS: Final = {"9a": "発信禁止", "90": "発信一時停止", "99": "除外"}


@dataclass(frozen=True)
class Reader:
    """Who reads, and in which language."""

    services: Services
    tenant_id: int
    user_id: int
    user_name: str
    role: Role
    translate: Translate

    @property
    def viewer(self) -> Viewer:
        """The same for the walls."""
        return Viewer(tenant_id=self.tenant_id, user_id=self.user_id, role=self.role)


def reader_of(ask: Ask) -> Reader:
    """Whoever asks."""
    person = ask.person
    role = msgspec.convert(person.role, Role)
    return Reader(ask.services, person.tenant_id, person.user_id, person.name, role, ask.t)


# --- one customer ---------------------------------------------------------------------------------------


def card(reader: Reader, customer_id: int, *, attempt_id: int = 0, number: str = "") -> dict[str, Any] | None:
    """A customer as the call screen shows him; None where the tenant has none such.

    `number`: the one that is being called, where it is not the list's own.
    """
    store, tenant_id = reader.services.store, reader.tenant_id
    found = customers.get(store, tenant_id, customer_id)
    if found is None:
        return None
    in_list = lists.get(store, tenant_id, found.list_id)
    fields = customers.fields(store, tenant_id, customer_id)
    setting = call_settings.get(store, tenant_id, found.project_id)
    project = projects.get(store, tenant_id, found.project_id)
    project_name = project.name if project else ""
    known = dict(fields) | {"担当": reader.user_name, "案件": project_name}
    return {
        "customer_id": customer_id,
        "attempt_id": attempt_id,
        "project_id": found.project_id,
        "shown_id": f"{found.list_id}-{customer_id}",
        "name": found.name,
        "kana": found.kana,
        "number": hyphenated(number or found.number),
        "attempts": found.attempts,
        "list": in_list.name if in_list else "",
        "project": project_name,
        "fields": [[name, _shown(name, value), name != NUMBER] for name, value in fields],
        "numbers": _numbers(reader, found),
        "answers": {str(key): value for key, value in _answers(reader, found).items()},
        "script": filled(setting.script, known),
        "stop": _stop(reader, found),
        "draft": _draft(reader, customer_id, attempt_id),
        **_history(reader, found),
    }


def _shown(name: str, value: str) -> str:
    return hyphenated(value) if name == NUMBER else value


def _numbers(reader: Reader, found: Customer) -> list[dict[str, Any]]:
    """The fixed number first, then what was added."""
    added = customers.added_numbers(reader.services.store, reader.tenant_id, found.id)
    own = {"id": 0, "number": hyphenated(found.number), "label": NUMBER}
    return [
        own,
        *({"id": row.id, "number": hyphenated(row.number), "label": row.label} for row in added),
    ]


def _answers(reader: Reader, found: Customer) -> dict[int, str]:
    return attributes.of_customer(reader.services.store, reader.tenant_id, found.id)


def _stop(reader: Reader, found: Customer) -> str:
    services = reader.services
    day = services.calendar.day(services.now_ms())
    code = blocked.check(
        services.store, reader.tenant_id, number=found.number, project_id=found.project_id, day=day
    )
    return reader.translate(STOPS[code]) if code else ""


def _draft(reader: Reader, customer_id: int, attempt_id: int) -> dict[str, Any] | None:
    found = drafts.find(reader.services.store, reader.tenant_id, reader.user_id, customer_id, attempt_id)
    if found is None:
        return None
    content: dict[str, Any] = msgspec.json.decode(found.content)
    return content | {"saved": reader.services.calendar.clock(found.saved_at, seconds=True)}


def _history(reader: Reader, found: Customer) -> dict[str, Any]:
    """The last entries, how many there are, and the last promise that stands."""
    store, tenant_id = reader.services.store, reader.tenant_id
    rows = history.of_customer(store, tenant_id, found.id, limit=HISTORY_SHOWN)
    count = store_count(reader, found.id)
    agreed = {row.history_id: row for row in recalls.agreed(store, tenant_id, found.id)}
    plays = _plays(reader, found)
    lines = [_line(reader, row, agreed.get(row.id), plays=plays) for row in rows]
    standing = next((row for row in agreed.values() if row.is_promise and not row.done_at), None)
    promised = reader.services.calendar.planned(standing.due_at) if standing else ""
    who = standing.successor_name if standing else ""
    return {"history": lines, "entries": count, "promised": f"{promised} {who}".strip()}


def store_count(reader: Reader, customer_id: int) -> int:
    """How many entries a customer has, as far as a page counts."""
    wanted = history.Filter(customer_id=customer_id)
    return history.search(reader.services.store, reader.tenant_id, wanted, limit=1).count


def _plays(reader: Reader, found: Customer) -> str:
    """Whose recordings of this customer may be played: all, own, none."""
    if not roles.may(reader.role, "recordings.play"):
        return "none"
    store, viewer = reader.services.store, reader.viewer
    if reader.role == "MGR" or any(
        seen.id == found.list_id for seen in visibility.call_lists(store, viewer, project_id=found.project_id)
    ):
        return "all"
    return "own"


def _line(reader: Reader, row: HistoryLine, agreed: recalls.Agreed | None, *, plays: str) -> dict[str, Any]:
    code_name = reader.translate(row.code_name) if row.code_name else ""
    is_kept = row.recording_id and not row.recording_deleted_at and not row.recording_lost
    may_play = is_kept and (plays == "all" or (plays == "own" and row.user_id == reader.user_id))
    return {
        "at": reader.services.calendar.short(row.at),
        "who": row.user_name,
        "result": f"{row.code} {code_name}".strip(),
        "is_uncoded": bool(row.attempt_id and row.code in ("", "98")),
        "is_note": not row.attempt_id,
        "talk": duration(row.talk_ms / 1000) if row.talk_ms else "",
        "seconds": row.talk_ms / 1000,
        "memo": row.memo,
        "level": agreed.level if agreed else "",
        "play": f"/recordings/{row.recording_id}" if may_play else "",
    }


# --- one project ----------------------------------------------------------------------------------------


def pack(reader: Reader, project_id: int) -> dict[str, Any] | None:
    """What a project offers on the call screen; None where the tenant has none such."""
    store, tenant_id = reader.services.store, reader.tenant_id
    project = projects.get(store, tenant_id, project_id)
    if project is None:
        return None
    setting = call_settings.get(store, tenant_id, project_id)
    return {
        "id": project_id,
        "name": project.name,
        "mode": project.mode,
        "is_mode_free": bool(setting.is_mode_free),
        "at_once": project.dials_at_once,
        "wrap_limit_s": setting.wrap_limit_s,
        "auto_call_s": setting.auto_call_s,
        "is_reporting": report_mail.is_on(store, tenant_id, project_id),
        "codes": _codes(reader, project_id),
        "levels": [[level.id, level.name] for level in call_settings.levels(store, tenant_id, project_id)],
        "templates": [
            [one.id, one.name, one.text] for one in call_settings.templates(store, tenant_id, project_id)
        ],
        "customer": _questions(reader, project_id, "customer"),
        "result": _questions(reader, project_id, "result"),
        "targets": [[row.id, row.short, row.name] for row in transfers.targets(store, tenant_id, project_id)],
        "callers": [
            [row.number, hyphenated(row.number), row.name, bool(row.is_main)]
            for row in projects.callers(store, tenant_id, project_id)
        ],
        "people": [
            [user.id, user.name] for user in users.every(store, tenant_id) if roles.may(user.role, "call")
        ],
    }


def _codes(reader: Reader, project_id: int) -> list[dict[str, Any]]:
    every = result_codes.every(reader.services.store, reader.tenant_id, project_id)
    return [
        {
            "code": code.code,
            "name": reader.translate(code.name),
            "middle": code.middle_class,
            "is_stop": bool(code.is_forbidding or (code.is_complete and not code.is_sales)),
        }
        for code in every
        if code.kind != "system"
    ]


def _questions(reader: Reader, project_id: int, target: attributes.Target) -> list[dict[str, Any]]:
    every = attributes.every(reader.services.store, reader.tenant_id, project_id, target)
    return [{"id": one.id, "kind": one.kind, "name": one.name, "choices": list(one.offered)} for one in every]


def content_of(reader: Reader, customer_id: int, attempt_id: int) -> dict[str, Any]:
    """What was saved of an attempt, in the form of a draft: for a code that is taken back."""
    store, tenant_id = reader.services.store, reader.tenant_id
    detail = details.get(store, tenant_id, attempt_id)
    rows = history.of_customer(store, tenant_id, customer_id)
    code = next((row.code for row in rows if row.attempt_id == attempt_id), "")
    answers = attributes.of_attempt(store, tenant_id, attempt_id)
    recall = reader.services.calendar.planned(detail.due_at) if detail and detail.due_at else ""
    return {
        "code": code,
        "memo": detail.memo if detail else "",
        "level": detail.level_id if detail else 0,
        "successor": detail.successor_id if detail else 0,
        "recall": recall,
        "reason": detail.reason if detail else "",
        "result": {str(key): value for key, value in answers.items()},
    }
