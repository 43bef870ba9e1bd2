// The right-hand card of the call screen: code box and grid, what is agreed, memo, questions; and the draft,
// which goes to the server a second after the last key and comes back after a refresh or on another PC.

import { post } from "./frame.js";
import { h, say } from "./dom.js";
import { t } from "./words.js";

const PAUSE_MS = 1000;
const AGAIN_MS = 3000;
const FIRST_PAGE = 12;
const $ = (id) => document.getElementById(id);
const EMPTY = { code: "", memo: "", recall: "", successor: 0, level: 0, reason: "", customer: {}, result: {} };
export const composing = (event) => event.isComposing || event.keyCode === 229;

export class ResultForm {
  // onChoice is called when a code has been chosen or everything was loaded anew.
  constructor({ onChoice }) {
    this.onChoice = onChoice;
    this.pack = null;
    this.place = null; // whose result: { customer, attempt, project }
    this.middle = "";
    this.timer = 0;
    this.isDirty = false;
    this.sending = null;
    this.answers = {};
    const form = $("result");
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", (event) => event.target.id !== "code" && this.touched());
    $("customer-attributes").addEventListener("input", () => this.touched());
    this.codeBox();
    $("codes").addEventListener("change", (event) => this.choose(event.target.value));
    $("codes").addEventListener("keydown", (event) => this.arrows(event));
    $("template").addEventListener("change", () => this.insertTemplate());
    $("recall").addEventListener("blur", () => this.readTime());
    $("chips").addEventListener("click", (event) => this.chip(event.target.closest("[data-when]")));
    $("more").addEventListener("click", () => this.flip());
  }

  // --- what a project offers ---------------------------------------------------------------------------

  offer(pack) {
    if (this.pack === pack) return;
    this.pack = pack;
    this.middle = "";
    const options = (select, rows, first) => select.replaceChildren(new Option(first, "0"), ...rows.map(([id, name]) => new Option(name, id)));
    options($("level"), pack.levels, "—");
    options($("template"), pack.templates, t("選択…"));
    options($("successor"), pack.people, t("自分"));
    this.tabs();
    this.grid();
    $("attributes").replaceChildren(...pack.result.map((one) => question(one, "r")));
    $("customer-attributes").replaceChildren(...pack.customer.map((one) => question(one, "c")));
    this.count();
  }

  // 中分類 tabs come where one page of codes does not do.
  tabs() {
    const names = [...new Set(this.pack.codes.map((code) => code.middle))];
    const isMany = this.pack.codes.length > FIRST_PAGE && names.length > 1;
    if (!isMany) this.middle = null;
    else if (!names.includes(this.middle)) this.middle = names[0];
    $("middles").replaceChildren(
      ...(isMany ? names : []).map((name) =>
        h("button", { type: "button", class: "slim", "aria-pressed": String(name === this.middle), onclick: () => this.turn(name) }, name || t("その他")),
      ),
    );
  }

  turn(name) {
    const chosen = this.code();
    this.middle = name;
    this.tabs();
    this.grid();
    this.mark(chosen);
  }

  grid() {
    const shown = this.pack.codes.filter((code) => this.middle === null || code.middle === this.middle);
    const ordered = [...shown.filter((code) => !code.is_stop), ...shown.filter((code) => code.is_stop)];
    const legend = $("codes").querySelector("legend");
    $("codes").replaceChildren(
      legend,
      ...ordered.map((code) =>
        h("label", { class: code.is_stop ? "stop" : "", title: code.is_stop ? t("今後の発信を止めるコードです") : null }, h("input", { type: "radio", name: "code", value: code.code }), `${code.code} ${code.name}`),
      ),
    );
  }

  arrows(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 3, ArrowUp: -3 }[event.key];
    if (!step || composing(event)) return;
    const all = [...$("codes").querySelectorAll("input")];
    const next = all[all.indexOf(event.target) + step];
    event.preventDefault();
    if (next) {
      next.focus();
      next.checked = true;
      this.choose(next.value);
    }
  }

  // --- the code ----------------------------------------------------------------------------------------

  codeBox() {
    const box = $("code");
    const tidy = () => {
      const digits = box.value.normalize("NFKC").replace(/\D/g, "").slice(0, 2);
      if (box.value !== digits) box.value = digits;
      say($("code-problem"), "");
    };
    box.addEventListener("input", (event) => event.isComposing || tidy());
    box.addEventListener("compositionend", tidy);
    box.addEventListener("focus", () => box.select());
    box.addEventListener("blur", () => box.value.length === 2 && this.known(box.value) && this.choose(box.value));
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.ctrlKey || composing(event)) return;
      event.preventDefault();
      tidy();
      if (this.known(box.value)) {
        this.choose(box.value);
        (this.isPromise(box.value) ? $("recall") : this.isStop(box.value) ? $("reason") : $("memo")).focus();
      } else {
        say($("code-problem"), t("登録のないコードです"));
        box.select();
      }
    });
  }

  known(code) {
    return this.pack?.codes.find((one) => one.code === code);
  }

  isPromise(code) {
    return code === "05" || code === "06"; // 再コール, 見込: fixed codes of every project
  }

  isStop(code) {
    return !!this.known(code)?.is_stop;
  }

  code() {
    return this.chosen ?? "";
  }

  name(code) {
    return `${code} ${this.known(code)?.name ?? ""}`.trim();
  }

  choose(code) {
    const found = this.known(code);
    if (this.middle !== null && found && found.middle !== this.middle) {
      this.middle = found.middle;
      this.tabs();
      this.grid();
    }
    const isNew = code !== this.chosen;
    this.mark(code);
    if (isNew) this.touched();
    this.onChoice();
  }

  mark(code) {
    this.chosen = this.known(code) ? code : "";
    for (const radio of $("codes").querySelectorAll("input")) radio.checked = radio.value === this.chosen;
    if ($("code").value !== this.chosen) $("code").value = this.chosen;
    say($("code-problem"), "");
    const isStop = this.isStop(this.chosen);
    $("reason-row").hidden = !isStop;
    $("when-row").hidden = isStop;
    $("successor-row").hidden = isStop;
  }

  // Why it cannot be saved yet; "" when it can.
  lacks() {
    if (!this.code()) return t("結果コードを選んでください。");
    if (this.isStop(this.code()) && !$("reason").value.trim()) return t("理由を入力してください。");
    if (!this.isStop(this.code()) && $("recall-told").classList.contains("bad")) return $("recall-told").textContent;
    return "";
  }

  showLack() {
    if (!this.code()) $("code").focus();
    else if (!$("reason-row").hidden && !$("reason").value.trim()) $("reason").focus();
    else $("recall").focus();
  }

  // --- time, boilerplates, questions -------------------------------------------------------------------

  chip(button) {
    if (!button) return;
    $("recall").value = button.dataset.when;
    this.touched();
    this.readTime();
  }

  // The server reads the time, so that one rule holds; what it understood stands in the field afterwards.
  async readTime() {
    const text = $("recall").value.trim();
    const told = $("recall-told");
    told.classList.remove("bad");
    say(told, "");
    if (!text || !this.place) return;
    const query = new URLSearchParams({ project: this.place.project, text });
    const answer = await fetch(`/call/when?${query}`, { credentials: "same-origin", headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok || $("recall").value.trim() !== text) return;
    const { shown = "", problem = "" } = await answer.json();
    told.classList.toggle("bad", !!problem);
    say(told, problem);
    $("recall").setAttribute("aria-invalid", String(!!problem));
    if (shown && shown !== text) {
      $("recall").value = shown;
      this.touched();
    }
  }

  insertTemplate() {
    const found = this.pack.templates.find(([id]) => String(id) === $("template").value);
    $("template").value = "0";
    if (!found) return;
    const memo = $("memo");
    const before = memo.value.slice(0, memo.selectionStart);
    const glue = before && !before.endsWith("\n") ? "\n" : "";
    memo.setRangeText(glue + found[2], memo.selectionStart, memo.selectionEnd, "end");
    memo.focus();
    this.touched();
  }

  flip() {
    const isOpen = $("attributes").hidden;
    $("attributes").hidden = !isOpen;
    $("plain-fields").hidden = isOpen;
    $("more").setAttribute("aria-expanded", String(isOpen));
    if (isOpen) $("attributes").querySelector("input, select")?.focus();
  }

  count() {
    const all = this.pack?.result.length ?? 0;
    $("more").hidden = !all;
    const given = Object.values(this.read("r")).filter(Boolean).length;
    say($("more"), t("結果属性 {n}/{all}", { n: given, all }));
  }

  read(side) {
    const root = side === "r" ? $("attributes") : $("customer-attributes");
    return Object.fromEntries([...root.querySelectorAll("[data-question]")].map((box) => [box.dataset.question, answer(box)]));
  }

  write(side, values) {
    const root = side === "r" ? $("attributes") : $("customer-attributes");
    for (const box of root.querySelectorAll("[data-question]")) fill(box, values[box.dataset.question] ?? "");
  }

  // --- the whole content, and its draft ----------------------------------------------------------------

  content() {
    const number = (id) => Number($(id).value) || 0;
    const isStop = this.isStop(this.code());
    return {
      code: this.code(),
      memo: $("memo").value,
      recall: isStop ? "" : $("recall").value,
      successor: isStop ? 0 : number("successor"),
      level: number("level"),
      reason: isStop ? $("reason").value : "",
      customer: this.read("c"),
      result: this.read("r"),
    };
  }

  isEmpty() {
    const { code, memo, recall, successor, level, result } = this.content();
    return !code && !memo.trim() && !recall.trim() && !successor && !level && !Object.values(result).some(Boolean);
  }

  // `answers` are the customer's attributes as they stand; a draft goes before them.
  load(place, draft, answers = {}) {
    clearTimeout(this.timer);
    this.place = place;
    this.isDirty = false;
    const content = { ...EMPTY, ...draft };
    $("memo").value = content.memo;
    $("recall").value = content.recall;
    $("successor").value = String(content.successor);
    if ($("successor").selectedIndex < 0) $("successor").value = "0";
    $("level").value = String(content.level);
    if ($("level").selectedIndex < 0) $("level").value = "0";
    $("reason").value = content.reason;
    this.write("c", { ...answers, ...content.customer });
    this.write("r", content.result);
    say($("recall-told"), "");
    $("recall-told").classList.remove("bad");
    $("recall").setAttribute("aria-invalid", "false");
    if (!$("attributes").hidden) this.flip();
    this.mark(content.code);
    this.count();
    say($("draft"), draft?.saved ? t("下書き保存済み {time}", { time: draft.saved }) : "");
    this.onChoice();
  }

  // The customer's call has begun: what was typed before is the call's.
  moveTo(attempt) {
    this.place = { ...this.place, attempt };
    if (!this.isEmpty()) this.touched();
  }

  touched() {
    if (!this.place) return;
    this.isDirty = true;
    this.count();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keep(), PAUSE_MS);
  }

  // Whoever has to be sure that it is on the server awaits this.
  async keep() {
    clearTimeout(this.timer);
    if (!this.isDirty || !this.place) return;
    const place = this.place;
    this.isDirty = false;
    try {
      const { saved } = await post("/call/draft", { customer: place.customer, attempt: place.attempt, content: JSON.stringify(this.content()) });
      if (this.place === place) say($("draft"), t("下書き保存済み {time}", { time: saved }));
    } catch (error) {
      if (this.place !== place) return;
      this.isDirty = true;
      say($("draft"), t("下書きを送れません。入力はこの画面に残っています。"));
      this.timer = setTimeout(() => this.keep(), AGAIN_MS);
    }
  }

  // It was saved, or thrown away: nothing of it is to come back.
  done() {
    clearTimeout(this.timer);
    this.isDirty = false;
    this.place = null;
  }

  enable(isOn) {
    for (const control of $("result").querySelectorAll("input, select, textarea, #chips button")) control.disabled = !isOn;
    for (const control of $("customer-attributes").querySelectorAll("input, select")) control.disabled = !isOn;
  }
}

// --- questions ------------------------------------------------------------------------------------------

function question(one, side) {
  const id = `${side}-${one.id}`;
  if (one.kind === "text" || one.kind === "select") {
    const control = one.kind === "text" ? h("input", { id, maxlength: 500 }) : h("select", { id }, new Option("—", ""), ...one.choices.map((choice) => new Option(choice, choice)));
    return h("div", { class: "question", "data-question": one.id }, h("label", { for: id }, one.name), control);
  }
  const type = one.kind === "check" ? "checkbox" : "radio";
  const choices = one.choices.map((choice) => h("label", { class: "check" }, h("input", { type, name: id, value: choice }), choice));
  return h("fieldset", { class: "question", "data-question": one.id }, h("legend", {}, one.name), h("div", { class: "options" }, ...choices));
}

function answer(box) {
  const plain = box.querySelector("select, input:not([type])");
  if (plain) return plain.value;
  return [...box.querySelectorAll("input:checked")].map((input) => input.value).join("\n");
}

function fill(box, value) {
  const plain = box.querySelector("select, input:not([type])");
  if (plain) plain.value = value;
  const chosen = value.split("\n");
  for (const input of box.querySelectorAll("input[type]")) input.checked = chosen.includes(input.value);
}
