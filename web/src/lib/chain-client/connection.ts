/** One connection, from its attempt to its end: the acknowledgement, the subscription, and whether it still speaks. */
import type { Environment, Socket } from "./environment";
import { fields, number, parseMessage, parseTransports, text } from "./messages";
import { TRANSPORTS, type Subscription } from "./transports";
import type { Message, TransportInfo } from "./types";

const ACK_MS = 5_000;
const HEARTBEAT_MS = 20_000;
/** A timer that comes so late says that we did not run. */
const LATE_MS = 1_000;
const RESTART_CODE = 1012;

/** What the server says of itself in connection_ack. */
export interface Acknowledgement {
  connectionId: string | null;
  transports: TransportInfo[];
  failures: number | null;
  retryAfterMs: number | null;
}

export interface ConnectionEnd {
  /**
   * refused: it never opened; lost: it ended; silent: it opened, and then nothing came, as behind a proxy that blocks or buffers;
   * asleep: we were not running for a while, so nobody can tell; restart: the server says that it will be back.
   */
  kind: "refused" | "lost" | "silent" | "asleep" | "restart";
  reason: string;
  /** It was acknowledged, and then lived for two heartbeats. */
  lived: boolean;
  /** With restart: when to come back, at most. */
  retryMs: number;
}

export interface ConnectionHandlers {
  onAcknowledged(ack: Acknowledgement): void;
  onMessage(message: Message): void;
  /** The subscription has everything there is: what comes from now on is live. Repeated with each heartbeat. */
  onCaughtUp(message: Message): void;
  onComplaint(reason: string): void;
  onEnd(end: ConnectionEnd): void;
}

export class Connection {
  private readonly socket: Socket;
  private timer: number | null = null;
  private opened = false;
  private acknowledgedAt: number | null = null;
  private heardAt: number;
  /** When to look whether it still speaks. */
  private dueAt = Infinity;
  private heartbeatMs = HEARTBEAT_MS;
  private ended = false;

  constructor(
    private readonly environment: Environment,
    base: string,
    private readonly info: TransportInfo,
    private readonly wanted: Subscription,
    private handlers: ConnectionHandlers,
  ) {
    this.heardAt = environment.now();
    this.socket = TRANSPORTS[info.kind].open(environment, base, info, wanted, {
      onOpen: () => (this.opened = true),
      onText: (raw) => this.onText(raw),
      onClose: (code, reason) => this.onClose(code, reason),
    });
    this.timer = environment.setTimer(() => this.onNoAcknowledgement(), ACK_MS);
  }

  close(): void {
    if (this.ended) return;
    this.ended = true;
    this.stopTimer();
    this.socket.close();
  }

  /** From now on these are told. */
  redirect(handlers: ConnectionHandlers): void {
    this.handlers = handlers;
  }

  /** Does it still speak? Asked by a timer, and when a page comes back to the foreground. */
  check(): void {
    if (this.ended || this.acknowledgedAt === null) return;
    const now = this.environment.now();
    const overdue = now - (this.heardAt + 2 * this.heartbeatMs);
    this.stopTimer();
    if (overdue < 0) {
      this.dueAt = now - overdue;
      this.timer = this.environment.setTimer(() => this.check(), -overdue);
    } else {
      // Timers of a page in the background come late, sockets do not. Where both are late, the machine has slept, or was busy.
      const asleep = now - this.dueAt > LATE_MS;
      this.end(asleep ? "asleep" : "silent", asleep ? "asleep" : "mute");
    }
  }

  private onNoAcknowledgement(): void {
    this.timer = null;
    if (this.opened) this.end("silent", "mute: no acknowledgement");
    else this.end("refused", "no answer");
  }

  private onText(raw: string): void {
    if (this.ended) return;
    this.heardAt = this.environment.now();
    const message = parseMessage(raw);
    if (!message) {
      this.handlers.onComplaint("the server sent what is no message");
      return;
    }
    switch (message.type) {
      case "connection_ack":
        this.onAcknowledgement(message);
        break;
      case "heartbeat":
        this.handlers.onMessage(message);
        if (!this.ended && message.id !== undefined) this.handlers.onCaughtUp(message);
        break;
      case "error":
        this.handlers.onComplaint(text(fields(message.data).detail) ?? "the server reported an error");
        break;
      default:
        this.handlers.onMessage(message);
    }
  }

  private onAcknowledgement(message: Message): void {
    const data = fields(message.data);
    if (this.acknowledgedAt !== null) return;
    this.acknowledgedAt = this.environment.now();
    this.heartbeatMs = Math.max(100, number(data.heartbeat_ms) ?? HEARTBEAT_MS);
    this.check();
    this.handlers.onAcknowledged({
      connectionId: text(data.connection_id),
      transports: parseTransports(data.transports),
      failures: number(data.failures),
      retryAfterMs: number(data.retry_after_ms),
    });
    TRANSPORTS[this.info.kind].subscribe?.(this.socket, this.wanted);
  }

  private onClose(code: number, reason: string): void {
    if (code === RESTART_CODE) {
      const told = /retry_ms=(\d{1,6})/.exec(reason);
      this.end("restart", "the server restarts", told ? Number(told[1]) : 1_000);
    } else if (this.acknowledgedAt === null) {
      this.end("refused", reason || "refused");
    } else {
      this.end("lost", reason || "connection lost");
    }
  }

  private end(kind: ConnectionEnd["kind"], reason: string, retryMs = 0): void {
    if (this.ended) return;
    const lived =
      this.acknowledgedAt !== null && this.environment.now() - this.acknowledgedAt >= 2 * this.heartbeatMs;
    this.close();
    this.handlers.onEnd({ kind, reason, lived, retryMs });
  }

  private stopTimer(): void {
    if (this.timer !== null) this.environment.clearTimer(this.timer);
    this.timer = null;
  }
}
