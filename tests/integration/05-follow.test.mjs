// The main story: the demonstration's sites, a run, and two clients that follow it to its end.
import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { EventSource } from 'eventsource';
import { checkOrder, Client, followByEventSource, followByWebSocket, isEnd, progressOf } from './lib/follow.mjs';
import { crawl, pages, site } from './lib/site.mjs';
import { ROOT, scratch, serve, serveFile, start, until } from './lib/trawl.mjs';

test('the default configuration over the demonstration: two runs, two clients', async (t) => {
  const demo = start(t, ['demo', '--listen', '127.0.0.1:0', '--speed', '20']);
  const [, sites] = await demo.says(/serves (http:\/\/[^\s/]+)/);
  const home = await scratch(t);
  const server = await serveFile(t, path.join(ROOT, 'config/trawl.json'), {
    home,
    env: { TRAWL_DEMO: sites, TRAWL_LISTEN: '127.0.0.1:0', TRAWL_DATA: path.join(home, 'data') },
  });

  const first = await server.startRun();
  const [byWebSocket, byEventSource] = await Promise.all([
    followByWebSocket(t, server.url, first),
    followByEventSource(t, server.url, first),
  ]);
  assert.ok(checkOrder(byWebSocket) > 5);
  assert.deepEqual(byEventSource, byWebSocket, 'both transports bring the same messages');
  assert.equal(byWebSocket.at(-1).data.phase, 'completed');

  const run = await server.run(first);
  const counts = Object.fromEntries(run.platforms.map((one) => [one.platform, one.items]));
  assert.deepEqual(Object.values(counts).sort((a, b) => a - b), [60, 200, 300]);
  const items = await server.items(first);
  assert.equal(items.length, 560);
  assert.doesNotMatch(JSON.stringify(items), /\ufffd/, 'an encoding was misread');
  assert.equal(run.new, 560);

  const second = await server.startRun();
  checkOrder(await followByWebSocket(t, server.url, second));
  const after = await server.run(second);
  assert.equal(after.new, 2, 'two news articles have come');
  assert.ok(after.changed > 20 && after.changed < 90, `${after.changed} changed`);
  assert.equal(after.new + after.changed + after.unchanged, 562);
});

test('a follower may come late, and begins at n = 1', async (t) => {
  const { url } = await site(t, pages(20));
  const server = await serve(t, { platforms: { a: crawl(url) } });
  const id = await server.startRun();
  await server.ended(id);
  const [late, lateToo] = await Promise.all([
    followByWebSocket(t, server.url, id),
    followByEventSource(t, server.url, id),
  ]);
  assert.ok(checkOrder(late) >= 3);
  assert.deepEqual(lateToo, late);
});

test('connection_ack, subscribed, snapshot, heartbeat', async (t) => {
  const { url } = await site(t, pages(1));
  const server = await serve(t, { server: { heartbeat: '1s' }, platforms: { a: crawl(url) } });
  const client = await Client.open(t, server.url);
  const ack = await client.type('connection_ack');
  assert.ok(ack.data.connection_id);
  assert.equal(ack.data.heartbeat_ms, 1000);
  client.send({ type: 'subscribe', topics: ['scrape_progress', 'items', 'logs'] });
  const subscribed = await client.type('subscribed');
  assert.deepEqual(subscribed.data.topics, ['scrape_progress', 'items', 'logs']);
  assert.equal(subscribed.data.run_id, null);
  const snapshot = await client.type('snapshot');
  assert.deepEqual(snapshot.data.runs, []);
  const heartbeat = await client.type('heartbeat');
  assert.ok(heartbeat.data.last_id);
  client.send({ type: 'ping' });
  await client.type('pong');
  assert.ok(client.messages.every((message) => !Number.isNaN(Date.parse(message.timestamp))));
});

test('caught up is said at once, on both transports', async (t) => {
  const { url } = await site(t, pages(3));
  const server = await serve(t, { server: { heartbeat: '1h' }, platforms: { a: crawl(url) } });
  const isCaughtUp = (message) => message.type === 'heartbeat' && message.id !== undefined;
  const fresh = await Client.open(t, server.url);
  fresh.send({ type: 'subscribe' });
  assert.match((await fresh.find(isCaughtUp)).id, /-0$/, 'there is nothing yet, and that is all');

  const run = await server.ended(await server.startRun());
  await fresh.find(isEnd(run.id)); // the gateway has it, too
  const replayed = await Client.open(t, server.url);
  replayed.send({ type: 'subscribe', run_id: run.id });
  await replayed.find(isCaughtUp);
  assert.deepEqual(replayed.messages.slice(-2).map(({ type }) => type), ['scrape_progress', 'heartbeat']);
  assert.ok(isEnd(run.id)(replayed.messages.at(-2)));
  assert.equal(replayed.messages.at(-1).id, replayed.messages.at(-1).data.last_id);

  const types = await new Promise((done) => {
    const seen = [];
    const source = new EventSource(`${server.url}/api/scrape/stream`);
    t.after(() => source.close());
    source.onmessage = ({ data }) => {
      seen.push(JSON.parse(data));
      if (isCaughtUp(seen.at(-1))) done(seen.map(({ type }) => type));
    };
  });
  assert.deepEqual(types, ['connection_ack', 'subscribed', 'snapshot', 'heartbeat']);
});

test('item_changed comes to those who ask for items', async (t) => {
  const { url } = await site(t, pages(3));
  const server = await serve(t, { platforms: { a: crawl(url) } });
  const client = await Client.open(t, server.url);
  client.send({ type: 'subscribe', topics: ['scrape_progress', 'items'] });
  await client.type('subscribed');
  const id = await server.startRun();
  await client.find(isEnd(id));
  const changes = client.messages.filter((message) => message.type === 'item_changed');
  assert.equal(changes.length, 4);
  assert.ok(changes.every(({ data }) => data.change === 'new' && data.run_id === id && data.platform === 'a'));
});

test('who stays gets each event once, while others come, change and vanish', async (t) => {
  const { url } = await site(t, pages(300));
  const server = await serve(t, { platforms: { a: crawl(url, { concurrency: 4 }) } });
  const topics = ['scrape_progress', 'items', 'logs'];
  const follow = async () => {
    const client = await Client.open(t, server.url);
    client.send({ type: 'subscribe', topics });
    await client.type('subscribed');
    return client;
  };
  const all = await Promise.all(Array.from({ length: 200 }, follow)); // several slices of a pass
  const staying = all.filter((_, i) => i % 2 === 0);
  const restless = all.filter((_, i) => i % 2 === 1);
  const run = await server.startRun();
  const over = Promise.all(staying.map((client) => client.find(isEnd(run))));
  for (const [i, client] of restless.entries()) {
    if (i % 2 === 0) client.socket.terminate();
    else client.send({ type: 'subscribe', topics: ['items'] });
    if (i % 5 === 0) await follow();
  }
  await over;
  const idsOf = ({ messages }) => messages.filter(({ type }) => type === 'scrape_progress' || type === 'item_changed' || type === 'log').map(({ id }) => id);
  const [first, ...others] = staying.map(idsOf);
  const seqs = first.map((id) => Number(id.split('-')[1]));
  assert.ok(seqs.length > 300, `${seqs.length} events`);
  assert.deepEqual(seqs, seqs.map((_, i) => seqs[0] + i));
  for (const ids of others) assert.deepEqual(ids, first);
});

test('a client that comes back with its last id misses nothing', async (t) => {
  const { url } = await site(t, pages(60, 30));
  const server = await serve(t, { platforms: { a: crawl(url, { concurrency: 2 }) } });
  const id = await server.startRun();
  const all = [];
  let since;
  for (let ended = false; !ended; ) {
    const client = await Client.open(t, server.url);
    client.send({ type: 'subscribe', topics: ['scrape_progress'], run_id: id, since });
    const subscribed = await client.type('subscribed');
    if (since) assert.equal(subscribed.data.resumed, true);
    // Stay for three messages, or to the end.
    const due = (seen) => seen.length >= 3 || seen.some(isEnd(id));
    await client.find(() => due(progressOf(client.messages, id)), 'three more');
    client.socket.terminate();
    const seen = progressOf(client.messages, id);
    all.push(...seen);
    since = seen.at(-1).id;
    ended = seen.some(isEnd(id));
  }
  assert.ok(checkOrder(all) >= 3);
});

test('an id of another epoch is not resumed, and that is said', async (t) => {
  const { url } = await site(t, pages(1));
  const server = await serve(t, { platforms: { a: crawl(url) } });
  const client = await Client.open(t, server.url);
  client.send({ type: 'subscribe', topics: ['scrape_progress'], since: '00000001-5' });
  assert.equal((await client.type('subscribed')).data.resumed, false);
  await client.type('snapshot');
});

test('an EventSource stops when it has seen the end', async (t) => {
  const { url } = await site(t, pages(1));
  const server = await serve(t, { platforms: { a: crawl(url) } });
  const id = await server.startRun();
  const run = await server.ended(id);
  const answer = await fetch(`${server.url}/api/scrape/runs/${id}/progress`, { headers: { 'Last-Event-ID': run.last_id } });
  assert.equal(answer.status, 204);
});

test('watchers are counted by their transport', async (t) => {
  const { url } = await site(t, pages(1));
  const server = await serve(t, { server: { heartbeat: '1s' }, platforms: { a: crawl(url) } });
  const counted = (expected) => until(JSON.stringify(expected), async () => isDeepStrictEqual((await server.get('/api/watchers')).transports, expected));
  const clients = [await Client.open(t, server.url), await Client.open(t, server.url)];
  const stream = await fetch(`${server.url}/api/scrape/stream`);
  await counted({ websocket: 2, sse: 1, poll: 0 });
  await stream.body.cancel();
  clients[0].socket.close();
  await counted({ websocket: 1, sse: 0, poll: 0 });
});
