// What a knob would do before it is turned: hover it or put the focus on it, and a forecast stands below.
// It can be pointed at, Escape closes it, and the server is asked once a second until its answer is final.

import { say } from "./dom.js";
import { t } from "./words.js";

const WAIT_MS = 250; // a pointer that only passes asks nothing
const AGAIN_MS = 1000;
const GONE_MS = 300; // time to move the pointer from the knob onto the forecast

export class WhatIf {
  constructor(box, { asked }) {
    this.box = box;
    this.bubble = box.querySelector("#what-if");
    this.asked = asked;
    this.control = null;
    this.timer = 0;
    this.key = "";
    for (const kind of ["pointerover", "focusin"]) box.addEventListener(kind, (event) => this.enter(event.target));
    for (const kind of ["pointerout", "focusout"]) box.addEventListener(kind, (event) => this.leave(event.relatedTarget));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
  }

  enter(target) {
    clearTimeout(this.goodbye);
    const control = target.closest("[data-step], #knob-mode");
    if (!control || control === this.control) return;
    this.control = control;
    this.key = "";
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), WAIT_MS);
  }

  leave(to) {
    if (to && (this.bubble.contains(to) || to.closest?.("[data-step], #knob-mode") === this.control)) return;
    clearTimeout(this.goodbye);
    this.goodbye = setTimeout(() => {
      if (!this.bubble.matches(":hover") && document.activeElement !== this.control && !this.control?.matches(":hover")) this.close();
    }, GONE_MS);
  }

  close() {
    clearTimeout(this.timer);
    this.control = null;
    for (const place of this.places()) place.hidden = true;
    this.bubble.hidden = true;
  }

  // The board moved: another step may be meant now.
  again() {
    if (!this.control || !this.key) return;
    if (this.key !== JSON.stringify(this.asked(this.control))) {
      clearTimeout(this.timer);
      this.ask();
    }
  }

  places() {
    return this.box.querySelectorAll("[data-what-if]");
  }

  show(lines) {
    const inSheet = !!this.control.closest("details");
    this.bubble.hidden = inSheet;
    for (const place of this.places()) {
      place.hidden = !!place.closest("details") !== inSheet;
      say(place, lines.join("\n"));
    }
  }

  async ask() {
    const control = this.control;
    const asked = control && this.asked(control);
    if (!asked) return;
    const key = JSON.stringify(asked);
    if (key !== this.key) {
      this.key = key;
      this.show([t("計算中…")]);
    }
    const query = new URLSearchParams({ project: this.box.dataset.project, ...asked });
    const answer = await fetch(`/board/what-if?${query}`, { credentials: "same-origin", headers: { Accept: "application/json" } }).catch(() => null);
    if (control !== this.control || key !== this.key) return;
    const found = answer?.ok ? await answer.json() : { lines: [t("予測できませんでした。")], is_final: true };
    this.show(found.lines.some(Boolean) ? found.lines.map((line) => line || t("計算中…")) : [found.is_final ? t("予測できませんでした。") : t("計算中…")]);
    if (!found.is_final) this.timer = setTimeout(() => this.ask(), AGAIN_MS);
  }
}
