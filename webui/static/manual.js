// 手動発信: the keypad, the seat's state from the stream, and the memo and code of the call in hand.

import { live, post, refresh } from "./frame.js";
import { say } from "./dom.js";
import { STATES } from "./states.js";
import { t } from "./words.js";

const $ = (id) => document.getElementById(id);
const part = (root, name) => root.querySelector(`[data-is="${name}"]`);
const IDLE = ["waiting", "manual", "paused"];
const IN_HAND = ["ringing", "talking", "wrapup"];

let seat = {};
let attempt = 0; // the manual call whose memo is open here
let isSaved = true;

// --- the number ---------------------------------------------------------------------------------------

document.querySelector(".keypad").addEventListener("click", ({ target }) => {
  const field = $("number");
  if (target.dataset.key) field.value += target.dataset.key;
  else if ("clear" in target.dataset) field.value = "";
  else if ("back" in target.dataset) field.value = field.value.slice(0, -1);
  field.focus();
});

$("today").addEventListener("click", ({ target }) => {
  if (!target.dataset?.again) return;
  $("number").value = target.dataset.again;
  $("number").focus();
});

$("manual").addEventListener("submit", async (event) => {
  event.preventDefault();
  say($("problem"), "");
  $("dial").disabled = true;
  try {
    await post("/call/manual", { number: $("number").value, caller: $("caller")?.value ?? "" });
  } catch (error) {
    say($("problem"), error.message);
  }
  draw();
});

$("hang-up").addEventListener("click", () => post("/call/act", { what: "hang-up" }).catch((error) => say($("problem"), error.message)));

// --- the call in hand ---------------------------------------------------------------------------------

$("talk").addEventListener("submit", async (event) => {
  event.preventDefault();
  say($("save-problem"), "");
  if (seat.state === "wrapup" && !$("code").value) return void say($("save-problem"), t("結果コードを選んでください。"));
  try {
    await post("/call/manual/save", { attempt, memo: $("memo").value, code: seat.state === "wrapup" ? $("code").value : "" });
    isSaved = true;
    if (seat.state === "wrapup") $("code").value = "";
    refresh($("today"));
  } catch (error) {
    say($("save-problem"), error.message);
  }
});

$("memo").addEventListener("input", () => (isSaved = false));
window.addEventListener("beforeunload", (event) => {
  if (!isSaved) event.preventDefault();
});

function draw() {
  const state = seat.seat_id ? seat.state : "logged_out";
  const isMine = seat.attempt_kind === "manual" && IN_HAND.includes(state);
  if (isMine && seat.attempt_id !== attempt) {
    attempt = seat.attempt_id;
    isSaved = true;
    $("memo").value = $("code").value = "";
  }
  const { glyph, word } = STATES[state] ?? STATES.logged_out;
  $("state").className = `call-state s-${state}`;
  say(part($("state"), "word"), `${glyph} ${word()}`);
  say(part($("state"), "number"), isMine ? seat.number_shown : "");
  $("dial").disabled = !IDLE.includes(state) || live?.state !== "live";
  $("dial").title = seat.seat_id ? "" : t("座席についてから発信します。");
  $("hang-up").hidden = !(isMine && state !== "wrapup");
  $("memo").disabled = $("keep").disabled = !attempt;
  $("code").disabled = !(isMine && state === "wrapup");
}

let before = "";
live?.on((view) => {
  seat = view.me?.seat ?? {};
  draw();
  if (seat.state !== before) {
    if (seat.state === "wrapup" && seat.attempt_kind === "manual") $("code").focus();
    if (IN_HAND.includes(before) && IDLE.includes(seat.state)) setTimeout(() => refresh($("today")), 500); // the entry is written by then
    before = seat.state;
  }
});
live?.onState(() => draw());
draw();
