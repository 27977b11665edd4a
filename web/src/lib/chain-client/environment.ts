import { fields, number } from "./messages";
import type { Message } from "./types";

/** What the client needs of the world: given, so that it can be tested without waiting, and left as it was found. */

export interface Socket {
  send(text: string): void;
  close(): void;
}

export interface SocketHandlers {
  onOpen(): void;
  onText(text: string): void;
  /** Once; not after close(). */
  onClose(code: number, reason: string): void;
}

export interface Channel {
  post(message: unknown): void;
  close(): void;
}

/** A lock that one tab of the browser holds at a time. */
export interface LockRequest {
  release(): void;
}

export type PageEvent = "online" | "offline" | "visible" | "hidden";

export interface Environment {
  /** Milliseconds since the epoch. */
  now(): number;
  setTimer(callback: () => void, ms: number): number;
  clearTimer(timer: number): void;
  /** 0 <= x < 1. */
  random(): number;
  openWebSocket(url: string, handlers: SocketHandlers): Socket;
  openEventSource(url: string, handlers: SocketHandlers): Socket;
  openPoll(url: string, handlers: SocketHandlers): Socket;
  /** The status of the answer; its body if that is JSON. Rejects when there is no answer. */
  ask(method: "GET" | "POST", url: string, body?: unknown): Promise<{ status: number; body: unknown }>;
  warn(text: string): void;
  isOnline(): boolean;
  onPage(listener: (event: PageEvent) => void): () => void;
  /** Null where there are none. */
  openChannel: ((name: string, onMessage: (message: unknown) => void) => Channel) | null;
  /** Wait for the lock, or take it from whoever holds it. Null where there are none (no secure context). */
  requestLock: ((name: string, steal: boolean, onHeld: () => void, onLost: () => void) => LockRequest) | null;
}

/** Many proxies give up an answer that does not come within a minute. */
const POLL_MAX_S = 25;

function openWebSocket(url: string, handlers: SocketHandlers): Socket {
  const socket = new WebSocket(url.replace(/^http/, "ws"));
  socket.onopen = () => handlers.onOpen();
  socket.onmessage = (event) => handlers.onText(String(event.data));
  socket.onclose = (event) => handlers.onClose(event.code, event.reason);
  return {
    send: (text) => socket.send(text),
    close: () => {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    },
  };
}

/** An EventSource that does not reconnect by itself: when to do so is decided in one place, for all transports. */
function openEventSource(url: string, handlers: SocketHandlers): Socket {
  const source = new EventSource(url);
  const close = () => {
    source.onopen = source.onmessage = source.onerror = null;
    source.close();
  };
  source.onopen = () => handlers.onOpen();
  source.onmessage = (event) => handlers.onText(String(event.data));
  source.onerror = () => {
    close();
    handlers.onClose(0, "");
  };
  return { send: () => undefined, close };
}

/** Poll again and again, each time for what comes after the last id. */
async function pollOn(url: string, handlers: SocketHandlers, signal: AbortSignal): Promise<void> {
  const address = new URL(url);
  let seconds = 0; // the first answer comes at once, and tells the heartbeat's interval
  for (;;) {
    address.searchParams.set("timeout", String(seconds));
    const answer = await fetch(address, { signal, cache: "no-store" });
    if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
    handlers.onOpen();
    for (const message of (await answer.json()) as Message[]) {
      if (message.type === "connection_ack") seconds = pollSeconds(message);
      if (message.id !== undefined) address.searchParams.set("since", message.id);
      if (!signal.aborted) handlers.onText(JSON.stringify(message));
    }
  }
}

/** As long as it takes to the next heartbeat: who hears nothing for two of them takes the connection for mute. */
function pollSeconds(ack: Message): number {
  const heartbeat = number(fields(ack.data).heartbeat_ms) ?? POLL_MAX_S * 1_000;
  return Math.min(POLL_MAX_S, heartbeat / 1_000);
}

function openPoll(url: string, handlers: SocketHandlers): Socket {
  const stop = new AbortController();
  pollOn(url, handlers, stop.signal).catch((error: unknown) => {
    if (!stop.signal.aborted) handlers.onClose(0, error instanceof TypeError ? "" : String((error as Error).message));
  });
  return { send: () => undefined, close: () => stop.abort() };
}

async function ask(method: "GET" | "POST", url: string, body?: unknown) {
  const answer = await fetch(url, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json().catch(() => null)) as unknown };
}

function onPage(listener: (event: PageEvent) => void): () => void {
  const online = () => listener("online");
  const offline = () => listener("offline");
  const shown = () => listener(document.visibilityState === "visible" ? "visible" : "hidden");
  window.addEventListener("online", online);
  window.addEventListener("offline", offline);
  window.addEventListener("pageshow", shown);
  document.addEventListener("visibilitychange", shown);
  return () => {
    window.removeEventListener("online", online);
    window.removeEventListener("offline", offline);
    window.removeEventListener("pageshow", shown);
    document.removeEventListener("visibilitychange", shown);
  };
}

function openChannel(name: string, onMessage: (message: unknown) => void): Channel {
  const channel = new BroadcastChannel(name);
  channel.onmessage = (event: MessageEvent<unknown>) => onMessage(event.data);
  return { post: (message) => channel.postMessage(message), close: () => channel.close() };
}

function requestLock(name: string, steal: boolean, onHeld: () => void, onLost: () => void): LockRequest {
  const waiting = new AbortController();
  let release: () => void = () => undefined;
  let released = false;
  const held = () =>
    new Promise<void>((done) => {
      release = done;
      if (released) done();
      else onHeld();
    });
  navigator.locks
    .request(name, steal ? { steal: true } : { signal: waiting.signal }, held)
    .catch(() => {
      if (!released) onLost(); // stolen
    });
  return {
    release: () => {
      released = true;
      waiting.abort();
      release();
    },
  };
}

export function browserEnvironment(): Environment {
  return {
    now: () => Date.now(),
    setTimer: (callback, ms) => window.setTimeout(callback, ms),
    clearTimer: (timer) => window.clearTimeout(timer),
    random: () => Math.random(),
    openWebSocket,
    openEventSource,
    openPoll,
    ask,
    warn: (text) => console.warn(text),
    isOnline: () => navigator.onLine,
    onPage,
    openChannel: typeof BroadcastChannel === "undefined" ? null : openChannel,
    requestLock: "locks" in navigator ? requestLock : null,
  };
}
