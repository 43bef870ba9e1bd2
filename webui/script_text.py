"""The talk script with a customer's fields in it.  Pure.

`{氏名}` stands for the field of that name; `{担当}`, `{案件}`, `{電話番号}` for what their names say.  A name
that nothing answers to stays as it was written, so that its author sees it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

NAME: Final = re.compile(r"[{｛]([^{}｛｝\n]{1,60})[}｝]")
EMPTY: Final = "＿＿"  # a field without a value: the operator sees that something is missing there


def filled(script: str, values: Mapping[str, str]) -> str:
    """The script as it is read out."""

    def fill(found: re.Match[str]) -> str:
        name = found[1].strip()
        return (values[name] or EMPTY) if name in values else found[0]

    return NAME.sub(fill, script)


def unknown(script: str, names: frozenset[str]) -> list[str]:
    """Names in the script that nothing answers to, for its author."""
    found = (match[1].strip() for match in NAME.finditer(script))
    return list(dict.fromkeys(name for name in found if name not in names))
