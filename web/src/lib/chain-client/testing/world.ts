/** A world for the chain client in which nothing happens by itself: clock, timers, network, tabs. */
import type { TransportKind } from "../types";
import type { Channel, Environment, LockRequest, PageEvent, Socket, SocketHandlers } from "../environment";

interface Timer {
  at: number;
  callback: () => void;
}

interface Wire {
  url: string;
  handlers: SocketHandlers;
  closed: boolean;
}

export interface Server {
  /** A socket wants to open; the server drives its handlers from then on. */
  accept(socket: ServedSocket): void;
  ask(method: string, url: URL, body: unknown): { status: number; body: unknown };
}

/** The server's end of a socket. */
export class ServedSocket {
  onText: (text: string) => void = () => undefined;
  onGone: () => void = () => undefined;

  constructor(
    readonly kind: TransportKind,
    readonly url: URL,
    private readonly wire: Wire,
  ) {}

  open(): void {
    if (!this.wire.closed) this.wire.handlers.onOpen();
  }

  send(message: object | string): void {
    if (!this.wire.closed) this.wire.handlers.onText(typeof message === "string" ? message : JSON.stringify(message));
  }

  close(code = 0, reason = ""): void {
    if (this.wire.closed) return;
    this.wire.closed = true;
    this.onGone();
    this.wire.handlers.onClose(code, reason);
  }
}

export class World {
  now = Date.parse("2026-01-31T12:00:00Z");
  random: () => number = () => 0.5;
  online = true;
  warnings: string[] = [];
  private timers = new Map<number, Timer>();
  private timerSerial = 0;
  private channels: { name: string; hear: (message: unknown) => void; tab: object }[] = [];
  private locks = new Map<string, { holder: Lock | null; queue: Lock[] }>();
  private wires = new Set<Wire>();
  private pages = new Set<(event: PageEvent) => void>();

  constructor(private readonly server: Server) {}

  /** What is still held: a closed client must leave nothing. */
  get leftovers() {
    return {
      timers: this.timers.size,
      sockets: [...this.wires].filter(({ closed }) => !closed).length,
      channels: this.channels.length,
      pages: this.pages.size,
      locks: [...this.locks.values()].reduce((sum, { holder, queue }) => sum + (holder ? 1 : 0) + queue.length, 0),
    };
  }

  after(ms: number, callback: () => void): number {
    this.timers.set(++this.timerSerial, { at: this.now + ms, callback });
    return this.timerSerial;
  }

  /** Let time pass; timers fire in their order. Answers of `ask` arrive between them. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      await settle();
      const next = [...this.timers].filter(([, { at }]) => at <= end).sort(([a, one], [b, two]) => one.at - two.at || a - b)[0];
      if (!next) break;
      const [id, { at, callback }] = next;
      this.timers.delete(id);
      this.now = Math.max(this.now, at);
      callback();
    }
    this.now = end;
    await settle();
  }

  /** The machine sleeps: the clock goes on, nothing else does. */
  sleep(ms: number): void {
    this.now += ms;
  }

  page(event: PageEvent): void {
    for (const listener of [...this.pages]) listener(event);
  }

  /** A browser's tab. `frozen()` tells whether it stands still: it hears nothing then, and its timers wait. */
  tab({ locks = true, frozen = () => false }: { locks?: boolean; frozen?: () => boolean } = {}): Environment {
    const tab = {};
    const unlessFrozen =
      <A extends unknown[]>(call: (...args: A) => void) =>
      (...args: A) => {
        if (!frozen()) call(...args);
      };
    return {
      now: () => this.now,
      setTimer: (callback, ms) => this.after(ms, unlessFrozen(callback)),
      clearTimer: (timer) => this.timers.delete(timer),
      random: () => this.random(),
      openWebSocket: (url, handlers) => this.open("websocket", url, handlers, unlessFrozen),
      openEventSource: (url, handlers) => this.open("sse", url, handlers, unlessFrozen),
      openPoll: (url, handlers) => this.open("poll", url, handlers, unlessFrozen),
      ask: async (method, url, body) => {
        await settle();
        return this.server.ask(method, new URL(url), body);
      },
      warn: (text) => this.warnings.push(text),
      isOnline: () => this.online,
      onPage: (listener) => {
        this.pages.add(listener);
        return () => this.pages.delete(listener);
      },
      openChannel: (name, onMessage) => this.openChannel(tab, name, unlessFrozen(onMessage)),
      requestLock: locks ? (...request) => this.requestLock(...request) : null,
    };
  }

  private open(
    kind: TransportKind,
    url: string,
    handlers: SocketHandlers,
    unlessFrozen: <A extends unknown[]>(call: (...args: A) => void) => (...args: A) => void,
  ): Socket {
    const wire: Wire = {
      url,
      closed: false,
      handlers: {
        onOpen: unlessFrozen(() => handlers.onOpen()),
        onText: unlessFrozen((text: string) => handlers.onText(text)),
        onClose: unlessFrozen((code: number, reason: string) => handlers.onClose(code, reason)),
      },
    };
    const served = new ServedSocket(kind, new URL(url), wire);
    this.wires.add(wire);
    this.after(0, () => {
      if (!wire.closed) this.server.accept(served);
    });
    return {
      send: (text) => {
        if (!wire.closed) served.onText(text);
      },
      close: () => {
        if (!wire.closed) served.onGone();
        wire.closed = true;
        this.wires.delete(wire);
      },
    };
  }

  private openChannel(tab: object, name: string, hear: (message: unknown) => void): Channel {
    const own = { name, hear, tab };
    this.channels.push(own);
    return {
      post: (message) => {
        const copy: unknown = structuredClone(message);
        for (const one of this.channels)
          if (one.name === name && one !== own) this.after(0, () => this.channels.includes(one) && one.hear(copy));
      },
      close: () => {
        this.channels = this.channels.filter((one) => one !== own);
      },
    };
  }

  private requestLock(name: string, steal: boolean, onHeld: () => void, onLost: () => void): LockRequest {
    const state = this.locks.get(name) ?? { holder: null, queue: [] };
    const lock: Lock = { onHeld, onLost };
    this.locks.set(name, state);
    if (steal) {
      const robbed = state.holder;
      state.holder = null;
      if (robbed) this.after(0, () => robbed.onLost());
      state.queue.unshift(lock);
    } else {
      state.queue.push(lock);
    }
    const grant = () => {
      if (state.holder || state.queue.length === 0) return;
      const next = state.queue.shift()!;
      state.holder = next;
      this.after(0, () => {
        if (state.holder === next) next.onHeld();
      });
    };
    grant();
    return {
      release: () => {
        state.queue = state.queue.filter((one) => one !== lock);
        if (state.holder === lock) state.holder = null;
        grant();
      },
    };
  }
}

interface Lock {
  onHeld: () => void;
  onLost: () => void;
}

/** Promises that are due have run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
}
