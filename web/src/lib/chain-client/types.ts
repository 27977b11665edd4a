/** What a page sees of the chain client. The wire protocol is docs/wire-protocol.md. */
import type { Environment } from "./environment";

export type TransportKind = "websocket" | "sse" | "poll";

/** One message of the wire protocol. Only events of the journal, snapshots and some heartbeats have an id. */
export interface Message<T = unknown> {
  id?: string;
  type: string;
  timestamp: string;
  data: T;
}

export type ConnectionPhase = "connecting" | "connected" | "reconnecting" | "offline" | "closed";

/** A change of transport: at (ms since the epoch), after how many failures in a row. */
export interface Move {
  at: number;
  from: TransportKind;
  to: TransportKind;
  reason: string;
  count: number;
}

/** The progress messages of one run that were seen: n = first … last. */
export interface RunSeen {
  first: number;
  last: number;
  gaps: number;
  repeats: number;
}

export interface ConnectionStatus {
  phase: ConnectionPhase;
  /** Of the connection that is up, or that is being tried. */
  transport: TransportKind | null;
  /** Why it is not the first of the order. */
  fallbackReason: string | null;
  /** While reconnecting: which attempt is next, and when (ms since the epoch). */
  attempt: number;
  nextAttemptAt: number | null;
  /** This tab holds the connection; the others listen to it. */
  leader: boolean;
  lastId: string | null;
  /** Messages with an id; those that came twice and were dropped; times that the server could not fill in what was missed. */
  received: number;
  repeats: number;
  gaps: number;
  runs: Record<number, RunSeen>;
  /** From a message's timestamp to its arrival, smoothed. */
  latencyMs: number | null;
  /** The latest ones, the newest last. */
  moves: Move[];
  /** What the server or the network said last, in words. */
  error: string | null;
}

export type FollowStatus = "replaying" | "live" | "ended" | "failed";

export interface ChainClient {
  /** Every event and snapshot of the connection's topics, in order, each once. Returns the function that ends it. */
  listen(listener: (message: Message) => void): () => void;
  /** All messages of one run from n = 1 (replayed, then live), in order, each once. It ends by itself after the run's end. */
  follow(runId: number, listener: (message: Message) => void, onStatus?: (status: FollowStatus) => void): () => void;
  /** The same object until something has changed. */
  getStatus(): ConnectionStatus;
  onStatus(listener: () => void): () => void;
  /** Try again now, from the first of the order. */
  reconnect(): void;
  /** Nothing is left: no socket, no timer, no listener. */
  close(): void;
}

export interface ChainClientOptions {
  /** Base of the server; the page's origin by default. */
  url?: string;
  topics?: string[];
  /** Follow only this run, on a connection of this tab's own. */
  runId?: number;
  /** One connection for all tabs; by default where there is a BroadcastChannel. */
  share?: boolean;
  /** Use only these of what the server advertises. */
  transports?: TransportKind[];
  /** Clock, timers and sockets; given by tests. */
  environment?: Environment;
}

/** A transport as the server advertises it, in `connection_ack` and at /api/transports. */
export interface TransportInfo {
  name: string;
  kind: TransportKind;
  paths: string[];
  ok: boolean;
}

/** The phases of a run that it does not leave again. */
export const ENDS: ReadonlySet<string> = new Set(["completed", "partial", "failed", "cancelled", "suspect"]);
