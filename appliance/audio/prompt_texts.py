"""The words of the shipped prompts.  Short: an operator hears most of them at every call."""

from __future__ import annotations

from typing import Final

TEXTS: Final[dict[str, str]] = {
    "login-id": "IDを入力して、シャープを押してください。",
    "login-pin": "暗証番号を入力して、シャープを押してください。",
    "login-failed": "IDか、暗証番号が、違います。",
    "login-locked": "間違いが続いたため、ログインを、停止しています。管理者に、連絡してください。",
    "login-taken": "このIDは、ほかの座席で、使用中です。",
    "welcome": "ログインしました。",
    "press-star": "始めるときは、コメじるしを押してください。",
    "ready": "接続を、待っています。",
    "enter-code": "結果コードを、どうぞ。",
    "code-confirm": "よろしければコメじるし、訂正はシャープ。",
    "code-unknown": "そのコードは、ありません。",
    "code-saved": "登録しました。",
    "code-missing": "結果コードが、まだ入力されていません。",
    "apology": "お電話いたしましたが、ただいま担当者におつなぎできません。"
    "申し訳ございません。こちらから、改めてお電話いたします。",
    "incoming-announcement": "お電話ありがとうございます。ただいま、電話に出ることができません。"
    "恐れ入りますが、改めておかけ直しください。",
    "incoming-busy": "お電話ありがとうございます。ただいま、電話が混み合っております。"
    "このまま、しばらくお待ちください。",
    "incoming-rings": "お客様から、着信です。コメじるしで、応答。シャープで、断ります。",
    "not-ready": "ただいま、発信の準備ができていません。",
    "transfer-held": "保留しました。",
    "transfer-busy": "転送先は、お話し中です。",
    "transfer-no-answer": "転送先が、出ません。",
    "transfer-vacant": "転送先の番号は、使われていません。",
    "transfer-forbidden": "転送先の番号は、発信を止められています。",
    "transfer-no-channel": "空いている回線が、ありません。",
    "transfer-fault": "回線の都合で、つながりません。",
    "transfer-declined": "転送先が、断りました。",
    "transfer-refused": "転送先に、つながりません。",
    "transfer-left": "転送先が、電話を切りました。",
    "transfer-returned": "転送先が、出ませんでした。お客様です。",
    "transfer-handed": "転送しました。",
    "transfer-joined": "三者通話です。",
    "transfer-rings": "転送電話です。コメじるしで、応答。シャープで、断ります。",
    "transfer-unknown": "その転送先は、ありません。",
    "transfer-not-now": "いまは、できません。",
    "transfer-calling": "を、呼び出します。",
    "transfer-keys": "コメじるしとゼロで保留、イチ短縮、ゴオ内線、ロク番号。"
    "ニイで渡す、サンで戻る、ヨンで三者、キュウで管理者。",
    "break-begun": "休憩に、入りました。戻るときは、暗証番号と、シャープを押してください。",
    "help-called": "管理者を、呼んでいます。",
    "help-ended": "管理者の呼び出しを、取り消しました。",
    "desk-keys": "休憩は、ゼロ、イチ。管理者を呼ぶときは、ゼロ、キュウを、押してください。",
    "goodbye": "お疲れさまでした。",
    "digit-0": "ゼロ。",
    "digit-1": "イチ。",
    "digit-2": "ニイ。",
    "digit-3": "サン。",
    "digit-4": "ヨン。",
    "digit-5": "ゴオ。",
    "digit-6": "ロク。",
    "digit-7": "ナナ。",
    "digit-8": "ハチ。",
    "digit-9": "キュウ。",
}
