// Who is connected, and clients that would be a burden to the others: the others notice nothing.
import assert from 'node:assert/strict';
import net from 'node:net';
import test from 'node:test';
import { Client, isEnd } from './lib/follow.mjs';
import { crawl, pages, site } from './lib/site.mjs';
import { serve, sleep, until } from './lib/trawl.mjs';

const list = (server, limit = 100) => server.get(`/api/watchers?limit=${limit}`);

/** A socket that has asked for a path, and does nothing more by itself. */
function ask(t, server, path, headers = '') {
  const { hostname, port } = new URL(server.url);
  const socket = net.connect(Number(port), hostname);
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n${headers}\r\n`);
  return socket;
}

const UPGRADE = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

for (const gateways of [1, 2]) {
  test(`who is connected by what, since when, and how far: ${gateways} gateways`, async (t) => {
    const { url } = await site(t, pages(5));
    const server = await serve(t, { server: { gateways, heartbeat: '1s' }, platforms: { a: crawl(url) } });
    const clients = await Promise.all(Array.from({ length: 6 }, () => Client.open(t, server.url)));
    for (const client of clients) client.send({ type: 'subscribe', topics: ['scrape_progress', 'items'] });
    await Promise.all(clients.map((client) => client.type('subscribed')));
    const stream = await fetch(`${server.url}/api/scrape/stream?topics=logs`);
    const run = await server.startRun();
    const end = (await Promise.all(clients.map((client) => client.find(isEnd(run)))))[0];
    clients[0].send({ type: 'ack', id: end.id });

    const ids = await Promise.all(clients.map(async (client) => (await client.type('connection_ack')).data.connection_id));
    const mine = (watchers) => watchers.find(({ connection_id: id }) => id === ids[0]);
    // A gateway that is busy for long is left out of an answer.
    const answer = await until('all, and the acknowledged id', async () => {
      const now = await list(server);
      return now.watchers.length === 7 && mine(now.watchers).shown_id === end.id && now;
    });
    assert.deepEqual(answer.watchers.map(({ transport }) => transport).sort(), ['sse', ...Array(6).fill('websocket')]);
    const one = mine(answer.watchers);
    assert.equal(one.address, '127.0.0.1');
    assert.ok(Date.now() - Date.parse(one.connected_at) < 60_000);
    assert.deepEqual(one.topics, ['scrape_progress', 'items']);
    assert.deepEqual([one.run_id, one.sent_id, one.lag, one.snapshots, one.blocked], [null, end.id, 0, 0, false]);
    assert.deepEqual(answer.watchers.find(({ transport }) => transport === 'sse').topics, ['logs']);
    assert.equal(answer.snapshots, 0);
    assert.equal((await list(server, 3)).watchers.length, 3);
    await stream.body.cancel();
  });
}

test('a move is shown with the connection that it led to, whichever gateway hears of it', async (t) => {
  const { url } = await site(t, pages(1));
  const server = await serve(t, { server: { gateways: 2 }, platforms: { a: crawl(url) } });
  const clients = await Promise.all(Array.from({ length: 4 }, () => Client.open(t, server.url)));
  const ids = await Promise.all(clients.map(async (client) => (await client.type('connection_ack')).data.connection_id));
  assert.equal(new Set(ids).size, 4);
  const move = { from: 'sse', to: 'websocket', reason: 'it works again', count: 1 };
  const tell = (connection_id) => server.post('/api/transports/moves', { ...move, connection_id }, { Connection: 'close' });
  for (const id of [ids[0], ids[0], ids[1], `${ids[2]}0`, 'none', '', 'ffff-ffff-1']) assert.equal((await tell(id)).status, 204);
  for (const id of [7, null, 'x'.repeat(65)]) {
    const refused = await tell(id);
    assert.deepEqual([refused.status, (await refused.json()).field], [422, 'connection_id']);
  }
  const { watchers } = await until('all four', async () => {
    const now = await list(server);
    return now.watchers.length === 4 && now;
  });
  const movesOf = (id) => watchers.find((one) => one.connection_id === id).moves;
  assert.deepEqual(ids.map((id) => movesOf(id).length), [2, 1, 0, 0]);
  const { at, ...told } = movesOf(ids[1])[0];
  assert.deepEqual(told, move);
  assert.ok(Math.abs(Date.now() - Date.parse(at)) < 60_000);
  assert.deepEqual((await server.get('/api/transports')).moves, [{ ...move, count: 7 }]);
  for (let i = 0; i < 20; i++) await tell(ids[3]);
  assert.equal((await list(server)).watchers.find((one) => one.connection_id === ids[3]).moves.length, 16);
});

test('one that takes a byte a second, one that sends garbage, one that floods: the others notice nothing', async (t) => {
  const { url } = await site(t, pages(300));
  const server = await serve(t, { server: { heartbeat: '500ms', stall_timeout: '2s', ring: '64K' }, platforms: { a: crawl(url, { concurrency: 4 }) } });
  const good = await Client.open(t, server.url);
  good.send({ type: 'subscribe', topics: ['scrape_progress', 'items', 'logs'] });
  await good.type('subscribed');

  const slow = ask(t, server, '/api/scrape/stream?topics=scrape_progress,items,logs');
  slow.on('readable', () => setTimeout(() => slow.read(1), 1000));
  const garbage = ask(t, server, '/api/ws', UPGRADE);
  const gone = new Promise((done) => garbage.on('close', done));
  garbage.once('data', () => {
    for (let i = 0; i < 50; i++) garbage.write(Buffer.from(Array.from({ length: 500 }, (_, j) => (i * 31 + j * 17) & 0xff)));
  });
  const flood = await Client.open(t, server.url);
  const ping = JSON.stringify({ type: 'ping' });
  const flooding = setInterval(() => {
    for (let i = 0; i < 10_000 && flood.socket.readyState === 1; i++) flood.socket.send(ping);
  }, 100);
  t.after(() => clearInterval(flooding));

  const run = await server.startRun();
  const end = await good.find(isEnd(run));
  const ns = good.messages.filter(({ type }) => type === 'scrape_progress').map(({ data }) => data.n);
  assert.deepEqual(ns, ns.map((_, i) => i + 1));
  assert.equal(end.data.n, ns.length);
  assert.equal(good.messages.filter(({ type }) => type === 'item_changed').length, 301);

  const { code, reason } = await flood.closed;
  assert.deepEqual([code, reason], [1008, 'too many messages']);
  await gone;
  good.send({ type: 'ping' });
  await good.type('pong');
});

/** One that asks and does not read, until it is blocked. */
async function blocked(t, options) {
  const { url } = await site(t, pages(1));
  const server = await serve(t, { server: { heartbeat: '500ms', max_messages: 1_000_000, ...options }, platforms: { a: crawl(url) } });
  const deaf = ask(t, server, '/api/ws', UPGRADE);
  await new Promise((done) => deaf.once('data', done));
  deaf.pause();
  // Each message has an answer that nobody takes; masked with zeros, as a client must mask.
  const text = JSON.stringify({ type: 'ping' });
  const pings = Buffer.concat(Array(20_000).fill(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)])));
  const asking = setInterval(() => deaf.writableLength < 1 << 20 && deaf.write(pings), 20);
  t.after(() => clearInterval(asking));
  await until('it to be blocked', async () => (await list(server)).watchers.some(({ blocked }) => blocked));
  clearInterval(asking);
  return server;
}

test('one that does not read at all is closed', async (t) => {
  const server = await blocked(t, { stall_timeout: '5s' });
  await until('it to be gone', async () => (await list(server)).transports.websocket === 0);
});

test('one that is blocked has until stall_timeout, though it cannot be asked whether it is there', async (t) => {
  const server = await blocked(t, { stall_timeout: '1m', pong_timeout: '1s' });
  await sleep(3000);
  assert.equal((await list(server)).transports.websocket, 1);
});

test('no more connections from one address than are allowed', async (t) => {
  const { url } = await site(t, pages(1));
  const server = await serve(t, { server: { max_per_address: 5 }, platforms: { a: crawl(url) } });
  const open = [];
  for (let i = 0; i < 5; i++) open.push(await Client.open(t, server.url));
  await assert.rejects(Client.open(t, server.url));
  open[0].socket.close();
  await open[0].closed;
  await until('there to be room again', () => Client.open(t, server.url).then(() => true, () => false));
});
