// A platform's run may be shared by several workers: with the same result.
import assert from 'node:assert/strict';
import test from 'node:test';
import { followByWebSocket, checkOrder } from './lib/follow.mjs';
import { found, maze } from './lib/maze.mjs';
import { crawl, pages, site } from './lib/site.mjs';
import { allGone, descendants, run, serve, until, writeConfig, scratch } from './lib/trawl.mjs';

const workers = async (server) => (await descendants(server.program.pid)).filter((one) => one.role === 'worker' && one.state !== 'Z');

for (const shards of [1, 2, 4]) {
  test(`the items are the same with ${shards} shard${shards > 1 ? 's' : ''}`, async (t) => {
    const one = await maze(t, { seed: 7, pages: 300 });
    const server = await serve(t, { platforms: { maze: one.platform({}, { shards }) } });
    const id = await server.startRun();
    const following = followByWebSocket(t, server.url, id);
    const result = await server.ended(id);
    assert.equal(result.status, 'partial'); // of its dead links
    const { pages: fetched, items } = await found(t, server.data);
    assert.deepEqual(items, one.expected.items);
    assert.deepEqual(fetched, one.expected.pages);
    assert.equal(result.pages, fetched.length);
    assert.equal(result.failed, 3);
    checkOrder(await following);
    assert.ok(one.load.most <= 8, `${one.load.most} requests at once`);
  });
}

test('each shard is a worker, and one that dies is replaced', async (t) => {
  const one = await maze(t, { seed: 8, pages: 300, delay: 60 });
  const server = await serve(t, { platforms: { maze: one.platform({}, { shards: 3 }) } });
  const id = await server.startRun();
  const all = await until('three workers', async () => {
    const found = await workers(server);
    return found.length === 3 && found;
  });
  for (const [i, victim] of all.entries()) {
    await until('more pages', () => one.load.requests > 40 * (i + 1));
    process.kill(victim.pid, 'SIGKILL');
    await allGone([victim]);
  }
  assert.equal((await server.ended(id)).status, 'partial');
  const { pages: fetched, items } = await found(t, server.data);
  assert.deepEqual(items, one.expected.items);
  assert.deepEqual(fetched, one.expected.pages);
});

test('max_depth and max_pages hold for all shards together', async (t) => {
  const one = await maze(t, { seed: 9, pages: 200 });
  const config = {
    platforms: {
      shallow: one.platform({ max_depth: 3 }, { shards: 4 }),
      few: one.platform({ max_pages: 57 }, { shards: 4 }),
      none: one.platform({ max_pages: 100000 }, { shards: 4 }),
    },
  };
  const server = await serve(t, config);
  const result = await server.ended(await server.startRun());
  const of = (name) => result.platforms.find(({ platform }) => platform === name);
  assert.equal(of('shallow').pages, one.expected.pages.filter(([, , depth]) => depth <= 3).length);
  // Redirects and dead links are no pages of max_pages.
  const ok = one.expected.pages.filter(([, outcome]) => outcome === 0).length;
  assert.equal(of('none').pages, one.expected.pages.length);
  assert.ok(ok > 57);
  const { stdout } = await run(t, ['-readonly', `${server.data}/trawl.db`,
    "SELECT sum(outcome = 0) FROM pages JOIN run_platforms p ON p.id = run_platform WHERE p.platform = 'few'"], { file: 'sqlite3' });
  assert.equal(Number(stdout), 57);
});

test('there are no more shards than connections to divide', async (t) => {
  const { url, seen } = await site(t, pages(60, 100));
  const server = await serve(t, { platforms: { slow: { ...crawl(url, { concurrency: 2 }), shards: 16 } } });
  const id = await server.startRun();
  await until('some pages', () => seen.length > 10);
  assert.equal((await workers(server)).length, 2);
  assert.equal((await server.ended(id)).status, 'completed');
});

test('shards is a number or auto', async (t) => {
  const { url } = await site(t, pages(5));
  const file = await writeConfig(await scratch(t), { platforms: { a: { ...crawl(url), shards: 'auto' } } });
  const result = await run(t, ['run', '--config', file]);
  assert.equal(result.code, 0, result.stderr);
  for (const [shards, complaint] of [['many', /a whole number or auto, not the string 'many'/], [65, /expected 1 to 64/]]) {
    const wrong = await writeConfig(await scratch(t), { platforms: { a: { ...crawl(url), shards } } });
    const refused = await run(t, ['check', '--config', wrong]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr + refused.stdout, complaint);
  }
});

test('a scraper that fails in one shard ends all of them', async (t) => {
  const { url, seen } = await site(t, pages(60, 100));
  const broken = { ...crawl(url, { concurrency: 4 }), shards: 4 };
  const server = await serve(t, { workers: { restarts: 0 }, platforms: { slow: broken } });
  const id = await server.startRun();
  await until('some pages', () => seen.length > 10);
  const all = await workers(server);
  process.kill(all[0].pid, 'SIGKILL');
  const result = await server.ended(id);
  assert.equal(result.status, 'partial');
  assert.match(result.platforms[0].message, /given up after 0 restarts/);
  await allGone(all);
});
