/** A server that keeps the wire protocol, with a journal, and whose transports can be broken. */
import type { Message, TransportKind } from "../types";
import type { ServedSocket, Server, World } from "./world";

/** refuse: does not open. mute: opens, and then says nothing. reset: is lost right after its acknowledgement. */
export type Fault = "none" | "refuse" | "mute" | "reset";

interface Subscriber {
  socket: ServedSocket;
  runId: number | null;
  topics: string[];
  live: boolean;
}

const TOPIC_OF: Record<string, string> = { scrape_progress: "scrape_progress", item_changed: "items", log: "logs" };

export class FakeServer implements Server {
  world!: World;
  epoch = "5f3a9c01";
  journal: Message[] = [];
  /** Events before this were pruned. */
  tail = 1;
  down = false;
  faults: Record<TransportKind, Fault> = { websocket: "none", sse: "none", poll: "none" };
  ok = { websocket: true, sse: true, poll: true };
  heartbeatMs = 1_000;
  /** What was opened, in order. */
  opened: string[] = [];
  moves: unknown[] = [];
  private subscribers = new Set<Subscriber>();
  private held: [ServedSocket, Message][] = [];
  private n = new Map<number, number>();

  /** How many connections are subscribed now. */
  get connections(): number {
    return this.subscribers.size;
  }

  /* --- what happens ------------------------------------------------------------------------------- */

  progress(runId: number, phase = "scraping"): Message {
    const n = (this.n.get(runId) ?? 0) + 1;
    this.n.set(runId, n);
    return this.commit("scrape_progress", { run_id: runId, n, platform: null, phase });
  }

  log(runId: number, text: string): Message {
    return this.commit("log", { run_id: runId, platform: null, level: "info", message: text });
  }

  set(faults: Partial<Record<TransportKind, Fault>>): void {
    Object.assign(this.faults, faults);
    this.release();
    for (const one of [...this.subscribers])
      if (this.faults[one.socket.kind] === "refuse" || this.faults[one.socket.kind] === "reset") one.socket.close(1006);
  }

  stop(): void {
    this.down = true;
    for (const { socket } of [...this.subscribers]) socket.close(socket.kind === "websocket" ? 1012 : 0, "retry_ms=500");
  }

  /** Another database. */
  restore(): void {
    this.epoch = "00000bad";
    this.journal = [];
    this.n.clear();
    for (const { socket } of [...this.subscribers]) socket.close(1006);
  }

  /** Whatever it is, to all that are connected. */
  sayToAll(text: string): void {
    for (const { socket } of this.subscribers) socket.send(text);
  }

  private commit(type: string, data: object): Message {
    const message = { ...this.message(type, data), id: `${this.epoch}-${this.journal.length + 1}` };
    this.journal.push(message);
    for (const one of [...this.subscribers]) if (one.live && this.wants(one, message)) this.say(one.socket, message);
    return message;
  }

  /* --- connections -------------------------------------------------------------------------------- */

  accept(socket: ServedSocket): void {
    const fault = this.faults[socket.kind];
    this.opened.push(socket.kind === "websocket" ? "websocket" : socket.url.pathname);
    const run = fromUrl(socket.url).run_id;
    const unknown = run !== undefined && !this.n.has(run); // a 404, which an EventSource cannot see
    if (this.down || unknown || fault === "refuse") {
      socket.close(1006);
      return;
    }
    socket.open();
    if (fault === "mute") return;
    if (fault === "reset") this.world.after(10, () => socket.close(1006));
    else if (socket.kind === "websocket") socket.onText = (text) => this.subscribe(socket, JSON.parse(text));
    this.say(socket, this.message("connection_ack", this.describe()));
    if (fault === "none" && socket.kind !== "websocket") this.subscribe(socket, fromUrl(socket.url));
  }

  ask(method: string, url: URL, body: unknown): { status: number; body: unknown } {
    if (this.down) throw new Error("no server");
    if (method === "POST" && url.pathname === "/api/transports/moves") this.moves.push(body);
    const run = /^\/api\/scrape\/runs\/(\d+)$/.exec(url.pathname);
    if (run && !this.n.has(Number(run[1]))) return { status: 404, body: {} };
    return { status: method === "POST" ? 204 : 200, body: {} };
  }

  private describe() {
    return {
      connection_id: `connection ${this.opened.length}`,
      heartbeat_ms: this.heartbeatMs,
      failures: 3,
      retry_after_ms: 30_000,
      transports: [
        { name: "websocket", kind: "websocket", paths: ["/api/ws"], ok: this.ok.websocket },
        { name: "sse", kind: "stream", paths: ["/api/scrape/stream", "/api/scrape/runs/{id}/progress"], ok: this.ok.sse },
        { name: "poll", kind: "poll", paths: ["/api/scrape/poll"], ok: this.ok.poll },
      ],
    };
  }

  private subscribe(socket: ServedSocket, wanted: { since?: string; run_id?: number; topics?: string[] }): void {
    const one: Subscriber = {
      socket,
      runId: wanted.run_id ?? null,
      topics: wanted.topics ?? ["scrape_progress"],
      live: true,
    };
    if (one.runId !== null && !this.n.has(one.runId)) {
      this.say(socket, this.message("error", { code: "unknown_run", detail: "there is no such run" }));
      return;
    }
    const [epoch, seq] = (wanted.since ?? "").split("-");
    const since = wanted.since === undefined ? null : Number(seq);
    const resumed = since !== null && epoch === this.epoch && since + 1 >= this.tail && since <= this.journal.length;
    this.subscribers.add(one);
    socket.onGone = () => {
      this.subscribers.delete(one);
      one.live = false;
    };
    this.say(socket, this.message("subscribed", { topics: one.topics, run_id: one.runId, resumed }));
    if (!resumed && (one.runId === null || since !== null)) this.say(socket, this.snapshot());
    const from = resumed ? since : one.runId !== null && since === null ? 0 : this.journal.length;
    for (const message of this.journal.slice(from)) if (this.wants(one, message)) this.say(socket, message);
    this.beat(one);
  }

  private beat(one: Subscriber): void {
    if (!one.live) return;
    const id = `${this.epoch}-${this.journal.length}`;
    this.say(one.socket, { ...this.message("heartbeat", { last_id: id }), id });
    this.world.after(this.heartbeatMs, () => this.beat(one));
  }

  private snapshot(): Message {
    const id = `${this.epoch}-${this.journal.length}`;
    return { ...this.message("snapshot", { runs: [...this.n].map(([run, n]) => ({ id: run, n })), last_id: id }), id };
  }

  private wants({ runId, topics }: Subscriber, message: Message): boolean {
    const { run_id: run } = message.data as { run_id: number };
    return topics.includes(TOPIC_OF[message.type]!) && (runId === null || runId === run);
  }

  /** What is mute holds back: bytes of a connection are late or never come, but none is missing in their midst. */
  private say(socket: ServedSocket, message: Message): void {
    if (this.faults[socket.kind] === "mute") this.held.push([socket, message]);
    else socket.send(message);
  }

  private release(): void {
    for (const [socket, message] of this.held.splice(0)) this.say(socket, message);
  }

  private message(type: string, data: object): Message {
    return { type, timestamp: new Date(this.world.now).toISOString(), data };
  }
}

function fromUrl(url: URL) {
  const run = /\/runs\/(\d+)\/progress$/.exec(url.pathname)?.[1] ?? url.searchParams.get("run_id");
  const since = url.searchParams.get("since");
  return {
    topics: (url.searchParams.get("topics") ?? "scrape_progress").split(","),
    ...(run === null ? {} : { run_id: Number(run) }),
    ...(since === null ? {} : { since }),
  };
}
