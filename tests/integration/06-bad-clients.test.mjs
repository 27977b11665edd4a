// Clients that do not keep the rules: an error or a close code, and their memory is gone.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import test from 'node:test';
import WebSocket from 'ws';
import { Client } from './lib/follow.mjs';
import { crawl, pages, site } from './lib/site.mjs';
import { child, serve, sleep, until } from './lib/trawl.mjs';

async function server(t, settings = {}) {
  const { url } = await site(t, pages(1));
  return serve(t, { server: settings, platforms: { a: crawl(url) } });
}

test('text that is not JSON, an unknown type, an unknown topic: error', async (t) => {
  const { url } = await server(t);
  const client = await Client.open(t, url);
  const errors = () => client.messages.filter((message) => message.type === 'error');
  for (const [i, bad] of ['{', '[1]', '{"type":"dance"}', '{"type":"subscribe","topics":["gossip"]}',
    '{"type":"subscribe","run_id":999999}', '{"type":"subscribe","since":"yesterday"}'].entries()) {
    client.send(bad);
    await client.find(() => errors().length > i, `error for ${bad}`);
    assert.ok(errors()[i].data.code, JSON.stringify(errors()[i]));
  }
  client.send({ type: 'ping' });
  await client.type('pong');
});

test('a frame over the limit closes with 1009', async (t) => {
  const { url } = await server(t);
  const client = await Client.open(t, url);
  client.send(`{"type":"ping","pad":"${'x'.repeat(8 << 20)}"}`);
  const { code } = await client.closed;
  assert.ok([1009, 1006].includes(code), `${code}`); // 1006: it hung up before all was sent
  assert.equal((await fetch(`${url}/live`)).status, 200);
});

test('an Origin that is not ours gets no WebSocket', async (t) => {
  const { url } = await server(t);
  await assert.rejects(Client.open(t, url, { origin: 'http://evil.example' }), { status: 403 });
  await Client.open(t, url, { origin: url });
});

test('a WebSocket at a path that has none is refused', async (t) => {
  const { url } = await server(t);
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/nothing`);
  const status = await new Promise((done) => {
    socket.on('unexpected-response', (request, response) => done(response.statusCode));
    socket.on('error', () => {});
    socket.on('open', () => done('open'));
    socket.on('close', () => done('closed'));
  });
  socket.terminate();
  assert.notEqual(status, 'open');
});

test('no answer to pings: closed', async (t) => {
  const { url } = await server(t, { heartbeat: '1s', pong_timeout: '2s' });
  const client = await Client.open(t, url, { autoPong: false });
  await client.closed;
});

test('one that only answers pings stays', async (t) => {
  const { url } = await server(t, { pong_timeout: '3s' });
  const client = await Client.open(t, url);
  let pings = 0;
  const answered = new Promise((done) => client.socket.on('ping', () => ++pings === 3 && done()));
  assert.equal(await Promise.race([answered, client.closed]), undefined);
});

const UPGRADE = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

test('an answer that has come while the gateway did not run counts', async (t) => {
  const own = await server(t, { pong_timeout: '2s' });
  const { pid } = await child(own.program, 'gateway');
  const client = await Client.open(t, own.url, { autoPong: false });
  const [data] = await once(client.socket, 'ping');
  process.kill(pid, 'SIGSTOP');
  client.socket.pong(data);
  await sleep(2500);
  process.kill(pid, 'SIGCONT');
  assert.ok(await Promise.race([once(client.socket, 'ping'), client.closed.then(() => false)]));
});

test('a ping is answered with what it carries, however much that may be', async (t) => {
  const { url } = await server(t);
  const client = await Client.open(t, url);
  for (const length of [0, 4, 64, 65, 125]) {
    const sent = Buffer.alloc(length, 'x');
    client.socket.ping(sent);
    const [got] = await once(client.socket, 'pong');
    assert.deepEqual(got, sent);
  }
});

for (const length of ['many', '-1', '+2', '2, 2', '0x2', '9'.repeat(40)]) {
  test(`a Content-Length of ${length} is refused`, async (t) => {
    const { url, address } = await server(t);
    const { hostname, port } = new URL(url);
    const socket = net.connect(Number(port), hostname);
    socket.write(`POST /api/scrape/runs HTTP/1.1\r\nHost: ${address}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n{}`);
    const answer = await text(socket);
    assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/);
    assert.deepEqual(await (await fetch(`${url}/api/scrape/runs/active`)).json(), []);
  });
}

/** So many clients that have had an answer; they go away in every way there is. */
async function comeAndGo(server, count, path, headers) {
  const { hostname, port } = new URL(server.url);
  const clients = await Promise.all(
    Array.from({ length: count }, () => new Promise((done, failed) => {
      const socket = net.connect(Number(port), hostname, () =>
        socket.write(`GET ${path} HTTP/1.1\r\nHost: ${server.address}\r\n${headers}\r\n`));
      socket.once('data', () => done(socket));
      socket.on('error', failed);
    })),
  );
  for (const [i, socket] of clients.entries()) {
    if (i % 3 === 0) socket.resetAndDestroy();
    else if (i % 3 === 1) socket.end();
    else socket.destroy();
  }
}

test('a thousand streams and a thousand WebSockets that go away leave nothing behind', async (t) => {
  const own = await server(t);
  const gateway = await child(own.program, 'gateway');
  const before = await openSockets(gateway.pid);
  const allGone = () => until('all sockets to be closed', async () => (await openSockets(gateway.pid)) <= before);
  let resident;
  for (let round = 0; round < 10; round++) {
    await comeAndGo(own, 100, '/api/scrape/stream', '');
    await comeAndGo(own, 100, '/api/ws', UPGRADE);
    await allGone();
    if (round === 4) resident = await residentBytes(gateway.pid);
  }
  const grown = (await residentBytes(gateway.pid)) - resident;
  // A sanitizer keeps what was freed.
  assert.ok(grown < 4 << 20 || process.env.TRAWL_SANITIZED, `${grown} bytes more than after the first half`);
  assert.deepEqual(Object.values((await own.get('/api/watchers')).watchers), []);
  const spent = await cpuTicks(gateway.pid);
  await sleep(500);
  assert.ok((await cpuTicks(gateway.pid)) - spent < 25, 'the gateway spins');
});

async function residentBytes(pid) {
  return Number(/VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'latin1'))[1]) * 1024;
}

/** Files do not count: the connections to the store are opened at the first request and kept. */
async function openSockets(pid) {
  const folder = `/proc/${pid}/fd`;
  const targets = await Promise.all((await readdir(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => '')));
  return targets.filter((target) => target.startsWith('socket:')).length;
}

async function cpuTicks(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
