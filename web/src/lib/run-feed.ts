import type { ChainClient, Message } from "./chain-client/types";
import { isLog, isProgress, type LogData, type ScrapeProgress } from "./messages";
import { isEnd, type Phase } from "./phases";
import { Throughput, withSample, type RatePoint, type Sample } from "./throughput";

export interface PlatformProgress extends ScrapeProgress {
  platform: string;
  /** The last seconds, to tell the rate from. */
  samples: Sample[];
  /** When the last message came, by this browser's clock. */
  arrivedAt: number;
  /** Times of its first message since it is no longer queued, and of its last. */
  firstAt: number;
  lastAt: number;
}

export interface FeedLine extends LogData {
  /** Counts up, so that a list has a key. */
  row: number;
  at: string;
}

export type FeedStatus = "idle" | "replaying" | "live" | "ended" | "failed";

/** What the messages of one run add up to. A new object whenever something has changed. */
export interface RunProgress {
  status: FeedStatus;
  /** n of the last message; 0 before the first. */
  n: number;
  current: ScrapeProgress | null;
  overallPhase: Phase | null;
  platforms: Record<string, PlatformProgress>;
  rates: RatePoint[];
  log: FeedLine[];
}

export const NO_PROGRESS: RunProgress = {
  status: "idle",
  n: 0,
  current: null,
  overallPhase: null,
  platforms: {},
  rates: [],
  log: [],
};

const LOG_LINES = 500;
/** Faster than this nobody reads, and a long replay would paint for nothing. */
const PAINT_MS = 100;

/** Follows one run for any number of listeners and adds its messages up. */
class RunFeed {
  progress: RunProgress = NO_PROGRESS;
  private readonly listeners = new Set<() => void>();
  private readonly throughput = new Throughput();
  private log: FeedLine[] = [];
  private logRow = 0;
  private pending: RunProgress = NO_PROGRESS;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly unfollow: () => void;

  constructor(client: ChainClient, runId: number) {
    this.unfollow = client.follow(
      runId,
      (message) => { this.take(message); },
      (status) => {
        this.pending = { ...this.pending, status };
        this.publish();
      },
    );
  }

  add(listener: () => void): void {
    this.listeners.add(listener);
  }

  /** Returns whether anybody is left. */
  remove(listener: () => void): boolean {
    this.listeners.delete(listener);
    return this.listeners.size > 0;
  }

  close(): void {
    this.unfollow();
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private take(message: Message): void {
    if (isLog(message)) this.takeLog(message);
    else if (isProgress(message)) this.takeProgress(message);
  }

  private takeLog({ data, timestamp }: Message<LogData>): void {
    this.log.push({ ...data, at: timestamp, row: this.logRow++ });
    if (this.log.length > LOG_LINES) this.log.shift();
    this.publishSoon();
  }

  private takeProgress({ data, timestamp }: Message<ScrapeProgress>): void {
    this.pending = { ...this.pending, n: data.n, current: data };
    if (data.platform === null) {
      this.pending.overallPhase = data.phase;
      // An end is shown at once.
      if (isEnd(data.phase)) this.publish();
      else this.publishSoon();
      return;
    }

    const at = Date.parse(timestamp);
    const before = this.pending.platforms[data.platform];
    const platform: PlatformProgress = {
      ...data,
      platform: data.platform,
      samples: withSample(before?.samples ?? [], { at, pages: data.current, items: data.items }),
      arrivedAt: Date.now(),
      firstAt: before && before.phase !== "queued" ? before.firstAt : at,
      lastAt: at,
    };
    this.pending.platforms = { ...this.pending.platforms, [data.platform]: platform };
    this.throughput.add(at, totalsOf(this.pending.platforms));
    this.publishSoon();
  }

  private publishSoon(): void {
    this.timer ??= setTimeout(() => { this.publish(); }, PAINT_MS);
  }

  private publish(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.progress = { ...this.pending, rates: this.throughput.rates(isEnd(this.pending.overallPhase)), log: [...this.log] };
    for (const listener of [...this.listeners]) listener();
  }
}

function totalsOf(platforms: Record<string, PlatformProgress>) {
  const totals = { pages: 0, items: 0, failed: 0 };
  for (const { current, items, failed } of Object.values(platforms)) {
    totals.pages += current;
    totals.items += items;
    totals.failed += failed;
  }
  return totals;
}

/** The feeds of one client: a run that several parts of a page look at is followed once, and no longer than anybody looks. */
export class RunFeeds {
  private readonly feeds = new Map<number, RunFeed>();

  constructor(private readonly client: ChainClient) {}

  get(runId: number): RunProgress {
    return this.feeds.get(runId)?.progress ?? NO_PROGRESS;
  }

  subscribe(runId: number, listener: () => void): () => void {
    const feed = this.feeds.get(runId) ?? new RunFeed(this.client, runId);
    this.feeds.set(runId, feed);
    feed.add(listener);
    return () => {
      if (feed.remove(listener)) return;
      this.feeds.delete(runId);
      feed.close();
    };
  }
}
