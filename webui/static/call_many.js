// 同時発信数: how many numbers are dialled at once for this operator, and how they stand until one answers.

import { h } from "./dom.js";
import { t } from "./words.js";

const KEPT = "yobirin-at-once";
const $ = (id) => document.getElementById(id);
const STATES = { queued: () => t("順番待ち"), calling: () => t("発信中"), ringing: () => t("呼出中"), over: () => t("終了") };
const RESULTS = { 91: () => t("欠番"), 93: () => t("話中"), 94: () => t("不在"), "9a": () => t("発信禁止") };

export class AtOnce {
  // onOver is called when none of the numbers was answered.
  constructor({ wanted, onOver, onChange }) {
    this.onOver = onOver;
    this.most = 1;
    this.phase = ""; // "" | asked | out
    if (wanted) localStorage.setItem(KEPT, String(wanted)); // chosen with the search
    this.kept = Number(localStorage.getItem(KEPT) ?? 1);
    $("at-once").addEventListener("change", () => {
      this.kept = Number($("at-once").value);
      localStorage.setItem(KEPT, String(this.kept));
      onChange();
    });
  }

  get count() {
    return Math.max(1, Math.min(this.kept, this.most));
  }

  // What the project allows.
  offer(most) {
    this.most = most;
    for (const option of $("at-once").options) option.hidden = option.disabled = Number(option.value) > most;
    $("at-once").value = String(this.count);
  }

  begin() {
    this.phase = this.phase || "asked";
  }

  // `isBusy`: a request is under way, and what it was about may be over already: looked at again with the next view.
  show(seat, hasCustomer, isBusy) {
    const dialling = seat.dialling ?? [];
    $("dialled").hidden = !dialling.length;
    const text = JSON.stringify(dialling);
    if ($("dialled").dataset.shown !== text) {
      $("dialled").dataset.shown = text;
      $("dialled").replaceChildren(...dialling.map((one) => h("li", { class: one.state }, h("b", {}, one.number), " ", (RESULTS[one.code] ?? STATES[one.state])())));
    }
    if (dialling.length) this.phase = "out";
    else if (isBusy) return;
    else if (this.phase === "out" && !["talking", "wrapup"].includes(seat.state)) {
      this.phase = "";
      if (!hasCustomer) this.onOver();
    } else if (this.phase === "out") {
      this.phase = ""; // somebody has answered
    }
  }
}
