"""What a route of incoming calls may be: its hours, number and tiers, looked at before anything is stored."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from appliance.errors import BadInput
from appliance.settings import SEATS_MAX
from appliance.store import numbers
from appliance.store.models import Noun
from appliance.store.open import Store
from appliance.store.routing import Choice, OnHolidays, RingOrder, Tier, TierKind

TIERS_MAX: Final = 3
RING_S: Final = (5, 120)
TEXT_MAX: Final = 300
NAME_MAX: Final = 40
ON_HOLIDAYS: Final[tuple[OnHolidays, ...]] = ("closed", "same", "also", "only")
KINDS: Final[tuple[TierKind, ...]] = ("ring", "announce", "menu")
ORDERS: Final[tuple[RingOrder, ...]] = ("all", "in_turn", "longest_idle")


class Wanted(Noun, frozen=True):
    """What a route shall be."""

    name: str
    called: str = ""
    project_id: int = 0
    weekdays: int = 0b0011111
    on_holidays: OnHolidays = "closed"
    from_minute: int = 9 * 60
    to_minute: int = 18 * 60
    is_enabled: bool = True
    tiers: tuple[Tier, ...] = ()


def checked(store: Store, tenant_id: int, wanted: Wanted) -> dict[str, Any]:
    """The columns of a route.  Raises BadInput."""
    name = wanted.name.strip()
    if not 1 <= len(name) <= NAME_MAX:
        raise BadInput(f"名前が{len(name)}文字です。", remedy=f"1〜{NAME_MAX}文字にしてください。")
    if wanted.on_holidays not in ON_HOLIDAYS or not 0 <= wanted.weekdays < 128:
        raise BadInput("曜日と祝日を選んでください。")
    if not wanted.weekdays and wanted.on_holidays in ("closed", "same"):
        raise BadInput("曜日が選ばれていません。", remedy="受ける曜日を選んでください。")
    if not (0 <= wanted.from_minute < 1440 and 0 < wanted.to_minute <= 1440):
        raise BadInput("時刻が正しくありません。", remedy="00:00〜24:00で入力してください。")
    if wanted.from_minute == wanted.to_minute:
        raise BadInput("開始と終了が同じ時刻です。", remedy="終日なら00:00〜24:00にしてください。")
    if not 1 <= len(wanted.tiers) <= TIERS_MAX:
        raise BadInput("受け方がありません。", remedy="第1候補を設定してください。")
    if wanted.project_id and not store.value(
        "SELECT 1 FROM project WHERE id = ? AND tenant_id = ?", (wanted.project_id, tenant_id)
    ):
        raise BadInput("その案件はありません。", remedy="一覧を更新してください。")
    return {
        "name": name,
        "called": _checked_number(store, tenant_id, wanted.called),
        "project_id": wanted.project_id,
        "weekdays": wanted.weekdays,
        "on_holidays": wanted.on_holidays,
        "from_minute": wanted.from_minute,
        "to_minute": wanted.to_minute,
        "is_enabled": int(wanted.is_enabled),
    }


def _checked_number(store: Store, tenant_id: int, text: str) -> str:
    """'' or digits that no other tenant has.  Which of the two it has is not told."""
    if not text.strip():
        return ""
    found = numbers.normalise(text)
    if isinstance(found, numbers.Problem):
        raise BadInput(f"着信番号が正しくありません。{found.reason}。", remedy=f"{found.fix}。")
    if store.value(
        "SELECT 1 FROM caller_number WHERE number = ? AND tenant_id <> ?"
        " UNION SELECT 1 FROM incoming_route WHERE called = ? AND tenant_id <> ?",
        (found.digits, tenant_id, found.digits, tenant_id),
    ):
        raise BadInput(f"着信番号「{text.strip()}」は登録できません。", remedy="番号を確かめてください。")
    return found.digits


def checked_tier(store: Store, tenant_id: int, tier: Tier, wanted: Wanted) -> Tier:
    """A tier with what its kind needs and nothing else.  Raises BadInput."""
    if tier.kind not in KINDS or tier.ring_order not in ORDERS:
        raise BadInput("受け方を選んでください。")
    if not RING_S[0] <= tier.ring_s <= RING_S[1]:
        raise BadInput(f"呼出時間は{RING_S[0]}〜{RING_S[1]}秒にしてください。")
    if len(tier.text) > TEXT_MAX:
        raise BadInput(f"案内が{len(tier.text)}文字です。", remedy=f"{TEXT_MAX}文字までにしてください。")
    if tier.kind in ("announce", "menu") and not tier.text.strip():
        raise BadInput("案内の文がありません。", remedy="流す文を入力してください。")
    extensions = _checked_extensions(store, tenant_id, tier.extensions) if tier.kind == "ring" else ()
    choices = _checked_choices(store, tenant_id, tier, wanted) if tier.kind == "menu" else ()
    if tier.kind == "ring" and not extensions:
        raise BadInput("鳴らす内線がありません。", remedy="内線を選んでください。")
    return msgspec.structs.replace(tier, text=tier.text.strip(), extensions=extensions, choices=choices)


def _checked_choices(store: Store, tenant_id: int, tier: Tier, wanted: Wanted) -> tuple[Choice, ...]:
    places = {one.place for one in wanted.tiers}
    if not tier.choices or len({one.digit for one in tier.choices}) != len(tier.choices):
        raise BadInput("メニューの番号がないか、重なっています。", remedy="0〜9を1つずつ使ってください。")
    for choice in tier.choices:
        if not (len(choice.digit) == 1 and choice.digit in "0123456789"):
            raise BadInput("メニューの番号がないか、重なっています。", remedy="0〜9を1つずつ使ってください。")
        if choice.tier and (choice.tier not in places or choice.tier == tier.place):
            raise BadInput("メニューの行き先の候補がありません。", remedy="別の候補を選んでください。")
    return tuple(
        msgspec.structs.replace(
            choice,
            name=choice.name.strip()[:NAME_MAX],
            extensions=_checked_extensions(store, tenant_id, choice.extensions),
        )
        for choice in tier.choices
    )


def _checked_extensions(store: Store, tenant_id: int, wanted: tuple[str, ...]) -> tuple[str, ...]:
    known = {
        row[0]
        for row in store.tuples(
            "SELECT extension FROM seat WHERE retired_at = 0 AND (tenant_id IS NULL OR tenant_id = ?)",
            (tenant_id,),
        )
    }
    found = tuple(dict.fromkeys(wanted))[:SEATS_MAX]
    unknown = [one for one in found if one not in known]
    if unknown:
        raise BadInput(f"内線「{'・'.join(unknown)}」はありません。", remedy="内線を選び直してください。")
    return found
