export interface Totals {
  pages: number;
  items: number;
  failed: number;
}

/** What was done per second in the interval that begins at `at` (ms since the epoch). */
export interface RatePoint {
  at: number;
  pages: number;
  items: number;
  failed: number;
}

const MAX_BUCKETS = 240;
const FIRST_WIDTH_MS = 500;

/**
 * A run's totals over time, in a bounded number of intervals: whenever there would be more, two neighbours become one, so a run of
 * a week costs what a run of a minute does.
 */
export class Throughput {
  private start: number | null = null;
  private lastAt = 0;
  private width = FIRST_WIDTH_MS;
  /** The totals at the end of each interval. */
  private buckets: Totals[] = [];

  add(at: number, totals: Totals): void {
    this.start ??= at;
    // Messages of two platforms may be a millisecond out of order.
    this.lastAt = Math.max(this.lastAt, at, this.start);
    while (Math.floor((this.lastAt - this.start) / this.width) >= MAX_BUCKETS) this.halve();

    const index = Math.floor((this.lastAt - this.start) / this.width);
    const before = this.buckets.at(-1) ?? { pages: 0, items: 0, failed: 0 };
    while (this.buckets.length < index) this.buckets.push(before);
    this.buckets[index] = totals;
  }

  /** Without the interval that is still filling, unless it is all there is. */
  rates(ended: boolean): RatePoint[] {
    const start = this.start;
    if (start === null) return [];
    const points = this.buckets.map((totals, index) => {
      const before = this.buckets[index - 1] ?? { pages: 0, items: 0, failed: 0 };
      const seconds = this.width / 1000;
      return {
        at: start + index * this.width,
        pages: (totals.pages - before.pages) / seconds,
        items: (totals.items - before.items) / seconds,
        failed: (totals.failed - before.failed) / seconds,
      };
    });
    return ended || points.length < 2 ? points : points.slice(0, -1);
  }

  private halve(): void {
    this.width *= 2;
    this.buckets = this.buckets.filter((_, index) => index % 2 === 1 || index === this.buckets.length - 1);
  }
}

export interface Sample {
  at: number;
  pages: number;
  items: number;
}

const WINDOW_MS = 10_000;
const MAX_SAMPLES = 200;

/** The samples of the last ten seconds, the new one included. */
export function withSample(samples: readonly Sample[], sample: Sample): Sample[] {
  const recent = samples.filter(({ at }) => at >= sample.at - WINDOW_MS);
  return [...recent.slice(1 - MAX_SAMPLES), sample];
}

/** Per second over the window; `silentMs` since the last sample pulls it down, so that a stalled run does not look busy. */
export function rateOf(samples: readonly Sample[], what: "pages" | "items", silentMs = 0): number | null {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || last.at - first.at < 200) return null;
  return ((last[what] - first[what]) * 1000) / (last.at - first.at + Math.max(0, silentMs - 1000));
}
