// The player at the bottom of the page: keeps playing while rows are read.  Speech comes by HTTP range, also
// while the recording still grows; the waveform is drawn from peaks computed on the box.

import { duration } from "./format.js";
import { colour } from "./chart.js";
import { say } from "./dom.js";
import { t } from "./words.js";

const bar = document.getElementById("player");
const $ = (name) => bar.querySelector(`[data-is="${name}"]`);
const audio = $("audio");
const canvas = $("wave");
const SPEEDS = [0.75, 1, 1.25, 1.5, 2];
const SILENT = 0.02;
const GROWS_MS = 3000;
const LOUDER = 0.6; // telephone speech stays far below full scale: a power below one makes it readable
let peaks = { left: [], right: [], seconds: 0 };
let current = null;
let marks = []; // seconds

export async function open(button) {
  current = button;
  bar.hidden = false;
  say($("title"), button.dataset.title);
  $("problem").textContent = "";
  peaks = { left: [], right: [], seconds: Number(button.dataset.seconds) || 0 };
  audio.src = button.dataset.play;
  audio.playbackRate = Number($("speed").value);
  marks = [];
  $("link").hidden = !button.dataset.link;
  say($("told"), "");
  const start = /^#t=(\d+)/.exec(location.hash);
  if (start && button.dataset.linked) audio.addEventListener("loadedmetadata", () => seek(Number(start[1])), { once: true });
  audio.play().catch(() => {}); // a browser may want a click of its own: the button is there
  draw();
  await measure();
}

async function measure() {
  const button = current;
  try {
    const answer = await fetch(`${button.dataset.play}/peaks`, { credentials: "same-origin" });
    if (answer.ok && button === current) peaks = await answer.json();
  } catch {
    // No waveform: the slider still works.
  }
  draw();
}

// A conversation that is still going on: the waveform grows with it, and the end that was heard is not the end.
async function grow() {
  if (bar.hidden || !peaks.grows) return;
  await measure();
  tick();
  if (audio.ended && peaks.seconds > audio.duration + 0.5) more();
}

function more(at = audio.currentTime) {
  audio.src = `${current.dataset.play}?to=${Math.floor(peaks.seconds)}`; // another address: not the piece it holds
  audio.playbackRate = Number($("speed").value);
  audio.addEventListener("loadedmetadata", () => (audio.currentTime = at), { once: true });
  audio.play().catch(() => {});
}

function total() {
  const heard = Number.isFinite(audio.duration) && audio.duration > 0 ? audio.duration : 0;
  return peaks.grows ? Math.max(heard, peaks.seconds) : heard || peaks.seconds || 0;
}

function draw() {
  const width = (canvas.width = canvas.clientWidth * devicePixelRatio);
  const height = (canvas.height = canvas.clientHeight * devicePixelRatio);
  const pen = canvas.getContext("2d");
  const ink = { left: colour("--chart-answers"), right: colour("--chart-abandons") };
  pen.clearRect(0, 0, width, height);
  for (const [side, top] of [["left", 0], ["right", height / 2]]) {
    const values = peaks[side] ?? [];
    pen.fillStyle = ink[side];
    const step = width / Math.max(1, values.length);
    values.forEach((value, at) => {
      const tall = Math.max(1, value ** LOUDER * (height / 2 - 4));
      pen.fillRect(at * step, top + (height / 2 - tall) / 2, Math.max(1, step - 0.5), tall);
    });
  }
  pen.fillStyle = colour("--alarm");
  for (const second of marks) {
    const x = total() ? (second / total()) * width : 0;
    pen.beginPath();
    pen.moveTo(x - 6 * devicePixelRatio, 0);
    pen.lineTo(x + 6 * devicePixelRatio, 0);
    pen.lineTo(x, 9 * devicePixelRatio);
    pen.fill();
  }
  const at = total() ? (audio.currentTime / total()) * width : 0;
  pen.fillStyle = colour("--text");
  pen.fillRect(at, 0, 2, height);
}

function tick() {
  say($("time"), `${duration(audio.currentTime)} / ${duration(total())}`);
  $("slider").max = total();
  if (document.activeElement !== $("slider")) $("slider").value = audio.currentTime;
  say($("toggle"), audio.paused ? `▶ ${t("再生")}` : `❚❚ ${t("停止")}`);
  if (!audio.paused && $("skip").checked) skipSilence();
  draw();
}

function skipSilence() {
  const count = peaks.left?.length ?? 0;
  if (!count || !total()) return;
  const perSecond = count / total();
  const loud = (index) => (peaks.left[index] ?? 0) > SILENT || (peaks.right[index] ?? 0) > SILENT;
  let index = Math.floor(audio.currentTime * perSecond);
  const start = index;
  while (index < count && !loud(index)) index += 1;
  if (index - start > perSecond * 3) audio.currentTime = index / perSecond - 0.3;
}

function jump(seconds) {
  seek(Math.max(0, audio.currentTime + seconds));
}

function seek(seconds) {
  const at = Math.min(seconds, total() || Infinity);
  if (peaks.grows && at > audio.duration) more(at);
  else audio.currentTime = at;
}

// A mark stands at its second, and its link opens the recording there.
function mark() {
  const second = Math.floor(audio.currentTime);
  marks.push(second);
  draw();
  if (!current?.dataset.link) return;
  const url = new URL(current.dataset.link, location.origin);
  url.hash = `t=${second}`;
  navigator.clipboard?.writeText(url.href).then(
    () => say($("told"), t("{at} へのリンクをコピーしました。", { at: duration(second) })),
    () => say($("told"), url.href),
  );
}

for (const name of ["timeupdate", "play", "pause", "loadedmetadata", "durationchange"]) audio.addEventListener(name, tick);
audio.addEventListener("error", async () => {
  // The element does not say why; the server does.
  const answer = await fetch(current.dataset.play, { headers: { Range: "bytes=0-0" }, credentials: "same-origin" }).catch(() => null);
  say($("problem"), answer && !answer.ok ? (await answer.text()).slice(0, 200) : t("再生できませんでした。"));
});
$("toggle").addEventListener("click", () => (audio.paused ? audio.play() : audio.pause()));
$("slider").addEventListener("input", (event) => seek(Number(event.target.value)));
$("speed").addEventListener("change", (event) => (audio.playbackRate = Number(event.target.value)));
$("link").addEventListener("click", mark);
$("close").addEventListener("click", () => {
  audio.pause();
  bar.hidden = true;
  current?.focus();
});
canvas.addEventListener("click", (event) => {
  const box = canvas.getBoundingClientRect();
  seek(((event.clientX - box.left) / box.width) * total());
});
for (const button of bar.querySelectorAll("[data-jump]")) button.addEventListener("click", () => jump(Number(button.dataset.jump)));
bar.addEventListener("keydown", (event) => {
  if (event.isComposing || event.target.matches("select, button") && event.key === " ") return;
  const keys = { " ": () => (audio.paused ? audio.play() : audio.pause()), m: mark, M: mark, ArrowLeft: () => jump(event.shiftKey ? -30 : -5), ArrowRight: () => jump(event.shiftKey ? 30 : 5) };
  if (keys[event.key] && !event.target.matches("select")) {
    event.preventDefault();
    keys[event.key]();
  }
});
new ResizeObserver(draw).observe(canvas);
setInterval(grow, GROWS_MS);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-play]");
  if (button) open(button);
});
document.addEventListener("listen", ({ target, detail }) => open({ dataset: detail, focus: () => target.focus() }));
const linked = location.hash.startsWith("#t=") && document.querySelector("[data-play][data-linked]");
if (linked) open(linked);
export { SPEEDS };

// The dialog of "save" posts to the recording whose button opened it.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-save]");
  if (button) document.querySelector("#save form").action = button.dataset.save;
});
document.querySelector("#save form")?.addEventListener("submit", () => setTimeout(() => document.getElementById("save").close(), 100));
