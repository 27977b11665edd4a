// Transports that cannot be had, and transports that crash the gateway: the others go on.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Client } from './lib/follow.mjs';
import { build } from './lib/plugins.mjs';
import { crawl, pages, site } from './lib/site.mjs';
import { run, scratch, serve, until, writeConfig } from './lib/trawl.mjs';

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
