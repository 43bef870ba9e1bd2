// 着信: opens the form that makes a caller a customer, and shows at once who calls.

import { live, refresh } from "./frame.js";

const dialog = document.getElementById("new-customer");
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-new-customer]");
  if (!button) return;
  dialog.querySelector("form").action = `/missed/${button.dataset.newCustomer}/customer`;
  dialog.querySelector('[data-is="number"]').textContent = button.dataset.number;
  dialog.showModal();
  dialog.querySelector("input[name=name]").focus();
});

const waiting = document.getElementById("waiting");
let known = null;
live?.on((view) => {
  const now = Object.keys(view.incoming ?? {}).sort().join(" ");
  if (known !== null && now !== known) {
    refresh(waiting).catch(() => {});
    refresh(document.getElementById("missed")).catch(() => {});
  }
  known = now;
  waiting.hidden = !now;
});
