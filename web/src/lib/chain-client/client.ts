/** The client of one page: its cursor, its listeners, and its share in the connection. */
import { Chain, INITIAL_STATE, type ChainState } from "./chain";
import { Cursor } from "./cursor";
import { browserEnvironment, type Environment, type PageEvent } from "./environment";
import { Follow, type Shared } from "./follow";
import type { Fields } from "./messages";
import { Tabs } from "./tabs";
import type { ChainClient, ChainClientOptions, ConnectionStatus, FollowStatus, Message, Move } from "./types";

const TOPICS = ["scrape_progress", "logs"];
const MOVES_MAX = 20;
/** How much one message moves the latency that is shown. */
const LATENCY_WEIGHT = 0.2;
/** Figures are told at most this often: nobody sees more. Changes of the connection are told at once. */
const FIGURES_MS = 100;

export class Client implements ChainClient {
  private readonly environment: Environment;
  private readonly options: ChainClientOptions;
  private readonly shared: Shared;
  private readonly cursor = new Cursor();
  private readonly tabs: Tabs | null;
  /** Null while another tab leads. */
  private chain: Chain | null = null;
  private state: ChainState = INITIAL_STATE;
  /** As a new leader: where the tab is that is furthest behind, until it has what we have. */
  private resumeFrom: string | null = null;
  private readonly listeners = new Set<(message: Message) => void>();
  private readonly statusListeners = new Set<() => void>();
  private readonly follows = new Set<Follow>();
  private readonly stopPage: () => void;
  private moves: Move[] = [];
  private latencyMs: number | null = null;
  private status: ConnectionStatus;
  private figuresTimer: number | null = null;
  private closed = false;

  constructor(options: ChainClientOptions) {
    const environment = options.environment ?? browserEnvironment();
    this.environment = environment;
    this.options = options;
    this.shared = {
      base: (options.url ?? window.location.origin).replace(/\/$/, ""),
      topics: options.topics ?? TOPICS,
      transports: () => beginningWith(this.state),
      place: () => (this.state.phase === "connected" ? this.cursor.place : null),
    };
    this.status = this.describe();
    this.stopPage = environment.onPage((event) => this.onPage(event));
    const share = options.share !== false && options.runId === undefined && environment.openChannel !== null;
    this.tabs = share ? this.joinTabs() : null;
    if (!share) this.lead(null);
  }

  listen(listener: (message: Message) => void): () => void {
    const own = (message: Message) => listener(message); // one function may listen twice
    this.listeners.add(own);
    return () => this.listeners.delete(own);
  }

  follow(
    runId: number,
    listener: (message: Message) => void,
    onStatus: (status: FollowStatus) => void = () => undefined,
  ): () => void {
    const follow: Follow = new Follow(this.environment, this.shared, runId, {
      onMessage: (message) => this.guarded(() => listener(message)),
      onStatus: (status) => this.guarded(() => onStatus(status)),
      onJoined: () => {
        this.cursor.replayed(runId);
        this.figuresChanged();
      },
      onOver: () => this.follows.delete(follow),
    });
    this.follows.add(follow);
    return () => {
      follow.stop();
      this.follows.delete(follow);
    };
  }

  getStatus(): ConnectionStatus {
    return this.status;
  }

  onStatus(listener: () => void): () => void {
    const own = () => listener();
    this.statusListeners.add(own);
    return () => this.statusListeners.delete(own);
  }

  reconnect(): void {
    if (this.chain) this.chain.restart();
    else if (!this.closed) this.tabs?.askToReconnect();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.stepDown();
    this.tabs?.stop();
    this.stopPage();
    for (const follow of this.follows) follow.stop();
    this.follows.clear();
    this.listeners.clear();
    this.statusListeners.clear();
    if (this.figuresTimer !== null) this.environment.clearTimer(this.figuresTimer);
    this.state = { ...this.state, phase: "closed", nextAttemptAt: null };
    this.status = this.describe();
  }

  /* --- what comes --------------------------------------------------------------------------------- */

  /** From the connection that we hold. */
  private onMessage(message: Message): void {
    if (this.resumeFrom !== null && this.cursor.has(message) && message.type !== "heartbeat") {
      this.tabs?.postMessage(message); // for a tab that is further behind
      return;
    }
    this.resumeFrom = null;
    if (this.cursor.take(message) === "repeat") this.figuresChanged();
    else this.pass(message);
  }

  /** From the leader, who has dropped what came twice. */
  private onRelayed(message: Message): void {
    if (this.cursor.has(message)) return;
    this.cursor.take(message);
    this.pass(message);
  }

  private pass(message: Message): void {
    if (message.id === undefined) return;
    this.tabs?.postMessage(message);
    this.figuresChanged();
    if (message.type === "heartbeat") return;
    this.measure(message);
    for (const listener of [...this.listeners]) this.guarded(() => listener(message));
    for (const follow of [...this.follows]) follow.hear(message);
  }

  private measure(message: Message): void {
    const took = this.environment.now() - Date.parse(message.timestamp);
    if (!Number.isFinite(took) || message.type === "snapshot") return;
    const before = this.latencyMs ?? took;
    this.latencyMs = Math.max(0, before + (took - before) * LATENCY_WEIGHT);
  }

  private guarded(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.environment.warn(`trawl: a listener failed: ${String(error)}`);
    }
  }

  /* --- holding the connection, or not ------------------------------------------------------------- */

  private lead(since: string | null): void {
    this.resumeFrom = since;
    this.chain = new Chain(
      this.environment,
      {
        base: this.shared.base,
        topics: this.shared.topics,
        runId: this.options.runId ?? null,
        transports: this.options.transports ?? null,
      },
      {
        onMessage: (message) => this.onMessage(message),
        onState: (state) => {
          this.stateChanged(state);
          this.tabs?.postState();
        },
        onMove: (move) => (this.moves = [...this.moves, move].slice(-MOVES_MAX)),
        since: () => this.resumeFrom ?? this.cursor.lastId,
        isKnown: (message) => this.cursor.has(message),
      },
    );
    this.chain.start();
  }

  private stepDown(): void {
    this.chain?.stop();
    this.chain = null;
  }

  private onPage(event: PageEvent): void {
    if (event === "offline") this.chain?.wentOffline();
    else if (event !== "hidden") this.chain?.nudge();
  }

  private joinTabs(): Tabs {
    const { base, topics } = this.shared;
    const name = ["trawl", base, topics.join(), this.options.transports?.join() ?? ""].join("|");
    return new Tabs(this.environment, name, {
      onLead: (since) => this.lead(since),
      onFollow: () => this.stepDown(),
      onMessage: (message) => this.onRelayed(message),
      onState: (state, lastId, runs) => this.onLeaderState(state, lastId, runs),
      onReconnectWanted: () => this.reconnect(),
      lastId: () => this.cursor.lastId,
      describe: () => ({
        state: { ...this.state, moves: this.moves },
        lastId: this.cursor.lastId,
        runs: [...this.cursor.runs].map(([run, seen]) => [run, seen.last]),
      }),
    });
  }

  private onLeaderState(state: Fields, lastId: string | null, runs: [number, number][]): void {
    const { moves, ...chain } = state as unknown as ChainState & { moves: Move[] }; // of a tab with this very build
    this.moves = moves;
    this.cursor.adopt(lastId, runs);
    this.stateChanged(chain);
  }

  /* --- status ------------------------------------------------------------------------------------- */

  private stateChanged(state: ChainState): void {
    this.state = state;
    this.publish();
    for (const follow of [...this.follows]) follow.sharedChanged();
  }

  private figuresChanged(): void {
    if (!this.closed) this.figuresTimer ??= this.environment.setTimer(() => this.publish(), FIGURES_MS);
  }

  private publish(): void {
    if (this.figuresTimer !== null) this.environment.clearTimer(this.figuresTimer);
    this.figuresTimer = null;
    this.status = this.describe();
    for (const listener of [...this.statusListeners]) this.guarded(listener);
  }

  private describe(): ConnectionStatus {
    const { phase, transport, fallbackReason, attempt, nextAttemptAt, error } = this.state;
    const { lastId, received, repeats, gaps, runs } = this.cursor;
    return {
      phase,
      transport,
      fallbackReason,
      attempt,
      nextAttemptAt,
      error,
      leader: this.chain !== null,
      lastId,
      received,
      repeats,
      gaps,
      runs: Object.fromEntries([...runs].map(([run, seen]) => [run, { ...seen }])),
      latencyMs: this.latencyMs,
      moves: this.moves,
    };
  }
}

/** The order of the transports, from the one in use on. */
function beginningWith({ order, transport }: ChainState): ChainState["order"] {
  const at = Math.max(
    0,
    order.findIndex(({ kind }) => kind === transport),
  );
  return [...order.slice(at), ...order.slice(0, at)];
}
