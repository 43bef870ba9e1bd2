// The live board: figures, the sentence, lists, the last hour, seats; and the knobs of dialling, each with
// ten seconds to take a change back.

import { live, post } from "./frame.js";
import { minutesChart } from "./chart.js";
import { clockSeconds, decimal, due, number, percent } from "./format.js";
import { data, h, say } from "./dom.js";
import { SeatMap, SeatPanel } from "./seats.js";
import { WhatIf } from "./what_if.js";
import { t } from "./words.js";

const names = data("names");
const UNDO_S = 10;
const NAMES_S = 600; // what stood here yesterday moves with the hour
const NAMES_AGAIN_MS = 3000;
const $ = (id) => document.getElementById(id);
const isWall = document.body.classList.contains("wall");
const chosen = { project: Number($("project")?.value ?? document.body.dataset.project ?? 0), list: Number($("list")?.value ?? 0) };
const map = new SeatMap($("seats"), { live, names, openPanel: isWall ? null : (id, tile) => panel.open(id, tile) });
const panel = isWall ? null : new SeatPanel($("panel"), { live, names, post });
let chart = null;
let isPaused = false;

const sum = (rows, name) => rows.reduce((total, row) => total + (row[name] ?? 0), 0);
const projects = (view) => Object.values(view.projects ?? {}).filter((row) => !chosen.project || row.project_id === chosen.project);
const lists = (view) => Object.values(view.lists ?? {}).filter((row) => (!chosen.project || row.project_id === chosen.project) && (!chosen.list || row.list_id === chosen.list));

function show(view) {
  if (isPaused) return;
  const ours = projects(view);
  const rows = lists(view);
  figures(view, ours, rows);
  sentence(ours);
  knobs(ours);
  map.show(view.seats ?? {});
  say($("seat-count"), t("座席（{n}席）", { n: Object.keys(view.seats ?? {}).length }));
  if (isWall) return;
  floors();
  table(rows);
  minutes(view, rows);
  states();
  panel.show();
  say($("updated"), clockSeconds(live.now()));
}

function figure(name, value, { against = "", isBad = false, before = null } = {}) {
  const now = Number(String(value).replaceAll(",", ""));
  if (before !== null && Number.isFinite(now) && now !== before) against = `${now > before ? "▲" : "▼"} ${against}`;
  const card = document.querySelector(`[data-kpi="${name}"]`);
  if (!card) return;
  say(card.querySelector(".value"), value);
  say(card.querySelector(".against"), against);
  card.classList.toggle("bad", isBad);
}

function figures(view, ours, rows) {
  const talks = sum(rows, "talks");
  const answered = sum(rows, "answered");
  const waits = rows.filter((row) => row.talks);
  figure("wait", talks ? decimal(waits.reduce((total, row) => total + row.wait_s_mean * row.talks, 0) / talks) : "—", yesterday("wait", 1));
  const answered30 = sum(ours, "answered_30min");
  const abandoned30 = ours.reduce((total, row) => total + row.abandon_ratio_30min * row.answered_30min, 0);
  const target = ours.length ? Math.min(...ours.map((row) => row.abandon_target)) : 0;
  figure("abandoned", percent(abandoned30, answered30), { against: target ? t("目標 {n}%", { n: decimal(target * 100) }) : "", isBad: answered30 > 0 && abandoned30 / answered30 > target });
  figure("talk-rate", percent(talks, answered, 0), yesterday("talk_rate", 0, "%"));
  figure("win-rate", percent(sum(rows, "wins"), talks), yesterday("win_rate", 1, "%"));
  figure("answered", number(answered), yesterday("answered", 0));
  figure("ready", number(chosen.project ? sum(ours, "seats_ready") : Object.values(view.seats ?? {}).filter((seat) => seat.state === "waiting").length), { against: t("通話 {n}", { n: number(sum(ours, "seats_talking")) }) });
  const channels = Object.values(view.spans ?? {}).filter((span) => span.is_up).map((span) => span.channels).join("");
  const down = Object.values(view.spans ?? {}).filter((span) => !span.is_up).length;
  figure("lines", `${[...channels].filter((one) => one !== ".").length}/${channels.length}`, { against: down ? t("不通 {n}", { n: down }) : "", isBad: down > 0 });
  figure("left", number(sum(rows, "callable")));
}

function yesterday(name, places, unit = "") {
  const value = names.yesterday?.[name];
  return value == null ? {} : { before: value, against: t("昨日 {n}", { n: decimal(value, places) + unit }) };
}

function sentence(ours) {
  const weights = ["ok", "info", "warn", "bad"];
  const worst = [...ours].sort((a, b) => weights.indexOf(b.reason.weight) - weights.indexOf(a.reason.weight))[0];
  const reason = worst?.reason ?? { weight: "info", sentence: t("稼働中のリストがありません。"), remedy: t("リストの画面で「開始」を押してください。") };
  const owner = worst && ours.length > 1 ? t("［{name}］", { name: names.projects[worst.project_id] ?? "" }) : "";
  $("reason").dataset.weight = reason.weight;
  say($("reason-sentence"), `${owner}${reason.sentence}`);
  say($("reason-remedy"), reason.remedy);
}

// --- lists and the last hour --------------------------------------------------------------------------

const rowElements = new Map();

let namesAt = -NAMES_AGAIN_MS;

// A list made since the page was opened has no name here yet: the names are asked for again, not too often.
async function renew() {
  if (performance.now() - namesAt < NAMES_AGAIN_MS) return;
  namesAt = performance.now();
  const answer = await fetch(isWall ? "/wall/names" : "/board/names", { credentials: "same-origin", headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) return;
  Object.assign(names, await answer.json());
  if (!isWall) {
    for (const [id, name] of Object.entries(names.projects)) offer($("project"), id, name);
    for (const [id, name] of Object.entries(names.lists)) offer($("list"), id, name, names.project_of[id]);
  }
  show(live.view);
}

function offer(select, value, text, project) {
  if ([...select.options].some((option) => option.value === value)) return;
  const option = new Option(text, value);
  if (project) option.dataset.project = project;
  select.append(option);
}

function table(rows) {
  const body = $("list-rows");
  const kept = new Set(rows.map((row) => row.list_id));
  for (const [id, element] of rowElements) {
    if (!kept.has(id)) {
      element.remove();
      rowElements.delete(id);
    }
  }
  for (const row of rows) {
    let element = rowElements.get(row.list_id);
    if (!element) {
      const link = h("a", { href: `/lists/${row.list_id}` });
      element = h("tr", {}, h("th", { scope: "row", class: "cut" }, link), ...Array.from({ length: 10 }, (_, at) => h("td", { class: at ? "num" : "" })));
      rowElements.set(row.list_id, element);
      body.append(element);
    }
    const cells = [
      row.is_started ? t("稼働") : t("停止"),
      row.talks ? decimal(row.wait_s_mean) : "—",
      number(row.abandoned),
      number(row.talks),
      number(row.answered),
      percent(row.talks, row.answered, 0),
      percent(row.wins, row.talks),
      number(row.callable),
      row.finish_at ? due(row.finish_at, live.now()) : row.callable ? "—" : t("終了"),
      number(row.attempts),
    ];
    say(element.querySelector("a"), names.lists[row.list_id] ?? `#${row.list_id}`);
    if (!names.lists[row.list_id]) renew();
    [...element.querySelectorAll("td")].forEach((cell, at) => say(cell, cells[at]));
  }
  $("no-lists").hidden = rows.length > 0;
}

function minutes(view, rows) {
  const wanted = new Set(rows.map((row) => row.list_id));
  const now = Math.floor(live.now() / 60) * 60;
  const at = Array.from({ length: 60 }, (_, index) => now - (59 - index) * 60);
  const place = new Map(at.map((value, index) => [value, index]));
  const series = { attempts: new Array(60).fill(0), answered: new Array(60).fill(0), talks: new Array(60).fill(0), abandoned: new Array(60).fill(0) };
  for (const point of Object.values(view.minutes ?? {})) {
    const index = place.get(Math.floor(point.at / 60) * 60);
    if (index === undefined || !wanted.has(point.list_id)) continue;
    for (const name of Object.keys(series)) series[name][index] += point[name];
  }
  chart ??= minutesChart($("chart"), document.documentElement.dataset.zone);
  const key = JSON.stringify([now, series]);
  if (chart.key !== key) {
    chart.key = key;
    chart.setData([at, series.attempts, series.answered, series.talks, series.abandoned]);
  }
}

// A floor is chosen where the layout has more than one.
function floors() {
  const select = $("floor");
  select.hidden = map.floors.length < 2;
  for (const floor of map.floors) offer(select, String(floor), t("フロア{n}", { n: floor }));
}

function applyFilter(change) {
  map.setFilter(change);
  states();
}

function states() {
  for (const [state, count] of Object.entries(map.counts())) {
    const chip = document.querySelector(`[data-state-filter="${state}"]`);
    say(chip.querySelector("b"), String(count));
    if (state === "help") chip.hidden = count === 0 && chip.getAttribute("aria-pressed") !== "true";
  }
}

// --- knobs --------------------------------------------------------------------------------------------

const PRIMARY = { overdial: "overdial", ratio: "ratio", adaptive: "abandon_target", progressive: "channel_share", preview: "channel_share" };
const UNDO = { timer: 0, project: 0, field: "", value: "" };
const KNOBS = { mode: () => t("発信方式"), overdial: () => t("追加発信"), ratio: () => t("倍率"), abandon_target: () => t("放棄率の目標"), channel_share: () => t("回線の上限") };
const OWN_S = 4; // after a change of one's own the dialer's board takes a moment to follow
const last = { project: 0, values: {}, ownAt: -OWN_S };

// A knob that moved by another's hand is told with the name of whoever turned it.
async function othersChange(project) {
  const before = last.project === project.project_id ? last.values : null;
  const changed = before && Object.keys(KNOBS).find((field) => before[field] !== project[field]);
  Object.assign(last, { project: project.project_id, values: Object.fromEntries(Object.keys(KNOBS).map((field) => [field, project[field]])) });
  if (!changed || live.now() - last.ownAt < OWN_S) return;
  const values = { field: KNOBS[changed](), before: shown(changed, before[changed]), after: shown(changed, project[changed]) };
  const { name } = await fetch("/board/last-change", { credentials: "same-origin", headers: { Accept: "application/json" } }).then((answer) => answer.json()).catch(() => ({ name: "" }));
  say($("knob-answer"), name ? t("{name}さんが変更：{field} {before}→{after}", { name, ...values }) : t("変更されました：{field} {before}→{after}", values));
  $("knob-undo").hidden = true;
  clearTimeout(UNDO.timer);
  UNDO.timer = setTimeout(() => say($("knob-answer"), ""), UNDO_S * 1000);
}

function knobs(ours) {
  const box = $("knobs");
  if (!box) return;
  const project = ours.length === 1 ? ours[0] : null;
  box.hidden = !project;
  $("knobs-none").hidden = !!project || ours.length === 0;
  if (!project) return;
  box.dataset.project = project.project_id;
  othersChange(project);
  for (const knob of document.querySelectorAll("[data-knob]")) {
    const field = knob.dataset.knob;
    say(knob.querySelector("output"), shown(field, project[field]));
    knob.dataset.value = project[field];
    if (knob.closest("#knobs-bar")) knob.hidden = PRIMARY[project.mode] !== field;
    else knob.closest("tr").classList.toggle("over", !applies(field, project.mode));
  }
  const mode = $("knob-mode");
  if (document.activeElement !== mode) mode.value = project.mode;
}

const applies = (field, mode) => field === "channel_share" || PRIMARY[mode] === field;

function shown(field, value) {
  if (field === "mode") return [...$("knob-mode").options].find((option) => option.value === value)?.text ?? value;
  if (field === "abandon_target") return `${decimal(value * 100)}%`;
  if (field === "ratio") return `×${decimal(value)}`;
  return number(value);
}

function stepped(field, value, direction) {
  const step = { overdial: 1, ratio: 0.1, abandon_target: 0.005, channel_share: 1 }[field];
  return Math.round((Number(value) + direction * step) * 10000) / 10000;
}

async function change(field, value, before, isUndo = false) {
  const project = Number($("knobs").dataset.project);
  const answer = $("knob-answer");
  clearTimeout(UNDO.timer);
  try {
    last.ownAt = live.now();
    await post(`/projects/${project}/pacing`, { field, value, is_undo: isUndo ? "1" : "" });
    last.ownAt = live.now();
    Object.assign(UNDO, { project, field, value: before });
    say(answer, t("変更しました。"));
    $("knob-undo").hidden = false;
    UNDO.timer = setTimeout(() => {
      say(answer, "");
      $("knob-undo").hidden = true;
    }, UNDO_S * 1000);
    const known = live.view.projects?.[project];
    if (known) {
      known[field] = field === "mode" ? value : Number(value);
      show(live.view);
    }
  } catch (error) {
    say(answer, error.message);
    $("knob-undo").hidden = true;
    UNDO.timer = setTimeout(() => say(answer, ""), UNDO_S * 1000);
    show(live.view);
  }
}

if (!isWall) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-step]");
    if (button) {
      const knob = button.closest("[data-knob]");
      change(knob.dataset.knob, stepped(knob.dataset.knob, knob.dataset.value, Number(button.dataset.step)), knob.dataset.value);
    }
    const filter = event.target.closest("[data-state-filter]");
    if (filter) {
      const state = filter.getAttribute("aria-pressed") === "true" ? "" : filter.dataset.stateFilter;
      for (const other of document.querySelectorAll("[data-state-filter]")) other.setAttribute("aria-pressed", String(other.dataset.stateFilter === state));
      applyFilter({ state });
    }
  });
  $("knob-mode")?.addEventListener("change", (event) => change("mode", event.target.value, live.view.projects[$("knobs").dataset.project].mode));
  $("knob-undo")?.addEventListener("click", () => {
    const { field, value } = UNDO;
    change(field, value, value, true).then(() => {
      $("knob-undo").hidden = true;
      say($("knob-answer"), t("取り消しました。"));
    });
  });
  for (const id of ["project", "list"]) {
    $(id).addEventListener("change", () => {
      chosen[id] = Number($(id).value);
      if (id === "project") {
        for (const option of $("list").options) option.hidden = chosen.project > 0 && option.value !== "0" && Number(option.dataset.project) !== chosen.project;
        if ($("list").selectedOptions[0].hidden) $("list").value = "0";
        chosen.list = Number($("list").value);
      }
      $("to-wall").href = chosen.project ? `/wall?project=${chosen.project}` : "/wall";
      const query = new URLSearchParams(Object.entries(chosen).filter(([, value]) => value));
      history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
      applyFilter({ project: chosen.project, list: chosen.list });
      show(live.view);
    });
  }
  $("seat-search").addEventListener("input", (event) => applyFilter({ text: event.target.value.trim().toLowerCase() }));
  $("seat-order").addEventListener("change", (event) => applyFilter({ order: event.target.value }));
  $("floor").addEventListener("change", (event) => applyFilter({ floor: Number(event.target.value) }));
  $("pause").addEventListener("click", (event) => {
    isPaused = !isPaused;
    event.currentTarget.setAttribute("aria-pressed", String(isPaused));
    if (!isPaused) show(live.view);
  });
}

if (!isWall) {
  const whatIf = new WhatIf($("knobs"), {
    asked: (control) => {
      const project = live.view.projects?.[$("knobs").dataset.project];
      if (!project) return null;
      if (control.id === "knob-mode") return { field: "mode", value: [...control.options].map((option) => option.value).filter((mode) => mode !== project.mode).join(",") };
      const knob = control.closest("[data-knob]");
      return { field: knob.dataset.knob, value: stepped(knob.dataset.knob, knob.dataset.value, Number(control.dataset.step)) };
    },
  });
  live.on(() => whatIf.again());
}

// The badge ヘルプ leads here with the seat to open.
let asked = Number(new URLSearchParams(location.search).get("seat") ?? 0);
function openAsked(view) {
  if (!asked || !panel || !view.seats?.[asked]) return;
  panel.open(asked, map.tiles.get(asked)?.root);
  asked = 0;
}

setInterval(renew, NAMES_S * 1000);
map.setFilter(chosen.list || chosen.project ? { project: chosen.project, list: chosen.list } : {});
live.on(show);
live.on(openAsked);
setInterval(() => {
  if (isPaused || live.state === "stale" || live.state === "dark") return;
  map.tick();
  panel?.show();
  if (isWall) say($("clock"), clockSeconds(live.now()));
}, 1000);
// A wallboard that shows one project after another.
const rotateS = Number(document.body.dataset.rotate ?? 0);
if (isWall && rotateS) {
  setInterval(() => {
    const ids = Object.keys(live.view.projects ?? {}).map(Number);
    if (!ids.length) return;
    chosen.project = ids[(ids.indexOf(chosen.project) + 1) % ids.length];
    say($("wall-title"), names.projects[chosen.project] ?? "");
    map.setFilter({ project: chosen.project });
    show(live.view);
  }, rotateS * 1000);
}

if (isWall) {
  live.onState((state) => {
    const dark = $("stale");
    dark.hidden = state !== "dark";
    say(dark.querySelector("time"), clockSeconds(live.serverAt));
  });
}
