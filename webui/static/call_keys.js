// The keys of the call screen.  None acts while an input method composes, and none is a bare character.

import { composing } from "./call_form.js";
import { t } from "./words.js";

const $ = (id) => document.getElementById(id);
const KEPT = "yobirin-call-keys";
const END_MS = 1000; // one call is ended at most once a second
let ended = -END_MS;

const press = (id) => {
  const button = $(id);
  const isReady = button && !button.hidden && !button.disabled;
  if (isReady) button.click();
  return isReady;
};
const SHIFTED = {
  h: () => press("hold"),
  x: () => press("transfer"),
  e: () => {
    if (performance.now() - ended < END_MS) return;
    if (press("hang-up")) ended = performance.now();
  },
  r: () => $("code").focus(),
  f: () => location.assign("/call/search"),
};

export function listen() {
  const box = $("keys-on");
  box.checked = localStorage.getItem(KEPT) !== "off";
  box.addEventListener("change", () => localStorage.setItem(KEPT, box.checked ? "on" : "off"));
  document.addEventListener("keydown", (event) => {
    if (composing(event) || document.body.classList.contains("locked")) return;
    const key = event.key.toLowerCase();
    if (event.ctrlKey && key === "/") return void (event.preventDefault(), $("keys-dialog").showModal());
    if (!box.checked || document.querySelector("dialog[open]")) return;
    if (event.key === "F2") return void (event.preventDefault(), press("dial"));
    if (event.ctrlKey && event.key === "Enter") return void (event.preventDefault(), press("save-next"));
    if (event.ctrlKey && event.shiftKey && SHIFTED[key]) {
      event.preventDefault();
      SHIFTED[key]();
    }
  });
}

// The keys that are of use now.
export function hint(phase) {
  const always = [t("Ctrl+/：キー一覧")];
  const found = {
    talking: [t("Ctrl+Shift+R：結果コード"), t("Ctrl+Shift+H 保留／X 転送／E 終話／U ヘルプ")],
    wrapup: [t("2桁＋Enter：結果"), t("Ctrl+Enter：保存して次へ"), t("Ctrl+Shift+U ヘルプ")],
    open: [t("F2：発信"), t("Ctrl+Shift+F 検索／B 休憩")],
  }[phase] ?? [t("Ctrl+Shift+F 検索／B 休憩")];
  $("hint").replaceChildren(...[...found, ...always].map((text) => Object.assign(document.createElement("span"), { textContent: text })));
}
