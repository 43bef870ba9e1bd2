// 転送: a panel that calls somebody while the customer waits, then hands over, joins all, or comes back.

import { post } from "./frame.js";
import { h, say } from "./dom.js";
import { t } from "./words.js";

const $ = (id) => document.getElementById(id);
const part = (name) => $("transfer-panel").querySelector(`[data-is="${name}"]`);

const WORDS = {
  calling: (who) => t("{who} を呼び出しています。お客様は保留中です。", { who }),
  ringing: (who) => t("{who} を呼び出しています。お客様は保留中です。", { who }),
  private: (who) => t("{who} と話しています。お客様には聞こえません。", { who }),
  joined: (who) => t("{who} とお客様の三者で話しています。", { who }),
};
const FAILED = {
  busy: () => t("転送先は話し中でした。お客様に戻りました。"),
  "no-answer": () => t("転送先が出ませんでした。お客様に戻りました。"),
  declined: () => t("転送先が出ませんでした。お客様に戻りました。"),
  vacant: () => t("使われていない番号でした。お客様に戻りました。"),
};

export class Transfer {
  constructor({ act }) {
    this.act = act;
    this.party = null;
    $("transfer").addEventListener("click", () => ($("transfer-panel").hidden ? this.open() : this.close()));
    part("close").addEventListener("click", () => this.close());
    $("transfer-panel").addEventListener("keydown", (event) => event.key === "Escape" && !event.isComposing && this.close());
    $("target-form").addEventListener("submit", (event) => this.call(event));
    $("party-buttons").addEventListener("click", (event) => {
      const button = event.target.closest("[data-act]");
      if (button) this.act(button.dataset.act).then((problem) => say(part("problem"), problem));
    });
  }

  offer(pack) {
    $("targets").replaceChildren(...(pack.targets ?? []).map(([id, short, name]) => h("option", { value: short, "data-id": id }, name)));
  }

  open() {
    $("transfer-panel").hidden = false;
    $("transfer").setAttribute("aria-expanded", "true");
    $("target").focus();
  }

  close() {
    if ($("transfer-panel").hidden) return;
    const hadFocus = $("transfer-panel").contains(document.activeElement);
    $("transfer-panel").hidden = true;
    $("transfer").setAttribute("aria-expanded", "false");
    if (hadFocus) $("transfer").focus();
  }

  async call(event) {
    event.preventDefault();
    const to = $("target").value.trim();
    const known = [...$("targets").options].find((option) => option.value === to);
    say(part("problem"), "");
    if (!to) return void $("target").focus();
    try {
      await post("/call/target", { to, target: known?.dataset.id ?? "" });
    } catch (error) {
      say(part("problem"), error.message);
    }
  }

  // The seat as the dialer tells it, and the third party's number as people read it.
  show(seat, shown) {
    const party = seat?.party ?? null;
    const isTalking = seat?.state === "talking";
    if (!isTalking) this.close();
    const who = party ? party.name || shown || party.number : "";
    const failed = !party && isTalking && seat.party_failed ? (FAILED[seat.party_failed]?.() ?? t("転送先につながりませんでした。お客様に戻りました。")) : "";
    part("party").hidden = !party && !failed;
    part("party").className = failed ? "notice warn" : "notice";
    say(part("party"), party ? WORDS[party.state](who) : failed);
    if (failed && this.party) this.open();
    $("target-form").hidden = !!party;
    $("party-buttons").hidden = !party;
    const can = { "hand-over": !!party && (party.state !== "calling" || party.number.length < 6), "join-all": party?.state === "private", "drop-target": !!party && party.state !== "joined" };
    for (const button of $("party-buttons").querySelectorAll("[data-act]")) button.hidden = !can[button.dataset.act];
    if (party && party.state !== this.party?.state && !$("transfer-panel").hidden) $("party-buttons").querySelector("[data-act=drop-target]:not([hidden])")?.focus();
    this.party = party;
  }
}
