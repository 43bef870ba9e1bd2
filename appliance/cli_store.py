"""`yobirin import`, `report` and `trace`: the store and the flight recorder from the command line.

They work beside a running box, and without one.  A tenant is found by itself where the box has only one.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from appliance import ipc
from appliance import settings as site
from appliance.dialer import messages as dialer
from appliance.errors import BadInput
from appliance.pri_card import pcap
from appliance.settings import Home
from appliance.store import import_run, imports, lists, projects, report_csv, reports, users
from appliance.store.models import Project
from appliance.store.open import Store, open_store
from appliance.store.report_rows import Wanted

CHUNK_BYTES: Final = 1 << 20
ERRORS_SHOWN: Final = 10


@contextlib.contextmanager
def opened(home: Home) -> Iterator[Store]:
    """The store, closed at the end."""
    store = open_store(home)
    try:
        yield store
    finally:
        store.close()


def import_file(home: Home, options: argparse.Namespace) -> int:
    """Import a file, or only check it.  Raises BadInput naming the file, the header, the row."""
    path = Path(options.file)
    if not path.is_file():
        raise BadInput(f"{path} is not a file.", remedy="Give a CSV, TSV or XLSX file.")
    with opened(home) as store:
        project = _project(store, options.project)
        found = lists.by_name(store, project.tenant_id, project.id, options.list_name)
        plan = imports.Plan(
            project_id=project.id,
            list_id=found.id if found else 0,
            list_name="" if found else options.list_name,
        )
        job, counts = import_run.load_file(
            store, project.tenant_id, plan, file_name=path.name, content=_chunks(path), is_dry=options.dry_run
        )
        _print_counts(counts, is_dry=options.dry_run)
        for error in imports.errors(store, project.tenant_id, job.id, limit=ERRORS_SHOWN):
            print(f"  {error.line}行目：{error.value}：{error.reason} {error.fix}".rstrip())
    if not options.dry_run:
        _tell_dialer(home)
    return 0


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _print_counts(counts: imports.Counts, *, is_dry: bool) -> None:
    verb = "取り込みます（確認のみ、保存していません）" if is_dry else "取り込みました"
    print(f"{verb}：{counts.loaded:,}件（{counts.total:,}行中）")
    print(
        f"重複 {counts.duplicates:,}件　発信禁止に一致 {counts.blocked:,}件　"
        f"先頭の0を補う {counts.repaired:,}件　エラー {counts.errors:,}件"
    )


def _tell_dialer(home: Home) -> None:
    """A running dialer looks at its lists at once; without one there is nothing to tell."""
    with contextlib.suppress(ipc.PeerGone):
        client = ipc.BlockingClient(home.socket("dialer"), dialer.Union, name="import")
        try:
            client.request(dialer.Reload("lists"))
        finally:
            client.close()


def _project(store: Store, wanted: str) -> Project:
    """A project by name or number, of whichever tenant.  Raises BadInput naming those there are."""
    every = [project for tenant in users.tenants(store) for project in projects.every(store, tenant.id)]
    found = [project for project in every if wanted in (project.name, str(project.id))]
    if len(found) == 1:
        return found[0]
    known = "、".join(f"{project.id} {project.name}" for project in every) or "none"
    what = "is the name of several projects" if found else "is no project"
    raise BadInput(f"{wanted} {what}.", remedy=f"Give a number or a name of: {known}.")


def report(home: Home, options: argparse.Namespace) -> int:
    """Print a report as a table, or write it as CSV."""
    zone = ZoneInfo(site.load(home).time_zone)
    first = _day(options.first, datetime.now(zone).date(), "--from")
    last = _day(options.last, first, "--to")
    with opened(home) as store:
        project = _project(store, options.project) if options.project else None
        tenants = users.tenants(store)
        if project is None and len(tenants) > 1:
            raise BadInput("The box has several tenants.", remedy="Name a project with --project.")
        tenant_id = project.tenant_id if project else tenants[0].id
        wanted = Wanted(
            from_day=_number(first), to_day=_number(last), project_id=project.id if project else 0
        )
        content = _content(store, tenant_id, wanted, options)
    if options.csv and options.csv != "-":
        Path(options.csv).write_bytes(content)
    elif options.csv:
        sys.stdout.buffer.write(content)
    else:
        print(_table(content.decode("utf-8-sig")))
    return 0


def _content(store: Store, tenant_id: int, wanted: Wanted, options: argparse.Namespace) -> bytes:
    if options.kind == "hourly":
        found = reports.hourly(store, tenant_id, wanted)
        return report_csv.hourly_csv(found, is_compatible=options.compat)
    if options.kind == "codes":
        return report_csv.matrix_csv(reports.codes_by_list(store, tenant_id, wanted), row_title="リスト")
    found_operators = reports.operators(store, tenant_id, wanted)
    return report_csv.operators_csv(found_operators, is_compatible=options.compat)


def _day(text: str | None, default: date, option: str) -> date:
    if text is None:
        return default
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{option} is {text!r}.", remedy="Give a day as YYYY-MM-DD.") from error


def _number(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def _table(text: str) -> str:
    """CSV as aligned columns; a full-width character takes two places."""

    rows = list(csv.reader(text.splitlines()))
    widths = [max(_width(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (
        cell + " " * (width - _width(cell)) if index == 0 else " " * (width - _width(cell)) + cell
        for index, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join((first, *rest)).rstrip()


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def export_trace(home: Home, options: argparse.Namespace) -> int:
    """Write the flight recorder's D-channel frames as pcap."""
    zone = ZoneInfo(site.load(home).time_zone)
    count = pcap.export(
        home.trace,
        Path(options.pcap),
        span=options.span,
        from_at=_moment(options.first, zone, "--from"),
        to_at=_moment(options.last, zone, "--to"),
    )
    print(f"{count:,} frames in {options.pcap}")
    return 0


def _moment(text: str | None, zone: ZoneInfo, option: str) -> float | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()
    except ValueError as error:
        raise BadInput(f"{option} is {text!r}.", remedy="Give it as 'YYYY-MM-DD HH:MM'.") from error
