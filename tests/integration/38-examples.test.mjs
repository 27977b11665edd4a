// The example transports of the docs: built out of tree, against the installed headers, and found by name.
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { install } from './lib/plugins.mjs';
import { crawl, pages, site } from './lib/site.mjs';
import { ROOT, run, scratch, serve, until } from './lib/trawl.mjs';

/** A folder with both, as their Makefiles build them. */
async function examples(t) {
  const prefix = await install(t);
  const folder = await scratch(t);
  for (const name of ['ndjson', 'udp']) {
    await cp(path.join(ROOT, 'docs/examples', `transport-${name}`), folder, { recursive: true });
    const made = await run(t, ['-C', folder, `TRAWL=${prefix}`, `${name}.so`], { file: 'make' });
    assert.equal(made.code, 0, made.stderr);
  }
  return folder;
}

async function collector(t) {
  const socket = dgram.createSocket('udp4');
  const counts = {};
  socket.on('message', (data) => {
    for (const line of data.toString().split('\n')) {
      const [, name, count] = /^(\S+):(\d+)\|c$/.exec(line);
      counts[name] = (counts[name] ?? 0) + Number(count);
    }
  });
  await new Promise((done) => socket.bind(0, '127.0.0.1', done));
  t.after(() => socket.close());
  return { port: socket.address().port, counts };
}

test('ndjson serves and udp pushes, loaded by name', async (t) => {
  const { url } = await site(t, pages(20));
  const { port, counts } = await collector(t);
  const server = await serve(t, {
    plugins: { paths: [await examples(t)] },
    transports: { websocket: {}, ndjson: {}, udp: { options: { port, prefix: 'crawl' } } },
    chains: { live: { order: ['websocket', 'ndjson'] }, counts: { order: ['udp'], events: ['item.*', 'run.completed'] } },
    platforms: { a: crawl(url) },
  });
  const stream = await fetch(`${server.url}/api/ndjson?topics=items`);
  assert.equal(stream.headers.get('content-type'), 'application/x-ndjson');
  const lines = [];
  const reading = (async () => {
    let rest = '';
    for await (const chunk of stream.body.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop();
      lines.push(...parts.map((line) => JSON.parse(line)));
    }
  })().catch(() => {});
  await until('the subscription', () => lines.some(({ type }) => type === 'subscribed'));
  await server.ended(await server.startRun());
  await until('all items as lines', () => lines.filter(({ type }) => type === 'item_changed').length === 21);
  await until('all counts', () => counts['crawl.item_changed'] === 21 && counts['crawl.scrape_progress'] === 1);
  await until('the chain to say so', async () => {
    const [chain] = (await server.get('/api/transports')).chains;
    return chain?.name === 'counts' && chain.delivered === 22 && chain.transports[0].state === 'closed';
  });
  await stream.body.cancel().catch(() => {});
  await server.program.stop();
  await reading;
});
