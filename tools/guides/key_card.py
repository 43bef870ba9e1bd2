"""The key card of the telephone: `python -m tools.guides.key_card` writes docs/guides/keys.html.

Made from the dialer's own tables, so that it cannot be untrue: a key without words here, or words without a
key, stop it.  What is heard stands beside each key as the prompts say it.
"""

from __future__ import annotations

from html import escape
from typing import Final

from appliance.audio.prompt_texts import TEXTS
from appliance.dialer import desk_keys, talk_keys
from appliance.dialer.seat import TRANSITIONS, Do, Event, State
from appliance.settings import Settings
from appliance.store.result_codes import FIXED
from tools.guides.table_words import ROOT

PAGE: Final = "docs/guides/keys.html"
TEMPLATE: Final = "docs/guides/keys.in.html"

TALK: Final[dict[talk_keys.Wish, tuple[str, str, str]]] = {
    talk_keys.Wish.HOLD: ("保留する／お客様に戻る", "", "transfer-held"),
    talk_keys.Wish.SHORT_DIAL: ("短縮番号へ転送（呼び出す）", "短縮番号", "transfer-calling"),
    talk_keys.Wish.EXTENSION: ("内線へ転送（呼び出す）", "内線番号", "transfer-calling"),
    talk_keys.Wish.NUMBER: ("電話番号へ転送（呼び出す）", "電話番号", "transfer-calling"),
    talk_keys.Wish.HAND_OVER: ("お客様を転送先に引き継ぐ", "", "transfer-handed"),
    talk_keys.Wish.BACK: ("転送をやめて、お客様に戻る", "", "tone:beep"),
    talk_keys.Wish.JOIN: ("三者で話す（相手が出てから）", "", "transfer-joined"),
    talk_keys.Wish.HELP: ("管理者を呼ぶ／取り消す", "", "help-called"),
}
"""What a key does, what follows it, and what is heard."""
assert set(TALK) == set(talk_keys.Wish)

DESK: Final[dict[desk_keys.Wish, tuple[str, str]]] = {
    desk_keys.Wish.BREAK: ("休憩に入る<br>（受話器は置いてよい）", "break-begun"),
    desk_keys.Wish.HELP: ("管理者を呼ぶ／取り消す", "help-called"),
}
assert set(DESK) == set(desk_keys.Wish)

SCENES: Final[dict[State, str]] = {
    State.ASKING_ID: "IDを聞かれた",
    State.ASKING_PIN: "暗証番号を聞かれた",
    State.PAUSED: "準備中",
    State.WAITING: "待機（接続待ち）",
    State.CALLING: "呼出中",
    State.TALKING: "通話中",
    State.RUNG: "転送電話が鳴った",
    State.ASSISTING: "転送元と話している",
    State.OFFERED: "お客様から着信した",
    State.ENTERING: "結果コードを聞かれた",
    State.CONFIRMING: "コードが読まれた",
    State.BREAK: "休憩中",
}
"""Where `*` or `#` has a meaning."""

MEANS: Final[dict[Do, str]] = {
    Do.ASK_ID: "IDから入れ直す",
    Do.ASK_PIN: "IDを決める",
    Do.CHECK: "ログインする",
    Do.BE_READY: "発信を始める",
    Do.BE_PAUSED: "発信を止める",
    Do.TAKE_BACK: "直前の結果を取り消す",
    Do.GIVE_UP: "呼び出しをやめる",
    Do.TALK_KEY: "続けて数字（上の表）",
    Do.END_TALK: "電話を切る",
    Do.ANSWER_TRANSFER: "応答する",
    Do.DECLINE: "断る",
    Do.ANSWER_CALLER: "応答する",
    Do.DECLINE_CALLER: "断る",
    Do.SAY_MISSING: "",
    Do.RE_ASK_CODE: "入れ直す",
    Do.SAVE_CODE: "確定して次へ",
    Do.ASK_UNLOCK: "",
    Do.CHECK_UNLOCK: "暗証番号のあとで、戻る",
}
"""What `*` and `#` do; empty: nothing one would press it for."""
REPEATS: Final = {(State.ASKING_ID, Event.STAR): "", (State.CONFIRMING, Event.HASH): "コードを入れ直す"}


def meaning(state: State, event: Event) -> str:
    """What a key does in a state, in words for the card.  Raises KeyError where there are none."""
    row = TRANSITIONS[state].get(event)
    if row is None:
        return ""
    return REPEATS.get((state, event), MEANS[row[0]])


def scenes() -> list[tuple[str, str, str]]:
    """State, `*`, `#`: of every state that knows one of the two."""
    known = [
        state
        for state, rows in TRANSITIONS.items()
        if rows.keys() & {Event.STAR, Event.HASH}
        and state not in (State.CHECKING, State.UNLOCKING, State.MANUAL)  # normal mode is the screen's
    ]
    assert set(known) == set(SCENES), f"no words for {set(known) ^ set(SCENES)}"
    found = []
    for state, words in SCENES.items():
        hash_word = meaning(state, Event.HASH)
        if Event.TAKE_BACK in TRANSITIONS[state] and state is State.WAITING:
            hash_word += f"<br>確定後10秒は {MEANS[Do.TAKE_BACK]}"
        found.append((words, meaning(state, Event.STAR), hash_word))
    return found


def heard(prompt: str) -> str:
    """A prompt as it is read, without the commas that pace the voice."""
    if prompt.startswith("tone:"):
        return "ピッ"
    return TEXTS[prompt].replace("、", "").replace("コメじるし", "＊").replace("シャープ", "＃")


def keys_of(wish: talk_keys.Wish) -> str:
    """`* 1` and what follows it."""
    key, row = next((key, row) for key, row in talk_keys.KEYS.items() if row.wish is wish)
    then = TALK[wish][1] + (f"{row.digits}桁" if row.digits > 0 else "")
    return f"<kbd>＊</kbd> <kbd>{key}</kbd> {then}".rstrip()


def written() -> str:
    """The page."""
    service = Settings().phones.service_code
    talk = [
        f'<tr><td class="keys">{keys_of(wish)}</td><td>{TALK[wish][0]}<br>'
        f'<span class="heard">{escape(_heard_of(wish))}</span></td></tr>'
        for wish in TALK
    ]
    desk = "".join(
        f'<tr><td class="keys">{" ".join(f"<kbd>{key}</kbd>" for key in keys)}</td>'
        f"<td>{DESK[wish][0]}</td></tr>"
        for keys, wish in desk_keys.KEYS.items()
    )
    both = "".join(
        f"<tr><th>{words}</th><td>{star or '—'}</td><td>{hash_ or '—'}</td></tr>"
        for words, star, hash_ in scenes()
    )
    fixed = "".join(f"<li><kbd>{code}</kbd> {name}</li>" for code, name, _flags in FIXED)
    blank = "<li><kbd>&emsp;&emsp;</kbd></li>" * (20 - len(FIXED))
    half = len(talk) // 2
    left, right = "".join(talk[:half]), "".join(talk[half:])
    return (
        (ROOT / TEMPLATE)
        .read_text(encoding="utf-8")
        .format(service=service, talk_left=left, talk_right=right, desk=desk, both=both, codes=fixed + blank)
    )


def _heard_of(wish: talk_keys.Wish) -> str:
    _words, then, prompt = TALK[wish]
    return f"♪ {then}{heard(prompt)}"


def main() -> None:
    """Write it."""
    (ROOT / PAGE).write_text(written(), encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
