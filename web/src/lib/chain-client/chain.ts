/**
 * The chain: one subscription, kept up over the transports of an order whatever happens to them.
 *
 * A failure is tried again on the same transport; `failures` of them in a row, or a connection that is open but silent, move
 * the chain on to the next one, at any time. While it is on a lower one it probes the better ones, and goes back to the first
 * that has caught up. At the end of the order it begins again at the first: then it is the server that is away.
 */
import { pauseMs } from "./backoff";
import { Connection, type Acknowledgement, type ConnectionEnd, type ConnectionHandlers } from "./connection";
import type { Environment } from "./environment";
import { TRANSPORTS, USUAL_ORDER } from "./transports";
import type { ConnectionPhase, Message, Move, TransportInfo, TransportKind } from "./types";

const FAILURES = 3;
const PROBE_MS = 60_000;
const PROBE_MOST_MS = 600_000;
/** Browsers are wrong about being offline at times, so it is tried now and then all the same. */
const OFFLINE_MS = 30_000;
/** Messages that a probe keeps; one that is so far behind is tried again later. */
const HELD_MAX = 10_000;
/** Moves that wait for a server to be told to. */
const UNTOLD_MAX = 16;

export interface ChainState {
  phase: ConnectionPhase;
  transport: TransportKind | null;
  fallbackReason: string | null;
  attempt: number;
  nextAttemptAt: number | null;
  error: string | null;
  order: readonly TransportInfo[];
}

export const INITIAL_STATE: ChainState = {
  phase: "connecting",
  transport: null,
  fallbackReason: null,
  attempt: 0,
  nextAttemptAt: null,
  error: null,
  order: USUAL_ORDER,
};

/** A move as the server is told of it. */
interface MoveReport { from: string; to: string; reason: string; count: number }

export interface ChainHandlers {
  onMessage(message: Message): void;
  onState(state: ChainState): void;
  onMove(move: Move): void;
  /** Where to resume. */
  since(): string | null;
  isKnown(message: Message): boolean;
}

export interface ChainWish {
  base: string;
  topics: string[];
  runId: number | null;
  /** Only these, if given. */
  transports: TransportKind[] | null;
}

export class Chain {
  private state: ChainState;
  private index = 0;
  private mostFailures = FAILURES;
  private probeFirstMs = PROBE_MS;
  /** In a row, on the present transport. */
  private failures = 0;
  /** Since a connection last lived, on whatever transport: what the pauses grow with. */
  private tries = 0;
  private connection: Connection | null = null;
  private retryTimer: number | null = null;
  private probe: Probe | null = null;
  private probeTimer: number | null = null;
  private probePauseMs = PROBE_MS;
  /** Moves that the server has not been told of: it is when one of its connections is acknowledged. */
  private untold: MoveReport[] = [];
  private stopped = false;

  constructor(
    private readonly environment: Environment,
    private readonly wish: ChainWish,
    private readonly handlers: ChainHandlers,
  ) {
    this.state = { ...INITIAL_STATE, order: this.usable(USUAL_ORDER) };
  }

  start(): void {
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    this.dropConnection();
    this.stopProbing();
  }

  /** Begin again at the first, now. */
  restart(): void {
    if (this.stopped) return;
    this.dropConnection();
    this.stopProbing();
    this.index = 0;
    this.failures = 0;
    this.tries = 0;
    this.set({ fallbackReason: null });
    this.connect();
  }

  /** Something has happened to page or network: if we wait, wait no longer; if not, see whether the connection is there. */
  nudge(): void {
    if (this.stopped) return;
    if (this.connection) {
      this.connection.check();
    } else {
      this.tries = 0;
      this.connect();
    }
  }

  wentOffline(): void {
    if (!this.stopped && !this.connection) this.set({ phase: "offline" });
  }

  /* --- connecting --------------------------------------------------------------------------------- */

  private usable(order: readonly TransportInfo[]): TransportInfo[] {
    const { transports } = this.wish;
    return order.filter(({ kind }) => TRANSPORTS[kind] && (transports === null || transports.includes(kind)));
  }

  private get order(): readonly TransportInfo[] {
    return this.state.order;
  }

  private get current(): TransportInfo | undefined {
    return this.order[this.index];
  }

  private connect(): void {
    const info = this.current;
    this.stopRetry();
    if (!info) {
      this.set({ phase: "closed", error: "none of the server's transports can be used here" });
      return;
    }
    this.set({
      phase: this.tries === 0 ? "connecting" : "reconnecting",
      transport: info.kind,
      nextAttemptAt: null,
    });
    this.connection = this.open(info, this.connectionHandlers);
  }

  private readonly connectionHandlers: ConnectionHandlers = {
    onAcknowledged: (ack) => this.onAcknowledged(ack),
    onMessage: (message) => this.handlers.onMessage(message),
    onCaughtUp: () => undefined,
    onComplaint: (error) => this.set({ error }),
    onEnd: (end) => this.onEnd(end),
  };

  private open(info: TransportInfo, handlers: ConnectionHandlers): Connection {
    const { base, topics, runId } = this.wish;
    return new Connection(this.environment, base, info, { topics, runId, since: this.handlers.since() }, handlers);
  }

  private onAcknowledged(ack: Acknowledgement): void {
    this.learn(ack);
    this.tellMoves(ack);
    this.set({ phase: "connected", attempt: 0, nextAttemptAt: null, error: null });
    this.scheduleProbe(this.probeFirstMs);
  }

  /** The server's order and numbers take the place of the usual ones; where we are in it stays. */
  private learn(ack: Acknowledgement): void {
    const order = this.usable(ack.transports);
    const at = order.findIndex(({ name }) => name === this.current?.name);
    if (at >= 0) {
      this.index = at;
      this.set({ order });
    }
    if (ack.failures !== null && ack.failures >= 1) this.mostFailures = ack.failures;
    if (ack.retryAfterMs !== null && ack.retryAfterMs >= 1) this.probeFirstMs = ack.retryAfterMs;
  }

  /* --- failures ----------------------------------------------------------------------------------- */

  private onEnd(end: ConnectionEnd): void {
    this.connection = null;
    this.stopProbing();
    if (end.lived) this.failures = this.tries = 0;
    if (end.kind === "restart" || end.kind === "asleep") {
      this.retryAfter(end.kind === "restart" ? Math.round(this.environment.random() * end.retryMs) : 0, end.reason);
      return;
    }
    if (end.kind === "silent") this.failures = this.mostFailures;
    else if (!end.lived) this.failures++;
    if (this.failures >= this.mostFailures) this.moveOn(end.reason);
    else this.retryAfter(this.nextPause(), end.reason);
  }

  private nextPause(): number {
    return pauseMs(this.tries + 1, this.environment.random());
  }

  private retryAfter(ms: number, reason: string): void {
    const offline = !this.environment.isOnline();
    const pause = offline ? OFFLINE_MS : ms;
    this.tries++;
    this.set({
      phase: offline ? "offline" : "reconnecting",
      attempt: this.tries,
      nextAttemptAt: this.environment.now() + pause,
      error: reason,
    });
    this.retryTimer = this.environment.setTimer(() => this.connect(), pause);
  }

  private moveOn(reason: string): void {
    const count = this.failures;
    const from = this.current;
    const next = this.order.findIndex(({ ok }, i) => i > this.index && ok);
    this.failures = 0;
    if (next < 0 || !from) {
      this.index = 0;
      this.set({ fallbackReason: null });
      this.retryAfter(this.nextPause(), reason);
      return;
    }
    this.index = next;
    this.moved(from, reason, count);
    this.tries++;
    this.set({ fallbackReason: `${from.kind}: ${reason}`, attempt: this.tries, error: reason });
    this.connect();
  }

  private moved(from: TransportInfo, reason: string, count: number): void {
    const to = this.current!;
    this.environment.warn(`trawl: from ${from.name} to ${to.name}: ${reason}${count > 1 ? ` (${count} times)` : ""}`);
    this.handlers.onMove({ at: this.environment.now(), from: from.kind, to: to.kind, reason, count });
    this.untold = [...this.untold, { from: from.name, to: to.name, reason, count }].slice(-UNTOLD_MAX);
  }

  /** With the connection that they led to, so that the server can show them with it. */
  private tellMoves({ connectionId }: Acknowledgement): void {
    const moves = this.untold;
    this.untold = [];
    for (const move of moves)
      this.environment
        .ask("POST", `${this.wish.base}/api/transports/moves`, { ...move, ...(connectionId && { connection_id: connectionId }) })
        .catch(() => undefined); // it is told for people; the move itself does not depend on it
  }

  /* --- the way back ------------------------------------------------------------------------------- */

  private scheduleProbe(ms: number): void {
    this.stopProbing();
    if (this.index === 0) return;
    this.probePauseMs = ms;
    this.probeTimer = this.environment.setTimer(() => this.probeFrom(0), ms);
  }

  private probeFrom(start: number): void {
    this.probeTimer = null;
    const better = this.order.findIndex(({ ok }, i) => i >= start && i < this.index && ok);
    if (better < 0) {
      this.scheduleProbe(Math.min(this.probePauseMs * 2, PROBE_MOST_MS));
      return;
    }
    this.probe = new Probe((handlers) => this.open(this.order[better]!, handlers), {
      onReady: (ack, connection, held) => this.promote(better, ack, connection, held),
      onFailed: () => {
        this.probe = null;
        this.probeFrom(better + 1);
      },
    });
  }

  private promote(index: number, ack: Acknowledgement, connection: Connection, held: Message[]): void {
    const from = this.current!;
    this.probe = null;
    this.connection?.close();
    this.connection = connection;
    this.index = index;
    this.failures = 0;
    this.moved(from, "it works again", 1);
    this.learn(ack);
    this.tellMoves(ack);
    this.set({ phase: "connected", transport: this.current!.kind, fallbackReason: null, error: null });
    for (const message of held) if (!this.handlers.isKnown(message)) this.handlers.onMessage(message);
    connection.redirect(this.connectionHandlers);
    this.scheduleProbe(this.probeFirstMs);
  }

  /* --- ends --------------------------------------------------------------------------------------- */

  private dropConnection(): void {
    this.stopRetry();
    this.connection?.close();
    this.connection = null;
  }

  private stopRetry(): void {
    if (this.retryTimer !== null) this.environment.clearTimer(this.retryTimer);
    this.retryTimer = null;
  }

  private stopProbing(): void {
    if (this.probeTimer !== null) this.environment.clearTimer(this.probeTimer);
    this.probeTimer = null;
    this.probe?.close();
    this.probe = null;
  }

  private set(change: Partial<ChainState>): void {
    this.state = { ...this.state, ...change };
    this.handlers.onState(this.state);
  }
}

/** A connection beside the present one. It keeps what it hears until it has caught up. */
class Probe {
  private readonly held: Message[] = [];
  private readonly connection: Connection;
  private ack: Acknowledgement | null = null;

  constructor(
    open: (handlers: ConnectionHandlers) => Connection,
    private readonly handlers: {
      onReady(ack: Acknowledgement, connection: Connection, held: Message[]): void;
      onFailed(): void;
    },
  ) {
    this.connection = open({
      onAcknowledged: (ack) => (this.ack = ack),
      onMessage: (message) => {
        this.held.push(message);
        if (this.held.length > HELD_MAX) this.fail();
      },
      onCaughtUp: () => handlers.onReady(this.ack!, this.connection, this.held),
      onComplaint: () => undefined,
      onEnd: () => handlers.onFailed(),
    });
  }

  private fail(): void {
    this.close();
    this.handlers.onFailed();
  }

  close(): void {
    this.connection.close();
  }
}
