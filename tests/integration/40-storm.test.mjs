// A server that is restarted under many clients: each is told when to come back, all of them do, and none misses an event.
import assert from 'node:assert/strict';
import net from 'node:net';
import test from 'node:test';
import { crawl, pages, site } from './lib/site.mjs';
import { scratch, serveFile, until, writeConfig } from './lib/trawl.mjs';

const CLIENTS = Number(process.env.TRAWL_CLIENTS ?? 5_000);
const UPGRADE = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** A client without a library, since there are so many: it subscribes, keeps its last id, and comes back when it is told to. */
class Client {
  lastId = null;
  subscribed = 0;
  retryMs = null;

  constructor(port) {
    this.port = port;
    this.connect();
  }

  connect() {
    this.socket = net.connect(this.port, '127.0.0.1');
    this.socket.on('error', () => {});
    this.socket.on('data', (data) => this.hear(data.toString('latin1')));
    this.socket.on('close', () => this.closed || setTimeout(() => this.connect(), Math.random() * (this.retryMs ?? 1_000)));
    this.socket.write(`GET /api/ws HTTP/1.1\r\nHost: 127.0.0.1:${this.port}\r\n${UPGRADE}\r\n`);
  }

  hear(text) {
    const told = /restarting, retry_ms=(\d+)/.exec(text);
    if (told) this.retryMs = Number(told[1]);
    if (text.includes('"connection_ack"')) this.subscribe();
    if (/"subscribed".*?"resumed":(true|false)/.test(text)) this.subscribed++;
    for (const [, id] of text.matchAll(/"id":"([0-9a-f]{8}-\d+)"/g)) this.lastId = id;
  }

  subscribe() {
    const text = JSON.stringify({ type: 'subscribe', ...(this.lastId === null ? {} : { since: this.lastId }) });
    this.socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]));
  }

  close() {
    this.closed = true;
    this.socket.destroy();
  }
}

test(`${CLIENTS} clients come back after a restart`, async (t) => {
  const { url } = await site(t, pages(3));
  const port = await freePort();
  const home = await scratch(t);
  const file = await writeConfig(home, { server: { listen: [`127.0.0.1:${port}`], max_connections: CLIENTS + 100 }, platforms: { a: crawl(url) } });
  const server = await serveFile(t, file, { home });
  const clients = [];
  t.after(() => clients.forEach((client) => client.close()));
  while (clients.length < CLIENTS) {
    for (let i = 0; i < 250 && clients.length < CLIENTS; i++) clients.push(new Client(port));
    await until('them to be connected', () => clients.every(({ subscribed }) => subscribed === 1));
  }
  await until('all to be counted', async () => (await server.get('/api/watchers')).transports.websocket === CLIENTS);

  await server.program.stop();
  assert.ok(clients.every(({ retryMs }) => retryMs >= 1_000), 'somebody was not told');
  assert.ok(clients.filter(({ retryMs }) => retryMs >= CLIENTS).length === CLIENTS, 'the more clients, the longer they take');
  const again = await serveFile(t, file, { home });
  await until('all to be back', () => clients.every(({ subscribed }) => subscribed >= 2));
  const run = await again.ended(await again.startRun());
  await until('all to have the last event', () => clients.every(({ lastId }) => lastId === run.last_id));
});
