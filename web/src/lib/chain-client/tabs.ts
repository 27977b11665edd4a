/**
 * One connection for all tabs: browsers allow six HTTP/1.1 connections to a host, so a seventh tab with a stream of its own would
 * hang without a word. One tab leads: it holds the connection and posts what it hears on a BroadcastChannel. The others
 * listen, each with a cursor of its own, so a tab that becomes the leader knows where to go on.
 */
import type { Channel, Environment } from "./environment";
import { ElectedLeadership, LockLeadership, type Leadership } from "./leadership";
import { fields, list, number, parseId, text, type Fields } from "./messages";
import type { Message } from "./types";

/** Raised when the messages between tabs change: tabs with pages of two builds do not listen to each other. */
const VERSION = 1;
/** A leader that says nothing is asked, and replaced if it does not answer. */
const QUIET_MS = 5_000;
const ANSWER_MS = 10_000;
/** How long a new leader waits to hear how far the others are. */
const GATHER_MS = 100;

export interface TabsHandlers {
  /** We lead: connect, and resume after `since`. */
  onLead(since: string | null): void;
  onFollow(): void;
  /** What the leader heard, and its state. */
  onMessage(message: Message): void;
  onState(state: Fields, lastId: string | null, runs: [number, number][]): void;
  onReconnectWanted(): void;
  lastId(): string | null;
  /** To be told to tabs that come. */
  describe(): { state: object; lastId: string | null; runs: [number, number][] };
}

export class Tabs {
  private readonly channel: Channel;
  private readonly leadership: Leadership;
  private leads = false;
  private heardAt: number;
  private watch: number | null = null;
  private gathering: { timer: number; lowest: string | null } | null = null;

  constructor(
    private readonly environment: Environment,
    name: string,
    private readonly handlers: TabsHandlers,
  ) {
    const versioned = `${name}#${VERSION}`;
    const leadershipHandlers = { onElected: () => this.onElected(), onDeposed: () => this.onDeposed() };
    this.heardAt = environment.now();
    this.channel = environment.openChannel!(versioned, (message) => this.hear(fields(message)));
    this.leadership = environment.requestLock
      ? new LockLeadership(environment.requestLock, versioned, leadershipHandlers)
      : new ElectedLeadership(environment, (message) => this.channel.post(message), leadershipHandlers);
    if (!this.leads) this.beginToFollow();
  }

  get leading(): boolean {
    return this.leads;
  }

  /** As the leader: tell the others. */
  postMessage(message: Message): void {
    if (this.leads) this.channel.post({ kind: "message", message });
  }

  postState(): void {
    if (this.leads) this.channel.post({ kind: "state", ...this.handlers.describe() });
  }

  askToReconnect(): void {
    this.channel.post({ kind: "reconnect" });
  }

  stop(): void {
    this.stopWatch();
    this.stopGathering();
    this.leadership.stop();
    this.leads = false;
    this.channel.close();
  }

  /* --- leading ------------------------------------------------------------------------------------ */

  private onElected(): void {
    this.leads = true;
    this.stopWatch();
    this.channel.post({ kind: "gather" });
    this.gathering = {
      lowest: this.handlers.lastId(),
      timer: this.environment.setTimer(() => {
        const since = this.gathering!.lowest;
        this.gathering = null;
        this.handlers.onLead(since);
        this.postState();
      }, GATHER_MS),
    };
  }

  private onDeposed(): void {
    this.leads = false;
    this.stopGathering();
    this.handlers.onFollow();
    this.beginToFollow();
  }

  /** Resume from the tab that is furthest behind; the others drop what they have. */
  private onPlace(id: string | null): void {
    const theirs = parseId(id);
    const ours = parseId(this.gathering?.lowest);
    if (this.gathering && theirs && (!ours || (theirs.epoch === ours.epoch && theirs.seq < ours.seq)))
      this.gathering.lowest = id;
  }

  private stopGathering(): void {
    if (this.gathering) this.environment.clearTimer(this.gathering.timer);
    this.gathering = null;
  }

  /* --- following ---------------------------------------------------------------------------------- */

  private beginToFollow(): void {
    this.channel.post({ kind: "hello" });
    this.heardAt = this.environment.now();
    this.watchIn(QUIET_MS);
  }

  private watchIn(ms: number): void {
    this.stopWatch();
    this.watch = this.environment.setTimer(() => this.onWatch(), ms);
  }

  private onWatch(): void {
    const quiet = this.environment.now() - this.heardAt;
    if (quiet < QUIET_MS) {
      this.watchIn(QUIET_MS - quiet);
    } else {
      this.channel.post({ kind: "hello" });
      this.watch = this.environment.setTimer(() => this.onNoAnswer(), ANSWER_MS);
    }
  }

  private onNoAnswer(): void {
    const answered = this.environment.now() - this.heardAt < QUIET_MS;
    if (!answered) this.leadership.depose();
    this.watchIn(QUIET_MS);
  }

  private stopWatch(): void {
    if (this.watch !== null) this.environment.clearTimer(this.watch);
    this.watch = null;
  }

  /* --- what tabs say to each other ---------------------------------------------------------------- */

  private hear(said: Fields): void {
    this.leadership.hear(said);
    if (this.leads) this.hearAsLeader(said);
    else this.hearAsFollower(said);
  }

  private hearAsLeader(said: Fields): void {
    if (said.kind === "hello" && !this.gathering) this.postState();
    if (said.kind === "place") this.onPlace(text(said.lastId));
    if (said.kind === "reconnect") this.handlers.onReconnectWanted();
  }

  private hearAsFollower(said: Fields): void {
    if (said.kind !== "message" && said.kind !== "state" && said.kind !== "gather") return;
    this.heardAt = this.environment.now();
    if (said.kind === "gather") this.channel.post({ kind: "place", lastId: this.handlers.lastId() });
    if (said.kind === "message") this.handlers.onMessage(said.message as Message);
    if (said.kind === "state") this.handlers.onState(fields(said.state), text(said.lastId), parseRuns(said.runs));
  }
}

function parseRuns(value: unknown): [number, number][] {
  return list(value).flatMap((pair) => {
    const [run, n] = list(pair).map(number);
    return typeof run === "number" && typeof n === "number" ? [[run, n]] : [];
  });
}
