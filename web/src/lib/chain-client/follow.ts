/**
 * All messages of one run from n = 1, on a page that may have been opened in its midst.
 *
 * What has passed is replayed over a second connection, which is closed as soon as it has caught up with the shared one; from
 * there on the shared one is enough. The two are merged by the messages' ids, so it does not matter how they overlap.
 */
import { pauseMs } from "./backoff";
import { Connection, type ConnectionEnd } from "./connection";
import type { Environment } from "./environment";
import { fields, parseId, type Id } from "./messages";
import { ENDS, type FollowStatus, type Message, type TransportInfo, type TransportKind } from "./types";

const FAILURES = 3;
/** Live messages that wait for the replay; when there are more, it has to come further by itself. */
const WAITING_MAX = 10_000;

/** What a follower needs of the shared connection. */
export interface Shared {
  readonly base: string;
  readonly topics: string[];
  /** The transports, in order, beginning with the one that is in use now. */
  transports(): readonly TransportInfo[];
  /** Where the shared connection is; null while it is not up. */
  place(): Id | null;
}

export class Follow {
  private place: Id | null = null;
  private waiting: Message[] = [];
  private replay: Connection | null = null;
  private retryTimer: number | null = null;
  private failures = 0;
  /** Transports that failed too often, or are mute; tried again when all are. */
  private readonly givenUp = new Set<TransportKind>();
  /** The shared connection has, or will bring, everything after this. Null while it is down. */
  private joinAt: Id | null = null;
  private over = false;

  constructor(
    private readonly environment: Environment,
    private readonly shared: Shared,
    private readonly runId: number,
    private readonly handlers: {
      onMessage(message: Message): void;
      onStatus(status: FollowStatus): void;
      /** 1 … n of the run have been seen. */
      onJoined(): void;
      onOver(): void;
    },
  ) {
    this.handlers.onStatus("replaying");
    this.joinAt = shared.place();
    this.startReplay();
  }

  stop(): void {
    this.over = true;
    this.waiting = [];
    this.stopReplay();
  }

  /** What the shared connection brings, in its order. */
  hear(message: Message): void {
    if (this.over) return;
    if (message.type === "snapshot") this.onSnapshot();
    else if (fields(message.data).run_id !== this.runId) return;
    else if (this.live) this.deliver(message);
    else this.wait(message);
  }

  /** It has come up, or gone down. */
  sharedChanged(): void {
    if (this.over || this.live) return;
    const place = this.shared.place();
    if (place === null) this.joinAt = null;
    else this.joinAt ??= place;
    this.joinIfCaughtUp(this.place);
  }

  private get live(): boolean {
    return this.replay === null && this.retryTimer === null;
  }

  private wait(message: Message): void {
    if (this.waiting.push(message) <= WAITING_MAX) return;
    this.waiting = [];
    this.joinAt = parseId(message.id);
  }

  /** The first says where the shared connection begins. After a later one something is missing: replay it. */
  private onSnapshot(): void {
    const began = this.joinAt === null && !this.live;
    this.joinAt = this.shared.place();
    if (began) return;
    this.stopReplay();
    this.waiting = [];
    this.handlers.onStatus("replaying");
    this.startReplay();
  }

  private startReplay(): void {
    const transports = this.shared.transports();
    this.retryTimer = null;
    if (transports.every(({ kind }) => this.givenUp.has(kind))) this.givenUp.clear();
    const info = transports.find(({ kind }) => !this.givenUp.has(kind));
    if (!info) return;
    this.replay = new Connection(
      this.environment,
      this.shared.base,
      info,
      { topics: this.shared.topics, runId: this.runId, since: this.place ? idText(this.place) : null },
      {
        onAcknowledged: () => undefined,
        onMessage: (message) => this.onReplayed(message),
        onCaughtUp: (message) => this.joinIfCaughtUp(parseId(message.id)),
        onComplaint: () => this.askWhetherThere(),
        onEnd: (end) => this.onReplayEnded(info.kind, end),
      },
    );
  }

  private onReplayed(message: Message): void {
    if (message.type === "heartbeat" || message.type === "snapshot") return;
    if (fields(message.data).run_id !== this.runId) return;
    this.deliver(message);
    this.joinIfCaughtUp(this.place);
  }

  /** The replay has come to where the shared connection took over. */
  private joinIfCaughtUp(upTo: Id | null): void {
    const { joinAt } = this;
    if (this.over || this.replay === null || !upTo || !joinAt) return;
    if (upTo.epoch !== joinAt.epoch || upTo.seq < joinAt.seq) return;
    this.stopReplay();
    this.failures = 0;
    this.givenUp.clear();
    const waiting = this.waiting;
    this.waiting = [];
    for (const message of waiting) this.deliver(message);
    if (this.over) return;
    this.handlers.onJoined();
    this.handlers.onStatus("live");
  }

  private deliver(message: Message): void {
    const id = parseId(message.id);
    if (this.over || !id) return;
    if (this.place && this.place.epoch === id.epoch && id.seq <= this.place.seq) return;
    this.place = id;
    this.handlers.onMessage(message);
    if (isEndOf(this.runId, message)) this.end("ended");
  }

  private end(status: "ended" | "failed"): void {
    if (this.over) return;
    if (status === "ended") this.handlers.onJoined();
    this.stop();
    this.handlers.onStatus(status);
    this.handlers.onOver();
  }

  private onReplayEnded(kind: TransportKind, end: ConnectionEnd): void {
    this.replay = null;
    this.failures++;
    if (end.kind === "silent" || this.failures % FAILURES === 0) this.givenUp.add(kind);
    const pause = pauseMs(this.failures, this.environment.random());
    this.retryTimer = this.environment.setTimer(() => this.startReplay(), pause);
    if (end.kind === "refused") this.askWhetherThere();
  }

  /** A stream cannot see why it was refused: is there such a run at all? */
  private askWhetherThere(): void {
    this.environment
      .ask("GET", `${this.shared.base}/api/scrape/runs/${this.runId}`)
      .then(({ status }) => {
        if (status === 404) this.end("failed");
      })
      .catch(() => undefined); // the server is away, and is being tried again
  }

  private stopReplay(): void {
    this.replay?.close();
    this.replay = null;
    if (this.retryTimer !== null) this.environment.clearTimer(this.retryTimer);
    this.retryTimer = null;
  }
}

function idText({ epoch, seq }: Id): string {
  return `${epoch}-${seq}`;
}

export function isEndOf(runId: number, message: Message): boolean {
  const data = fields(message.data);
  return (
    message.type === "scrape_progress" &&
    data.run_id === runId &&
    data.platform === null &&
    typeof data.phase === "string" &&
    ENDS.has(data.phase)
  );
}
