// Every page: the clock, the connection chip, menus and dialogs, busy buttons, leaving with unsaved changes,
// and regions that refresh themselves.  Pages work without it; it adds comfort.

import { Live } from "./live.js";
import { clock } from "./format.js";
import { t } from "./words.js";

const body = document.body;

// A notice is shown once: the address without it is what a reload or a bookmark gets.
if (new URLSearchParams(location.search).has("said")) {
  const address = new URL(location.href);
  address.searchParams.delete("said");
  history.replaceState(null, "", address);
}
export const csrf = document.querySelector("meta[name=csrf]")?.content ?? "";

// --- the stream -------------------------------------------------------------------------------------

export const live = body.dataset.events ? new Live(body.dataset.events, body.dataset.channel) : null;
if (live) {
  live.start();
  const clockElement = document.body.classList.contains("wall") ? null : document.getElementById("clock"); // a wallboard shows seconds
  const tick = () => {
    if (clockElement && live.serverAt && live.state !== "stale" && live.state !== "dark") clockElement.textContent = clock(live.now());
  };
  live.onState(tick);
  setInterval(tick, 1000);
}

// --- asking the server ------------------------------------------------------------------------------

export async function post(url, values) {
  const form = new URLSearchParams(values);
  const answer = await fetch(url, {
    method: "POST",
    body: form,
    headers: { "X-CSRF": csrf, Accept: "application/json" },
    credentials: "same-origin",
  }).catch(() => {
    throw new Error(t("装置から応答がありません。数秒待って、もう一度押してください。")); // else the browser's own English
  });
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(data.what ? `${data.what} ${data.remedy ?? ""}`.trim() : t("保存できませんでした。もう一度お試しください。"));
  return data;
}

// --- dialogs, menus, popovers -----------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  const closer = event.target.closest("[data-closes]");
  if (closer) closer.closest("dialog")?.close();
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229) return;
  if (event.key === "Escape") {
    const open = document.querySelector("details.menu[open]");
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  }
  if (event.key === "Enter" && event.ctrlKey) {
    const form = event.target.closest("form[data-ctrl-enter]");
    if (form) form.requestSubmit();
  }
});

// --- forms ------------------------------------------------------------------------------------------

for (const select of document.querySelectorAll("select[data-submits], input[data-submits]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

const guarded = document.querySelectorAll("form[data-guard]");
let isLeaving = false;
for (const form of guarded) {
  const before = () => new URLSearchParams(new FormData(form)).toString();
  const start = before();
  const counter = form.querySelector("[data-changes]");
  const bar = form.querySelector("[data-savebar]");
  const look = () => {
    const then = new URLSearchParams(start);
    const now = new URLSearchParams(before());
    const keys = new Set([...then.keys(), ...now.keys()]);
    const changes = [...keys].filter((key) => then.getAll(key).join("\n") !== now.getAll(key).join("\n")).length;
    form.dataset.dirty = changes ? "yes" : "";
    if (counter) counter.textContent = changes ? t("変更が{n}件あります", { n: changes }) : t("変更はありません");
    if (bar) bar.dataset.dirty = form.dataset.dirty;
  };
  form.addEventListener("input", look);
  form.addEventListener("reset", () => setTimeout(look));
  look();
}
window.addEventListener("beforeunload", (event) => {
  if (!isLeaving && [...guarded].some((form) => form.dataset.dirty)) event.preventDefault();
});
document.addEventListener("submit", (event) => {
  isLeaving = true;
  const button = event.submitter;
  if (button && event.target.method === "post" && !event.target.dataset.stays) {
    setTimeout(() => {
      button.setAttribute("aria-busy", "true");
      button.disabled = true;
    });
    setTimeout(() => {
      button.removeAttribute("aria-busy");
      button.disabled = false;
    }, 8000);
  }
});

for (const box of document.querySelectorAll("[data-shows-password]")) {
  box.addEventListener("change", () => {
    for (const id of box.dataset.showsPassword.split(" ")) document.getElementById(id).type = box.checked ? "text" : "password";
  });
}
for (const box of document.querySelectorAll("[data-checks-all]")) {
  const others = () => document.querySelectorAll(`input[type=checkbox][name="${box.dataset.checksAll}"]:not(:disabled)`);
  box.addEventListener("change", () => {
    for (const other of others()) other.checked = box.checked;
    box.form?.dispatchEvent(new Event("input"));
  });
}

// --- regions that refresh themselves ------------------------------------------------------------------
// <section id="x" data-refresh="5">: the same page is fetched again and the region taken from it.  Never
// while the page is hidden, a dialog is open, or the focus or a selection is inside the region.

function isBusy(region) {
  return (
    document.hidden ||
    document.querySelector("dialog[open], details.menu[open]") ||
    region.querySelector("input:checked:not([data-plain])") ||
    (region.contains(document.activeElement) && document.activeElement.matches("input, select, textarea"))
  );
}

export async function refresh(region) {
  if (isBusy(region)) return;
  const answer = await fetch(region.dataset.from || location.href, { headers: { "X-Refresh": "1" }, credentials: "same-origin" });
  if (!answer.ok) return;
  if (answer.redirected) return void location.reload(); // the session is over, or the page has moved on
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById(region.id);
  if (!fresh) return void location.reload(); // another page stands there now: the job's next step
  if (isBusy(region)) return;
  const focused = document.activeElement?.id;
  const before = [...region.querySelectorAll("td, dd, b")].map((cell) => cell.textContent);
  region.replaceChildren(...fresh.childNodes);
  for (const name of ["refresh"]) {
    if (name in fresh.dataset) region.dataset[name] = fresh.dataset[name];
    else delete region.dataset[name];
  }
  const after = [...region.querySelectorAll("td, dd, b")];
  if (after.length === before.length) {
    after.forEach((cell, index) => cell.classList.toggle("changed", cell.textContent !== before[index]));
    setTimeout(() => after.forEach((cell) => cell.classList.remove("changed")), 1000);
  }
  if (focused) document.getElementById(focused)?.focus();
  region.dispatchEvent(new CustomEvent("refreshed", { bubbles: true }));
}

for (const region of document.querySelectorAll("[data-refresh]")) {
  const again = async () => {
    try {
      await refresh(region);
    } catch {
      // The network is away: the chip says so, the next turn tries again.
    }
    if (!("refresh" in region.dataset)) return location.reload(); // the job is done: the whole page changes
    setTimeout(again, 1000 * Number(region.dataset.refresh || 5));
  };
  setTimeout(again, 1000 * Number(region.dataset.refresh));
}

// --- the box's lamp: grey while all is well; a change of an alarm refreshes what shows it ---------------

const lamp = document.getElementById("lamp");
if (live && lamp) {
  let version = null;
  live.on((view) => {
    const found = view.health?.lamp;
    if (!found) return;
    if (lamp.dataset.weight !== found.weight) lamp.dataset.weight = found.weight;
    lamp.title = found.sentence;
    const told = lamp.querySelector("[role=status]");
    const text = found.weight === "ok" ? "" : found.sentence;
    if (told.textContent !== text) told.textContent = text;
    if (version !== null && version !== found.version) {
      for (const region of document.querySelectorAll("[data-health]")) refresh(region).catch(() => {});
    }
    version = found.version;
  });
}

// --- table keys: arrows between rows, Enter opens ------------------------------------------------------

// On the document: a region that refreshes itself brings new tables along.
document.addEventListener("keydown", (event) => {
  if (event.isComposing || !["ArrowDown", "ArrowUp"].includes(event.key) || !event.target.closest("table[data-rows]")) return;
  if (event.target.matches("input:not([type=checkbox]), select, textarea")) return;
  const row = event.target.closest("tr");
  const next = event.key === "ArrowDown" ? row?.nextElementSibling : row?.previousElementSibling;
  const target = next?.querySelector("a, button, input");
  if (target) {
    event.preventDefault();
    target.focus();
  }
});
