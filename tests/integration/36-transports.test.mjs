// Transports that cannot be had, and transports that crash the gateway: the others go on.
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { Readable } from 'node:stream';
import test from 'node:test';
import { Client } from './lib/follow.mjs';
import { build } from './lib/plugins.mjs';
import { crawl, pages, site } from './lib/site.mjs';
import { child, descendants, run, scratch, serve, until, writeConfig } from './lib/trawl.mjs';

const withPigeon = (file, more = {}) => ({
  transports: { websocket: {}, sse: {}, pigeon: { plugin: file, ...more } },
  chains: { live: { order: ['websocket', 'pigeon', 'sse'], retry_after: '1s' } },
});

const pigeon = async (server) => (await server.get('/api/transports')).transports.find(({ name }) => name === 'pigeon');

/** The first line that it brings, or the status of its answer. */
async function firstLine(server) {
  const answer = await fetch(`${server.url}/api/pigeon`);
  if (answer.status !== 200) return answer.status;
  const reader = answer.body.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return JSON.parse(new TextDecoder().decode(value).split('\n')[0]).type;
}

/** Ask it to die; its gateway is back when there is an answer again. */
async function fell(server, how) {
  await assert.rejects(fetch(`${server.url}/api/pigeon?die=${how}`));
  await until('the gateway to be back', async () => (await fetch(`${server.url}/live`).catch(() => ({ ok: false }))).ok);
}

test('a transport that crashes its gateway is tried again, and after three times in a minute left out', async (t) => {
  const { url } = await site(t, pages(3));
  const server = await serve(t, { ...withPigeon(await build(t, 'pigeon')), platforms: { a: crawl(url) } });
  assert.equal(await firstLine(server), 'connection_ack');

  await fell(server, 'crash');
  assert.equal(await firstLine(server), 'connection_ack', 'once is no reason');
  await fell(server, 'abort');
  assert.equal(await firstLine(server), 'connection_ack');
  await fell(server, 'exit');
  await until('it to be left out', async () => !(await pigeon(server)).ok);
  const { reason, paths } = await pigeon(server);
  assert.match(reason, /^left out: shortly after each other 3 processes ended in it, the last of them exited/);
  assert.deepEqual(paths, []);
  assert.equal(await firstLine(server), 404);
  assert.match(server.program.stderr, /ended by signal 11 .* in transport 'pigeon'/);
  assert.match(server.program.stderr, /transport 'pigeon' is left out/);

  const client = await Client.open(t, server.url);
  client.send({ type: 'subscribe' });
  await client.type('subscribed');
  const { status } = await server.ended(await server.startRun());
  assert.equal(status, 'completed');
  await client.find(({ data }) => data.phase === 'completed' && data.platform === null);

  const enabled = await fetch(`${server.url}/api/transports/pigeon/enable`, { method: 'POST' });
  assert.equal(enabled.status, 200);
  await until('it to be back', async () => (await firstLine(server).catch(() => 0)) === 'connection_ack');
  const again = await fetch(`${server.url}/api/transports/pigeon/enable`, { method: 'POST' });
  assert.equal(again.status, 404);
});

test('a transport that cannot be had is out of the order with its reason, unless it is required', async (t) => {
  const server = await serve(t, withPigeon('./no-such.so'));
  const { ok, reason } = await pigeon(server);
  assert.equal(ok, false);
  assert.match(reason, /no-such\.so/);
  const client = await Client.open(t, server.url);
  const { data } = await client.type('connection_ack');
  assert.deepEqual(data.transports.map((one) => [one.name, one.ok]), [['websocket', true], ['pigeon', false], ['sse', true]]);

  const config = await writeConfig(await scratch(t), withPigeon('./no-such.so', { required: true }));
  const refused = await run(t, ['serve', '--config', config]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /transports\.pigeon\.plugin: .*no-such\.so/);
});

/** All messages that it brings, until it ends or `wanted` likes one. */
async function follow(url, wanted = () => false) {
  const answer = await fetch(url);
  if (answer.status !== 200) return { status: answer.status, messages: [] };
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read().catch(() => ({ done: true }));
    if (!done) text += decoder.decode(value, { stream: true });
    const messages = text.split('\n').slice(0, -1).map((line) => JSON.parse(line));
    if (!done && !messages.some(wanted)) continue;
    if (!done) await reader.cancel();
    return { status: 200, messages };
  }
}

test('a transport that cannot encode an event is open after some failures: its clients lose nothing, and it comes back', async (t) => {
  const { url } = await site(t, pages(3));
  const file = path.join(await scratch(t), 'stumble');
  const server = await serve(t, {
    server: { heartbeat: '500ms' },
    platforms: { a: crawl(url) },
    transports: { websocket: {}, sse: {}, picky: { plugin: await build(t, 'picky'), options: { file } } },
    chains: { live: { order: ['picky', 'websocket', 'sse'], failures: 3, retry_after: '5s' } },
  });
  const picky = async () => (await server.get('/api/transports')).transports.find(({ name }) => name === 'picky');
  const stream = (since) => `${server.url}/api/picky${since ? `?since=${since}` : ''}`;
  assert.deepEqual(await picky(), { name: 'picky', kind: 'stream', paths: ['/api/picky'], ok: true, state: 'closed', reason: null });
  const all = await Client.open(t, server.url);
  all.send({ type: 'subscribe', topics: ['scrape_progress', 'items'] });
  await all.type('subscribed');

  await writeFile(file, '');
  const following = follow(stream());
  await until('the watcher', async () => (await server.get('/api/watchers')).watchers.length === 2);
  const run = await server.startRun();
  const first = await following; // it ends, since an event cannot be brought
  let last = first.messages.findLast(({ id }) => id).id;
  for (let i = 0; i < 10 && (await picky()).state === 'closed'; i++) {
    const { messages } = await follow(stream(last));
    assert.ok(messages.every(({ type }) => type !== 'item_changed'));
    last = messages.findLast(({ id }) => id)?.id ?? last;
  }
  const open = await picky();
  assert.deepEqual([open.ok, open.state], [false, 'open']);
  assert.match(open.reason, /^event \w+-\d+ could not be encoded$/);
  assert.equal((await follow(stream(last))).status, 503);
  await server.ended(run);
  await all.find(({ data }) => data.phase === 'completed' && data.platform === null);

  await rm(file);
  await until('it to be tried', async () => (await picky()).state === 'half-open');
  const { messages } = await follow(stream(last), ({ data }) => data.phase === 'completed' && data.platform === null);
  assert.equal((await picky()).state, 'closed');
  const idsOf = (list) => list.filter(({ type }) => type === 'scrape_progress' || type === 'item_changed').map(({ id }) => id);
  const seqOf = (id) => Number(id.split('-')[1]);
  const after = idsOf(all.messages).filter((id) => seqOf(id) > seqOf(last));
  assert.ok(after.length > 3);
  assert.deepEqual(idsOf(messages), after, 'what it could not bring comes now');
  assert.match(server.program.stderr, /transport picky: it is left alone for now: event/);
  assert.match(server.program.stderr, /transport picky: it works again/);
});

test('of several gateways, any tells of a transport that fails in one of them', async (t) => {
  const { url } = await site(t, pages(3));
  const file = path.join(await scratch(t), 'stumble');
  await writeFile(file, '');
  const server = await serve(t, {
    server: { gateways: 2 },
    platforms: { a: crawl(url) },
    transports: { websocket: {}, picky: { plugin: await build(t, 'picky'), options: { file } } },
    chains: { live: { order: ['picky', 'websocket'], failures: 1, retry_after: '1h' } },
  });
  const pids = (await descendants(server.program.pid)).filter(({ role }) => role === 'gateway').map(({ pid }) => pid);
  assert.equal(pids.length, 2);
  const ask = async (where, asleep) => {
    process.kill(asleep, 'SIGSTOP'); // the other accepts
    try {
      const response = await new Promise((done, failed) => http.get(server.url + where, { agent: false }, done).on('error', failed));
      return new Response(Readable.toWeb(response), { status: response.statusCode });
    } finally {
      process.kill(asleep, 'SIGCONT');
    }
  };
  const told = async () => {
    const states = [];
    for (const pid of pids) states.push((await (await ask('/api/transports', pid)).json()).transports.map(({ state }) => state).join());
    return states;
  };
  assert.deepEqual(await told(), ['closed,closed', 'closed,closed']);

  const following = await ask('/api/picky', pids[0]);
  await server.startRun();
  await following.text(); // it ends, since an event cannot be brought
  assert.deepEqual(await told(), ['open,closed', 'open,closed']);
  assert.equal((await ask('/api/picky', pids[0])).status, 503);
  assert.equal((await ask('/api/picky', pids[1])).status, 200);
});

test('polls whose last message cannot be encoded are cut, and nothing else falls', async (t) => {
  const { url } = await site(t, pages(3));
  const file = path.join(await scratch(t), 'stumble');
  const poll = await build(t, 'picky', { macros: { KIND: 'TRAWL_ENDPOINT_POLL' } });
  const server = await serve(t, {
    platforms: { a: crawl(url) },
    transports: { websocket: {}, picky: { plugin: poll, options: { file, type: 'heartbeat' } } },
    chains: { live: { order: ['websocket', 'picky'] } },
  });
  const client = await Client.open(t, server.url);
  const { pid } = await child(server.program, 'gateway');
  const whole = await (await fetch(`${server.url}/api/picky`)).json();
  assert.deepEqual(whole.map(({ type }) => type), ['connection_ack', 'subscribed', 'snapshot', 'heartbeat']);
  await writeFile(file, '');
  for (let i = 0; i < 5; i++) await assert.rejects(fetch(`${server.url}/api/picky`).then((answer) => answer.text()));
  await rm(file);
  assert.equal((await (await fetch(`${server.url}/api/picky`)).json()).length, 4);
  assert.equal((await child(server.program, 'gateway')).pid, pid);
  client.send({ type: 'ping' });
  await client.type('pong');
});
