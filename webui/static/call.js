// The call screen.  What it shows follows the seat, which the dialer tells through the stream; a customer
// comes by the line (with the voice) or by the page (the queue, an address).  The telephone never depends on
// this page: after a refresh it finds itself where it was.

import { csrf, live, post } from "./frame.js";
import { clock, decimal, duration, number, twoDigitDuration, clockSeconds } from "./format.js";
import { data, h, say } from "./dom.js";
import { STATES } from "./states.js";
import { AutoCall } from "./call_auto.js";
import { AtOnce } from "./call_many.js";
import { Card } from "./call_card.js";
import { ResultForm, composing } from "./call_form.js";
import { hint, listen } from "./call_keys.js";
import { Incoming } from "./call_incoming.js";
import { Transfer } from "./call_transfer.js";
import { t } from "./words.js";

const $ = (id) => document.getElementById(id);
const part = (root, name) => root.querySelector(`[data-is="${name}"]`);
const json = (answer) => (answer.ok ? answer.json() : null);

const SETTLE_MS = 1000; // the entry of a call whose code came from the phone is written by then
const SETTLE_TRIES = 5;
const TYPING_MS = 1500; // whoever is still typing when the call ends finishes the word first
const WATCH_MS = 5000;
const MODE = "yobirin-call-mode";
const IDLE = ["waiting", "manual", "paused"];

const facts = data("facts");
const packs = facts.packs;
let seat = {};
let day = {};
let wait = null;
let queue = facts.queue;
let current = null; // { card, customer, attempt, project, origin: "line" | "page", isViewing, held, hasTalked, isTried }
let saved = null; // { attempt, customer, code, word, until }
let isBusy = false;
let shownState = "";
let typedAt = 0;

const form = new ResultForm({ onChoice: () => render() });
const cards = new Card({ onChange: (card) => refreshed(card) });
const transfer = new Transfer({ act });
const incoming = new Incoming({ banner });
const auto = new AutoCall({ now: () => live?.now() ?? 0, onDue: () => (current ? dial() : nextMany("dial")) });
const atOnce = new AtOnce({ wanted: facts.at_once, onOver: () => auto.isOn && next("count"), onChange: () => render() });
listen();

// --- the line -------------------------------------------------------------------------------------------

function onLine(card) {
  const isSame = current?.customer === card.customer_id;
  if (isSame && current.origin === "line" && current.attempt === card.attempt_id) return;
  auto.stop();
  if (isSame && !current.isViewing && !current.held && !current.hasTalked && current.attempt !== card.attempt_id) {
    Object.assign(current, { card, attempt: card.attempt_id, origin: "line", isTried: false });
    if (card.draft && form.isEmpty()) form.load({ customer: card.customer_id, attempt: card.attempt_id, project: card.project_id }, card.draft, card.answers);
    else form.moveTo(card.attempt_id);
    cards.show(card);
    return;
  }
  form.keep();
  open(card, "line");
  post("/call/open", { customer: card.customer_id }).catch(() => {}); // the lock goes with the call
}

// The customer has left the line: coded here, coded at the phone, or never reached.
function lineOver() {
  const over = current;
  if (over.isCaller && !over.hasTalked) return void clear(); // he rang here, and somebody else has him
  if (saved?.attempt === over.attempt || isBusy) return;
  if (over.hasTalked) {
    if (seat.saved_code && !form.isEmpty()) settle(over, JSON.stringify({ ...form.content(), code: "" }));
    if (isPreview()) return void stay(over);
    return void clear();
  }
  Object.assign(over, { origin: "page", isTried: true });
  reopen(over.customer);
  if (auto.isOn && isPreview()) next("count");
}

// The code came from the phone: what was typed here goes into that entry.
async function settle(over, content, tries = SETTLE_TRIES) {
  try {
    await post("/call/save", { customer: over.customer, attempt: over.attempt, content });
  } catch {
    if (tries > 1) setTimeout(() => settle(over, content, tries - 1), SETTLE_MS); // the draft stands until then
  }
}

// The seat's state has changed: at the end of a talk the code box takes the focus.
function moved() {
  if (seat.state === shownState) return;
  shownState = seat.state;
  if (shownState === "wrapup") toCode();
  if (!IDLE.includes(shownState)) auto.stop();
}

function toCode() {
  const isTyping = document.activeElement?.matches("textarea, input:not(#code)") && performance.now() - typedAt < TYPING_MS;
  if (isTyping || $("code").disabled) return void setTimeout(() => shownState === "wrapup" && toCode(), 250);
  if (!document.querySelector("dialog[open]")) $("code").focus();
}
for (const kind of ["keydown", "compositionupdate"]) document.addEventListener(kind, () => (typedAt = performance.now()), true);

// --- a customer is on the screen -----------------------------------------------------------------------

async function open(card, origin, { held = null, isViewing = false } = {}) {
  current = { card, customer: card.customer_id, attempt: card.attempt_id, project: card.project_id, origin, held, isViewing, hasTalked: false, isTried: false };
  cards.show(card);
  banner("held");
  banner("problem");
  if (held) showHeld();
  if (origin === "page") address(card.customer_id);
  const pack = packs[card.project_id] ?? (await fetchPack(card.project_id));
  if (!pack || current?.card !== card) return;
  offer(pack);
  if (origin === "page") $("caller").selectedIndex = 0; // chosen for one customer, not for the next
  transfer.offer(pack);
  form.load({ customer: card.customer_id, attempt: card.attempt_id, project: card.project_id }, card.draft, card.answers);
  render();
}

// What the project offers before anybody is open too: codes, the interval, our numbers.
function offer(pack) {
  form.offer(pack);
  auto.offer(pack.auto_call_s);
  if ($("caller").dataset.project === String(pack.id)) return;
  $("caller").dataset.project = pack.id;
  $("caller").replaceChildren(...pack.callers.map(([digits, shown, name]) => new Option(`${shown} ${name}`.trim(), digits)));
}

async function fetchPack(project) {
  const found = await fetch(`/call/projects/${project}`, { credentials: "same-origin", headers: { Accept: "application/json" } }).then(json).catch(() => null);
  if (found) packs[project] = found;
  return found;
}

function clear() {
  form.done();
  form.load(null, null);
  current = null;
  cards.show(null);
  banner("held");
  address(0);
  render();
}

// The address names the customer whom the page opened, so that a refresh comes back to him.
function address(customer) {
  const url = new URL(location.href);
  url.search = customer ? `?customer=${customer}` : "";
  if (url.href !== location.href) history.replaceState(null, "", url);
}

async function openById(customer, { isViewing = false } = {}) {
  try {
    const opened = await post("/call/open", { customer, is_viewing: isViewing ? "1" : "" });
    if (current?.origin === "line") return;
    await open(opened.card, "page", opened.held ? { held: opened.held } : { isViewing: opened.is_viewing });
  } catch (error) {
    banner("problem", "bad", error.message);
  }
}

// The same customer once more, with what has happened meanwhile; what is typed stays.
async function reopen(customer) {
  const { card } = await post("/call/open", { customer }).catch(() => ({}));
  if (card && current?.customer === customer) refreshed({ ...card, attempt_id: current.attempt });
}

function refreshed(card) {
  current.card = card;
  cards.show(card);
  render();
}

function stay(over) {
  Object.assign(over, { origin: "page", isTried: false, hasTalked: false, attempt: 0 });
  form.done();
  form.load({ customer: over.customer, attempt: 0, project: over.project }, null, over.card.answers);
  address(over.customer);
  setTimeout(() => reopen(over.customer), SETTLE_MS);
  render();
}

// --- somebody else has the customer --------------------------------------------------------------------

let watcher = 0;

function showHeld() {
  const { name, seat: label } = current.held;
  const look = h("button", { type: "button", class: "slim", onclick: () => openById(current.customer, { isViewing: true }) }, t("閲覧"));
  const tell = h("button", { type: "button", class: "slim", onclick: () => watch(current.customer) }, t("空いたら知らせる"));
  banner("held", "warn", label ? t("{name}さん（{seat}）が対応中です", { name, seat: label }) : t("{name}さんが対応中です", { name }), look, tell);
}

function watch(customer) {
  clearInterval(watcher);
  banner("watch", "", t("空いたらこの画面で開きます。"), h("button", { type: "button", class: "slim", onclick: () => unwatch() }, t("やめる")));
  watcher = setInterval(async () => {
    if (current?.customer !== customer || current.origin === "line") return unwatch();
    const opened = await quietly("/call/open", customer);
    if (!opened || opened.held) return;
    unwatch();
    await open(opened.card, "page");
    banner("free", "good", t("空きました。この顧客に架電できます。"));
  }, WATCH_MS);
}

function unwatch() {
  clearInterval(watcher);
  banner("watch");
}

// Asked by the page, not by a person: whoever has left is still logged out in time.
function quietly(url, customer) {
  return fetch(url, { method: "POST", body: new URLSearchParams({ customer }), credentials: "same-origin", headers: { "X-CSRF": csrf, "X-Refresh": "1", Accept: "application/json" } }).then(json, () => null);
}

setInterval(async () => {
  if (!current || current.isViewing || current.held) return;
  const answer = await quietly("/call/beat", current.customer);
  if (answer && !answer.is_ours && current?.origin === "page") openById(current.customer);
}, facts.beat_s * 1000);

// --- telephone -----------------------------------------------------------------------------------------

async function act(what) {
  try {
    await post("/call/act", { what });
    banner("problem");
    return "";
  } catch (error) {
    banner("problem", "bad", error.message);
    return error.message;
  }
}

async function dial() {
  if (!current || current.origin !== "page" || current.held || isBusy) return;
  await busy(async () => {
    await form.keep();
    await post("/call/dial", { customer: current.customer, number_id: $("number").value, caller: $("caller").value });
    banner("problem");
    saved = null;
  });
}

// `then`: dial at once, count down first where 自動コール is on, or stay.
async function next(then) {
  if (isBusy) return;
  if (atOnce.count > 1) return nextMany(then);
  const pressed = document.activeElement;
  let isFound = false;
  await busy(async () => {
    await form.keep();
    const opened = await post("/call/next", {});
    if (opened.is_over) {
      clear();
      return banner("problem", "warn", opened.has_queue ? t("このリストで架電できる顧客は終わりです。別のリストを選んでください。") : t("架電するリストを選んでください。"));
    }
    queue = opened.queue;
    await open(opened.card, "page");
    isFound = true;
  });
  if (isFound) focusAfter(pressed, then);
  if (!isFound || then === "stay") return;
  if (then === "count" && auto.isOn) auto.start();
  else dial();
}

// Several at once: nobody is shown before he answers.
async function nextMany(then) {
  if (isBusy) return;
  if (current) await leave();
  if (then === "stay") return;
  if (then === "count" && auto.isOn) return auto.start();
  await busy(async () => {
    const answer = await post("/call/dial-many", { count: atOnce.count, caller: $("caller").value });
    if (answer.is_over) return banner("problem", "warn", answer.has_queue ? t("このリストで架電できる顧客は終わりです。別のリストを選んでください。") : t("架電するリストを選んでください。"));
    queue = answer.queue;
    saved = null;
    atOnce.begin();
    banner("problem");
  });
}

async function leave() {
  await form.keep();
  const { customer, origin } = current;
  clear();
  if (origin === "page") await post("/call/close", { customer }).catch(() => {});
}

// Whoever goes on to a customer can type at once; whoever skips can skip on.
function focusAfter(pressed, then) {
  const isElsewhere = document.querySelector("dialog[open]") || document.activeElement?.closest(".panel, .menu, #edit-form");
  if (isElsewhere || document.activeElement === $("memo")) return;
  const isSkipping = then === "stay" && pressed?.id === "skip" && !pressed.hidden && !pressed.disabled;
  (isSkipping ? pressed : $("memo")).focus();
}

async function busy(work) {
  isBusy = true;
  render();
  try {
    await work();
  } catch (error) {
    banner("problem", "bad", error.message);
  } finally {
    isBusy = false;
    render();
  }
}

$("dial").addEventListener("click", () => (auto.stop(), dial()));
$("next").addEventListener("click", () => (auto.stop(), next("dial")));
$("skip").addEventListener("click", () => (auto.stop(), next("stay")));
$("ready").addEventListener("click", () => act("ready"));
$("pause-seat").addEventListener("click", () => act("pause"));
$("hold").addEventListener("click", () => act(seat.is_held ? "resume" : "hold"));
$("hang-up").addEventListener("click", () => act("hang-up"));
$("sit").addEventListener("click", () => $("take-seat").click());
$("continue").addEventListener("click", () => next("stay"));
$("choose").addEventListener("submit", async (event) => {
  event.preventDefault();
  await busy(async () => {
    ({ queue } = await post("/call/queue", { list: $("list").value }));
  });
  if (queue) next("stay");
});

// --- the mode ------------------------------------------------------------------------------------------

function pack() {
  return packs[current?.project] ?? packs[seat.project_id] ?? packs[queue?.project_id] ?? Object.values(packs)[0];
}

function isPreview() {
  const found = pack();
  if (!found) return false;
  if (found.mode === "preview") return true;
  return seat.user_id ? !!seat.is_manual : found.is_mode_free && localStorage.getItem(MODE) === "preview";
}

$("mode").addEventListener("change", () => {
  localStorage.setItem(MODE, $("mode").value);
  if (seat.seat_id) act($("mode").value === "preview" ? "manual" : "predictive");
  render();
});

// --- saving --------------------------------------------------------------------------------------------

async function save(isNext, isReporting = false) {
  if (isBusy || !current || !canSave()) return;
  const place = current;
  const isInHand = seat.state === "wrapup" && place.origin === "line";
  if (!isInHand && form.isEmpty()) return isNext ? next("count") : undefined;
  const lack = isInHand || form.code() ? form.lacks() : "";
  if (lack) {
    banner("problem", "bad", lack);
    return form.showLack();
  }
  const code = form.code();
  const before = saved;
  let isDone = false;
  await busy(async () => {
    if (isInHand) saved = { attempt: place.attempt, customer: place.customer, code, word: form.name(code), until: 0 };
    try {
      const answer = await post("/call/save", { customer: place.customer, attempt: place.attempt, content: JSON.stringify(form.content()), is_next: isNext ? "1" : "", is_reporting: isReporting ? "1" : "" });
      if (isInHand) saved.until = live.now() + answer.take_back_s;
      isDone = true;
      banner("problem");
    } catch (error) {
      if (isInHand) saved = before;
      throw error;
    }
  });
  if (!isDone) return;
  if (!isPreview()) return clear();
  stay(place);
  if (isNext) next("count");
}

function canSave() {
  if (!current || current.held || current.isViewing) return false;
  return seat.state === "wrapup" ? current.origin === "line" : current.isTried && current.attempt > 0;
}

$("save-next").addEventListener("click", () => save(true));
$("save-only").addEventListener("click", () => save(false));
$("save-report").addEventListener("click", () => save(false, true));
$("take-back").addEventListener("click", async () => {
  if (!saved) return;
  auto.stop();
  const { attempt, customer, code } = saved;
  await busy(async () => {
    await post("/call/take-back", { attempt, customer, code });
    saved = null;
  });
});

// --- leaving -------------------------------------------------------------------------------------------

window.addEventListener("beforeunload", (event) => {
  const owes = seat.state === "wrapup" && current?.origin === "line" && saved?.attempt !== current.attempt;
  if (owes || form.isDirty) event.preventDefault();
});
window.addEventListener("pagehide", () => {
  if (current?.origin !== "page" || current.held || current.isViewing) return;
  const body = new URLSearchParams({ customer: current.customer });
  fetch("/call/close", { method: "POST", body, keepalive: true, credentials: "same-origin", headers: { "X-CSRF": csrf, Accept: "application/json" } }).catch(() => {});
});

// --- drawing -------------------------------------------------------------------------------------------

function banner(name, weight = "", text = "", ...buttons) {
  const known = $(`banner-${name}`);
  if (known && known.dataset.text === text && known.className === `notice ${weight}`.trim()) return;
  known?.remove();
  if (text) $("banners").append(h("p", { id: `banner-${name}`, "data-text": text, class: `notice ${weight}`.trim() }, h("span", {}, text), ...buttons));
}

function phase() {
  return seat.seat_id ? seat.state : "out";
}

function render() {
  const now = phase();
  const preview = isPreview();
  const isIdle = IDLE.includes(now);
  if (!current && pack()) offer(pack());
  const isOpen = current?.origin === "page" && !current.held && !current.isViewing;
  atOnce.offer(preview ? (pack()?.at_once ?? 1) : 1);
  const shown = {
    ready: !preview && now === "paused",
    "pause-seat": !preview && now === "waiting",
    dial: isOpen && isIdle && preview,
    next: preview && isIdle && (isOpen || !!queue?.left || (atOnce.count > 1 && !!queue)),
    skip: preview && isIdle && isOpen,
    hold: now === "talking" && !seat.party,
    transfer: now === "talking",
    "hang-up": ["talking", "ringing"].includes(now),
  };
  for (const [id, isShown] of Object.entries(shown)) $(id).hidden = !isShown;
  for (const id of ["dial", "next", "skip"]) forbid($(id), isBusy, "");
  say($("next"), atOnce.count > 1 ? t("次へ ×{n}", { n: atOnce.count }) : t("次へ"));
  $("hold").setAttribute("aria-pressed", String(!!seat.is_held));
  say($("hold").querySelector("span"), seat.is_held ? t("戻る") : t("保留"));
  part($("who"), "held").hidden = !seat.is_held;
  $("dial-with").hidden = !(preview || pack()?.is_mode_free) || !(isIdle || now === "out");
  $("mode").hidden = !pack()?.is_mode_free || pack().mode === "preview";
  $("mode").value = preview ? "preview" : "predictive";
  $("at-once").hidden = !preview || (pack()?.at_once ?? 1) < 2;
  for (const id of ["auto", "auto-s"]) $(id).hidden = !preview;
  $("number").hidden = !preview || !isOpen || $("number").options.length < 2;
  $("caller").hidden = !preview || !(isOpen || (atOnce.count > 1 && isIdle)) || $("caller").options.length < 2;
  drawSaving(now);
  drawRest(now, preview);
  hint(current ? (isIdle ? "open" : now) : now);
  tick();
}

function forbid(button, isForbidden, reason) {
  button.dataset.title ??= button.title;
  button.dataset.forbidden = isForbidden ? "yes" : "";
  button.disabled = isForbidden || ("telephone" in button.dataset && live?.state !== "live");
  button.title = isForbidden ? reason : button.dataset.title;
}

function drawSaving(now) {
  form.enable(!!current && !current.held && !current.isViewing);
  const reason = now === "talking" ? t("終話してから保存します。") : t("通話のあとに保存できます。");
  $("save-report").hidden = !pack()?.is_reporting;
  for (const id of ["save-next", "save-only", "save-report"]) forbid($(id), !canSave() || isBusy, canSave() ? "" : reason);
  $("edit").hidden = $("add-number").hidden = !current || !!current.held || current.isViewing;
}

const REST = {
  out: () => [t("座席についていません"), t("電話機でログインするか、座席を選んでください。")],
  login: () => [t("ログイン中"), t("電話機の案内にしたがってください。")],
  break: () => [t("休憩中"), ""],
  ringing: () => (seat.attempt_kind === "incoming" ? [t("着信"), t("電話機の＊か「応答」で受けます。")] : [t("発信中"), t("つながるとお客様が表示されます。")]),
  talking: () => [t("通話中"), ""],
  wrapup: () => [t("後処理"), t("結果コードを入力してください。")],
};

function drawRest(now, preview) {
  $("rest").hidden = !!current;
  if (current) return;
  $("sit").hidden = now !== "out";
  const [title, next] = REST[now]?.() ?? waiting(now, preview);
  say(part($("rest"), "title"), title);
  say(part($("rest"), "next"), next);
  for (const name of ["calls", "connects", "wins"]) say(part($("rest"), name), number(day[name] ?? 0));
  say(part($("rest"), "rate"), day.calls ? decimal((100 * day.connects) / day.calls) : "—");
  $("uncoded").hidden = !day.uncoded;
  say($("uncoded").querySelector("span"), t("結果未入力が {n}件あります。", { n: day.uncoded ?? 0 }));
  $("choose").hidden = !(preview || Object.values(packs).some((one) => one.mode === "preview"));
  $("queue-row").hidden = !preview || !queue?.left;
  $("continue").hidden = atOnce.count > 1;
  say(part($("rest"), "queue"), queue ? t("{title}：残り {n}件", { title: queue.title, n: number(queue.left) }) : "");
}

function waiting(now, preview) {
  if (preview && atOnce.count > 1 && queue) return [t("次の{n}件に同時に発信します", { n: atOnce.count }), t("「次へ」で発信します。先に出たお客様につながります。")];
  if (preview) return [t("次の顧客を選んでください"), t("リストを選ぶか、顧客を検索してください。")];
  if (seat.promise_at) return [t("約束の再コールを待っています"), t("{time} に自動で発信します。", { time: clock(seat.promise_at) })];
  if (now === "paused") return [t("準備中"), t("「発信開始」か電話機の＊で、発信を始めます。")];
  return [t("接続待ち"), t("つながるとお客様が表示されます。")];
}

function tick() {
  const now = phase();
  const isStale = live?.state === "stale" || live?.state === "dark";
  const elapsed = seat.since_at ? live.now() - seat.since_at : 0;
  const limit = pack()?.wrap_limit_s ?? Infinity;
  const isLate = now === "wrapup" && elapsed > limit;
  const { glyph, word } = STATES[now] ?? STATES.logged_out;
  const chip = $("state");
  const look = isStale || isLate ? "alarm" : now === "out" ? "logged_out" : now;
  if (chip.className !== `call-state s-${look}`) chip.className = `call-state s-${look}`;
  say(part(chip, "word"), isStale ? `！ ${t("更新停止")}` : `${isLate ? "！" : glyph} ${word()}`);
  say(part(chip, "time"), isStale ? clockSeconds(live.serverAt) : seat.since_at && now !== "out" ? twoDigitDuration(elapsed) : "");
  banner("stale", ...(isStale ? ["bad", t("画面の更新が止まっています。電話はそのまま使えます。入力はこの画面に残り、つながりしだい保存します。")] : []));
  say($("day"), t("本日 発信{calls}・接続{connects}・成約{wins}", { calls: number(day.calls ?? 0), connects: number(day.connects ?? 0), wins: number(day.wins ?? 0) }));
  tickSaved();
  if (!current && now === "waiting" && !isPreview() && wait) tickWait(elapsed);
}

function tickWait(elapsed) {
  const isLong = wait.is_stopped || (wait.mean_s > 0 && elapsed > 2 * wait.mean_s);
  const mean = wait.mean_s > 0 ? t("（平均 {time}）", { time: duration(wait.mean_s) }) : "";
  say(part($("rest"), "title"), t("接続待ち {time}", { time: duration(elapsed) }));
  say(part($("rest"), "next"), isLong ? `${mean} ${wait.why}` : `${mean} ${t("つながるとお客様が表示されます。")}`);
}

// The result saved last, and ten seconds to take it back: in the place where it was saved.
function tickSaved() {
  const left = saved ? Math.ceil(saved.until - live.now()) : 0;
  const canTake = left > 0 && IDLE.includes(seat.state);
  const isComing = saved?.until === 0; // sent, and not answered yet
  const word = isComing ? "" : saved?.word || (seat.saved_code ? form.name(seat.saved_code) : "");
  $("saved").hidden = !word || !!current;
  say(part($("saved"), "saved"), word ? t("✔ {word} を保存しました", { word }) : "");
  $("take-back").hidden = !canTake;
  say(part($("take-back"), "left"), canTake ? String(left) : "");
  const inline = $("banner-saved");
  if (current && canTake && !inline) {
    const button = h("button", { type: "button", class: "slim", onclick: () => $("take-back").click() }, t("取り消す"), " ", h("span", { "data-is": "left" }));
    banner("saved", "good", t("✔ {word} を保存しました", { word: saved.word }), button);
  } else if ((!canTake || !current) && inline) {
    banner("saved");
  }
  if ($("banner-saved")) say(part($("banner-saved"), "left"), String(left));
}

setInterval(tick, 500);
clear();
live?.on((view) => {
  seat = view.me?.seat ?? {};
  day = view.call?.day ?? day;
  wait = view.call?.wait ?? null;
  const card = view.call?.card;
  const isCaller = incoming.show(seat);
  if (card) onLine(card);
  else if (current?.origin === "line") lineOver();
  if (current?.origin === "line" && card) current.isCaller = isCaller;
  if (current?.origin === "line" && ["talking", "wrapup"].includes(seat.state)) current.hasTalked = true;
  transfer.show(seat, view.call?.party);
  moved();
  atOnce.show(seat, !!current, isBusy);
  render();
});
live?.onState(() => render());
if (!facts.customer && facts.queue?.is_fresh && isPreview()) next("stay");
if (facts.customer) openById(facts.customer, { isViewing: facts.is_viewing });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !composing(event)) auto.stop();
});
