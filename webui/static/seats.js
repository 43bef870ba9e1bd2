// The seat map: tiles with state and running seconds, filters, and the side panel of one seat.

import { duration, number } from "./format.js";
import { data, h, put, say } from "./dom.js";
import { LONG_S, STATES, reasonWord } from "./states.js";
import { t } from "./words.js";

const ORDER = ["talking", "ringing", "waiting", "manual", "wrapup", "break", "paused", "login", "logged_out"];
const COUNTED = ["waiting", "ringing", "talking", "wrapup", "break"];
const HOW = { listen: () => t("聞く"), whisper: () => t("ささやく"), barge: () => t("割り込む") };
const isHelp = (seat) => seat.help_since_at > 0 || seat.is_help === true;
const is = (seat, state) => (state === "help" ? isHelp(seat) : seat.state === state);

export class SeatMap {
  constructor(box, { live, names, openPanel = null }) {
    this.box = box;
    this.live = live;
    this.names = names;
    this.openPanel = openPanel;
    this.tiles = new Map();
    this.filter = { list: 0, project: 0, state: "", text: "", order: "seat", floor: 0 };
    this.seats = [];
    this.floors = [];
    this.laid = 0;
  }

  show(seats) {
    this.seats = Object.values(seats);
    this.draw();
  }

  setFilter(change) {
    Object.assign(this.filter, change);
    this.draw();
  }

  wanted(seat, filter = this.filter) {
    const { list, project, state, text } = filter;
    if (project && seat.project_id && seat.project_id !== project) return false;
    if (list && seat.list_id !== list) return false;
    if (text && !`${seat.label} ${seat.extension} ${seat.user_name}`.toLowerCase().includes(text)) return false;
    return !state || is(seat, state);
  }

  draw() {
    const seats = this.seats.filter((seat) => this.wanted(seat));
    const since = (seat) => seat.since_at || Infinity;
    if (this.filter.order === "state") seats.sort((a, b) => isHelp(b) - isHelp(a) || ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || since(a) - since(b));
    else if (this.filter.order === "time") seats.sort((a, b) => since(a) - since(b));
    else seats.sort((a, b) => a.label.localeCompare(b.label, "ja", { numeric: true }));
    this.lay(seats);
    const size = this.seats.length <= 16 ? "seats spacious" : this.seats.length <= 40 ? "seats roomy" : "seats";
    if (this.box.className !== size && !this.box.dataset.fixed) this.box.className = size;
    const kept = new Set(seats.map((seat) => seat.seat_id));
    for (const [id, tile] of this.tiles) {
      if (!kept.has(id)) {
        tile.root.remove();
        this.tiles.delete(id);
      }
    }
    seats.forEach((seat, index) => this.place(seat, index));
    this.tick();
  }

  // In the order of seats they stand as the layout says, on the chosen floor; else in a row after row.
  lay(seats) {
    const places = this.names.places ?? {};
    const floors = [...new Set(this.seats.map((seat) => places[seat.seat_id]?.[0]).filter(Boolean))].sort((a, b) => a - b);
    this.floors = floors;
    const floor = floors.includes(this.filter.floor) ? this.filter.floor : floors.length === 1 ? floors[0] : 0;
    this.laid = this.filter.order === "seat" && floor ? floor : 0;
    if (this.laid) seats.splice(0, seats.length, ...seats.filter((seat) => (places[seat.seat_id]?.[0] ?? floors[0]) === floor));
    const columns = Math.max(10, ...Object.values(places).filter((one) => one[0] === floor).map((one) => one[1]));
    const wanted = this.laid ? `repeat(${columns}, minmax(0, 1fr))` : "";
    if (this.box.style.gridTemplateColumns !== wanted) this.box.style.gridTemplateColumns = wanted;
  }

  stand(tile, seat) {
    const [floor, x, y] = this.names.places?.[seat.seat_id] ?? [];
    const isLaid = this.laid && floor === this.laid;
    const [column, row] = isLaid ? [String(x), String(y)] : ["", ""];
    if (tile.root.style.gridColumnStart !== column) tile.root.style.gridColumnStart = column;
    if (tile.root.style.gridRowStart !== row) tile.root.style.gridRowStart = row;
  }

  place(seat, index) {
    const tile = this.tiles.get(seat.seat_id) ?? this.make(seat);
    tile.seat = seat;
    this.stand(tile, seat);
    const { glyph, word } = STATES[seat.state];
    tile.base = `seat s-${seat.state}`;
    say(tile.label, seat.label);
    say(tile.word, `${glyph} ${word()}`);
    say(tile.who, seat.break_reason && seat.state === "break" ? `${seat.user_name} ${reasonWord(seat.break_reason)}` : seat.user_name || (seat.is_registered ? t("内線{n}", { n: seat.extension }) : t("電話機なし")));
    put(tile.root, "aria-label", `${seat.label} ${isHelp(seat) ? `${t("ヘルプ")} ` : ""}${word()} ${seat.user_name ?? ""}`);
    if (this.box.children[index] !== tile.root) this.box.insertBefore(tile.root, this.box.children[index] ?? null);
  }

  make(seat) {
    const tile = { label: h("span"), glyph: h("span", { class: "glyph", "aria-hidden": "true" }), word: h("span", { class: "word num" }), who: h("span", { class: "who" }), time: h("span", { class: "time" }) };
    const tag = this.openPanel ? "button" : "div";
    tile.root = h(tag, { "data-seat": seat.seat_id, type: this.openPanel ? "button" : null }, tile.label, tile.glyph, tile.word, tile.who, tile.time);
    if (this.openPanel) {
      tile.root.addEventListener("click", () => this.openPanel(tile.seat.seat_id, tile.root));
      tile.root.addEventListener("keydown", (event) => this.move(event));
    }
    this.tiles.set(seat.seat_id, tile);
    return tile;
  }

  move(event) {
    if (this.laid) return this.moveLaid(event);
    const tiles = [...this.box.children];
    const columns = getComputedStyle(this.box).gridTemplateColumns.split(" ").length;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
    if (!step) return;
    const next = tiles[tiles.indexOf(event.currentTarget) + step];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  }

  // On a laid-out floor there are gaps: the nearest seat that way.
  moveLaid(event) {
    const [dx, dy] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key] ?? [0, 0];
    if (!dx && !dy) return;
    const place = (root) => [Number(root.style.gridColumnStart), Number(root.style.gridRowStart)];
    const [x, y] = place(event.currentTarget);
    const far = (root) => {
      const [toX, toY] = place(root);
      const ahead = (toX - x) * dx + (toY - y) * dy;
      return ahead > 0 ? ahead + 3 * Math.abs(dx ? toY - y : toX - x) : Infinity;
    };
    const next = [...this.box.children].filter((root) => far(root) < Infinity).sort((a, b) => far(a) - far(b))[0];
    event.preventDefault();
    next?.focus();
  }

  tick() {
    const now = this.live.now();
    for (const { root, seat, base, time, glyph } of this.tiles.values()) {
      const seconds = seat.since_at ? now - seat.since_at : 0;
      say(time, seat.state === "logged_out" ? "" : duration(seconds));
      const [first, second] = limits(this.names, seat);
      const wanted = seconds > second || isHelp(seat) ? "seat s-alarm" : seconds > first ? `${base} long` : base;
      if (root.className !== wanted) root.className = wanted;
      say(glyph, isHelp(seat) ? t("！助") : seconds > second ? "！" : STATES[seat.state].glyph);
    }
  }

  counts() {
    const found = Object.fromEntries([...COUNTED, "help"].map((state) => [state, 0]));
    const others = { ...this.filter, state: "" };
    for (const seat of this.seats) {
      if (!this.wanted(seat, others)) continue;
      if (seat.state in found) found[seat.state] += 1;
      if (isHelp(seat)) found.help += 1;
    }
    return found;
  }
}

// Seconds in a state before the tile gets a thick edge, and before it alarms: the project's, or the house's.
function limits(names, seat) {
  return names.limits?.[seat.project_id]?.[seat.state] ?? LONG_S[seat.state] ?? [Infinity, Infinity];
}

export class SeatPanel {
  constructor(panel, { live, names, post }) {
    this.panel = panel;
    this.live = live;
    this.names = names;
    this.post = post;
    this.seatId = 0;
    this.customerName = "";
    panel.querySelector("[data-shuts]").addEventListener("click", () => this.close());
    panel.addEventListener("keydown", (event) => this.key(event));
    panel.querySelector("[data-form=log-out]").addEventListener("submit", (event) => this.logOut(event));
    panel.querySelector("[data-form=message]").addEventListener("submit", (event) => this.message(event));
    for (const button of panel.querySelectorAll("[data-how]")) button.addEventListener("click", () => this.hear(button.dataset.how));
    panel.querySelector("#telephone").addEventListener("change", (event) => this.ask("/supervise/phone", { extension: event.target.value }, t("監督電話を登録しました。")));
    this.listens = panel.querySelector("[data-listens]");
    this.listens?.addEventListener("click", () => this.listen());
  }

  open(seatId, opener) {
    this.opener?.setAttribute("aria-pressed", "false");
    this.opener = opener;
    opener?.setAttribute("aria-pressed", "true");
    this.seatId = seatId;
    this.panel.hidden = false;
    this.customerName = "";
    this.call = "";
    say(this.panel.querySelector("[data-answer]"), "");
    this.show();
    if (this.seat()?.help_since_at > 0) this.ask(`/seats/${seatId}/answer-help`, {}, t("ヘルプに応じました。"));
    this.panel.querySelector("[data-shuts]").focus();
  }

  close() {
    this.panel.hidden = true;
    this.seatId = 0;
    this.opener?.setAttribute("aria-pressed", "false");
    this.opener?.focus();
  }

  key(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") this.close();
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input, select, textarea")) return;
    const button = this.panel.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (button && !button.disabled) button.click();
  }

  // One request, its answer beside the buttons.
  async ask(url, values, done) {
    const answer = this.panel.querySelector("[data-answer]");
    try {
      await this.post(url, values);
      say(answer, done);
      return true;
    } catch (error) {
      say(answer, error.message);
      return false;
    }
  }

  hear(how) {
    if (how === "end") return this.ask(`/seats/${this.seatId}/listen-end`, {}, t("終了しました。"));
    return this.ask(`/seats/${this.seatId}/listen`, { how }, "");
  }

  async message(event) {
    event.preventDefault();
    const text = event.target.text.value;
    if (await this.ask(`/seats/${this.seatId}/message`, { text }, text ? t("送りました。") : t("メッセージを消しました。"))) event.target.reset();
  }

  seat() {
    return this.live.view.seats?.[this.seatId];
  }

  show() {
    const seat = this.seat();
    if (this.panel.hidden || !seat) return;
    const call = `${seat.attempt_id}:${seat.talks_today}:${seat.user_id}`;
    if (this.call !== call) {
      this.call = call;
      this.recent();
    }
    const { glyph, word } = STATES[seat.state];
    const values = {
      title: `${seat.label}　${t("内線{n}", { n: seat.extension })}`,
      user: seat.user_name || t("ログインしていません"),
      state: `${glyph} ${word()} ${seat.since_at ? duration(this.live.now() - seat.since_at) : ""} ${seat.state === "break" ? reasonWord(seat.break_reason ?? "") : ""}`,
      phone: seat.is_registered ? t("登録済み") : t("登録がありません"),
      list: this.names.lists?.[seat.list_id] ?? "",
      customer: (seat.dialling ?? []).map((one) => one.number).join("・") || `${this.customerName} ${seat.number_shown ?? ""}`,
      today: t("通話 {n}件・{talk}　待ち {wait}　後処理 {wrap}", { n: number(seat.talks_today), talk: duration(seat.talk_s_today), wait: duration(seat.wait_s_today), wrap: duration(seat.wrap_s_today) }),
      listeners: heard(seat.listeners ?? []),
      help: seat.help_since_at > 0 ? `！ ${t("ヘルプ")} ${duration(this.live.now() - seat.help_since_at)}` : seat.helper ? t("{name}さんがヘルプに応じました。", { name: seat.helper }) : "",
    };
    for (const [name, value] of Object.entries(values)) say(this.panel.querySelector(`[data-is=${name}]`), value);
    this.panel.querySelector("[data-is=state]").className = `status s-${seat.state}`;
    const help = this.panel.querySelector("[data-is=help]");
    help.hidden = !values.help;
    help.className = seat.help_since_at > 0 ? "notice bad" : "notice good";
    this.controls(seat);
  }

  controls(seat) {
    const mine = (seat.listeners ?? []).find((one) => one.user_id === Number(document.body.dataset.user));
    for (const button of this.panel.querySelectorAll("[data-how]")) {
      const isEnd = button.dataset.how === "end";
      if (!isEnd) button.setAttribute("aria-pressed", String(mine?.how === button.dataset.how));
      const isForbidden = isEnd ? !mine : seat.state === "logged_out";
      button.dataset.forbidden = isForbidden ? "yes" : "";
      button.disabled = isForbidden || this.live.state !== "live";
    }
    this.panel.querySelector("[data-form=log-out]").hidden = seat.state === "logged_out";
    this.panel.querySelector("[data-form=message]").hidden = seat.state === "logged_out";
    if (this.listens) this.listens.hidden = !["talking", "wrapup"].includes(seat.state);
  }

  // The player (player.js) takes a button that names a recording; this one names it when it is pressed.
  async listen() {
    const seat = this.seat();
    const answer = await fetch(`/seats/${this.seatId}/recording`, { credentials: "same-origin", headers: { Accept: "application/json" } });
    const { play } = answer.ok ? await answer.json() : {};
    if (!play) {
      say(this.panel.querySelector("[data-answer]"), t("この通話の録音はまだありません。"));
      return;
    }
    const title = `${seat.label} ${seat.user_name} ${seat.number_shown}`;
    this.listens.dispatchEvent(new CustomEvent("listen", { bubbles: true, detail: { play, title } }));
  }

  async recent() {
    const seatId = this.seatId;
    const answer = await fetch(`/seats/${seatId}/recent`, { credentials: "same-origin", headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok || seatId !== this.seatId) return;
    const { rows, customer = "" } = await answer.json();
    this.customerName = customer;
    const body = this.panel.querySelector("[data-recent]");
    body.replaceChildren();
    if (!rows.length) body.append(h("tr", {}, h("td", { colspan: 4, class: "muted" }, t("本日の通話はまだありません。"))));
    for (const row of rows) body.append(h("tr", {}, h("td", {}, row.at), h("td", {}, row.number), h("td", {}, row.result), h("td", { class: "num" }, row.talk)));
    this.show();
  }

  async logOut(event) {
    event.preventDefault();
    const form = event.target;
    const values = { reason: form.reason.value, is_now: event.submitter?.value ?? "" };
    if (await this.ask(`/seats/${this.seatId}/log-out`, values, t("ログアウトを指示しました。"))) form.reset();
  }
}

// Who listens, for supervisors: all of them, and how.
function heard(listeners) {
  if (!listeners.length) return "";
  const each = listeners.map((one) => `${one.name}（${HOW[one.how]()}${one.is_on ? "" : t("・呼出中")}）`);
  return t("{n}名が聞いています：{names}", { n: listeners.length, names: each.join(t("、")) });
}

export const seatNames = () => data("names");
