// Long-polling: what comes by WebSocket comes this way too, in answers that end.
import assert from 'node:assert/strict';
import net from 'node:net';
import test from 'node:test';
import { checkOrder, followByWebSocket, isEnd } from './lib/follow.mjs';
import { crawl, pages, site } from './lib/site.mjs';
import { serve, sleep, until } from './lib/trawl.mjs';

async function poll(server, query = {}) {
  const answer = await fetch(`${server.url}/api/scrape/poll?${new URLSearchParams(query)}`);
  return { status: answer.status, type: answer.headers.get('content-type'), messages: answer.status === 200 ? await answer.json() : null };
}

const types = ({ messages }) => messages.map(({ type }) => type);
const lastId = ({ messages }, before) => messages.findLast(({ id }) => id !== undefined)?.id ?? before;

/** All of a run, in as many answers as it takes. */
async function followByPoll(server, run) {
  const all = [];
  let since;
  while (!all.some(isEnd(run))) {
    const answer = await poll(server, { run_id: run, timeout: 5, ...(since === undefined ? {} : { since }) });
    assert.equal(answer.status, 200);
    assert.equal(answer.messages[0].type, 'connection_ack');
    assert.equal(answer.messages.at(-1).type, 'heartbeat');
    since = lastId(answer, since);
    all.push(...answer.messages.filter(({ type }) => type === 'scrape_progress'));
  }
  return { all, since };
}

test('a run by polling: the messages that a WebSocket brings, then 204', async (t) => {
  const { url } = await site(t, pages(40, 20));
  const server = await serve(t, { platforms: { a: crawl(url) } });
  const run = await server.startRun();
  const [{ all, since }, byWebSocket] = await Promise.all([followByPoll(server, run), followByWebSocket(t, server.url, run)]);
  assert.ok(checkOrder(all) > 3);
  assert.deepEqual(all, byWebSocket);
  assert.equal((await poll(server, { run_id: run, since })).status, 204);
});

test('an answer waits for what it was asked for, or for its time', async (t) => {
  const { url } = await site(t, pages(3));
  const server = await serve(t, { server: { heartbeat: '1s' }, platforms: { a: crawl(url) } });
  const first = await poll(server, { timeout: 0 });
  assert.match(first.type, /^application\/json/);
  assert.deepEqual(types(first), ['connection_ack', 'subscribed', 'snapshot', 'heartbeat']);
  const since = lastId(first);

  const began = performance.now();
  assert.deepEqual(types(await poll(server, { since, timeout: 0.5 })), ['connection_ack', 'subscribed', 'heartbeat']);
  assert.ok(performance.now() - began >= 500);

  const waiting = poll(server, { since, timeout: 50, topics: 'items' });
  await server.ended(await server.startRun());
  const { messages } = await waiting;
  assert.equal(messages.filter(({ type }) => type === 'item_changed').length > 0, true);
  assert.equal(messages.filter(({ type }) => type === 'scrape_progress').length, 0);
});

test('what cannot be is refused, with the place', async (t) => {
  const server = await serve(t, {});
  for (const [query, status, says] of [
    ['timeout=56', 400, 'timeout: expected a number of seconds from 0 to 55'],
    ['timeout=-1', 400, 'timeout: expected'],
    ['timeout=nan', 400, 'timeout: expected'],
    ['since=x', 400, 'not an id'],
    ['topics=birds', 400, 'birds'],
    ['run_id=0', 404, 'no such run'],
    ['run_id=5', 404, 'no such run'],
  ]) {
    const answer = await fetch(`${server.url}/api/scrape/poll?${query}`);
    assert.equal(answer.status, status, query);
    assert.ok((await answer.json()).detail.includes(says), query);
  }
});

test('polls whose clients went away are forgotten', async (t) => {
  const { url } = await site(t, pages(1));
  const server = await serve(t, { server: { heartbeat: '1s' }, platforms: { a: crawl(url) } });
  const { hostname, port } = new URL(server.url);
  const since = lastId(await poll(server, { timeout: 0 }));
  const sockets = Array.from({ length: 200 }, () => {
    const socket = net.connect(Number(port), hostname);
    socket.on('error', () => {});
    socket.write(`GET /api/scrape/poll?timeout=50&since=${since} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
    return socket;
  });
  const watching = async () => (await (await fetch(`${server.url}/api/watchers`)).json()).transports.poll;
  await until('200 polls', async () => (await watching()) === 200);
  sockets.forEach((socket, i) => (i % 2 ? socket.resetAndDestroy() : socket.end()));
  await until('no polls', async () => (await watching()) === 0);
  await sleep(100);
  assert.deepEqual(types(await poll(server, { timeout: 0 })).slice(0, 2), ['connection_ack', 'subscribed']);
});
