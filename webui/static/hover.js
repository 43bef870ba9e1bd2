// A memo beside its row: on hover of the row, on focus of its memo cell; stays while the pointer is on it,
// goes with Escape.  <tr data-note="…" data-note-head="…">, and one <div id="note" role="tooltip"> on the page.

const note = document.getElementById("note");
let shown = null;
let leaving = 0;

function show(row) {
  clearTimeout(leaving);
  if (row === shown || !row.dataset.note) return;
  hide();
  shown = row;
  const head = document.createElement("b");
  head.textContent = row.dataset.noteHead ?? "";
  const text = document.createElement("p");
  text.textContent = row.dataset.note;
  note.replaceChildren(head, text);
  note.hidden = false;
  row.querySelector("[data-note-here]")?.setAttribute("aria-describedby", "note");
  const cell = (row.querySelector("[data-note-here]") ?? row).getBoundingClientRect();
  const box = note.getBoundingClientRect();
  const below = cell.bottom + box.height + 8 < innerHeight;
  note.style.top = `${Math.max(4, below ? cell.bottom + 2 : cell.top - box.height - 2)}px`;
  note.style.left = `${Math.max(4, Math.min(cell.left, innerWidth - box.width - 12))}px`;
}

function hide() {
  shown?.querySelector("[data-note-here]")?.removeAttribute("aria-describedby");
  shown = null;
  note.hidden = true;
}

const soon = () => {
  clearTimeout(leaving);
  leaving = setTimeout(hide, 200);
};

if (note) {
  document.addEventListener("mouseover", (event) => {
    const row = event.target.closest?.("tr[data-note]");
    if (row) show(row);
    else if (event.target.closest?.("#note")) clearTimeout(leaving);
    else if (shown) soon();
  });
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest("[data-note-here]")?.closest("tr[data-note]");
    if (row) show(row);
    else hide();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && shown) hide();
  });
  document.addEventListener("refreshed", hide);
  document.addEventListener("scroll", hide, true);
}
