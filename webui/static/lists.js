// リスト: the selection bar, what ticked codes come to, undo that goes after its ten seconds, keys of the table.

import { number } from "./format.js";
import { say } from "./dom.js";
import { t } from "./words.js";

// What was just done is told once: a reload or a bookmark gets the plain address.
if (new URLSearchParams(location.search).has("permitted")) {
  const address = new URL(location.href);
  address.searchParams.delete("permitted");
  address.searchParams.delete("count");
  history.replaceState(null, "", address);
}

// --- undo: the offer leaves when its time is over -------------------------------------------------------

for (const notice of document.querySelectorAll("[data-left]")) {
  setTimeout(() => notice.querySelectorAll("button, .hint").forEach((part) => part.remove()), Number(notice.dataset.left));
}

// --- the selection bar ----------------------------------------------------------------------------------

const bulk = document.getElementById("bulk");
const picked = () => [...document.querySelectorAll('input[name=list][form=bulk]:checked')];

function count() {
  const chosen = picked();
  say(document.getElementById("chosen"), t("{n}件のリストが選択されています。", { n: number(chosen.length) }));
  for (const row of document.querySelectorAll("[data-picks] tbody tr")) {
    const box = row.querySelector("input[name=list]");
    if (box) row.setAttribute("aria-selected", String(box.checked));
  }
}

if (bulk) {
  document.addEventListener("change", (event) => {
    if (event.target.matches("input[name=list][form=bulk], [data-checks-all=list]")) {
      if (event.target.dataset.checksAll) for (const box of document.querySelectorAll("input[name=list][form=bulk]")) box.checked = event.target.checked;
      count();
    }
  });
  bulk.addEventListener("reset", () => setTimeout(count));
  document.addEventListener("keydown", (event) => {
    const row = event.target.closest?.("[data-picks] tbody tr");
    if (!row || event.isComposing || event.ctrlKey || event.altKey) return;
    const box = row.querySelector("input[name=list]");
    if (event.key === " " && box && event.target.matches("a")) {
      event.preventDefault();
      box.click();
    } else if (event.key === "Enter" && event.target === box) {
      event.preventDefault();
      row.querySelector("a").click();
    }
  });
  count();
}

// --- who may work a list: everybody who works in a project at once, and a tick means "those chosen" --------

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-ticks]");
  if (!button) return;
  const wanted = button.dataset.ticks;
  const group = button.closest("form, dialog");
  for (const box of group.querySelectorAll("input[name=person]")) {
    const works = box.dataset.projects.split(" ");
    box.checked = wanted === "all" || (wanted !== "" && (works.includes("all") || works.includes(wanted)));
  }
  choose(group);
});
document.addEventListener("change", (event) => {
  if (event.target.matches("input[name=person]")) choose(event.target.closest("form, dialog"));
});

function choose(group) {
  const isAny = group.querySelector("input[name=person]:checked");
  const radio = group.querySelector(`input[name=who][value=${isAny ? "chosen" : "nobody"}]`);
  if (radio) radio.checked = true;
  group.querySelector("input[name=who]")?.dispatchEvent(new Event("input", { bubbles: true }));
}

// --- ticked codes: how many that is, and what may be done with them --------------------------------------

function sum() {
  const form = document.getElementById("code-form");
  if (!form) return;
  const chosen = [...form.querySelectorAll("input[name=code]:checked")];
  const total = (key) => chosen.reduce((all, box) => all + Number(box.dataset[key]), 0);
  for (const button of form.querySelectorAll("[data-needs]")) button.disabled = !total(button.dataset.needs);
  const permits = total("permits");
  say(document.getElementById("sum"), chosen.length ? (permits ? t("{n}件が発信可能になります", { n: number(permits) }) : t("{n}件を選択中", { n: number(total("n")) })) : "");
  const every = [...form.querySelectorAll("input[name=code]")].reduce((all, box) => all + Number(box.dataset.n), 0);
  const moved = total("n");
  if (moved) {
    say(
      document.getElementById("extract-sum"),
      t("{n}件を対応履歴ごと新しいリストへ移します（{all}件 → {rest}件 ＋ {n}件）。", { n: number(moved), all: number(every), rest: number(every - moved) }),
    );
  }
}
document.addEventListener("change", (event) => event.target.matches("input[name=code]") && sum());
document.addEventListener("refreshed", sum);
sum();

// A dialog's form takes the ticks of another form along.
for (const form of document.querySelectorAll("form[data-takes]")) {
  form.addEventListener("submit", () => {
    for (const old of form.querySelectorAll("[data-taken]")) old.remove();
    for (const box of document.getElementById(form.dataset.takes).querySelectorAll("input[type=checkbox]:checked")) {
      const copy = document.createElement("input");
      Object.assign(copy, { type: "hidden", name: box.name, value: box.value });
      copy.dataset.taken = "yes";
      form.append(copy);
    }
  });
}
