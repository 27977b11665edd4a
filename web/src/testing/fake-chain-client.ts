import { act } from "@testing-library/react";
import type { Run } from "@/api/runs";
import type { ChainClient, ConnectionStatus, Message } from "@/lib/chain-client/types";
import { isProgress, type LogData, type ScrapeProgress } from "@/lib/messages";

type FollowStatus = "replaying" | "live" | "ended" | "failed";

interface Follower {
  runId: number;
  listener: (message: Message) => void;
  onStatus?: ((status: FollowStatus) => void) | undefined;
}

export const CONNECTED: ConnectionStatus = {
  phase: "connected",
  transport: "websocket",
  fallbackReason: null,
  attempt: 0,
  nextAttemptAt: null,
  leader: true,
  lastId: "5f3a9c01-41",
  received: 41,
  repeats: 0,
  gaps: 0,
  runs: {},
  latencyMs: 12,
  moves: [],
  error: null,
};

/** A chain client whose messages and states a test makes up, and whose listeners it counts. */
export class FakeChainClient implements ChainClient {
  readonly listeners = new Set<(message: Message) => void>();
  readonly statusListeners = new Set<() => void>();
  readonly followers = new Set<Follower>();
  reconnects = 0;
  private seq = 41;
  private n = new Map<number, number>();
  private status = CONNECTED;

  listen(listener: (message: Message) => void) {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  follow(runId: number, listener: Follower["listener"], onStatus?: Follower["onStatus"]) {
    const follower = { runId, listener, onStatus };
    this.followers.add(follower);
    return () => void this.followers.delete(follower);
  }

  getStatus() {
    return this.status;
  }

  onStatus(listener: () => void) {
    this.statusListeners.add(listener);
    return () => void this.statusListeners.delete(listener);
  }

  reconnect() {
    this.reconnects++;
  }

  close() {
    this.listeners.clear();
    this.statusListeners.clear();
    this.followers.clear();
  }

  /** All that is still registered: nothing, when all components are gone. */
  get registered() {
    return this.listeners.size + this.statusListeners.size + this.followers.size;
  }

  setStatus(changes: Partial<ConnectionStatus>) {
    act(() => {
      this.status = { ...this.status, ...changes };
      for (const listener of [...this.statusListeners]) listener();
    });
  }

  /** To all who listen, and to those who follow the run that it is about. */
  send(message: Message) {
    act(() => {
      for (const listener of [...this.listeners]) listener(message);
      this.sendToFollowers(message);
    });
  }

  /** Only to those who follow the run, as when it is replayed. */
  replay(message: Message) {
    act(() => { this.sendToFollowers(message); });
  }

  followStatus(runId: number, status: FollowStatus) {
    act(() => {
      for (const follower of [...this.followers]) if (follower.runId === runId) follower.onStatus?.(status);
    });
  }

  progress(data: Partial<ScrapeProgress> & { run_id: number }, timestamp = new Date().toISOString()): Message<ScrapeProgress> {
    const n = (this.n.get(data.run_id) ?? 0) + 1;
    this.n.set(data.run_id, n);
    return this.message(
      "scrape_progress",
      { n, platform: null, phase: "scraping", current: 0, total: 0, items: 0, failed: 0, message: "", ...data },
      timestamp,
    );
  }

  log(data: Partial<LogData> & { run_id: number }): Message<LogData> {
    return this.message("log", { platform: "bookshop", level: "info", message: "", ...data });
  }

  snapshot(runs: Run[]): Message {
    return this.message("snapshot", { runs });
  }

  private message<T>(type: string, data: T, timestamp = new Date().toISOString()): Message<T> {
    return { id: `5f3a9c01-${(++this.seq).toString()}`, type, timestamp, data };
  }

  private sendToFollowers(message: Message) {
    if (!isProgress(message) && message.type !== "log") return;
    const { run_id } = message.data as { run_id: number };
    for (const follower of [...this.followers]) if (follower.runId === run_id) follower.listener(message);
  }
}
