"""The lines of each page of the menu, Japanese and English.  Pure: what was seen in, lines out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from appliance.dialer.messages import ChannelTried
from provisioning.console.facts import Facts
from provisioning.console.menu_table import LOG_NAMES, Page, What
from provisioning.console.seen import LOG_ROWS, Seen
from provisioning.console.terminal import padded
from provisioning.messages import RESET_WORD, Backups, Bundle, LogLines, Opened, RestoreProgress
from provisioning.words import Text

PHONES_SHOWN: Final = 24  # of those without registration

Lines = list[Text | str]

MAIN_LINES: Final = (
    Text("1  状態（一覧）", "1  Status at a glance"),
    Text("2  回線とチャネル", "2  Lines and channels"),
    Text("3  ネットワーク", "3  Network"),
    Text("4  テスト発信", "4  Test call"),
    Text("5  ログ", "5  Logs"),
    Text("6  サポート一式", "6  Support bundle"),
    Text("7  接続制限の解除", "7  Rescue from the allow-list"),
    Text("8  再起動・電源を切る", "8  Restart, power off"),
    Text("9  工場出荷状態に戻す", "9  Factory reset"),
    Text("p  PINの変更", "p  Change the PIN"),
    Text("0  ログアウト", "0  Log out"),
)
RESTORE_LINE: Final = Text("b  バックアップから復元", "b  Restore from a backup")


def _login(seen: Seen) -> Lines:
    return [
        "",
        Text("PINを入力してEnterを押してください。", "Type the PIN and press Enter."),
        Text("はじめての装置では、装置の画面に出ている設定コードを使います。",
             "On a new box, use the set-up code that stands on its own screen."),
        Text("l  English（文字が化けるとき）", "l  Japanese (UTF-8)"),
        "",
        seen.told,
    ]  # fmt: skip


def _main(seen: Seen) -> Lines:
    opened = seen.values.get(What.LOG_IN)
    is_blank = isinstance(opened, Opened) and opened.is_blank
    return [*MAIN_LINES, *((RESTORE_LINE,) if is_blank else ())]


def _status(seen: Seen) -> Lines:
    facts = seen.facts()
    bad = [f"{name} {state}" for name, state in facts.processes if state != "RUNNING"]
    absent = [label for label, _, is_registered in facts.phones if not is_registered]
    up = [span for span in facts.spans if span.is_up]
    registered = len(facts.phones) - len(absent)
    count = f"{len(up)}/{len(facts.spans)}"
    calls = Text(
        f"回線        {count} 使用可、通話 {facts.calls}", f"Lines       {count} up, {facts.calls} calls"
    )
    lines: Lines = [
        Text(f"時刻        {facts.clock}（起動から{_ago(facts.up_s)}）",
             f"Clock       {facts.clock}, up {_ago(facts.up_s)}"),
        Text(f"前回の再起動 {facts.restarted.ja or '—'}", f"Last start  {facts.restarted.en or '-'}"),
        Text(f"プログラム  {'すべて動作中' if not bad else ', '.join(bad)}",
             f"Programs    {'all running' if not bad else ', '.join(bad)}"),
        calls if facts.has_dialer else Text("発信プログラムが答えません", "the dialer does not answer"),
        Text(f"電話機      {registered}/{len(facts.phones)} 登録",
             f"Phones      {registered}/{len(facts.phones)} registered"),
        Text(f"ディスク    空き {facts.free_bytes / 1e9:.1f} GB　ミラー {facts.mirror or 'なし'}",
             f"Disks       {facts.free_bytes / 1e9:.1f} GB free, mirror {facts.mirror or 'none'}"),
        "",
    ]  # fmt: skip
    if absent:
        listed = " ".join(absent[:PHONES_SHOWN])
        lines.append(Text(f"登録のない座席：{listed}", f"Not registered: {listed}"))
    if facts.is_reset_asked:
        lines.append(RESET_ASKED)
    return [*lines, *_alarms(facts)]


def _alarms(facts: Facts) -> Lines:
    if not facts.has_monitor:
        return [Text("監視プログラムが答えません。", "The monitor does not answer.")]
    if not facts.alarms:
        return [Text("警報はありません。", "There is no alarm.")]
    return [Text(f"！ {alarm.ja}", f"! {alarm.en}") for alarm in facts.alarms]


RESET_ASKED: Final = Text(
    "！ 前面のボタンで工場出荷状態に戻すことが求められています（メニュー9）。",
    "! The front panel's button asks for a factory reset (menu 9).",
)


def _ago(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    return (f"{days}d " if days else "") + f"{rest // 3600}:{rest // 60 % 60:02d}"


def _lines(seen: Seen) -> Lines:
    facts = seen.facts()
    if not facts.has_dialer:
        return [Text("発信プログラムが答えません。", "The dialer does not answer.")]
    lines: Lines = [
        Text(
            "チャネル： . 空き  s 発信  r 呼出  t 通話  x 障害",
            "Channels: . idle  s set-up  r ringing  t talking  x fault",
        ),
        "",
    ]
    for span in facts.spans:
        state = Text("使用可", "up") if span.is_up else Text("使用不可", "down")
        more = f" {span.alarm}" if span.alarm else ""
        shown = f"{span.number}  {span.channels}"
        lines.append(Text(f"回線{shown}  {state.ja}{more}", f"Line {shown}  {state.en}{more}"))
    return lines


def _network(seen: Seen) -> Lines:
    facts = seen.facts()
    return [
        Text(f"アドレス  {facts.address}", f"Address   {facts.address}"),
        "",
        Text("1  アドレスを変える（60秒以内に確認しないと元に戻ります）",
             "1  Change the address (it goes back unless confirmed within 60 s)"),
    ]  # fmt: skip


def _form(seen: Seen) -> Lines:
    return [*seen.answers, "", seen.told, Text("Esc 中止", "Esc stops")]


def _trial(seen: Seen) -> Lines:
    return [
        Text(f"あと{seen.left_s}秒で元のアドレスに戻ります。", f"It goes back in {seen.left_s} s."),
        "",
        Text("PCから画面が開けることを確かめて、y を押してください。",
             "See that a PC opens the page, then press y."),
    ]  # fmt: skip


def _test(seen: Seen) -> Lines:
    return [
        Text("選んだチャネルで1回発信し、聞こえる音の大きさを測って切ります。",
             "One call on the chosen channel: its sound is measured, then it is cleared."),
        Text("保守用の番号だけにかけてください。お客様のリストは使いません。",
             "Call service numbers only. No customer's list is touched."),
        "",
        *_form(seen),
    ]  # fmt: skip


def _tested(seen: Seen) -> Lines:
    found = seen.values.get(What.TEST_CALL)
    lines = _tried(found) if isinstance(found, ChannelTried) else []
    return [*lines, "", Text("1  もう一度", "1  Once more")]


OUTCOMES: Final = {
    "answered": Text("○ 応答しました", "o answered"),
    "rang": Text("△ 鳴りましたが応答がありません", "- it rang and nobody answered"),
    "cleared": Text("× つながりませんでした", "x it was cleared before it rang"),
    "busy_channel": Text(
        "× チャネルが使用中か、回線が使えません", "x the channel is in use, or the line is down"
    ),
}


def _tried(found: ChannelTried) -> Lines:
    levels = (found.ring_dbm0, found.speech_dbm0, found.speech_peak_dbm0)
    ring, speech, peak = (f"{level:.1f} dBm0" if level > -100 else "-" for level in levels)
    times = f"{found.ringing_s:.2f} s / {found.answered_s:.2f} s"
    return [
        OUTCOMES.get(found.outcome, Text(found.outcome, found.outcome)),
        "",
        Text(f"チャネル          {found.channel}", f"Channel         {found.channel}"),
        Text(f"切断理由 (Q.850)  {found.cause}", f"Cause (Q.850)   {found.cause}"),
        Text(f"呼出まで/応答まで {times}", f"Rang, answered  {times}"),
        Text(f"呼出中の音        {ring}", f"While it rang   {ring}"),
        Text(f"応答後の音        {speech}（最大 {peak}）", f"After answer    {speech}, peak {peak}"),
        Text("目安：応答後 -30〜-5 dBm0。-60以下は無音です。",
             "To expect: -30 to -5 dBm0 after the answer; below -60 is silence."),
    ]  # fmt: skip


def _logs(seen: Seen) -> Lines:
    del seen
    return [f"{key}  {name}" for key, name in enumerate(LOG_NAMES, 1)]


def _log(seen: Seen) -> Lines:
    found = seen.values.get(What.READ_LOG)
    lines = found.lines if isinstance(found, LogLines) else ()
    end = len(lines) - seen.at * LOG_ROWS
    return list(lines[max(0, end - LOG_ROWS) : max(end, 0)]) or [Text("（空です）", "(empty)")]


def _bundle(seen: Seen) -> Lines:
    del seen
    return [
        Text("ログと設定を1つのファイルにまとめます。", "Logs and settings in one file."),
        Text("電話番号・氏名・メール・パスワードは伏せます。録音と名簿は入りません。",
             "Numbers, names, mail addresses and passwords are masked. No recordings, no lists."),
        "",
        Text("1  作る", "1  Make it"),
    ]  # fmt: skip


def _made(seen: Seen) -> Lines:
    found = seen.values.get(What.MAKE_BUNDLE)
    if not isinstance(found, Bundle):
        return []
    shown = [padded(name, 38) for name in found.content]
    listed = ["".join(shown[at : at + 2]) for at in range(0, len(shown), 2)]
    return [
        Text(f"{found.size / 1000:,.0f} kB、{len(found.content)} ファイル",
             f"{found.size / 1000:,.0f} kB, {len(found.content)} files"),
        Text("1  ZMODEMで送る（端末ソフトで受信してください）",
             "1  Send by ZMODEM (receive it in the terminal program)"),
        Text("2  USBメモリに書き込む", "2  Write it to a USB stick"),
        "",
        *listed,
    ]  # fmt: skip


def _access(seen: Seen) -> Lines:
    del seen
    return [
        Text(
            "接続を許す範囲を、構内アドレス全体に戻します。",
            "The allow-list goes back to all private addresses.",
        ),
        Text("画面を開けるPCがなくなったときに使います。", "For when no PC can open the page any more."),
        "",
        Text("y  解除する", "y  Do it"),
    ]


def _restart(seen: Seen) -> Lines:
    calls = seen.facts().calls
    return [
        Text(f"通話中のチャネル：{calls}（切れます）", f"Channels in use: {calls} (they are cut)"),
        "",
        Text("1  プログラムだけ", "1  The programs only"),
        Text("2  装置を再起動", "2  The whole box"),
        Text("3  電源を切る", "3  Power off"),
    ]


def _reset(seen: Seen) -> Lines:
    return [
        Text("名簿・履歴・録音・設定をすべて消します。元に戻せません。",
             "Lists, history, recordings and settings are erased. It cannot be undone."),
        Text(f"続けるには {RESET_WORD} と入力してください。", f"Type {RESET_WORD} to go on."),
        RESET_ASKED if seen.facts().is_reset_asked else "",
        *_form(seen),
    ]  # fmt: skip


def _restore(seen: Seen) -> Lines:
    del seen
    return [
        Text("お客様のデータがまだない装置に、バックアップを戻します。",
             "Brings a backup onto a box that holds no customer's data yet."),
        Text("復元の鍵（引き渡し書「バックアップ」）が要ります。",
             "The recovery key of the backups (on the hand-over sheet) is needed."),
        "",
        Text("1  USBディスクから", "1  From a USB disk"),
        Text("2  サイトのバックアップ先から（先に yobirin-provision --before-restore）",
             "2  From the site's target (yobirin-provision --before-restore first)"),
        Text("3  復元の進み具合", "3  How a restore stands"),
    ]  # fmt: skip


def _key(seen: Seen) -> Lines:
    return [
        Text("引き渡し書の「復元の鍵」を入力してください。ハイフンは省けます。",
             "Type the recovery key from the sheet. Hyphens may be left out."),
        "",
        *_form(seen),
    ]  # fmt: skip


def _backups(seen: Seen) -> Lines:
    values = (seen.values.get(What.FIND_USB), seen.values.get(What.FIND_SITE))
    found = next((each.found for each in values if isinstance(each, Backups)), ())
    lines: Lines = [
        Text("プログラムを止めて復元します。", "The programs stand still while it restores."),
        Text("日時はUTCです。", "Times are UTC."),
        "",
    ]
    for number, each in enumerate(found, 1):
        at = datetime.fromtimestamp(each.at / 1000, UTC).strftime("%Y-%m-%d %H:%M")
        shown = f"{number}  {at}  {each.site_name}  {each.recordings:,}"
        lines.append(Text(f"{shown} 録音", f"{shown} recordings"))
    return lines


def _restoring(seen: Seen) -> Lines:
    found = seen.values.get(What.READ_RESTORE)
    state = found if isinstance(found, RestoreProgress) else RestoreProgress(state="none")
    percent = f"{100 * state.share:.0f} %"
    told: dict[str, Lines] = {
        "none": [Text("復元は行われていません。", "No restore is running.")],
        "working": [
            Text(f"復元しています：{percent}", f"Restoring: {percent}"),
            Text("電源を切らないでください。切れたときは、もう一度同じ操作で続きから始まります。",
                 "Do not power off. If it was cut off, the same again goes on where it was."),
        ],
        "done": [
            Text(f"復元しました：{state.note}", f"Restored: {state.note}"),
            Text("プログラムを動かしました。PINは復元した装置のものです。",
                 "The programs are starting. The PIN is the restored box's."),
            Text("続けて yobirin-provision を実行し、回線とネットワークを合わせてください。",
                 "Now run yobirin-provision, for lines and network."),
        ],
        "failed": [
            Text("復元できませんでした。", "It could not be restored."),
            state.note,
        ],
    }  # fmt: skip
    return told[state.state]


def _working(seen: Seen) -> Lines:
    del seen
    return [Text("しばらくお待ちください。", "Please wait.")]


def _told(seen: Seen) -> Lines:
    return ["", seen.told]


VIEWS: Final[dict[Page, Callable[[Seen], Lines]]] = {
    Page.LOGIN: _login,
    Page.MAIN: _main,
    Page.STATUS: _status,
    Page.LINES: _lines,
    Page.NETWORK: _network,
    Page.ADDRESS: _form,
    Page.TRIAL: _trial,
    Page.TEST: _test,
    Page.TESTED: _tested,
    Page.LOGS: _logs,
    Page.LOG: _log,
    Page.BUNDLE: _bundle,
    Page.MADE: _made,
    Page.ACCESS: _access,
    Page.RESTART: _restart,
    Page.RESET: _reset,
    Page.PIN: _form,
    Page.RESTORE: _restore,
    Page.RESTORE_USB: _key,
    Page.RESTORE_SITE: _key,
    Page.BACKUPS: _backups,
    Page.RESTORING: _restoring,
    Page.WORKING: _working,
    Page.TOLD: _told,
}
assert set(VIEWS) == set(Page), "every page has its lines"
