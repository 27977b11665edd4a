import { afterEach, describe, expect, it } from "vitest";
import { createChainClient, type ChainClient, type ChainClientOptions, type Message } from "./index";
import { FakeServer } from "./testing/server";
import { World } from "./testing/world";

/** Numbers that look random and are the same every time. */
function seeded(seed: number): () => number {
  return () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
}

const URL_OF_SERVER = "http://server.test";

/** A world with a server, and clients that write down what they hear. */
function scene() {
  const server = new FakeServer();
  const world = new World(server);
  world.random = seeded(42);
  const clients: ChainClient[] = [];
  server.world = world;
  cleanups.push(() => {
    for (const client of clients) client.close();
    expect(world.leftovers).toMatchObject({ sockets: 0, channels: 0, pages: 0, locks: 0 }); // the server has timers, too
  });
  const open = (options: ChainClientOptions = {}, tab: Parameters<World["tab"]>[0] = {}) => {
    const client = createChainClient({ url: URL_OF_SERVER, environment: world.tab(tab), share: false, ...options });
    const heard: Message[] = [];
    client.listen((message) => heard.push(message));
    clients.push(client);
    return { client, heard, ids: () => heard.filter(({ type }) => type !== "snapshot").map(({ id }) => id) };
  };
  const committed = () => server.journal.map(({ id }) => id);
  return { server, world, open, committed };
}

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

describe("connecting", () => {
  it("begins with the first of the order", async () => {
    const { server, world, open, committed } = scene();
    const { client, ids, heard } = open();
    await world.pass(50);
    expect(client.getStatus()).toMatchObject({ phase: "connected", transport: "websocket", fallbackReason: null });
    expect(heard[0]?.type).toBe("snapshot");
    server.progress(1);
    server.progress(1);
    expect(ids()).toEqual(committed());
    await world.pass(200);
    expect(client.getStatus().runs[1]).toEqual({ first: 1, last: 2, gaps: 0, repeats: 0 });
    expect(server.opened).toEqual(["websocket"]);
  });

  it("passes over a transport that the server says is not there", async () => {
    const { server, world, open } = scene();
    server.ok.sse = server.ok.poll = false;
    const { client } = open();
    await world.pass(50);
    server.set({ websocket: "refuse" });
    await world.pass(5_000);
    expect(client.getStatus().transport).toBe("websocket");
    expect(server.opened.filter((one) => one !== "websocket")).toEqual([]);
  });

  it("leaves nothing behind when it is closed", async () => {
    const { server, world, open } = scene();
    const { client } = open({ share: true });
    await world.pass(500);
    server.progress(1);
    client.follow(1, () => undefined);
    client.close();
    server.stop();
    await world.pass(120_000);
    expect(world.leftovers).toEqual({ timers: 0, sockets: 0, channels: 0, pages: 0, locks: 0 });
    expect(client.getStatus().phase).toBe("closed");
  });
});

describe("failures", () => {
  it("moves on after three in a row, says so, and tells the server", async () => {
    const { server, world, open } = scene();
    world.random = () => 1;
    server.set({ websocket: "refuse" });
    const { client } = open();
    await world.pass(390);
    expect(server.opened).toEqual(["websocket", "websocket"]);
    await world.pass(100);
    expect(server.opened).toEqual(["websocket", "websocket", "websocket", "/api/scrape/stream"]);
    expect(client.getStatus()).toMatchObject({ phase: "connected", transport: "sse", fallbackReason: "websocket: refused" });
    expect(client.getStatus().moves).toMatchObject([{ from: "websocket", to: "sse", reason: "refused", count: 3 }]);
    expect(world.warnings).toEqual(["trawl: from websocket to sse: refused (3 times)"]);
    expect(server.moves).toEqual([
      { from: "websocket", to: "sse", reason: "refused", count: 3, connection_id: "connection 4" },
    ]);
  });

  it("tells the server of all moves once it can, with the connection that they led to", async () => {
    const { server, world, open } = scene();
    server.set({ websocket: "refuse", sse: "refuse" });
    const { client } = open();
    await world.pass(20_000);
    expect(client.getStatus()).toMatchObject({ phase: "connected", transport: "poll" });
    const id = `connection ${server.opened.length}`;
    expect(server.moves).toMatchObject([
      { from: "websocket", to: "sse", connection_id: id },
      { from: "sse", to: "poll", connection_id: id },
    ]);
  });

  it("hears by the next transport within a second when one that has lived is refused from now on", async () => {
    const { server, world, open, committed } = scene();
    const { client, ids } = open();
    await world.pass(5_000);
    world.random = () => 1;
    server.set({ websocket: "refuse" });
    server.progress(1);
    await world.pass(1_000);
    expect(client.getStatus()).toMatchObject({ phase: "connected", transport: "sse" });
    expect(ids()).toEqual(committed());
  });

  it("counts a connection that is lost within two heartbeats", async () => {
    const { server, world, open } = scene();
    server.set({ websocket: "reset" });
    const { client } = open();
    await world.pass(1_000);
    expect(client.getStatus()).toMatchObject({ transport: "sse", fallbackReason: "websocket: connection lost" });
  });

  it("does not count one that lived for two heartbeats", async () => {
    const { server, world, open } = scene();
    const { client } = open();
    for (let i = 0; i < 5; i++) {
      await world.pass(2_500);
      server.set({ websocket: "refuse" });
      server.set({ websocket: "none" });
    }
    await world.pass(500);
    expect(client.getStatus()).toMatchObject({ phase: "connected", transport: "websocket" });
  });

  it("moves on at once from a stream that is open but mute, at any time of a session", async () => {
    const { server, world, open, committed } = scene();
    const { client, ids } = open();
    await world.pass(60_500);
    server.progress(1);
    server.set({ websocket: "mute" });
    server.progress(1);
    await world.pass(2_100);
    expect(client.getStatus()).toMatchObject({ phase: "connected", transport: "sse", fallbackReason: "websocket: mute" });
    expect(ids()).toEqual(committed());
  });

  it("moves on at once from what opens and never acknowledges", async () => {
    const { server, world, open } = scene();
    server.set({ websocket: "mute" });
    const { client } = open();
    await world.pass(5_100);
    expect(client.getStatus()).toMatchObject({ transport: "sse", fallbackReason: "websocket: mute: no acknowledgement" });
  });

  it("polls where nothing else gets through, and comes back", async () => {
    const { server, world, open, committed } = scene();
    const { client, ids } = open();
    await world.pass(5_000);
    server.progress(1);
    server.set({ websocket: "refuse", sse: "refuse" });
    await world.pass(10_000);
    server.progress(1);
    await world.pass(2_000);
    expect(client.getStatus()).toMatchObject({ phase: "connected", transport: "poll", fallbackReason: "sse: refused" });
    server.set({ websocket: "none", sse: "none" });
    await world.pass(60_000);
    server.progress(1);
    expect(client.getStatus()).toMatchObject({ phase: "connected", transport: "websocket" });
    expect(ids()).toEqual(committed());
  });

  it("begins again at the first when all have failed, with growing pauses", async () => {
    const { server, world, open, committed } = scene();
    const { client, ids } = open();
    await world.pass(5_000);
    server.progress(1);
    server.stop();
    server.opened = [];
    await world.pass(60_000);
    expect(client.getStatus().phase).toBe("reconnecting");
    expect(client.getStatus().nextAttemptAt).toBeGreaterThan(world.now);
    expect(new Set(server.opened)).toEqual(new Set(["websocket", "/api/scrape/stream", "/api/scrape/poll"]));
    expect(server.opened.length).toBeLessThan(25);
    server.progress(1);
    server.down = false;
    await world.pass(60_000);
    expect(client.getStatus().phase).toBe("connected");
    expect(ids()).toEqual(committed());
    expect(client.getStatus()).toMatchObject({ gaps: 0, repeats: 0 });
  });

  it("does not hold a restart against the transport", async () => {
    const { server, world, open } = scene();
    const { client } = open();
    await world.pass(100);
    server.stop();
    server.down = false;
    await world.pass(300);
    expect(client.getStatus()).toMatchObject({ phase: "connected", transport: "websocket", moves: [] });
  });
});

describe("the way back", () => {
  it("probes the better transport and goes back without loss or repeat", async () => {
    const { server, world, open, committed } = scene();
    server.set({ websocket: "refuse" });
    const { client, ids } = open();
    await world.pass(1_000);
    server.progress(1);
    await world.pass(35_000);
    server.progress(1);
    expect(client.getStatus().transport).toBe("sse");
    server.set({ websocket: "none" });
    for (let i = 0; i < 80; i++) {
      server.progress(1);
      await world.pass(1_000);
    }
    expect(client.getStatus()).toMatchObject({ transport: "websocket", fallbackReason: null, gaps: 0, repeats: 0 });
    expect(client.getStatus().moves.at(-1)).toMatchObject({ from: "sse", to: "websocket", reason: "it works again" });
    expect(ids()).toEqual(committed());
    expect(server.connections).toBe(1);
  });

  it("probes less and less often", async () => {
    const { server, world, open } = scene();
    server.set({ websocket: "refuse" });
    open();
    await world.pass(1_000);
    server.opened = [];
    await world.pass(30 * 60_000);
    expect(server.opened.filter((one) => one === "websocket").length).toBeLessThan(9);
    expect(server.opened.filter((one) => one === "websocket").length).toBeGreaterThan(3);
  });
});

describe("the place in the stream", () => {
  it("announces a gap when the journal no longer has what was missed", async () => {
    const { server, world, open } = scene();
    const { client, heard } = open();
    await world.pass(3_000);
    server.progress(1);
    server.set({ websocket: "refuse", sse: "refuse" });
    for (let i = 0; i < 5; i++) server.progress(1);
    server.tail = 5;
    server.set({ websocket: "none", sse: "none" });
    await world.pass(40_000);
    server.progress(1);
    expect(heard.map(({ type }) => type)).toEqual(["snapshot", "scrape_progress", "snapshot", "scrape_progress"]);
    await world.pass(200);
    expect(client.getStatus()).toMatchObject({ gaps: 1, runs: { 1: { first: 7, last: 7, gaps: 0 } } });
  });

  it("takes up another database's ids", async () => {
    const { server, world, open } = scene();
    const { client, ids } = open();
    await world.pass(3_000);
    for (let i = 0; i < 9; i++) server.progress(1);
    server.restore();
    await world.pass(1_000);
    const next = server.progress(7);
    expect(ids().at(-1)).toBe(next.id);
    expect(client.getStatus().gaps).toBe(1);
  });

  it("survives what is no message", async () => {
    const { server, world, open, committed } = scene();
    const { client, ids } = open();
    await world.pass(100);
    const rubbish = ["{", "<html>500</html>", "[]", "null", '{"type":5}', '{"type":"news","id":"x"}', '{"type":"log"}', '{"type":"scrape_progress","id":"5f3a9c01-x","data":null}'];
    for (const text of rubbish) server.sayToAll(text);
    server.progress(1);
    expect(ids()).toEqual(committed());
    expect(client.getStatus().error).toMatch(/no message/);
    expect(client.getStatus().phase).toBe("connected");
  });

  it("goes on when a listener throws", async () => {
    const { server, world, open, committed } = scene();
    const { client } = open();
    client.listen(() => {
      throw new Error("mine");
    });
    const after: (string | undefined)[] = [];
    client.listen(({ type, id }) => type !== "snapshot" && after.push(id));
    await world.pass(100);
    server.progress(1);
    expect(after).toEqual(committed());
    expect(world.warnings.join()).toMatch(/mine/);
  });
});

describe("page and machine", () => {
  it.each([["for an hour", 3_600_000], ["a little beyond two heartbeats", 45_000]])("reconnects at once after the machine slept %s, and blames no transport", async (_, ms) => {
    const { server, world, open, committed } = scene();
    server.heartbeatMs = 20_000;
    const { client, ids } = open();
    await world.pass(5_000);
    server.set({ websocket: "mute" });
    world.sleep(ms);
    world.page("visible");
    server.set({ websocket: "none" });
    server.progress(1);
    await world.pass(100);
    expect(client.getStatus()).toMatchObject({ phase: "connected", transport: "websocket", moves: [] });
    expect(ids()).toEqual(committed());
  });

  it("waits while there is no network, and comes back with it", async () => {
    const { server, world, open } = scene();
    const { client } = open();
    await world.pass(5_000);
    world.online = false;
    server.set({ websocket: "refuse", sse: "refuse" });
    await world.pass(10);
    expect(client.getStatus().phase).toBe("offline");
    world.online = true;
    server.set({ websocket: "none", sse: "none" });
    world.page("online");
    await world.pass(10);
    expect(client.getStatus()).toMatchObject({ phase: "connected", transport: "websocket" });
  });
});

describe.each([
  ["with locks", true],
  ["without locks", false],
])("tabs, %s", (_name, locks) => {
  it("share one connection", async () => {
    const { server, world, open, committed } = scene();
    const tabs = [0, 1, 2].map(() => open({ share: true }, { locks }));
    await world.pass(2_000);
    server.progress(1);
    server.progress(1);
    await world.pass(200);
    expect(server.connections).toBe(1);
    for (const { ids, client } of tabs) {
      expect(ids()).toEqual(committed());
      expect(client.getStatus()).toMatchObject({ phase: "connected", transport: "websocket", repeats: 0, gaps: 0 });
    }
    expect(tabs.filter(({ client }) => client.getStatus().leader).length).toBe(1);
  });

  it("go on when the leader closes, without loss or repeat", async () => {
    const { server, world, open, committed } = scene();
    const tabs = [0, 1, 2].map(() => open({ share: true }, { locks }));
    await world.pass(2_000);
    server.progress(1);
    await world.pass(100);
    const leader = tabs.find(({ client }) => client.getStatus().leader)!;
    leader.client.close();
    server.progress(1);
    server.progress(1);
    await world.pass(2_000);
    server.progress(1);
    await world.pass(200);
    const others = tabs.filter((tab) => tab !== leader);
    for (const { ids, client } of others) {
      expect(ids()).toEqual(committed());
      expect(client.getStatus()).toMatchObject({ phase: "connected", repeats: 0, gaps: 0 });
      expect(client.getStatus().runs[1]).toEqual({ first: 1, last: 4, gaps: 0, repeats: 0 });
    }
    expect(others.filter(({ client }) => client.getStatus().leader).length).toBe(1);
  });

  it("replace a leader that hangs, and put it in its place when it wakes", async () => {
    const { server, world, open, committed } = scene();
    const hangs = { now: false };
    const first = open({ share: true }, { locks, frozen: () => hangs.now });
    await world.pass(1_000);
    const second = open({ share: true }, { locks });
    await world.pass(2_000);
    expect(first.client.getStatus().leader).toBe(true);
    server.progress(1);
    await world.pass(100);
    hangs.now = true;
    server.progress(1);
    await world.pass(20_000);
    server.progress(1);
    await world.pass(200);
    expect(second.client.getStatus().leader).toBe(true);
    expect(second.ids()).toEqual(committed());
    first.client.close();
  });

  it("let a new tab begin where the others are", async () => {
    const { server, world, open } = scene();
    const old = open({ share: true }, { locks });
    await world.pass(1_000);
    for (let i = 0; i < 3; i++) server.progress(1);
    await world.pass(100);
    const young = open({ share: true }, { locks });
    await world.pass(1_000);
    server.progress(1);
    await world.pass(200);
    expect(old.client.getStatus().leader).toBe(true);
    expect(young.client.getStatus()).toMatchObject({ phase: "connected", leader: false });
    expect(young.client.getStatus().runs[1]).toEqual({ first: 4, last: 4, gaps: 0, repeats: 0 });
  });
});

describe("following one run", () => {
  const follow = (client: ChainClient, runId: number) => {
    const seen: number[] = [];
    const statuses: string[] = [];
    client.follow(
      runId,
      ({ type, data }) => type === "scrape_progress" && seen.push((data as { n: number }).n),
      (status) => statuses.push(status),
    );
    return { seen, statuses };
  };
  const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

  it.each(["websocket", "sse"] as const)("replays it and goes on live, over %s", async (kind) => {
    const { server, world, open } = scene();
    const { client } = open({ transports: [kind] });
    await world.pass(100);
    for (let i = 0; i < 5; i++) server.progress(i < 3 ? 1 : 2);
    const { seen, statuses } = follow(client, 1);
    server.progress(1);
    await world.pass(500);
    server.progress(1);
    expect(seen).toEqual(upTo(5));
    expect(statuses).toEqual(["replaying", "live"]);
    expect(server.connections).toBe(1);
    server.progress(1, "completed");
    expect(seen).toEqual(upTo(6));
    expect(statuses.at(-1)).toBe("ended");
    await world.pass(200);
    expect(client.getStatus().runs[1]).toMatchObject({ first: 1, last: 6, gaps: 0, repeats: 0 });
  });

  it("replays one that is over", async () => {
    const { server, world, open } = scene();
    for (let i = 0; i < 5; i++) server.progress(1, i === 4 ? "failed" : "scraping");
    const { client } = open();
    const { seen, statuses } = follow(client, 1);
    await world.pass(500);
    expect(seen).toEqual(upTo(5));
    expect(statuses).toEqual(["replaying", "ended"]);
    expect(server.connections).toBe(1);
  });

  it.each(["websocket", "sse"] as const)("says that there is no such run, over %s", async (kind) => {
    const { server, world, open } = scene();
    const { client } = open({ transports: [kind] });
    const { statuses } = follow(client, 99);
    await world.pass(1_000);
    expect(statuses).toEqual(["replaying", "failed"]);
    expect(server.connections).toBe(1);
  });

  it("goes on through faults, each message once", async () => {
    const { server, world, open } = scene();
    const { client } = open();
    const { seen } = follow(client, 1);
    for (let i = 0; i < 200; i++) {
      if (i % 40 === 5) server.set({ websocket: "refuse" });
      if (i % 40 === 15) server.set({ sse: "mute" });
      if (i % 40 === 25) server.set({ websocket: "none" });
      if (i % 40 === 35) server.set({ sse: "none" });
      server.progress(1);
      await world.pass(700);
    }
    server.progress(1, "completed");
    await world.pass(60_000);
    expect(seen).toEqual(upTo(201));
  });
});

describe("whatever happens", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])("each tab hears each message once and in order (seed %i)", async (seed) => {
    const { server, world, open, committed } = scene();
    const random = seeded(seed);
    const faults = ["none", "none", "refuse", "mute", "reset"] as const;
    const pick = () => faults[Math.floor(random() * faults.length)]!;
    world.random = random;
    const tabs = [open({ share: true }), open({ share: true }, { locks: true })];
    await world.pass(1_000);
    for (let i = 0; i < 600; i++) {
      const dice = random();
      if (dice < 0.05) server.set({ websocket: pick(), sse: pick() });
      else if (dice < 0.06) server.stop();
      else if (dice < 0.1) server.down = false;
      server.progress(1 + Math.floor(random() * 3));
      await world.pass(random() * 900);
    }
    server.down = false;
    server.set({ websocket: "none", sse: "none" });
    await world.pass(120_000);
    for (const { ids, client } of tabs) {
      expect(ids()).toEqual(committed());
      for (const run of Object.values(client.getStatus().runs)) expect(run).toMatchObject({ first: 1, gaps: 0, repeats: 0 });
    }
  });
});
