"""The hand-over sheet: one HTML file for A4 paper with what the site must keep.  Pure.

It carries secrets: it is written for its owner alone, printed once, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

from provisioning.apply import Outcome
from provisioning.checks import SERVICE_CODE
from provisioning.checks_network import network_of
from provisioning.description import Description
from provisioning.wanted import Wanted

STYLE: Final = """
@page { size: A4 portrait; margin: 14mm }
body { font: 10.5pt/1.5 "Noto Sans CJK JP", "BIZ UDPGothic", Meiryo, sans-serif; color: #1a1a1a;
  margin: 0 auto; max-width: 182mm }
h1 { font-size: 18pt; margin: 0 0 2mm } h2 { font-size: 12pt; margin: 6mm 0 1mm; break-after: avoid }
table { border-collapse: collapse; width: 100% } thead { display: table-header-group }
th, td { border: 1px solid #767676; padding: 1mm 2mm; text-align: left; overflow-wrap: anywhere }
tr { break-inside: avoid } th { background: #e6e6e6; font-weight: 700; width: 34% }
thead th { width: auto } code { font: 10.5pt/1.4 "Noto Sans Mono CJK JP", monospace }
.warn { border: 2px solid #ce0000; padding: 2mm 3mm }
.bad { color: #ce0000; font-weight: 700 }
"""


WARNING_JA: Final = (
    "この紙にはパスワードが印刷されています。鍵のかかる場所に保管し、ファイルは消してください。"
)
WARNING_EN: Final = "This sheet carries passwords. Keep it under lock and key, and delete the file."


def sheet(site: Description, wanted: Wanted, outcome: Outcome, *, written_at: str) -> str:
    """The whole page.  `written_at` is the laptop's time, in words."""
    parts = [
        f"<h1>{escape(site.site.name)}：引き渡し書 <small>Hand-over sheet</small></h1>",
        f"<p>{escape(written_at)}　Yobirin {escape(outcome.present.version)}</p>",
        f'<p class="warn">{WARNING_JA}<br>{WARNING_EN}</p>',
        _addresses(site, outcome),
        _access(site, wanted, outcome),
        _recovery(wanted, outcome),
        _backup(site, outcome),
        _phones(wanted),
        _lines(site),
        _findings(outcome),
    ]
    title = escape(f"{site.site.name} 引き渡し書")
    head = f'<meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
    return (
        f'<!doctype html>\n<html lang="ja"><head>{head}</head><body>\n'
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _addresses(site: Description, outcome: Outcome) -> str:
    own = network_of(site)
    address = str(own.ip) if own else ""
    rows = [
        ("画面 / Page", f"https://{address}/"),
        ("電話機の登録先 / SIP server", f"{address}:5060 (UDP)"),
        ("サービス番号 / Service code", SERVICE_CODE),
        ("アドレス / Address", site.network.address),
        ("ゲートウェイ / Gateway", site.network.gateway),
        ("認証局の指紋 / CA fingerprint (SHA-256)", outcome.present.authority),
    ]
    return "<h2>アドレス / Addresses</h2>" + _table(rows)


def _access(site: Description, wanted: Wanted, outcome: Outcome) -> str:
    rows = [
        ("エントリ / Entry", wanted.entry_code),
        ("最初の管理者 / First manager", f"{wanted.manager_login}（{wanted.manager_name}）"),
        ("1回だけ使えるパスワード / One-time password", wanted.manager_password),
        (f"コンソールのPIN / Console PIN ({site.console.baud} 8N1)", wanted.pin),
    ]
    return "<h2>ログイン / Log-in</h2>" + _table(rows)


def _recovery(wanted: Wanted, outcome: Outcome) -> str:
    if outcome.is_recovery_set:
        text = f"<code>{escape(wanted.recovery)}</code><br>この鍵の印刷は一度だけです。/ Printed only once."
    elif outcome.present.recovery_mark:
        text = "以前の引き渡し書にあります。/ It stands on an earlier sheet."
    else:
        text = "ありません。/ There is none."
    return f"<h2>ディスクの回復鍵 / Recovery key of the disks</h2><p>{text}</p>"


def _backup(site: Description, outcome: Outcome) -> str:
    rows = [("宛先 / Target", site.backup.target or "ありません / none")]
    if outcome.backup.recovery_key:
        rows.append(("復元の鍵 / Recovery key of the backups", outcome.backup.recovery_key))
    if outcome.backup.public_key:
        rows.append(("サーバの authorized_keys に入れる行 / For the server", outcome.backup.public_key))
    return "<h2>バックアップ / Backup</h2>" + _table(rows)


def _phones(wanted: Wanted) -> str:
    rows = [(seat.label, seat.extension, seat.password) for seat in wanted.seats]
    return "<h2>電話機 / Phones</h2>" + _grid(
        ("座席 / Seat", "内線（SIPユーザー） / Extension", "パスワード / Password"), rows
    )


def _lines(site: Description) -> str:
    rows = [(str(span.number), span.line_mode.upper(), str(span.timing)) for span in site.span]
    callers = [(caller.number, caller.name) for caller in site.caller]
    lines = _grid(("回線 / Line", "方式 / Mode", "時計の順位 / Clock rank"), rows)
    numbers = _grid(("番号 / Number", "名前 / Name"), callers)
    return f"<h2>回線 / Lines</h2>{lines}<h2>発信元番号 / Caller numbers</h2>{numbers}"


def _findings(outcome: Outcome) -> str:
    rows = "".join(
        f'<tr><td>{escape(each.name)}</td><td class="{"good" if each.is_good else "bad"}">'
        f"{'○ 正常 / good' if each.is_good else '× 要確認 / look'}</td><td>{escape(each.seen)}</td></tr>"
        for each in outcome.findings
    )
    head = "<thead><tr><th>項目 / Item</th><th>結果 / Result</th><th>詳細 / Seen</th></tr></thead>"
    return f"<h2>確認の結果 / Checks</h2><table>{head}<tbody>{rows}</tbody></table>"


def _table(rows: Iterable[tuple[str, str]]) -> str:
    cells = "".join(
        f"<tr><th>{escape(name)}</th><td><code>{escape(value)}</code></td></tr>" for name, value in rows
    )
    return f"<table>{cells}</table>"


def _grid(titles: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    body = "".join(
        "<tr>" + "".join(f"<td><code>{escape(cell)}</code></td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
