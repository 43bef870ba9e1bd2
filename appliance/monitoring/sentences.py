"""The table of sentences: what each finding of a check is called, in both languages, and what to do about it.

Keys are those of verdicts; `{names}` are filled with a verdict's values.  Decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Words:
    """`ja` and `en` say what is; `do_ja` and `do_en` what to do."""

    ja: str
    en: str
    do_ja: str = ""
    do_en: str = ""


CALL: Final = ("保守窓口へ連絡してください。", "Call support.")

SENTENCES: Final[dict[str, Words]] = {
    # Said of any check.
    "pending": Words("まだ確認していません。", "Not checked yet."),
    "absent": Words("この装置にはありません。", "Not fitted: {what}"),
    "unset": Words("設定されていません。", "Not set up: {what}"),
    "timed_out": Words(
        "{seconds}秒以内に確認できませんでした。",
        "timed out after {seconds} seconds",
        "ディスクやネットワークが応答していない恐れがあります。" + CALL[0],
        "A disk or the network may hang. " + CALL[1],
    ),
    "unreadable": Words("確認できません：{what}", "cannot be checked: {what}", CALL[0], CALL[1]),
    "unanswered": Words(
        "応答がありません：{what}",
        "no answer: {what}",
        "自動で再起動します。1分たっても戻らなければ" + CALL[0],
        "It restarts by itself. If it stays away for a minute, call support.",
    ),
    # Machine.
    "load": Words("負荷 {load}（{cores}コア）。", "load {load} on {cores} cores"),
    "load_high": Words(
        "負荷が高くなっています（{load}、{cores}コア）。",
        "load is high: {load} on {cores} cores",
        "大きな取り込みや出力が終わるのを待ってください。続くときは" + CALL[0],
        "Wait for large imports to end. If it goes on, call support.",
    ),
    "swap": Words("メモリ使用 {memory}%、スワップ {swap}%。", "memory {memory}% used, swap {swap}% used"),
    "swap_high": Words(
        "スワップを{swap}%使っています。",
        "swap {swap}% used, memory {memory}%",
        "営業時間外に再起動してください。くり返すときは" + CALL[0],
        "Restart after hours. If it comes back, call support.",
    ),
    "memory_short": Words(
        "メモリが足りません（使用 {memory}%）。",
        "memory {memory}% used, swap {swap}%",
        "営業時間外に再起動してください。くり返すときは" + CALL[0],
        "Restart after hours. If it comes back, call support.",
    ),
    "disk": Words("空き {free}。", "{free} free on the data partition"),
    "disk_low": Words(
        "保存場所の空きが{free}しかありません。",
        "only {free} free on the data partition",
        "古い録音を削除するか、録音の保存上限を下げてください。少なくなると録音、次に発信が止まります。",
        "Delete old recordings or lower their limit. Recordings stop first, then new calls.",
    ),
    "disk_system_low": Words(
        "システム領域の空きが{system}%です。",
        "only {system}% free on the system partition",
        CALL[0],
        CALL[1],
    ),
    "mirror": Words(
        "2台とも正常です（{members}）。", "{array} is whole: {working} of {wanted} disks ({members})"
    ),
    "mirror_broken": Words(
        "ミラーの片方が外れています（{array}：{working}/{wanted}台、故障 {failed}）。",
        "{array} is degraded: {working} of {wanted} disks, failed {failed}",
        "発信は続けられます。電源を切らずに保守窓口へ連絡し、ディスクを交換してください。",
        "Calling may go on. Do not switch off; call support and have the disk replaced.",
    ),
    "mirror_rebuilding": Words(
        "ミラーを作り直しています（{array}：{done}%）。",
        "{array} is rebuilding: {done}% done",
        "そのままお待ちください。発信は続けられます。",
        "Wait; calling may go on.",
    ),
    "smart": Words(
        "正常です（{devices}、最高 {temperature}℃）。", "{devices} healthy, {temperature} C at most"
    ),
    "smart_failing": Words(
        "{device}が故障を予告しています。",
        "{device} foretells its failure",
        "バックアップを確かめ、" + CALL[0],
        "Check the backup, then call support.",
    ),
    "smart_hot": Words(
        "{device}の温度が{temperature}℃です。",
        "{device} is at {temperature} C",
        "吸気口をふさぐ物を除き、部屋を冷やしてください。",
        "Clear the air inlet and cool the room.",
    ),
    "smart_worn": Words(
        "{device}に不良があります（{sectors}か所）。",
        "{device} has {sectors} bad sectors, or is worn out",
        "交換の日取りを" + CALL[0],
        "Call support to plan its replacement.",
    ),
    # Floor.
    "pri": Words(
        "{spans}回線とも正常です（{busy}/{channels}ch使用中）。",
        "{spans} spans up, {busy} of {channels} channels busy",
    ),
    "pri_down": Words(
        "回線{down}が不通です（{alarm}）。",
        "span {down} is down ({alarm})",
        "回線のケーブルとONUの表示を確かめてください。正常に見えるときはNTTの故障窓口（113）へ連絡してください。",
        "Check the cable and the network terminal; if both look well, report a fault to the carrier.",
    ),
    "pri_stuck": Words(
        "終わらない通話が残っています（チャネル {stuck}）。",
        "stuck channels: {stuck}",
        "このページの回線図で、そのチャネルを切断してください。",
        "Cut that channel on the page of the device.",
    ),
    "pri_faulty": Words(
        "使えないチャネルが{faulty}本あります。",
        "{faulty} channels are out of service",
        "続くときは" + CALL[0],
        "If it goes on, call support.",
    ),
    "phones": Words("{total}台中{here}台が登録されています。", "{here} of {total} telephones registered"),
    "phones_missing": Words(
        "登録されていない電話機があります（{missing}）。",
        "{here} of {total} telephones registered; missing: {missing}",
        "その電話機とLANケーブルの電源と接続を確かめてください。",
        "Check power and cable of those telephones.",
    ),
    "phones_none": Words(
        "電話機が1台も登録されていません。",
        "no telephone is registered (of {total})",
        "電話用のゲートウェイとスイッチの電源を確かめてください。",
        "Check the telephone gateways and the switch.",
    ),
    "processes": Words(
        "{count}個すべて動いています（最後の起動から{up}）。", "{count} processes run, the youngest for {up}"
    ),
    "process_down": Words(
        "プログラム {name} が動いていません（{state}）。",
        "process {name} is {state}",
        "自動で再起動します。1分たっても戻らなければ" + CALL[0],
        "It restarts by itself. If it stays away for a minute, call support.",
    ),
    "process_stopped": Words(
        "プログラム {name} は止められています。",
        "process {name} was stopped by hand",
        "コンソールで起動してください。",
        "Start it on the console.",
    ),
    "process_hangs": Words(
        "プログラム {name} が{age}秒間応答していません。",
        "process {name} gave no sign of life for {age} s",
        "自動で再起動します。1分たっても戻らなければ" + CALL[0],
        "It restarts by itself. If it stays away for a minute, call support.",
    ),
    # Data.
    "database": Words("正常です（書き込み {commit}ミリ秒、{size}）。", "commit in {commit} ms, {size}"),
    "database_slow": Words(
        "書き込みに{commit}ミリ秒かかっています。",
        "a commit took {commit} ms",
        "ディスクが遅くなっています。" + CALL[0],
        "The disk is slow. " + CALL[1],
    ),
    "database_log": Words(
        "データベースの記録（WAL）が{log}あります。",
        "the write-ahead log has grown to {log}",
        "営業時間外に再起動してください。",
        "Restart after hours.",
    ),
    "recordings": Words("{size}／{most}（あと約{days}日分）。", "{size} of {most}, room for {days} days"),
    "recordings_ample": Words(
        "{size}／{most}（あと1年以上）。", "{size} of {most}, room for more than a year"
    ),
    "recordings_few": Words("{size}／{most}。", "{size} of {most}"),
    "recordings_lost": Words(
        "この1時間に録音できなかった通話が{lost}件あります（{reason}）。",
        "{lost} recordings lost in the last hour: {reason}",
        "保存場所の空きを確かめてください。通話と結果は保存されています。",
        "Look at the free space. Calls and results are kept.",
    ),
    "backup": Words(
        "最後のバックアップは{hours}時間前、試験復元は{drill}日前です。",
        "last backup {hours} hours ago, last test restore {drill} days ago",
    ),
    "backup_undrilled": Words(
        "最後のバックアップは{hours}時間前です。試験復元はまだ行われていません。",
        "last backup {hours} hours ago, never restored as a test",
    ),
    "backup_old": Words(
        "{hours}時間バックアップできていません。",
        "no backup for {hours} hours",
        "バックアップ先の電源、接続、空き容量を確かめてください。",
        "Check power, network and space of the backup's target.",
    ),
    "backup_none": Words(
        "バックアップがまだ1つもありません。",
        "there is no backup yet",
        "バックアップ先を確かめ、今夜の実行を待ってください。",
        "Check the target, then wait for tonight's run.",
    ),
    "backup_unset": Words(
        "バックアップ先が設定されていません。",
        "no target for the backup is set up",
        "設定用のパソコンからバックアップ先を設定してください。",
        "Set one up with the provisioning script.",
    ),
    "backup_failed": Words(
        "前回のバックアップに失敗しました（{what}）。",
        "the last backup failed: {what}",
        "バックアップ先の電源、接続、空き容量を確かめてください。",
        "Check power, network and space of the backup's target.",
    ),
    "backup_untested": Words(
        "試験復元が{drill}日間行われていません。",
        "no test restore for {drill} days",
        "試験復元を行ってください。",
        "Make a test restore.",
    ),
    # Network.
    "ping": Words(
        "{count}か所すべて応答しています（{rtt}ミリ秒）。", "{count} addresses answer, {rtt} ms at most"
    ),
    "ping_silent": Words(
        "{addresses}が応答しません。",
        "no answer from {addresses}",
        "その機器とスイッチの電源、LANケーブルを確かめてください。",
        "Check that device, the switch and the cable.",
    ),
    "ping_slow": Words(
        "ネットワークの応答が遅くなっています（{rtt}ミリ秒）。",
        "the slowest answer took {rtt} ms",
        "大量の通信をしている機器がないか確かめてください。",
        "Look for a device that fills the network.",
    ),
    "certificate": Words("{day}まで有効です（あと{days}日）。", "good until {day}, {days} days"),
    "certificate_ends": Words(
        "証明書があと{days}日で切れます（{day}）。",
        "ends in {days} days, on {day}",
        "設定用のパソコンから新しい証明書を入れてください。",
        "Install a new one with the provisioning script.",
    ),
    "certificate_over": Words(
        "証明書が{day}に切れています。",
        "ended on {day}",
        "設定用のパソコンから新しい証明書を入れてください。",
        "Install a new one with the provisioning script.",
    ),
    # Box.
    "chassis": Words(
        "正常です（最高 {temperature}℃）。",
        "supplies, fans and temperatures are well, {temperature} C at most",
    ),
    "chassis_alarm": Words(
        "電源・ファン・温度に異常があります（{names}）。",
        "{alarms}",
        "吸気口と電源ケーブルを確かめ、続くときは" + CALL[0],
        "Check the air inlet and power cables; if it goes on, call support.",
    ),
    "chassis_silent": Words(
        "シャーシの監視装置が応答しません。",
        "the chassis controller is silent (last word {age} s ago)",
        "発信は続けられます。" + CALL[0],
        "Calling may go on. " + CALL[1],
    ),
    "panel": Words("正常です。", "the front panel answers"),
    "panel_fault": Words(
        "前面パネルが応答しません。",
        "{what}",
        "発信は続けられます。" + CALL[0],
        "Calling may go on. " + CALL[1],
    ),
    "watchdog": Words("働いています。前回の起動：{why_ja}", "it is petted; last start: {why_en}"),
    "watchdog_fault": Words(
        "ハードウェアの見張りが働いていません。",
        "the hardware watchdog is not petted: {what}",
        "発信は続けられます。" + CALL[0],
        "Calling may go on. " + CALL[1],
    ),
    "watchdog_given_up": Words(
        "自動の再起動を3回行っても直らなかったため、止めています。",
        "three resets in a row did not help, so there are no more",
        CALL[0],
        CALL[1],
    ),
    "clock": Words("正確です（時刻サーバーとの差 {off}秒）。", "{off} s off the time server"),
    "clock_free": Words(
        "時刻サーバーなしで動いています（差 {off}秒）。",
        "runs without a time server, {off} s off the battery clock",
    ),
    "clock_off": Words(
        "時計が{off}秒ずれています。",
        "the clock is {off} s off",
        "時刻サーバーへの接続を確かめるか、コンソールで時刻を合わせてください。",
        "Check the time server, or set the clock on the console.",
    ),
    "clock_wrong": Words(
        "時計が合っていません（{now} UTC）。",
        "the clock is wrong: {now} UTC",
        "コンソールで時刻を合わせてください。合うまで発信しないでください。",
        "Set the clock on the console before calling.",
    ),
}
"""Keys of verdicts.  A key that is missing here is a mistake that a test finds."""
