// The operator's monitor: no keyboard, no pointer.  Panes are drawn from the stream; nothing of a customer
// stays when the result is saved, the operator leaves, or the stream has been silent after a call's end.

import { Live } from "./live.js";
import { number, twoDigitDuration } from "./format.js";
import { h, say } from "./dom.js";
import { beep } from "./sound.js";
import { STATES, reasonWord } from "./states.js";
import { t } from "./words.js";

const PRIVATE_AFTER_S = 10;
const TALK_S_MAX = 60; // without news: whether the talk goes on is not known, and most do not for much longer
const RESULT_LATE_S = 60;
const TAKE_BACK_S = 10;
const live = new Live(document.body.dataset.events, "");
const panes = new Map([...document.querySelectorAll(".pane")].map((root) => [root.dataset.label, new Map()]));

const BAND = {
  logged_out: () => t("未ログイン"),
  login: () => t("ログイン中"),
  paused: () => t("準備中"),
  waiting: () => t("待機"),
  manual: () => t("通常"),
  ringing: () => t("呼出中"),
  talking: () => t("通話中"),
  wrapup: () => t("結果入力"),
  break: () => t("休憩"),
};

function part(pane, name) {
  return pane.querySelector(`[data-is="${name}"]`);
}

function draw(pane, seat) {
  const late = seat.state === "wrapup" && live.now() - seat.since_at > (seat.wrap_limit_s || RESULT_LATE_S);
  const look = late ? "alarm" : seat.state;
  part(pane, "band").className = `band s-${look}`;
  const word = late ? t("結果未入力") : seat.is_held ? t("保留中") : seat.state === "break" && seat.break_reason ? t("{reason}中", { reason: reasonWord(seat.break_reason) }) : BAND[seat.state]();
  part(pane, "state").dataset.word = `${late ? "！" : STATES[seat.state].glyph} ${word}`;
  say(part(pane, "extension"), t("内線{n}", { n: seat.extension }));
  if (late && !pane.dataset.rang) beep();
  pane.dataset.rang = late ? "yes" : "";
  const customer = ["ringing", "talking", "wrapup"].includes(seat.state) ? seat.customer : null;
  part(pane, "customer").hidden = !customer;
  part(pane, "rest").hidden = !!customer;
  if (customer) showCustomer(pane, customer, seat);
  else {
    forget(pane);
    showRest(pane, seat);
  }
  told(pane, seat);
  part(pane, "keys").hidden = !customer;
  echo(pane, seat);
}

function showCustomer(pane, customer, seat) {
  say(part(pane, "kana"), customer.kana);
  say(part(pane, "name"), customer.name ? t("{name} 様", { name: customer.name }) : t("（名前なし）"));
  say(part(pane, "number"), customer.number);
  const body = part(pane, "facts");
  const key = JSON.stringify(customer.facts);
  if (body.dataset.key !== key) {
    body.dataset.key = key;
    body.replaceChildren(...customer.facts.map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, value))));
  }
  const memo = part(pane, "memo");
  memo.replaceChildren(h("b", {}, t("前回")), ` ${customer.memo || t("初めての架電です")}`);
  part(pane, "more").hidden = memo.scrollHeight <= memo.clientHeight + 2;
  const keys = part(pane, "keys");
  const codes = JSON.stringify(seat.codes);
  if (keys.dataset.key !== codes) {
    keys.dataset.key = codes;
    keys.replaceChildren(...seat.codes.map(([code, name]) => h("li", {}, h("b", {}, code), ` ${name}`)));
  }
}

// Nothing of a customer stays in the page, not even out of sight.
function forget(pane) {
  for (const name of ["kana", "name", "number", "memo"]) say(part(pane, name), "");
  const facts = part(pane, "facts");
  facts.replaceChildren();
  facts.dataset.key = "";
  part(pane, "more").hidden = true;
}

// What a supervisor tells this operator: words, help that comes, who whispers or is in the conversation.
const HOW = { listen: (name) => t("{name}さんが通話を聞いています。", { name }), whisper: (name) => t("{name}さんがささやいています（お客様には聞こえません）。", { name }), barge: (name) => t("{name}さんが通話に入っています。", { name }) };

function told(pane, seat) {
  const heard = (seat.listeners ?? []).filter((one) => one.is_on && HOW[one.how]).map((one) => HOW[one.how](one.name));
  const help = seat.help_since_at > 0 ? t("！ ヘルプ呼出中") : seat.helper ? t("{name}さんがヘルプに応じました。", { name: seat.helper }) : "";
  const words = seat.message ? `${seat.message_from}：${seat.message}` : "";
  const text = [...heard, help, words].filter(Boolean).join("　");
  part(pane, "told").hidden = !text;
  say(part(pane, "told"), text);
}

function showRest(pane, seat) {
  const big = part(pane, "big");
  const next = part(pane, "next");
  const texts = {
    logged_out: [t("ログインしていません"), t("内線{n}の受話器を上げて {code} → 社員番号 # → 暗証番号 #", { n: seat.extension, code: document.body.dataset.serviceCode })],
    login: [t("ログイン中"), t("音声の案内にしたがってください")],
    paused: [t("{name} さん", { name: seat.user_name }), t("＊を押すと発信を始めます")],
    waiting: [t("接続待ち"), t("つながるまでお待ちください")],
    manual: [t("通常"), t("架電画面から発信します")],
    ringing: [t("呼出中"), t("まもなくつながります")],
    break: [t("{reason}中", { reason: reasonWord(seat.break_reason || "break") }), t("＊を押すと再開します")],
    talking: [t("通話中"), ""],
    wrapup: [t("結果入力"), t("2けたの結果コードを押してください")],
  }[seat.state];
  say(big, texts[0]);
  say(next, texts[1]);
  const counts = part(pane, "counts");
  counts.hidden = !seat.user_id;
  say(part(pane, "calls"), number(seat.talks_today));
  say(part(pane, "talk"), twoDigitDuration(seat.talk_s_today));
  say(part(pane, "wait"), twoDigitDuration(seat.wait_s_today));
}

function echo(pane, seat) {
  const typed = part(pane, "typed");
  const hint = part(pane, "hint");
  const names = Object.fromEntries(seat.codes ?? []);
  let shown = "";
  let words = "";
  if (seat.typed) {
    shown = seat.typed.length === 2 ? `${seat.typed} ${names[seat.typed] ?? t("登録のないコード")}` : `${seat.typed}＿`;
    words = seat.typed.length === 2 ? t("＊で確定して次へ　# でやり直し") : t("あと1けた");
  } else if (seat.saved_code && !["talking", "wrapup"].includes(seat.state)) {
    shown = `✔ ${seat.saved_code} ${names[seat.saved_code] ?? ""}`;
    const isOpen = seat.can_take_back && seat.state === "waiting" && live.now() - seat.since_at < TAKE_BACK_S;
    words = isOpen ? t("保存しました　# で取り消し（10秒以内）") : t("保存しました");
  } else if (["talking", "wrapup"].includes(seat.state)) {
    words = t("結果は 2けた → ＊で確定して次へ　　# でやり直し");
  }
  typed.hidden = !shown;
  say(typed, shown);
  say(hint, words);
}

function tick() {
  for (const [label] of panes) {
    const pane = document.querySelector(`.pane[data-label="${CSS.escape(label)}"]`);
    const seat = live.view.seats?.[label];
    const state = part(pane, "state");
    if (live.state === "stale" || live.state === "dark") {
      stale(pane, seat);
    } else if (seat) {
      pane.classList.remove("stale");
      if (seat.state === "wrapup") draw(pane, seat);
      if (seat.state === "waiting" && seat.can_take_back) echo(pane, seat);
      say(state, `${state.dataset.word} ${seat.since_at && seat.state !== "logged_out" ? twoDigitDuration(live.now() - seat.since_at) : ""}`);
    }
  }
}

function stale(pane, seat) {
  pane.classList.add("stale");
  part(pane, "band").className = "band s-alarm";
  say(part(pane, "state"), `！ ${t("更新停止")}`);
  say(part(pane, "hint"), t("画面は止まっています。電話はそのまま使えます"));
  part(pane, "typed").hidden = true;
  const isTalking = seat?.state === "talking";
  if (!isTalking || live.age() > TALK_S_MAX + PRIVATE_AFTER_S) {
    part(pane, "customer").hidden = true;
    forget(pane);
    part(pane, "keys").hidden = true;
    part(pane, "rest").hidden = false;
    say(part(pane, "big"), t("更新停止"));
    say(part(pane, "next"), t("画面は止まっています。電話はそのまま使えます"));
    part(pane, "counts").hidden = true;
  }
}

live.on((view, kind, changed) => {
  for (const [label, seat] of Object.entries(changed.seats ?? {})) {
    const pane = document.querySelector(`.pane[data-label="${CSS.escape(label)}"]`);
    if (pane && seat) draw(pane, seat);
  }
  tick();
});
live.onState((state) => {
  if (state === "live") {
    for (const [label, seat] of Object.entries(live.view.seats ?? {})) {
      const pane = document.querySelector(`.pane[data-label="${CSS.escape(label)}"]`);
      if (pane && seat) draw(pane, seat);
    }
  }
  tick();
});
live.start();
setInterval(tick, 1000);
