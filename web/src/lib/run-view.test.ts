import { describe, expect, it } from "vitest";
import { run, runPlatform } from "@/testing/data";
import { NO_PROGRESS, type PlatformProgress, type RunProgress } from "./run-feed";
import { viewRun } from "./run-view";

const NOW = Date.parse("2026-01-31T12:00:10.000Z");

function progressOf(changes: Partial<PlatformProgress> = {}, whole: Partial<RunProgress> = {}): RunProgress {
  const samples = [
    { at: NOW - 5_000, pages: 20, items: 18 },
    { at: NOW, pages: 40, items: 58 },
  ];
  const platform: PlatformProgress = {
    run_id: 12,
    n: 20,
    platform: "bookshop",
    phase: "scraping",
    current: 40,
    total: 100,
    items: 58,
    new: 4,
    changed: 6,
    failed: 2,
    message: "",
    samples,
    arrivedAt: NOW,
    firstAt: NOW - 10_000,
    lastAt: NOW,
    ...changes,
  };
  return { ...NO_PROGRESS, n: 20, overallPhase: "scraping", platforms: { bookshop: platform }, ...whole };
}

describe("viewRun", () => {
  it("is the API's answer until a message comes", () => {
    const view = viewRun(run(), NO_PROGRESS, NOW);
    expect(view).toMatchObject({ status: "scraping", current: 20, total: 80, items: 18, failed: 1, rate: null, msLeft: null });
  });

  it("goes by the messages as soon as they are newer", () => {
    const view = viewRun(run(), progressOf(), NOW);
    expect(view).toMatchObject({ current: 40, total: 100, items: 58, new: 4, changed: 6, failed: 2, rate: 4, itemRate: 8, msLeft: 15_000 });
  });

  it("does not step back while a run is replayed from its first message", () => {
    const view = viewRun(run({ n: 30 }), progressOf(), NOW);
    expect(view.current).toBe(20);
  });

  it("has the final figures of the API after the end, and the rate of the whole", () => {
    const over = run({ status: "completed", platforms: [runPlatform({ phase: "completed", current: 80, items: 70 })] });
    const view = viewRun(over, progressOf(), NOW);
    expect(view).toMatchObject({ status: "completed", current: 80, items: 70, msLeft: null });
    expect(view.rate).toBeCloseTo(80 / 65);
  });

  it("knows how long a platform took that has ended while others run", () => {
    const platforms = [runPlatform(), runPlatform({ platform: "news", phase: "queued", started_at: null, current: 0, total: 0, items: 0 })];
    const view = viewRun(run({ platforms }), progressOf({ phase: "completed" }), NOW);
    expect(view.platforms[0]).toMatchObject({ phase: "completed", endedAt: NOW, rate: 4, msLeft: null });
    expect(view.platforms[1]).toMatchObject({ phase: "queued", startedAt: null, rate: null });
  });
});
