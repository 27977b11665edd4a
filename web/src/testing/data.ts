import type { Schedule } from "@/api/schedules";
import type { Item } from "@/api/items";
import type { Run, RunPlatform } from "@/api/runs";
import { isEnd } from "@/lib/phases";

export function runPlatform(changes: Partial<RunPlatform> = {}): RunPlatform {
  return {
    platform: "bookshop",
    plugin: "html",
    phase: "scraping",
    current: 20,
    total: 80,
    items: 18,
    new: 3,
    changed: 5,
    unchanged: 10,
    failed: 1,
    excluded: 0,
    not_modified: 0,
    bytes: 45_000,
    message: "",
    started_at: "2026-01-31T12:00:00.000Z",
    ended_at: null,
    ...changes,
  };
}

export function run(changes: Partial<Run> = {}): Run {
  const status = changes.status ?? "scraping";
  return {
    id: 12,
    trigger: "api",
    status,
    created_at: "2026-01-31T11:59:59.000Z",
    started_at: "2026-01-31T12:00:00.000Z",
    ended_at: isEnd(status) ? "2026-01-31T12:01:05.000Z" : null,
    n: 9,
    last_id: "5f3a9c01-41",
    pages: 20,
    items: 18,
    new: 3,
    changed: 5,
    unchanged: 10,
    failed: 1,
    platforms: [runPlatform({ phase: status })],
    ...changes,
  };
}

export function item(changes: Partial<Item> = {}): Item {
  return {
    platform: "bookshop",
    key: "BK-0001",
    url: "http://127.0.0.1:8081/books/1-the-borrowed-tide.html",
    first_seen: "2026-01-30T12:00:00.000Z",
    last_seen: "2026-01-31T12:00:00.000Z",
    last_changed: "2026-01-31T12:00:00.000Z",
    item: { title: "The Borrowed Tide", author: "Mats Ibsen", price: 35.49, stock: 1 },
    ...changes,
  };
}

export const PLATFORMS = {
  platforms: [
    { name: "bookshop", plugin: "html", enabled: true, overridable: [] },
    { name: "prices", plugin: "json", enabled: true, overridable: ["start"] },
    { name: "archive", plugin: "html", enabled: false, overridable: [] },
  ],
};

export function schedule(one: Partial<Schedule> = {}): Schedule {
  return {
    platform: "bookshop",
    cron: "@daily",
    timezone: "UTC",
    jitter_ms: 0,
    misfire: "coalesce",
    overlap: "skip",
    paused: false,
    paused_at: null,
    reason: null,
    last: null,
    last_skipped: null,
    next: [],
    ...one,
  };
}
