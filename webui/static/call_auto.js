// 自動コール: counts down 10-45 s before the next customer is dialled, so that there is time to read.

import { say } from "./dom.js";
import { t } from "./words.js";

const KEPT = "yobirin-auto-call";
const $ = (id) => document.getElementById(id);

export class AutoCall {
  // onDue is called when the time is over.
  constructor({ now, onDue }) {
    this.now = now;
    this.onDue = onDue;
    this.dueAt = 0;
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    this.isOn = !!kept.isOn;
    this.seconds = kept.seconds ?? 0;
    $("auto").addEventListener("click", () => this.flip());
    $("auto-s").addEventListener("change", () => {
      this.seconds = Number($("auto-s").value);
      this.keep();
    });
    setInterval(() => this.tick(), 250);
    this.show();
  }

  // The project's interval, until the operator has chosen one.
  offer(seconds) {
    const wanted = this.seconds || seconds;
    const known = [...$("auto-s").options].map((option) => Number(option.value));
    $("auto-s").value = String(known.reduce((best, one) => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best), known[0]));
  }

  flip() {
    this.isOn = !this.isOn;
    this.stop();
    this.keep();
    this.show();
  }

  keep() {
    localStorage.setItem(KEPT, JSON.stringify({ isOn: this.isOn, seconds: this.seconds }));
  }

  start() {
    if (this.isOn) this.dueAt = this.now() + Number($("auto-s").value);
    this.show();
  }

  stop() {
    this.dueAt = 0;
    this.show();
  }

  tick() {
    if (!this.dueAt) return;
    if (this.now() >= this.dueAt) {
      this.dueAt = 0;
      this.show();
      this.onDue();
    } else {
      this.show();
    }
  }

  show() {
    $("auto").setAttribute("aria-pressed", String(this.isOn));
    const left = Math.ceil(this.dueAt - this.now());
    say($("auto"), this.dueAt ? t("発信まで {n}秒 ■止める", { n: left }) : this.isOn ? t("自動コール ON") : t("自動コール OFF"));
  }
}
