/** Figures and times as people read them. All functions are pure; the locale is the browser's unless one is given. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export function count(value: number, locale?: string): string {
  return new Intl.NumberFormat(locale).format(value);
}

/** For axes and narrow places: 12.3K. */
export function compactCount(value: number, locale?: string): string {
  return new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 }).format(value);
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export function bytes(value: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  const power = value < 1 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), units.length - 1);
  const scaled = value / 1000 ** power;
  return `${scaled < 10 && power > 0 ? scaled.toFixed(1) : Math.round(scaled).toString()} ${units[power] ?? ""}`;
}

/** Two units at most: 0.4 s, 12 s, 3 min 05 s, 2 h 04 min, 3 d 4 h. */
export function duration(ms: number): string {
  if (ms < 0) return "0 s";
  if (ms < 10 * SECOND) return `${(Math.floor(ms / 100) / 10).toString()} s`;
  if (ms < MINUTE) return `${Math.floor(ms / SECOND).toString()} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE).toString()} min ${twoDigits(Math.floor((ms % MINUTE) / SECOND))} s`;
  if (ms < DAY) return `${Math.floor(ms / HOUR).toString()} h ${twoDigits(Math.floor((ms % HOUR) / MINUTE))} min`;
  return `${Math.floor(ms / DAY).toString()} d ${Math.floor((ms % DAY) / HOUR).toString()} h`;
}

function twoDigits(value: number): string {
  return value.toString().padStart(2, "0");
}

/** What is left of a run is a guess, so it has one unit. */
export function timeLeft(ms: number): string {
  if (ms < 1.5 * SECOND) return "a moment";
  if (ms < 90 * SECOND) return `${Math.round(ms / SECOND).toString()} s`;
  if (ms < 90 * MINUTE) return `${Math.round(ms / MINUTE).toString()} min`;
  if (ms < 36 * HOUR) return `${Math.round(ms / HOUR).toString()} h`;
  return `${Math.round(ms / DAY).toString()} d`;
}

/** Slow ones by the minute: 12/s, 3.4/s, 20/min. */
export function rate(perSecond: number): string {
  if (perSecond <= 0) return "0/s";
  if (perSecond < 0.95) return `${Math.max(1, Math.round(perSecond * 60)).toString()}/min`;
  return `${perSecond < 9.95 ? perSecond.toFixed(1) : count(Math.round(perSecond))}/s`;
}

/** How long ago, to the unit that matters; older than a week: the date. */
export function ago(at: number, now: number, locale?: string): string {
  const passed = now - at;
  if (passed < 5 * SECOND) return "just now";
  if (passed < MINUTE) return `${Math.floor(passed / SECOND).toString()} s ago`;
  if (passed < HOUR) return `${Math.floor(passed / MINUTE).toString()} min ago`;
  if (passed < DAY) return `${Math.floor(passed / HOUR).toString()} h ago`;
  if (passed < 7 * DAY) return `${Math.floor(passed / DAY).toString()} d ago`;
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium" }).format(at);
}

/** When something will be: in 12 s, in 4 min, in 3 h, in 2 d. */
export function until(at: number, now: number): string {
  const left = at - now;
  return left < SECOND ? "now" : `in ${timeLeft(left)}`;
}

export function dateTime(at: number | string, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" }).format(new Date(at));
}

export function clock(at: number | string, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { timeStyle: "medium" }).format(new Date(at));
}

/** A UTC day (2026-01-31) as the short name of that same day. */
export function day(date: string, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: "UTC" }).format(new Date(date));
}

/** A number of an item: all its digits, as in JSON. */
export function signed(value: number): string {
  return `${value > 0 ? "+" : value < 0 ? "−" : "±"}${Math.abs(value).toString()}`;
}
