// Numbers and times as on the rest of the page; see webui/format.py.  Times are seconds since 1970 UTC.

export const NOTHING = "—";

export function number(value) {
  return value == null ? NOTHING : Math.round(value).toLocaleString("en-US");
}

export function decimal(value, places = 1) {
  if (value == null || !Number.isFinite(value)) return NOTHING;
  const scale = 10 ** places;
  return (Math.round(value * scale + 1e-9) / scale).toLocaleString("en-US", {
    minimumFractionDigits: places,
    maximumFractionDigits: places,
  });
}

export function percent(part, whole, places = 1) {
  return whole ? decimal((100 * part) / whole, places) : NOTHING;
}

export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const minutes = Math.floor(whole / 60);
  const two = (value) => String(value).padStart(2, "0");
  return minutes >= 60
    ? `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`
    : `${minutes}:${two(whole % 60)}`;
}

export function twoDigitDuration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value) => String(value).padStart(2, "0");
  return whole >= 3600 ? duration(whole) : `${two(Math.floor(whole / 60))}:${two(whole % 60)}`;
}

const zone = document.documentElement.dataset.zone || "Asia/Tokyo";
const clockForm = new Intl.DateTimeFormat("ja-JP", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const secondForm = new Intl.DateTimeFormat("ja-JP", { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

const dayForm = new Intl.DateTimeFormat("ja-JP", { timeZone: zone, month: "2-digit", day: "2-digit" });

export const clock = (at) => (at ? clockForm.format(new Date(at * 1000)) : NOTHING);
export const clockSeconds = (at) => (at ? secondForm.format(new Date(at * 1000)) : NOTHING);

// A time to come: the hour alone today, with its date past midnight.
export function due(at, now) {
  if (!at) return NOTHING;
  const day = dayForm.format(new Date(at * 1000));
  return day === dayForm.format(new Date(now * 1000)) ? clock(at) : `${day} ${clock(at)}`;
}
