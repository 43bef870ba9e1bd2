// One event stream for a whole browser.  The tab that holds the lock listens and hands everything on to the
// others by BroadcastChannel, so that ten tabs do not use up the six connections a browser allows.
//
// `live.on(fn)` is called with (view, facts) after each change.  `live.now()` is the server's clock; the
// PC's own is never shown.  The chip and `body[data-live]` tell how old the last beat is.

import { clockSeconds } from "./format.js";
import { t } from "./words.js";

const LATE_S = 3;
const STALE_S = 10;
const DARK_S = 60;

export class Live {
  constructor(url, channelName) {
    this.url = url;
    this.view = {};
    this.dialer = false;
    this.beatAt = performance.now();
    this.serverAt = 0;
    this.offset = 0;
    this.hasSnapshot = false;
    this.listeners = new Set();
    this.stateListeners = new Set();
    this.state = "";
    this.channel = "BroadcastChannel" in window && channelName ? new BroadcastChannel(channelName) : null;
    this.isLeader = false;
  }

  start() {
    if (this.channel) this.channel.onmessage = (event) => this.fromChannel(event.data);
    if (this.channel && navigator.locks) {
      this.channel.postMessage({ ask: true });
      navigator.locks.request(this.channel.name, () => this.lead());
    } else {
      this.listen();
    }
    setInterval(() => this.judge(), 250);
    this.judge();
  }

  lead() {
    this.isLeader = true;
    this.listen();
    return new Promise(() => {}); // held until the tab closes
  }

  listen() {
    const source = new EventSource(this.url);
    this.source = source;
    for (const kind of ["snapshot", "delta", "beat"]) {
      source.addEventListener(kind, (event) => {
        const data = JSON.parse(event.data);
        this.take(kind, data);
        if (this.channel) this.channel.postMessage({ kind, data });
      });
    }
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) {
        // Refused outright: the session ended, or all streams are taken.  Ask again, slowly.
        setTimeout(() => this.listen(), 3000);
      }
    };
  }

  // Whether this tab is the one that makes a sound: the one that listens for all.
  isFirst() {
    return this.isLeader || !this.channel;
  }

  fromChannel(data) {
    if (data.ask && this.isLeader && this.hasSnapshot) {
      this.channel.postMessage({ kind: "snapshot", data: { now: this.now(), dialer: this.dialer, view: this.view } });
    } else if (data.kind && !this.isLeader && (data.kind === "snapshot" || this.hasSnapshot || data.kind === "beat")) {
      this.take(data.kind, data.data);
    }
  }

  take(kind, data) {
    this.dialer = data.dialer;
    if (data.dialer || kind === "snapshot") this.beat(data.now);
    if (kind === "snapshot") {
      this.view = data.view;
      this.hasSnapshot = true;
    } else if (kind === "delta") {
      for (const [section, items] of Object.entries(data.view)) {
        const known = (this.view[section] ??= {});
        for (const [key, item] of Object.entries(items)) {
          if (item === null) delete known[key];
          else known[key] = item;
        }
      }
    }
    this.judge();
    if (kind !== "beat") this.tell(kind, data.view);
  }

  beat(now) {
    this.serverAt = now;
    this.offset = now - performance.now() / 1000;
    if (this.dialer) this.beatAt = performance.now();
  }

  now() {
    return performance.now() / 1000 + this.offset;
  }

  age() {
    return (performance.now() - this.beatAt) / 1000;
  }

  on(listener) {
    this.listeners.add(listener);
    if (this.hasSnapshot) listener(this.view, "snapshot", this.view);
  }

  onState(listener) {
    this.stateListeners.add(listener);
    if (this.state) listener(this.state, this.age());
  }

  tell(kind, changed) {
    for (const listener of this.listeners) listener(this.view, kind, changed);
  }

  judge() {
    const age = this.age();
    const state = age < LATE_S ? "live" : age < STALE_S ? "late" : age < DARK_S ? "stale" : "dark";
    if (state === this.state) return;
    this.state = state;
    document.body.dataset.live = state === "dark" ? "stale" : state;
    const chip = document.getElementById("chip");
    if (chip) this.showChip(chip, state);
    for (const button of document.querySelectorAll("[data-telephone]")) {
      button.disabled = state !== "live" || button.dataset.forbidden === "yes";
      button.title = state === "live" ? "" : t("接続が切れているため操作できません。");
    }
    for (const listener of this.stateListeners) listener(state, age);
  }

  showChip(chip, state) {
    chip.dataset.state = state === "dark" ? "stale" : state;
    if (state === "live") chip.textContent = `● ${t("接続中")}`;
    else if (state === "late") chip.textContent = `… ${t("再接続中")}`;
    else chip.textContent = `！ ${t("更新停止 {time}時点", { time: clockSeconds(this.serverAt) })}`;
  }
}
