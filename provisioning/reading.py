"""Reads SITE.toml: strict, every mistake at once, each naming table, key, value and remedy.

A value of the wrong kind is told and replaced by its default, so that what follows can still be checked.
"""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any, Final, get_args

import msgspec

from provisioning import checks
from provisioning.description import REQUIRED, Description, Table
from provisioning.problems import BadSite, Problem
from provisioning.words import Language, Text

ENTRIES_MAX: Final = 500  # of one kind of table; 100 seats is the box's limit
TABLES: Final = {field.name: field for field in msgspec.structs.fields(Description)}
LISTED: Final = {name for name, field in TABLES.items() if get_args(field.type)}
KINDS: Final = (
    ("int", Text("整数", "a whole number")),
    ("bool", Text("true または false", "true or false")),
    ("array", Text('["…"] の形の並び', 'a list such as ["…"]')),
    ("str", Text("引用符つきの文字列", "text in quotes")),
)


def read(path: Path, *, language: Language = "ja") -> Description:
    """Read and check a file.  Raises BadSite with everything that is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        problem = _problem(
            str(path), "", None, Text(f"読めません（{error}）。", f"It cannot be read: {error}.")
        )
        raise BadSite(path.name, [problem], language=language) from error
    return parse(text, where=path.name, beside=path.parent, language=language)


def parse(
    text: str, *, where: str = "SITE.toml", beside: Path | None = None, language: Language = "ja"
) -> Description:
    """A description from text; certificate files are looked for in `beside`.  Raises BadSite."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem = _problem(where, "", None, Text(f"TOMLではありません（{error}）。", f"Not TOML: {error}."))
        raise BadSite(where, [problem], language=language) from error
    problems: list[Problem] = []
    description = _whole(raw, problems)
    problems += checks.every(description, beside=beside)
    if problems:
        raise BadSite(where, problems, language=language)
    return description


def _whole(raw: dict[str, Any], problems: list[Problem]) -> Description:
    for name in raw.keys() - TABLES.keys():
        problems.append(_unknown(f"[{name}]", "", name, list(TABLES)))
    found: dict[str, Any] = {}
    for name in TABLES:
        if name in LISTED:
            found[name] = _entries(name, raw.get(name, []), problems)
        else:
            found[name] = _table(f"[{name}]", name, raw.get(name, {}), problems)
    return Description(**found)


def _entries(name: str, raw: Any, problems: list[Problem]) -> tuple[Table, ...]:
    if not isinstance(raw, list) or len(raw) > ENTRIES_MAX:
        what = Text(f"[[{name}]] を並べて書きます。", f"Write it as [[{name}]], once an entry.")
        problems.append(_problem(f"[{name}]", "", None, what))
        return ()
    return tuple(_table(f"[[{name}]] {at}", name, entry, problems) for at, entry in enumerate(raw, 1))


def _table(shown: str, name: str, raw: Any, problems: list[Problem]) -> Table:
    kind = get_args(TABLES[name].type)[0] if name in LISTED else TABLES[name].type
    if not isinstance(raw, dict):
        problems.append(_problem(shown, "", raw, Text("表ではありません。", "This is no table.")))
        return kind()  # type: ignore[no-any-return]  # a Table by the annotations of Description
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    for key in raw.keys() - fields.keys():
        problems.append(_unknown(shown, key, key, list(fields)))
    values: dict[str, Any] = {}
    for key, field in fields.items():
        if key in raw:
            values |= _value(shown, key, raw[key], field.type, problems)
        elif key in REQUIRED.get(name, ()):
            what = Text("必ず書く項目がありません。", "This key is required and missing.")
            problems.append(_problem(shown, key, None, what))
    return kind(**values)  # type: ignore[no-any-return]  # as above


def _value(shown: str, key: str, raw: Any, kind: Any, problems: list[Problem]) -> dict[str, Any]:
    """The value under its key; nothing where it is of the wrong kind, and then a problem more."""
    try:
        value = msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        problems.append(_wrong_kind(shown, key, raw, kind, str(error)))
        return {}
    texts = (value,) if isinstance(value, str) else value if isinstance(value, tuple) else ()
    if any(not text.isprintable() or len(text) > 300 for text in texts):
        what = Text("制御文字を含むか、長すぎます。", "It holds control characters, or is too long.")
        problems.append(_problem(shown, key, raw, what))
        return {}
    return {key: value}


def _wrong_kind(shown: str, key: str, raw: Any, kind: Any, error: str) -> Problem:
    choices = [str(choice) for choice in get_args(kind) if isinstance(choice, str)]
    if choices:
        listed = " / ".join(choices)
        what = Text("使えない値です。", "This value is not one of those known.")
        return Problem(shown, key, raw, what, Text(f"{listed} から選びます。", f"Choose one of {listed}."))
    wanted = next((text for word, text in KINDS if f"Expected `{word}" in error), KINDS[-1][1])
    return Problem(
        shown,
        key,
        raw,
        Text("値の種類が違います。", "This is the wrong kind of value."),
        Text(f"{wanted.ja}を書きます。", f"Give {wanted.en}."),
    )


def _unknown(shown: str, key: str, name: str, known: list[str]) -> Problem:
    near = difflib.get_close_matches(name, known, n=1)
    remedy = (
        Text(f"`{near[0]}` のことですか。", f"Did you mean `{near[0]}`?")
        if near
        else Text("消してください。", "Remove it.")
    )
    return Problem(shown, key, None, Text("知らない名前です。", "This name is not known."), remedy)


def _problem(table: str, key: str, value: object, what: Text) -> Problem:
    return Problem(table, key, value, what, Text("ファイルを直してください。", "Correct the file."))
