// kill -9 of each process: nothing is lost, nothing is left.
import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { checkOrder, Client, followByWebSocket, isEnd, progressOf } from './lib/follow.mjs';
import { build } from './lib/plugins.mjs';
import { crawl, html, pages, site } from './lib/site.mjs';
import { allGone, child, descendants, run, scratch, serve, serveFile, sqlite, start, until } from './lib/trawl.mjs';

const PAGES = 120;
const slow = (url) => ({ platforms: { slow: crawl(url, { concurrency: 4, throttle: 'off' }) } });

test('of a worker in mid-run: a new one goes on, and the run completes', async (t) => {
  const { url, seen } = await site(t, pages(PAGES, 120));
  const server = await serve(t, slow(url));
  const id = await server.startRun();
  const following = followByWebSocket(t, server.url, id);
  for (const due of [20, 60]) {
    await until(`${due} pages`, () => seen.length > due);
    const worker = await child(server.program, 'worker');
    process.kill(worker.pid, 'SIGKILL');
    await allGone([worker]);
  }
  const result = await server.ended(id);
  assert.equal(result.status, 'completed');
  const items = await server.items(id);
  assert.equal(items.length, PAGES + 1);
  assert.equal(new Set(items.map((item) => item._key ?? item.key)).size, PAGES + 1, 'an item came twice');
  const progress = await following;
  checkOrder(progress);
  assert.equal(progress.at(-1).data.phase, 'completed');
  const [{ versions }] = await sqlite(t, server.data, 'SELECT count(*) AS versions FROM item_versions');
  assert.equal(versions, PAGES + 1);
});

test('of the gateway: it is back, and a client that reconnects misses nothing', async (t) => {
  const { url, seen } = await site(t, pages(PAGES, 120));
  const server = await serve(t, slow(url));
  const id = await server.startRun();
  const client = await Client.open(t, server.url);
  client.send({ type: 'subscribe', topics: ['scrape_progress'], run_id: id });
  await client.find(() => progressOf(client.messages, id).length > 3, 'some progress');
  const gateway = await child(server.program, 'gateway');
  process.kill(gateway.pid, 'SIGKILL');
  const { code } = await client.closed;
  assert.equal(code, 1006);
  const before = progressOf(client.messages, id);
  const again = await until('the gateway to be back', () => Client.open(t, server.url).catch(() => null));
  again.send({ type: 'subscribe', topics: ['scrape_progress'], run_id: id, since: before.at(-1).id });
  await again.find(isEnd(id));
  checkOrder([...before, ...progressOf(again.messages, id)]);
  assert.equal((await server.run(id)).status, 'completed');
  assert.equal((await server.items(id)).length, PAGES + 1);
  assert.ok(seen.length <= PAGES + 1, 'a page was fetched again though no worker had died');
});

test('of the supervisor: nothing is left, the database opens, the run can be taken up', async (t) => {
  const { url, seen } = await site(t, pages(PAGES, 120));
  const server = await serve(t, { ...slow(url), workers: { resume: 'manual' } });
  const id = await server.startRun();
  await until('some pages', () => seen.length > 20);
  const family = await descendants(server.program.pid);
  assert.deepEqual([...new Set(family.map((one) => one.role))].sort(), ['gateway', 'worker']);
  await server.program.stop('SIGKILL');
  await allGone(family);

  const listed = await run(t, ['runs', '--config', server.config]);
  assert.equal(listed.code, 0, listed.stderr);
  const restarted = await serveFile(t, server.config, { home: server.home });
  const after = await restarted.run(id);
  assert.equal(after.status, 'interrupted');
  const [{ integrity_check: integrity }] = await sqlite(t, restarted.data, 'PRAGMA integrity_check');
  assert.equal(integrity, 'ok');
  assert.ok((await restarted.items(id)).length > 0);
});

test('of the supervisor, while a plugin spins in a loop', async (t) => {
  const file = await build(t, 'naughty');
  const { url, seen } = await site(t, { '/bad': html('Bad') });
  const server = await serve(t, {
    platforms: { n: { plugin: file, options: { pages: [`${url}/bad`], mode: 'spin' } } },
  });
  await server.startRun();
  await until('the page', () => seen.length > 0);
  await child(server.program, 'worker');
  const family = await descendants(server.program.pid);
  await server.program.stop('SIGKILL');
  await allGone(family);
});

test('of `trawl run`: its workers go with it', async (t) => {
  const { url, seen } = await site(t, pages(PAGES, 120));
  const folder = await scratch(t);
  const program = start(t, ['run', '--plugin', 'html', '--start', `${url}/`, '--set', 'follow=a', '--data', path.join(folder, 'data')]);
  await until('some pages', () => seen.length > 5);
  const family = await descendants(program.pid);
  assert.ok(family.some((one) => one.role === 'worker'));
  await program.stop('SIGKILL');
  await allGone(family);
});

test('a worker that hangs is replaced', async (t) => {
  const file = await build(t, 'naughty');
  const { url, seen } = await site(t, { '/a': html('A'), '/bad': html('Bad') });
  const once = path.join(await scratch(t), 'once');
  const server = await serve(t, {
    platforms: { n: { plugin: file, options: { pages: [`${url}/a`, `${url}/bad`], mode: 'spin', once } } },
  });
  const id = await server.startRun();
  await until('the page', () => seen.includes('/bad'));
  assert.equal((await server.ended(id)).status, 'completed');
});
