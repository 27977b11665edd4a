import { describe, expect, it } from "vitest";
import { ago, bytes, compactCount, count, day, duration, plural, rate, signed, timeLeft, until } from "./format";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe("format", () => {
  it("groups large counts", () => {
    expect(count(1234567, "en")).toBe("1,234,567");
    expect(compactCount(12345, "en")).toBe("12.3K");
    expect(plural(1, "item")).toBe("1 item");
    expect(plural(0, "item")).toBe("0 items");
    expect(plural(2, "entry", "entries")).toBe("2 entries");
  });

  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 KB"],
    [45_678, "46 KB"],
    [1_500_000, "1.5 MB"],
    [2e15, "2000 TB"],
  ])("bytes: %d is %s", (value, text) => { expect(bytes(value)).toBe(text); });

  it.each([
    [-5, "0 s"],
    [0, "0 s"],
    [449, "0.4 s"],
    [9_999, "9.9 s"],
    [12_345, "12 s"],
    [185 * SECOND, "3 min 05 s"],
    [2 * HOUR + 4 * MINUTE, "2 h 04 min"],
    [3 * DAY + 4 * HOUR, "3 d 4 h"],
  ])("duration: %d ms is %s", (ms, text) => { expect(duration(ms)).toBe(text); });

  it.each([
    [100, "a moment"],
    [5_400, "5 s"],
    [89_000, "89 s"],
    [91_000, "2 min"],
    [3 * HOUR, "3 h"],
    [5 * DAY, "5 d"],
  ])("time left: %d ms is %s", (ms, text) => { expect(timeLeft(ms)).toBe(text); });

  it.each([
    [0, "0/s"],
    [0.001, "1/min"],
    [0.5, "30/min"],
    [3.42, "3.4/s"],
    [12.6, "13/s"],
  ])("rate: %d per second is %s", (value, text) => { expect(rate(value)).toBe(text); });

  it.each([
    [-3 * SECOND, "just now"],
    [4 * SECOND, "just now"],
    [59 * SECOND, "59 s ago"],
    [61 * MINUTE, "1 h ago"],
    [6 * DAY, "6 d ago"],
  ])("ago: %d ms is %s", (ms, text) => {
    const now = Date.parse("2026-01-31T12:00:00Z");
    expect(ago(now - ms, now, "en")).toBe(text);
  });

  it("names the date of what is older than a week", () => {
    const now = Date.parse("2026-01-31T12:00:00Z");
    expect(ago(now - 20 * DAY, now, "en")).toBe("Jan 11, 2026");
    expect(until(now + 3 * HOUR, now)).toBe("in 3 h");
    expect(until(now - 1, now)).toBe("now");
  });

  it("keeps a UTC day the same day wherever it is read", () => {
    expect(day("2026-01-31", "en")).toBe("Jan 31");
  });

  it("signs differences", () => {
    expect(signed(2.5)).toBe("+2.5");
    expect(signed(-2.5)).toBe("−2.5");
    expect(signed(0)).toBe("±0");
  });
});
