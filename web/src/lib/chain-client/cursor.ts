/** The place in the stream: what has been seen, and so what is new. */
import { fields, list, number, parseId, type Id } from "./messages";
import type { Message, RunSeen } from "./types";

export type Verdict = "new" | "repeat" | "control";

/** Runs that are remembered; the oldest are forgotten. */
const RUNS_MAX = 200;

export class Cursor {
  received = 0;
  repeats = 0;
  gaps = 0;
  readonly runs = new Map<number, RunSeen>();
  private at: Id | null = null;

  get lastId(): string | null {
    return this.at ? `${this.at.epoch}-${this.at.seq}` : null;
  }

  get place(): Id | null {
    return this.at;
  }

  /** Begin where another tab is. */
  adopt(id: string | null, lastOfRuns: Iterable<[number, number]>): void {
    if (this.at) return;
    this.at = parseId(id);
    for (const [run, n] of lastOfRuns) if (!this.runs.has(run)) this.begin(run, n);
  }

  /** Take a message in. What is a repeat is to be dropped. */
  take(message: Message): Verdict {
    const id = parseId(message.id);
    if (!id) return "control";
    if (message.type === "snapshot") return this.takeSnapshot(message, id);
    const here = this.at !== null && this.at.epoch === id.epoch;
    if (message.type === "heartbeat") {
      if (here && id.seq > this.at!.seq) this.at = id;
      return "control";
    }
    if (here && id.seq <= this.at!.seq) {
      this.repeats++;
      return "repeat";
    }
    if (this.at && !here) this.gaps++; // another database, and no snapshot said so
    this.at = id;
    this.received++;
    if (message.type === "scrape_progress") this.count(message);
    return "new";
  }

  /** Whether it lies behind us. Unlike take() this counts nothing. */
  has(message: Message): boolean {
    const id = parseId(message.id);
    return id !== null && this.at !== null && id.epoch === this.at.epoch && id.seq <= this.at.seq;
  }

  /** All of a run up to here has been replayed. */
  replayed(run: number): void {
    const seen = this.runs.get(run);
    if (seen && seen.gaps === 0) seen.first = 1;
  }

  private takeSnapshot(message: Message, id: Id): Verdict {
    if (this.at) this.gaps++;
    this.at = id;
    this.received++;
    for (const one of list(fields(message.data).runs)) {
      const run = fields(one);
      const runId = number(run.id);
      if (runId !== null) this.begin(runId, number(run.n) ?? 0);
    }
    return "new";
  }

  private begin(run: number, n: number): void {
    this.runs.set(run, { first: n + 1, last: n, gaps: 0, repeats: 0 });
  }

  private count(message: Message): void {
    const data = fields(message.data);
    const run = number(data.run_id);
    const n = number(data.n);
    if (run === null || n === null) return;
    const seen = this.runs.get(run);
    if (!seen) this.runs.set(run, { first: n, last: n, gaps: 0, repeats: 0 });
    else if (n <= seen.last) seen.repeats++;
    else {
      if (n > seen.last + 1) seen.gaps++;
      seen.last = n;
    }
    if (this.runs.size > RUNS_MAX) this.runs.delete(this.runs.keys().next().value!);
  }
}
