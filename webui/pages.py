"""Templates to HTML: autoescaped, strict about names, with the words and formats every page uses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import jinja2
from markupsafe import Markup

from webui import format as written
from webui import frame as frame_bar
from webui.phone_number import hyphenated
from webui.roles import ROLE_WORDS
from webui.store_words import told
from webui.words import script_catalogue

if TYPE_CHECKING:
    from webui.ask import Ask

TEMPLATES: Final = Path(__file__).resolve().parent / "templates"

NOTICES: Final[dict[str, str]] = {
    "saved": "保存しました。",
    "created": "作成しました。",
    "password": "パスワードを変更しました。",
    "started": "発信を開始しました。",
    "paused": "一時停止しました。通話中の電話はそのまま続きます。",
    "stopped": "停止しました。",
    "permitted": "再架電を許可しました。",
    "withdrawn": "取り消しました。",
    "accepted": "取り込みを受け付けました。このページを閉じても続きます。",
    "cancelled": "取り込みを中止しました。",
    "blocked": "発信禁止に登録しました。",
    "released": "発信禁止を解除しました。",
    "enrolled": "モニタを登録しました。",
    "logged-out": "ログアウトしました。",
    "enabled": "有効にしました。",
    "disabled": "無効にしました。",
    "deleted": "削除しました。",
    "acknowledged": "警報を確認しました。",
    "cut": "切断しました。",
    "view-kept": "ビューを保存しました。",
    "view-removed": "ビューを削除しました。",
    "added": "顧客を追加しました。",
    "retired": "退職にしました。",
    "reported": "保存して報告しました。",
    "queued": "もう一度送ります。",
}


class Pages:
    """Renders templates.  One for the process; safe from any thread."""

    def __init__(self, calendar: written.Calendar, *, site_name: str, zone: str) -> None:
        self.built: frozenset[str] = frozenset()  # the addresses that exist; the composition root says which
        loader = jinja2.FileSystemLoader(TEMPLATES)
        self._environment = jinja2.Environment(
            loader=loader,
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(
            number=written.number,
            decimal=written.decimal,
            percent=written.percent,
            duration=written.duration,
            hms=written.hms,
            phone=hyphenated,
            size=written.size,
            day=written.day_slash,
            day_iso=written.day_iso,
            data=_data,
        )
        self._environment.globals.update(
            site_name=site_name, zone=zone, calendar=calendar, role_words=ROLE_WORDS
        )

    def render(self, ask: Ask, template: str, values: dict[str, Any]) -> str:
        said = NOTICES.get(ask.request.query.get("said", ""), "")
        side = frame_bar.side_of(ask.request.path, is_manager=ask.may("board"))
        screens = frame_bar.bar(side, ask.may, self.built)
        frame = {
            "_": ask.t,
            "told": lambda text: told(text, ask.t),
            "language": ask.language,
            "person": ask.known,
            "may": ask.may,
            "csrf": ask.known.csrf if ask.known else "",
            "path": ask.request.path,
            "side": side,
            "screens": screens,
            "screen_now": frame_bar.present(screens, ask.request.path),
            "other_side": frame_bar.other_side(side, ask.may, self.built),
            "theme": _one_of(ask.request.get_cookie("theme"), ("light", "dark", "auto"), "light"),
            "text_size": _one_of(ask.request.get_cookie("size"), ("small", "middle", "large"), "small"),
            "said": ask.t(said) if said else "",
            "words": script_catalogue(ask.language),
            "now_ms": ask.services.now_ms(),
        }
        return self._environment.get_template(template).render(frame | values)


def _one_of(value: Any, known: tuple[str, ...], default: str) -> str:
    return value if value in known else default


def _data(value: Any) -> Markup:
    """JSON for a <script type="application/json">, which ends at no `</script>` inside it."""
    text = json.dumps(value, ensure_ascii=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704
