// At one's desk, on every page: one's seat, break and lock, calling for help, a supervisor's words, and who
// whispers or barges in.  For supervisors: how many call for help, with a sound once for each.

import { live, post, refresh } from "./frame.js";
import { duration } from "./format.js";
import { h, say } from "./dom.js";
import { beep } from "./sound.js";
import { STATES, reasonWord } from "./states.js";
import { t } from "./words.js";

const $ = (id) => document.getElementById(id);
const onLockPage = document.body.dataset.lockPage === "yes";
const composing = (event) => event.isComposing || event.keyCode === 229;

let locked = null;
let listeningAt = 0;
let helping = null; // seats that called for help when we looked last

// --- the lock -----------------------------------------------------------------------------------------

function lock(wanted) {
  if (onLockPage) {
    if (wanted) dress(document, wanted);
    else location.assign(document.body.dataset.next || "/");
  } else if (wanted && !$("lock")) {
    document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
    const cover = h("main", { id: "lock" });
    cover.append($("lock-template").content.cloneNode(true));
    for (const child of document.body.children) child.inert = true;
    document.body.classList.add("locked");
    document.body.append(cover);
    cover.querySelector("form").addEventListener("submit", unlock);
    dress(cover, wanted);
    cover.querySelector("#lock-password").focus();
  } else if (!wanted && $("lock")) {
    $("lock").remove();
    document.body.classList.remove("locked");
    for (const child of document.body.children) child.inert = false;
    $("break-menu").open = false;
  }
  locked = wanted;
}

function dress(root, { reason }) {
  say(root.querySelector("[data-lock-word]"), t("{reason}中", { reason: reasonWord(reason) }));
  tick();
}

async function unlock(event) {
  event.preventDefault();
  const form = event.target;
  try {
    await post("/break/end", { password: form.password.value });
  } catch (error) {
    say(form.querySelector("[data-lock-problem]"), error.message);
    form.password.select();
  }
}

function tick() {
  const time = document.querySelector("#lock [data-lock-time]");
  if (locked && time) say(time, duration(live.now() - locked.from_at));
}
setInterval(tick, 1000);

$("break-form")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = $("break-answer");
  const reason = event.submitter?.value || "break";
  try {
    const done = await post("/break", { reason, other: event.submitter?.name ? "" : event.target.other.value });
    say(answer, done.is_after_call ? t("この通話のあとに始まります。") : "");
    event.target.other.value = "";
  } catch (error) {
    say(answer, error.message);
  }
});
$("break-cancel")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  await post("/break/cancel", {}).then(() => say($("break-answer"), t("取り消しました。")), (error) => say($("break-answer"), error.message));
});

// --- one's seat, help ---------------------------------------------------------------------------------

function seat(mine) {
  const label = $("my-seat");
  const sits = Boolean(mine.seat_id);
  if (label) {
    label.hidden = !sits;
    if (sits) say(label, `${mine.label} ${t("内線{n}", { n: mine.extension })} ${STATES[mine.state].glyph}`);
    label.title = sits ? STATES[mine.state].word() : "";
  }
  const cancel = $("break-cancel");
  if (cancel) cancel.hidden = !(mine.break_wanted || mine.state === "break");
  const asking = $("seat-dialog");
  if (sits && asking?.open && asking.dataset.rings === "yes") asking.close(); // the handset is up
  const help = $("help");
  if (!help) return;
  help.dataset.forbidden = sits ? "" : "yes";
  help.disabled = !sits || live.state !== "live";
  if (!sits) help.title = t("座席についていません。電話機でログインするか、座席を選んでください。");
  const isOn = mine.help_since_at > 0;
  help.setAttribute("aria-pressed", String(isOn));
  help.classList.toggle("alarm", isOn);
  say(help, isOn ? t("！ ヘルプ呼出中") : t("ヘルプ"));
}

async function callForHelp() {
  const help = $("help");
  if (!help || help.disabled) return;
  try {
    await post("/desk/help", { is_on: help.getAttribute("aria-pressed") === "true" ? "" : "1" });
  } catch (error) {
    notice("help", "bad", error.message);
  }
}
$("help")?.addEventListener("click", callForHelp);

$("take-seat")?.addEventListener("click", async () => {
  $("seat-dialog").dataset.rings = "";
  const answer = await fetch("/desk/seats", { credentials: "same-origin", headers: { Accept: "application/json" } });
  const { seats = [], last = "" } = await answer.json().catch(() => ({}));
  $("seat-choice").replaceChildren(...seats.map((one) => new Option(`${one.label}（${one.extension}）`, one.id, false, String(one.id) === last)));
  say($("seat-form").querySelector("[data-answer]"), seats.length ? "" : t("空いている座席がありません。"));
});
$("seat-form")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = event.target.querySelector("[data-answer]");
  try {
    const { extension } = await post("/desk/seat", { seat: event.target.seat.value });
    say(answer, t("内線{n}が鳴っています。受話器を上げてください。", { n: extension }));
    $("seat-dialog").dataset.rings = "yes";
  } catch (error) {
    say(answer, error.message);
  }
});

// --- what one is told ---------------------------------------------------------------------------------

const HOW = { listen: (name) => t("{name}さんが通話を聞いています。", { name }), whisper: (name) => t("{name}さんがささやいています（お客様には聞こえません）。", { name }), barge: (name) => t("{name}さんが通話に入っています。", { name }) };

function told(mine) {
  const listeners = (mine.listeners ?? []).filter((one) => one.is_on && HOW[one.how]);
  notice("listeners", "warn", listeners.map((one) => HOW[one.how](one.name)).join(" "));
  notice("helper", "good", mine.helper ? t("{name}さんがヘルプに応じました。", { name: mine.helper }) : "");
  notice("wish", "", mine.break_wanted ? t("この通話のあと「{reason}」に入ります。", { reason: reasonWord(mine.break_wanted) }) : "");
  const key = String(mine.message_at ?? "");
  const isRead = !mine.message || sessionStorage.getItem("message-read") === key;
  if (!isRead && !$("told-message")) beep(1, 660);
  notice("message", "warn", isRead ? "" : `${mine.message_from}：${mine.message}`, () => sessionStorage.setItem("message-read", key));
}

function notice(name, weight, text, onClose = null, closes = t("閉じる")) {
  const known = $(`told-${name}`);
  if (!text) return known?.remove();
  if (known) return say(known.querySelector("span"), text);
  const close = onClose && h("button", { type: "button", class: "slim push", onclick: () => (onClose(), $(`told-${name}`)?.remove()) }, closes);
  $("told")?.append(h("p", { id: `told-${name}`, class: `notice ${weight}` }, h("span", {}, text), close || null));
}

function helps(seats) {
  const badge = $("helps");
  if (!badge || !seats) return;
  const calling = Object.values(seats).filter((one) => one.help_since_at > 0).sort((a, b) => a.help_since_at - b.help_since_at);
  badge.hidden = calling.length === 0;
  say(badge.querySelector("b"), String(calling.length));
  if (calling.length) badge.href = `/board?seat=${calling[0].seat_id}`;
  const now = new Set(calling.map((one) => `${one.seat_id}:${one.help_since_at}`));
  if (helping && [...now].some((key) => !helping.has(key)) && live.isFirst()) beep(3);
  helping = now;
}

// A supervisor who listens sees it on every page, and can end it there.
function listening(seats) {
  const own = Number(document.body.dataset.user);
  const found = Object.values(seats ?? {}).find((one) => (one.listeners ?? []).some((listener) => listener.user_id === own));
  const how = found?.listeners.find((listener) => listener.user_id === own).how;
  const words = { listen: () => t("聞いています"), whisper: () => t("ささやいています"), barge: () => t("通話に入っています") }[how]?.();
  if (found?.seat_id !== listeningAt) notice("listening", "", "");
  listeningAt = found?.seat_id;
  notice("listening", "", found ? `${found.label} ${found.user_name}：${words}` : "", found && (() => post(`/seats/${found.seat_id}/listen-end`, {}).catch((error) => notice("help", "bad", error.message))), t("終了"));
}

// 転送電話: how many ring, and the inbox as soon as one comes or goes.
let ringing = "";
function transfers(every) {
  count("transfers", Object.keys(every).length);
  const now = Object.keys(every).sort().join(" ");
  const inbox = document.querySelector("[data-on-transfers]");
  if (inbox && now !== ringing && ringing !== null) refresh(inbox).catch(() => {});
  ringing = now;
}

function count(screen, number) {
  const badge = document.querySelector(`[data-screen="${screen}"] [data-count]`);
  if (!badge) return;
  badge.hidden = number === 0;
  say(badge, String(number));
}

async function promises() {
  if (document.hidden || locked || !document.querySelector('[data-screen="recalls"]')) return;
  const answer = await fetch("/recalls/due", { credentials: "same-origin", headers: { Accept: "application/json", "X-Refresh": "1" } }).catch(() => null);
  if (answer?.ok) count("recalls", (await answer.json()).due ?? 0);
}
promises();
setInterval(promises, 30_000);

// 着信: who calls now, and whom nobody has called back.
let callers = null;
async function missed(every) {
  const now = Object.keys(every).sort().join(" ");
  if (now === callers || document.hidden || locked || !document.querySelector('[data-screen="missed"]')) return;
  callers = now;
  const answer = await fetch("/missed/due", { credentials: "same-origin", headers: { Accept: "application/json", "X-Refresh": "1" } }).catch(() => null);
  if (answer?.ok) count("missed", (await answer.json()).due ?? 0);
}
setInterval(() => (callers = null), 30_000); // asked again with the next beat

// --- keys ---------------------------------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  if (composing(event) || !event.ctrlKey || !event.shiftKey || locked) return;
  const key = event.key.toLowerCase();
  if (key === "b" && $("break-menu")) {
    event.preventDefault();
    $("break-menu").open = true;
    $("break-menu").querySelector("button").focus();
  } else if (key === "u") {
    event.preventDefault();
    if ($("help")) callForHelp();
    else if ($("helps") && !$("helps").hidden) location.assign($("helps").href);
  }
});

// Last, when all that it uses stands.
live?.on((view) => {
  const me = view.me ?? {};
  lock(me.lock ?? null);
  if (me.lock) return;
  seat(me.seat ?? {});
  told(me.seat ?? {});
  helps(view.seats);
  listening(view.seats);
  transfers(view.transfers ?? {});
  missed(view.incoming ?? {});
});
