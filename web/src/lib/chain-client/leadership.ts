/**
 * Which tab holds the connection. Where the browser has Web Locks, the lock's holder; else (they exist in secure contexts only,
 * so not over plain http on a local network) the winner of an election on the tabs' channel.
 */
import type { Environment, LockRequest } from "./environment";
import { fields, number } from "./messages";

export interface Leadership {
  /** The leader does not answer: take its place. */
  depose(): void;
  /** A message on the tabs' channel; elections are held there. */
  hear(message: unknown): void;
  stop(): void;
}

export interface LeadershipHandlers {
  onElected(): void;
  /** Another tab has taken our place. */
  onDeposed(): void;
}

export class LockLeadership implements Leadership {
  private request: LockRequest;
  private stopped = false;

  constructor(
    private readonly lock: NonNullable<Environment["requestLock"]>,
    private readonly name: string,
    private readonly handlers: LeadershipHandlers,
  ) {
    this.request = this.ask(false);
  }

  depose(): void {
    this.request.release();
    this.request = this.ask(true);
  }

  hear(): void {
    // The lock decides.
  }

  stop(): void {
    this.stopped = true;
    this.request.release();
  }

  private ask(steal: boolean): LockRequest {
    return this.lock(
      this.name,
      steal,
      () => this.handlers.onElected(),
      () => {
        if (this.stopped) return;
        this.handlers.onDeposed();
        this.request = this.ask(false);
      },
    );
  }
}

/** How long a claim waits for a better one. */
const CLAIM_MS = 300;

/**
 * A claim names a term and a random number: the higher term wins, then the lower number. Whoever hears a better claim gives up,
 * whoever hears a worse one repeats its own. A leader that lives outbids tabs that have just been opened; only one that was
 * found silent is deposed, by a higher term.
 */
export class ElectedLeadership implements Leadership {
  private term = 0;
  private readonly ballot: number;
  private timer: number | null = null;
  private leads = false;

  constructor(
    private readonly environment: Environment,
    private readonly post: (message: object) => void,
    private readonly handlers: LeadershipHandlers,
  ) {
    this.ballot = environment.random();
    this.claim(1);
  }

  depose(): void {
    this.claim(this.term + 1);
  }

  hear(message: unknown): void {
    const { kind, term, ballot, leads } = fields(message);
    const theirs = { term: number(term) ?? 0, ballot: number(ballot) ?? 1, leads: leads === true };
    if (kind === "resigned" && !this.leads) this.claim(this.term + 1);
    if (kind === "state" && this.leads) this.say(); // two lead, as after an election that was not heard by all
    if (kind === "claim") this.hearClaim(theirs);
  }

  stop(): void {
    this.stopTimer();
    if (this.leads) this.post({ kind: "resigned" });
    this.leads = false;
  }

  private hearClaim(theirs: { term: number; ballot: number; leads: boolean }): void {
    const better = theirs.term > this.term || (theirs.term === this.term && theirs.ballot < this.ballot);
    if (this.leads && !theirs.leads && theirs.term <= this.term) {
      this.term++;
      this.say();
    } else if (better) {
      this.yield(theirs.term);
    } else if (this.leads || this.timer !== null) {
      this.say();
    }
  }

  private claim(term: number): void {
    this.term = term;
    this.say();
    this.stopTimer();
    this.timer = this.environment.setTimer(() => {
      this.timer = null;
      this.leads = true;
      this.handlers.onElected();
    }, CLAIM_MS);
  }

  private yield(term: number): void {
    this.term = term;
    this.stopTimer();
    if (!this.leads) return;
    this.leads = false;
    this.handlers.onDeposed();
  }

  private say(): void {
    this.post({ kind: "claim", term: this.term, ballot: this.ballot, leads: this.leads });
  }

  private stopTimer(): void {
    if (this.timer !== null) this.environment.clearTimer(this.timer);
    this.timer = null;
  }
}
