import type { Run, RunPlatform } from "@/api/runs";
import { isEnd, type Phase } from "./phases";
import type { PlatformProgress, RunProgress } from "./run-feed";
import { rateOf } from "./throughput";

export interface PlatformView {
  platform: string;
  plugin: string;
  phase: Phase;
  /** Pages that are done, and that are known so far. */
  current: number;
  total: number;
  items: number;
  new: number;
  changed: number;
  failed: number;
  bytes: number;
  message: string;
  startedAt: number | null;
  endedAt: number | null;
  /** Pages per second: of the last seconds, or of the whole when it is over. */
  rate: number | null;
  msLeft: number | null;
}

export interface RunView {
  id: number;
  trigger: Run["trigger"];
  status: Phase;
  startedAt: number | null;
  endedAt: number | null;
  current: number;
  total: number;
  items: number;
  new: number;
  changed: number;
  failed: number;
  bytes: number;
  rate: number | null;
  itemRate: number | null;
  msLeft: number | null;
  platforms: PlatformView[];
}

/**
 * A run as it is shown: what the API answered, overtaken by what its messages have said since. When the API says that it is over,
 * its figures are the final ones.
 */
export function viewRun(run: Run, progress: RunProgress, now: number): RunView {
  const live = !isEnd(run.status) && progress.n >= run.n;
  const status = live ? (progress.overallPhase ?? run.status) : run.status;
  const platforms = run.platforms.map((platform) => viewPlatform(platform, live ? progress.platforms[platform.platform] : undefined, now));
  const sum = (what: "current" | "total" | "items" | "new" | "changed" | "failed" | "bytes") =>
    platforms.reduce((total, platform) => total + platform[what], 0);
  const startedAt = parse(run.started_at) ?? earliest(platforms);
  const endedAt = parse(run.ended_at);
  const lefts = platforms.map(({ msLeft }) => msLeft).filter((ms) => ms !== null);

  return {
    id: run.id,
    trigger: run.trigger,
    status,
    startedAt,
    endedAt,
    current: sum("current"),
    total: sum("total"),
    items: sum("items"),
    new: sum("new"),
    changed: sum("changed"),
    failed: sum("failed"),
    bytes: sum("bytes"),
    rate: isEnd(status) ? average(sum("current"), startedAt, endedAt) : sumOf(platforms.map(({ rate }) => rate)),
    itemRate: isEnd(status) ? average(sum("items"), startedAt, endedAt) : liveItemRate(progress, now),
    // The slowest decides.
    msLeft: isEnd(status) || lefts.length === 0 ? null : Math.max(...lefts),
    platforms,
  };
}

function viewPlatform(platform: RunPlatform, progress: PlatformProgress | undefined, now: number): PlatformView {
  const { phase, current, total, items, failed } = progress ?? platform;
  const over = isEnd(phase);
  const startedAt = parse(platform.started_at) ?? (progress && phase !== "queued" ? progress.firstAt : null);
  const endedAt = parse(platform.ended_at) ?? (progress && over ? progress.lastAt : null);
  const live = progress && !over ? rateOf(progress.samples, "pages", now - progress.arrivedAt) : null;
  return {
    platform: platform.platform,
    plugin: platform.plugin,
    phase,
    current,
    total,
    items,
    new: progress?.new ?? platform.new,
    changed: progress?.changed ?? platform.changed,
    failed,
    bytes: platform.bytes,
    message: progress?.message ?? platform.message ?? "",
    startedAt,
    endedAt,
    rate: over ? average(current, startedAt, endedAt) : live,
    msLeft: live !== null && live > 0 && total > current ? ((total - current) / live) * 1000 : null,
  };
}

function earliest(platforms: PlatformView[]): number | null {
  const times = platforms.map(({ startedAt }) => startedAt).filter((at) => at !== null);
  return times.length > 0 ? Math.min(...times) : null;
}

function liveItemRate({ platforms }: RunProgress, now: number): number | null {
  const running = Object.values(platforms).filter(({ phase }) => !isEnd(phase));
  return sumOf(running.map(({ samples, arrivedAt }) => rateOf(samples, "items", now - arrivedAt)));
}

function sumOf(rates: (number | null)[]): number | null {
  const known = rates.filter((rate) => rate !== null);
  return known.length > 0 ? known.reduce((sum, rate) => sum + rate, 0) : null;
}

function average(done: number, startedAt: number | null, endedAt: number | null): number | null {
  return startedAt !== null && endedAt !== null && endedAt > startedAt ? (done * 1000) / (endedAt - startedAt) : null;
}

function parse(time: string | null): number | null {
  return time === null ? null : Date.parse(time);
}
