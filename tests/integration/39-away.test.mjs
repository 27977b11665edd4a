// A client that stays away while very much happens, and comes back by another transport.
import assert from 'node:assert/strict';
import test from 'node:test';
import { EventSource } from 'eventsource';
import { Client } from './lib/follow.mjs';
import { answer, site } from './lib/site.mjs';
import { serve, serveFile, until } from './lib/trawl.mjs';

const ITEMS = Number(process.env.TRAWL_EVENTS ?? 100_000);
const A_PAGE = 1_000;

/** An API of so many items, a thousand a page. */
async function shop(t) {
  const { url } = await site(t, {
    '*': (request, response) => {
      const page = Number(new URL(request.url, 'http://x').searchParams.get('page') ?? 0);
      const items = Array.from({ length: A_PAGE }, (_, i) => ({ id: page * A_PAGE + i }));
      const next = (page + 1) * A_PAGE < ITEMS ? `?page=${page + 1}` : null;
      answer(response, { type: 'application/json', body: JSON.stringify({ items, next }) });
    },
  });
  return { plugin: 'json', options: { start: `${url}/`, items: '.items[]', next: '.next', key: 'id' } };
}

/** The id of the last message before it leaves. */
async function leave(t, server) {
  const client = await Client.open(t, server.url);
  client.send({ type: 'subscribe', topics: ['items'] });
  const { id } = await client.find(({ type, id: one }) => type === 'heartbeat' && one !== undefined);
  client.socket.close();
  await client.closed;
  return id;
}

const changed = (messages) => messages.filter(({ type }) => type === 'item_changed').map(({ data }) => Number(data.key));

function assertAll(keys) {
  assert.equal(keys.length, ITEMS);
  assert.equal(new Set(keys).size, ITEMS);
}

function byEventSource(t, server, since) {
  return new Promise((done) => {
    const seen = [];
    const source = new EventSource(`${server.url}/api/scrape/stream?topics=items&since=${since}`);
    t.after(() => source.close());
    source.onmessage = ({ data }) => {
      seen.push(JSON.parse(data));
      if (seen.at(-1).type !== 'heartbeat' || seen.at(-1).id === undefined) return;
      source.close();
      done(seen);
    };
  });
}

/** In as many answers as it takes; the largest of them, in bytes. */
async function byPolling(server, since) {
  const seen = [];
  let largest = 0;
  for (;;) {
    const text = await (await fetch(`${server.url}/api/scrape/poll?topics=items&timeout=1&since=${since}`)).text();
    const messages = JSON.parse(text);
    largest = Math.max(largest, text.length);
    seen.push(...messages);
    since = messages.findLast(({ id }) => id !== undefined)?.id ?? since;
    if (messages.at(-1).id !== undefined) return { seen, largest };
  }
}

test(`${ITEMS} events pass: all of them come by SSE and by polling, in bounded pieces`, async (t) => {
  const server = await serve(t, { platforms: { shop: await shop(t) } });
  const since = await leave(t, server);
  const run = await server.ended(await server.startRun());
  assert.equal(run.new, ITEMS);

  const [stream, { seen, largest }] = await Promise.all([byEventSource(t, server, since), byPolling(server, since)]);
  for (const messages of [stream, seen]) {
    assertAll(changed(messages));
    assert.ok(messages.filter(({ type }) => type === 'subscribed').every(({ data }) => data.resumed));
    assert.equal(messages.some(({ type }) => type === 'snapshot'), false);
  }
  assert.deepEqual(changed(seen), changed(stream), 'in the same order');
  assert.ok(largest < 2 << 20, `an answer of ${largest} bytes`);
});

test('retention has passed it by: an honest gap', async (t) => {
  const server = await serve(t, { journal: { keep_events: 1000 }, platforms: { shop: await shop(t) } });
  const since = await leave(t, server);
  await server.ended(await server.startRun());
  await server.program.stop();
  const again = await serveFile(t, server.config, { home: server.home }); // drops what is too old soon after its start
  const poll = async () => (await fetch(`${again.url}/api/scrape/poll?topics=items&timeout=0&since=${since}`)).json();
  let messages;
  await until('old events to be dropped', async () => (messages = await poll()).some(({ type }) => type === 'snapshot'));
  assert.deepEqual(messages.slice(0, 3).map(({ type }) => type), ['connection_ack', 'subscribed', 'snapshot']);
  assert.equal(messages[1].data.resumed, false);
  assert.deepEqual(messages[2].data.runs.map(({ status, items }) => [status, items]), [['completed', ITEMS]]);
});
