"""ユーザーをCSVで登録: a file is judged row by row, what fits is made, and its slips are shown once.

Nothing is kept between the steps but in the page itself; what is confirmed is judged anew.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

import msgspec

from appliance.errors import BadInput
from appliance.store import people_file, report_csv, users
from appliance.store.people import MANAGES, Wanted
from appliance.store.people_file import HEADERS, ROWS_MAX, SAMPLE, Judged, Made
from webui import right_words
from webui.ask import Ask, Invalid, Services
from webui.auth import log_action
from webui.roles import Route
from webui.users import new_pin

Rows = list[tuple[int, tuple[str, str, str, str, str]]]
FORM_CHARACTERS_MAX: Final = 400_000


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/users/file", "users", show),
        Route("GET", "/users/file/sample.csv", "users", sample),
        Route("POST", "/users/file", "users", check),
        Route("POST", "/users/file/confirm", "users", confirm),
    ]


def show(ask: Ask, *, problem: str = "", judged: list[Judged] | None = None) -> Any:
    """The form; after a check what would become of each row."""
    rows = judged or []
    fit = [row for row in rows if not row.reason]
    return ask.page(
        "users_file.html",
        status=400 if problem else 200,
        problem=problem,
        judged=rows,
        fit=fit,
        unfit=[row for row in rows if row.reason],
        payload=msgspec.json.encode([(row.line, row.cells) for row in fit]).decode(),
        headers=HEADERS,
        rows_max=ROWS_MAX,
        roles=[(role, ask.t(right_words.ROLES[role])) for role in MANAGES[ask.person.role]],
    )


def sample(ask: Ask) -> Any:
    """A file to begin with: the headers and two examples."""
    return ask.download(
        report_csv.to_csv(SAMPLE, "utf-8-sig"), f"{ask.t('ユーザー登録の見本')}.csv", "text/csv"
    )


def check(ask: Ask) -> Any:
    """Nobody is made yet."""
    given = ask.request.files.get("file")
    if given is None or not given.raw_filename:
        return show(ask, problem=ask.t("ファイルが選ばれていません。"))
    try:
        rows = _read(given)
    except BadInput as error:
        return show(ask, problem=ask.refusal(error))
    judged = people_file.judge(ask.services.store, ask.tenant_id, rows, by=ask.person.role)
    log_action(ask, "users", "people checked", f"{given.raw_filename}: {len(judged)}")
    if not judged:
        return show(ask, problem=ask.t("データの行がありません。"))
    return show(ask, judged=judged)


def _read(given: Any) -> list[tuple[int, tuple[str, ...]]]:
    """The rows of what was sent.  Raises BadInput."""
    with tempfile.TemporaryDirectory(prefix="yobirin-people-") as place:
        path = Path(place) / "people"
        path.write_bytes(given.file.read(people_file.BYTES_MAX + 1))
        return people_file.read(path)


def confirm(ask: Ask) -> Any:
    """Make the rows that fit, one by one; what is refused meanwhile is told beside the slips of the rest."""
    try:
        rows = msgspec.json.decode(ask.text("rows", size_max=FORM_CHARACTERS_MAX), type=Rows)
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise Invalid(ask.t("画面が古くなっています。ファイルをもう一度選んでください。")) from None
    store, made, refused = ask.services.store, [], []
    known = people_file.project_ids(store, ask.tenant_id)
    for line, cells in rows[:ROWS_MAX]:
        try:
            wanted = _with_pin(people_file.wanted_of(cells, known, by=ask.person.role))
            now = ask.services.now_ms()
            made.append(people_file.make(store, ask.tenant_id, line, wanted, by=ask.person.role, at=now))
        except BadInput as error:
            refused.append(Judged(line=line, cells=cells, reason=error.what, fix=error.remedy))
    told = " ".join(one.wanted.login_name for one in made)
    log_action(ask, "users", "people imported", f"{len(made)}: {told}"[:1000])
    return _slips(ask, made, refused)


def _with_pin(wanted: Wanted) -> Wanted:
    return msgspec.structs.replace(wanted, pin=new_pin()) if wanted.phone_id else wanted


def _slips(ask: Ask, made: list[Made], refused: list[Judged]) -> Any:
    """A sheet to print and to cut: shown this once."""
    tenant = next(row for row in users.tenants(ask.services.store) if row.id == ask.tenant_id)
    return ask.page(
        "users_slips.html",
        made=made,
        refused=refused,
        tenant=tenant,
        address=f"https://{ask.request.get_header('Host', '')}/",
        service_code=ask.services.settings.phones.service_code,
    )
