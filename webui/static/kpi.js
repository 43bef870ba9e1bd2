// The hourly report: formula behind each row's name, the chart, arrows over cells.

import { hoursChart } from "./chart.js";
import { data, h, say } from "./dom.js";

const formulas = data("formulas");
const dialog = document.getElementById("formula");

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-formula]");
  if (!button || !dialog) return;
  const entry = formulas[button.dataset.formula];
  say(dialog.querySelector("h2"), entry.name);
  for (const name of ["means", "formula", "numbers", "compat"]) {
    const place = dialog.querySelector(`[data-is=${name}]`);
    say(place, entry[name] ?? "");
    place.closest("[data-row]").hidden = !entry[name];
  }
  const link = dialog.querySelector("[data-is=rows]");
  link.hidden = !entry.rows;
  if (entry.rows) link.href = entry.rows;
  dialog.showModal();
});

const box = document.getElementById("chart");
if (box) hoursChart(box, data("hours"));

document.querySelector(".kpi-table")?.addEventListener("keydown", (event) => {
  const steps = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
  const step = steps[event.key];
  const cell = event.target.closest("td, th");
  if (!step || !cell) return;
  const rows = [...event.currentTarget.rows];
  let row = rows.indexOf(cell.parentElement);
  let column = cell.cellIndex;
  for (;;) {
    row += step[0];
    column += step[1];
    const next = rows[row]?.cells[column];
    if (!next) return;
    const target = next.querySelector("a, button");
    if (target) {
      event.preventDefault();
      target.focus();
      return;
    }
  }
});
document.querySelector("[data-print]")?.addEventListener("click", () => window.print());
export { h };
