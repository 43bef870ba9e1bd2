// The customer on the call screen: fields in the file's order, script, last entries; editing and numbers.

import { post } from "./frame.js";
import { h, say } from "./dom.js";
import { t } from "./words.js";

const $ = (id) => document.getElementById(id);
const part = (root, name) => root.querySelector(`[data-is="${name}"]`);

export class Card {
  // onChange is called with the card after it was edited.
  constructor({ onChange }) {
    this.onChange = onChange;
    this.card = null;
    $("edit").addEventListener("click", () => this.edit());
    $("add-number").addEventListener("click", () => this.number({ id: 0, number: "", label: "" }));
    $("edit-form").addEventListener("submit", (event) => this.saveEdit(event));
    $("number-form").addEventListener("submit", (event) => this.saveNumber(event));
  }

  show(card) {
    this.card = card;
    const who = $("who");
    say(part(who, "name"), card ? (card.name ? t("{name} 様", { name: card.name }) : t("（名前なし）")) : "");
    say(part(who, "kana"), card?.kana ?? "");
    say(part(who, "facts"), card ? [card.number, t("{n}回目", { n: Math.max(1, card.attempts) }), `${card.project}／${card.list}`].join("　") : "");
    part(who, "stop").hidden = !card?.stop;
    say(part(who, "stop"), card?.stop ? `！ ${card.stop}` : "");
    for (const id of ["customer", "script", "entries"]) $(id).hidden = !card;
    if (!card) return;
    this.fields(card);
    say(part($("script"), "script"), card.script || t("スクリプトはまだありません。案件設定で登録できます。"));
    part($("script"), "script").scrollTop = 0;
    this.entries(card);
    this.numbers(card);
  }

  fields(card) {
    say(part($("customer"), "shown-id"), `ID ${card.shown_id}`);
    const rows = card.fields.map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, value)));
    for (const one of card.numbers.slice(1)) {
      const change = h("button", { type: "button", class: "quiet slim", onclick: () => this.number(one) }, t("変更"));
      rows.push(h("tr", {}, h("th", { scope: "row" }, one.label || t("追加の番号")), h("td", {}, one.number, " ", change)));
    }
    part($("customer"), "fields").replaceChildren(...rows);
  }

  // The numbers that may be called: the fixed one first.
  numbers(card) {
    const select = $("number");
    const before = select.value;
    select.replaceChildren(...card.numbers.map((one) => new Option(`${one.number}${one.id && one.label ? `（${one.label}）` : ""}`, one.id)));
    if (card.numbers.some((one) => String(one.id) === before)) select.value = before;
    select.hidden = card.numbers.length < 2;
  }

  entries(card) {
    const root = $("entries");
    say(part(root, "count"), t("（{n}件）", { n: card.entries }));
    say(part(root, "promised"), card.promised ? t("約束 {when}", { when: card.promised }) : "");
    part(root, "all").href = `/customers/${card.customer_id}`;
    const last = card.history.find((line) => line.memo);
    part(root, "memo").hidden = !last;
    if (last) part(root, "memo").replaceChildren(h("b", {}, t("前回メモ")), ` ${last.at} ${last.who}　${last.memo}`);
    part(root, "rows").replaceChildren(...(card.history.length ? card.history.map((line) => entry(line, card)) : [h("tr", {}, h("td", { colspan: 6, class: "muted" }, t("初めての架電です。")))]));
  }

  // --- editing -----------------------------------------------------------------------------------------

  edit() {
    const box = part($("edit-dialog"), "fields");
    box.replaceChildren(
      ...this.card.fields.map(([name, value, isFree], at) => {
        const id = `edit-${at}`;
        return h("div", { class: "field" }, h("label", { for: id }, name), h("input", { id, name: `field-${name}`, value, maxlength: 500, disabled: !isFree, title: isFree ? null : t("元の電話番号は変えられません。") }));
      }),
    );
    say(part($("edit-dialog"), "problem"), "");
    $("edit-dialog").showModal();
    box.querySelector("input:enabled")?.focus();
  }

  async saveEdit(event) {
    event.preventDefault();
    await this.send($("edit-dialog"), `/call/customers/${this.card.customer_id}`, new FormData(event.target));
  }

  number({ id, number, label }) {
    const form = $("number-form");
    form.elements.id.value = id;
    form.elements.number.value = number;
    form.elements.label.value = label;
    say(part($("number-dialog"), "problem"), "");
    $("number-dialog").showModal();
    form.elements.number.focus();
  }

  async saveNumber(event) {
    event.preventDefault();
    await this.send($("number-dialog"), `/call/customers/${this.card.customer_id}/numbers`, new FormData(event.target));
  }

  async send(dialog, url, values) {
    try {
      const { card } = await post(url, values);
      dialog.close();
      this.onChange(card);
    } catch (error) {
      say(part(dialog, "problem"), error.message);
    }
  }
}

function entry(line, card) {
  const result = line.is_uncoded ? h("span", { class: "status s-alarm" }, t("！ 結果未入力")) : h("span", {}, line.result);
  const play = line.play ? h("button", { type: "button", class: "slim", "data-play": line.play, "data-seconds": line.seconds, "data-title": `${line.at} ${card.name}`, "aria-label": t("{at} の録音を再生", { at: line.at }) }, "▶") : null;
  const cells = [h("td", {}, line.at), h("td", {}, line.who), h("td", {}, result), h("td", { class: "num" }, line.talk || "—"), h("td", { class: "memo", title: line.memo }, [line.level, line.memo].filter(Boolean).join(" ")), h("td", {}, play)];
  return h("tr", { class: line.is_note ? "note" : "" }, ...cells);
}
