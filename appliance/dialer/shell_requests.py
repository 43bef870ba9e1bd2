"""What pages ask of a seat: fed to the machine, or refused with a sentence that pages translate."""

from __future__ import annotations

from typing import Any, Final, Protocol, get_args

from appliance.dialer.inputs import SeatRequest
from appliance.dialer.shell import Shell
from appliance.errors import BadInput

REFUSALS: Final = {
    "nobody": "この座席には、だれもログインしていません。",
    "no-call": "通話中ではありません。",
    "as-it-is": "すでにその状態です。",
    "still-talking": "通話中です。通話を終えてから登録してください。",
    "no-code-owed": "この通話の結果は、すでに登録されています。",
    "code-unknown": "その結果コードはありません。",
    "not-the-last": "取り消せるのは、直前に登録した結果だけです。",
    "too-late": "登録から10秒を過ぎたため、取り消せません。",
    "third-party": "第三者を呼び出しているか、話しています。先にお客様へ戻してください。",
    "target-unknown": "その転送先は登録されていません。",
    "number-invalid": "電話番号は3〜15桁の数字で入力してください。",
    "target-forbidden": "その番号は発信禁止、一時停止または除外に登録されています。",
    "target-busy": "転送先は通話中か、結果を登録しています。",
    "target-away": "転送先の席には、だれもいません。",
    "channels": "空いている回線がありません。",
    "no-third-party": "転送先を呼び出していません。",
    "not-answered": "転送先がまだ応答していません。",
    "caller-gone": "その着信は、ほかの人が応答したか、切れています。",
    "transfer-over": "この転送電話は終わっています。",
    "call-in-hand": "通話か結果の登録が終わっていません。",
    "on-break": "休憩・離席中です。先に戻ってください。",
    "seat-unknown": "その座席はありません。",
    "seat-taken": "この座席は、ほかの人が使っています。",
    "seated-elsewhere": "ほかの座席でログインしています。先にログアウトしてください。",
    "phone-in-use": "その電話機は使われています。受話器を置いてください。",
    "phone-away": "その電話機につながりません。電源と配線を確かめてください。",
    "extension-unknown": "その内線はありません。",
    "own-seat": "自分の座席はモニターできません。",
    "no-project": "担当の案件がないため、発信できません。",
    "project-stopped": "案件が稼働していないため、発信できません。",
    "no-caller": "メインの発信番号が設定されていないため、発信できません。",
    "closed": "発信できる時間帯ではありません。",
    "disk-short": "ディスクの空きがないため、発信できません。",
    "not-a-caller": "その発信番号は、この案件の番号ではありません。",
    "number-forbidden": "この番号は発信禁止に登録されているため、発信できません。",
    "number-suspended": "この番号は発信一時停止の期間中のため、発信できません。",
    "number-excluded": "この番号は除外に登録されているため、発信できません。",
    "number-in-hand": "この番号は、いま別の席が対応中です。",
    "mode-fixed": "この案件では、通常発信に切り替えられません。",
    "reason-invalid": "休憩の理由は1〜40文字にしてください。",
    "message-long": "メッセージは400文字までにしてください。",
}
"""The words of `Machine.request_refusal` as sentences; the sentence is the key of the English one."""


class Judge(Protocol):
    """What the machine says of a request."""

    def request_refusal(self, what: SeatRequest, now: float) -> str: ...


class Requests:
    """Takes them."""

    def __init__(self, shell: Shell, judge: Judge) -> None:
        self._shell = shell
        self._judge = judge

    @staticmethod
    def takes(body: Any) -> bool:
        """Whether a message is one of them."""
        return isinstance(body, get_args(SeatRequest))

    def take(self, body: SeatRequest) -> None:
        """Feed it.  Raises BadInput with the reason."""
        refusal = self._judge.request_refusal(body, self._shell.clock.monotonic())
        if refusal:
            raise BadInput(REFUSALS[refusal])
        self._shell.feed(body)
