// 座席配置: seats on a grid, moved by dragging or by arrow keys, saved at once, each step taken back.

import { csrf, post } from "./frame.js";
import { data, h, say } from "./dom.js";
import { t } from "./words.js";

const $ = (id) => document.getElementById(id);
const { seats, grid } = data("layout-data");
const places = new Map(seats.map((seat) => [seat.id, seat.place]));
const elements = new Map(seats.map((seat) => [seat.id, tile(seat)]));
const UNDO_MAX = 50;
const undo = [];
let floor = Math.min(...seats.filter((seat) => isPlaced(seat.id)).map((seat) => seat.place[0]), grid.floors);
if (!seats.some((seat) => isPlaced(seat.id))) floor = 1;

function isPlaced(id) {
  const [, x, y] = places.get(id);
  return x > 0 && y > 0;
}

const at = (wanted, x, y) => seats.find((seat) => {
  const [its, itsX, itsY] = places.get(seat.id);
  return its === wanted && itsX === x && itsY === y;
});

function tile(seat) {
  const element = h("button", { type: "button", class: "seat layout-seat", draggable: "true", "data-id": seat.id }, h("b", {}, seat.label), h("span", {}, seat.extension));
  element.addEventListener("dragstart", (event) => event.dataTransfer.setData("text/plain", String(seat.id)));
  element.addEventListener("keydown", (event) => key(event, seat.id));
  element.addEventListener("click", () => isPlaced(seat.id) || first(seat.id));
  return element;
}

function draw() {
  $("layout-floor").value = String(floor);
  const cells = [];
  for (let y = 1; y <= grid.rows; y += 1) {
    for (let x = 1; x <= grid.columns; x += 1) {
      const seat = at(floor, x, y);
      cells.push(h("div", { class: "layout-cell", "data-x": x, "data-y": y }, seat ? elements.get(seat.id) : null));
    }
  }
  $("layout-grid").replaceChildren(...cells);
  const left = seats.filter((seat) => !isPlaced(seat.id));
  $("layout-tray").replaceChildren(...left.map((seat) => elements.get(seat.id)));
  say($("layout-left"), String(left.length));
  for (const seat of seats) {
    const [its, x, y] = places.get(seat.id);
    elements.get(seat.id).setAttribute("aria-label", isPlaced(seat.id) ? t("{seat} フロア{floor} 横{x} 縦{y}", { seat: seat.label, floor: its, x, y }) : t("{seat} 置いていません", { seat: seat.label }));
  }
}

// --- moves, saved one by one in their order -------------------------------------------------------------

let saving = Promise.resolve();

function move(changes, { isUndo = false } = {}) {
  const before = changes.map(([id]) => [id, ...places.get(id)]);
  for (const [id, ...place] of changes) places.set(id, place);
  draw();
  if (!isUndo) remember(before); // at once: an undo that is pressed while this is being saved means this one
  saving = saving.then(() => save(changes, before, isUndo));
  return saving;
}

async function save(changes, before, isUndo) {
  $("layout-problem").hidden = true;
  try {
    await post("/layout", { places: JSON.stringify(changes) });
    say($("layout-answer"), isUndo ? t("取り消しました。") : t("保存しました。"));
  } catch (error) {
    for (const [id, ...place] of before) places.set(id, place);
    forget(before);
    draw();
    problem(error.message);
  }
}

function remember(before) {
  undo.push(before);
  if (undo.length > UNDO_MAX) undo.shift();
  $("layout-undo").disabled = false;
}

function forget(before) {
  const at = undo.indexOf(before);
  if (at >= 0) undo.splice(at, 1);
  $("layout-undo").disabled = undo.length === 0;
}

function problem(text) {
  say($("layout-answer"), "");
  say($("layout-problem"), text);
  $("layout-problem").hidden = false;
}

// To a cell: whoever stands there goes where the moved one came from.
function to(id, wanted, x, y) {
  const other = at(wanted, x, y);
  if (other?.id === id) return;
  const from = places.get(id);
  const changes = [[id, wanted, x, y]];
  if (other) changes.push([other.id, ...from]);
  move(changes);
  elements.get(id).focus();
}

function first(id) {
  for (let y = 1; y <= grid.rows; y += 1) {
    for (let x = 1; x <= grid.columns; x += 1) if (!at(floor, x, y)) return to(id, floor, x, y);
  }
  problem(t("このフロアに空きがありません。"));
}

function key(event, id) {
  if (event.isComposing || event.ctrlKey || event.altKey) return;
  const [its, x, y] = places.get(id);
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (step && isPlaced(id)) {
    event.preventDefault();
    const [nextX, nextY] = [x + step[0], y + step[1]];
    if (nextX >= 1 && nextX <= grid.columns && nextY >= 1 && nextY <= grid.rows) to(id, its, nextX, nextY);
  } else if (event.key === "Delete" && isPlaced(id)) {
    move([[id, its, 0, 0]]);
  } else if ((event.key === "PageUp" || event.key === "PageDown") && isPlaced(id)) {
    event.preventDefault();
    const next = its + (event.key === "PageDown" ? 1 : -1);
    if (next < 1 || next > grid.floors) return;
    floor = next;
    to(id, next, x, y);
  }
}

$("layout-grid").addEventListener("dragover", (event) => event.preventDefault());
$("layout-grid").addEventListener("drop", (event) => {
  event.preventDefault();
  const cell = event.target.closest(".layout-cell");
  const id = Number(event.dataTransfer.getData("text/plain"));
  if (cell && places.has(id)) to(id, floor, Number(cell.dataset.x), Number(cell.dataset.y));
});
$("layout-tray").parentElement.addEventListener("dragover", (event) => event.preventDefault());
$("layout-tray").parentElement.addEventListener("drop", (event) => {
  event.preventDefault();
  const id = Number(event.dataTransfer.getData("text/plain"));
  if (places.has(id) && isPlaced(id)) move([[id, places.get(id)[0], 0, 0]]);
});

$("layout-floor").addEventListener("change", (event) => {
  floor = Number(event.target.value);
  draw();
});
$("layout-auto").addEventListener("click", () => {
  const columns = Math.min(10, grid.columns);
  const size = columns * grid.rows;
  const inOrder = [...seats].sort((a, b) => a.label.localeCompare(b.label, "ja", { numeric: true }));
  move(inOrder.map((seat, index) => [seat.id, 1 + Math.floor(index / size), 1 + (index % columns), 1 + Math.floor((index % size) / columns)]));
});
$("layout-undo").addEventListener("click", () => {
  const before = undo.pop();
  $("layout-undo").disabled = undo.length === 0;
  if (before) move(before, { isUndo: true });
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey && event.key === "z" && !event.target.matches("input")) $("layout-undo").click();
});
$("layout-import").addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await fetch("/layout/import", { method: "POST", body: new FormData(event.target), headers: { "X-CSRF": csrf, Accept: "application/json" }, credentials: "same-origin" }).catch(() => null);
  const found = (await answer?.json().catch(() => null)) ?? {};
  if (!answer?.ok) return problem(found.what ?? t("保存できませんでした。もう一度お試しください。"));
  $("layout-problem").hidden = true;
  for (const [id, ...place] of found.now) places.set(id, place);
  remember(found.before);
  say($("layout-answer"), t("{n}席の位置を取り込みました。", { n: found.now.length }));
  event.target.reset();
  draw();
});

draw();
