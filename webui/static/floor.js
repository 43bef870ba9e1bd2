// The operators' simplified monitor: the seat map with names, filters and nothing that can be done.

import { live } from "./frame.js";
import { data, say } from "./dom.js";
import { SeatMap } from "./seats.js";
import { t } from "./words.js";

const $ = (id) => document.getElementById(id);
const map = new SeatMap($("seats"), { live, names: data("names") });

function states() {
  for (const [state, count] of Object.entries(map.counts())) say(document.querySelector(`[data-state-filter="${state}"] b`), String(count));
}

function choose(change) {
  map.setFilter(change);
  states();
}

// An operator's stream carries the floor; a manager's the whole board.
live.on((view) => {
  const seats = view.floor ?? view.seats ?? {};
  map.show(seats);
  say($("seat-count"), t("座席（{n}席）", { n: Object.keys(seats).length }));
  states();
});
document.addEventListener("click", (event) => {
  const chip = event.target.closest("[data-state-filter]");
  if (!chip) return;
  const state = chip.getAttribute("aria-pressed") === "true" ? "" : chip.dataset.stateFilter;
  for (const other of document.querySelectorAll("[data-state-filter]")) other.setAttribute("aria-pressed", String(other.dataset.stateFilter === state));
  choose({ state });
});
$("seat-search").addEventListener("input", (event) => choose({ text: event.target.value.trim().toLowerCase() }));
$("seat-order").addEventListener("change", (event) => choose({ order: event.target.value }));
setInterval(() => live.state === "live" && map.tick(), 1000);
