// A caller on the call screen: who rings is taken with one button, who is not known becomes a customer.

import { post } from "./frame.js";
import { h, say } from "./dom.js";
import { t } from "./words.js";

const $ = (id) => document.getElementById(id);

export class Incoming {
  constructor({ banner }) {
    this.banner = banner;
    this.attempt = 0;
    $("caller-form").addEventListener("submit", (event) => this.save(event));
  }

  // Called whenever the seat moves; says whether a caller is at this seat.
  show(seat) {
    const isHere = seat.attempt_kind === "incoming";
    const number = seat.number_shown || t("非通知");
    const take = () => h("button", { type: "button", class: "primary slim", onclick: () => this.answer(seat.incoming_id) }, `☎ ${t("応答")}`);
    if (isHere && seat.state === "ringing") this.banner("incoming", "warn", t("着信です：{number}", { number }), take());
    else this.banner("incoming");
    const isUnknown = isHere && !seat.customer_id && ["talking", "wrapup"].includes(seat.state);
    const add = () => h("button", { type: "button", class: "primary slim", onclick: () => this.open(number) }, t("新規"));
    if (isUnknown) this.banner("caller", "", t("登録のないお客様です：{number}", { number }), add());
    else this.banner("caller");
    if (!isUnknown && $("caller-dialog").open) $("caller-dialog").close();
    this.attempt = isUnknown ? seat.attempt_id : 0;
    return isHere;
  }

  async answer(id) {
    try {
      await post(`/missed/${id}/answer`, {});
    } catch (error) {
      this.banner("problem", "bad", error.message);
    }
  }

  open(number) {
    say($("caller-number"), number);
    say($("caller-problem"), "");
    $("caller-dialog").showModal();
    $("caller-name").focus();
  }

  async save(event) {
    event.preventDefault();
    try {
      await post("/call/caller", { attempt: this.attempt, name: $("caller-name").value, list: $("caller-list").value });
      $("caller-form").reset();
      $("caller-dialog").close();
    } catch (error) {
      say($("caller-problem"), error.message);
    }
  }
}
