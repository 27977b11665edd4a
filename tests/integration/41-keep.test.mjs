// How long runs are kept.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { crawl, pages, site } from './lib/site.mjs';
import { serve, serveFile, sqlite, until } from './lib/trawl.mjs';

const RUNS = 23;
const KEPT = 20; // of each platform, however old

test('runs that ended long ago go, items and their history stay', async (t) => {
  const { url } = await site(t, pages(2));
  const first = await serve(t, { platforms: { shop: crawl(url) } });
  for (let i = 0; i < RUNS; i++) await first.ended(await first.startRun());
  const items = await first.get('/api/items');
  await first.program.stop();

  const config = JSON.parse(await readFile(first.config, 'utf8'));
  await writeFile(first.config, JSON.stringify({ ...config, runs: { keep: '1ms' } }));
  const server = await serveFile(t, first.config, { home: first.home });
  const { runs } = await until('old runs to go', async () => {
    const list = await server.get('/api/scrape/runs?limit=100');
    return list.runs.length <= KEPT && list;
  });
  assert.deepEqual(runs.map(({ id }) => id), Array.from({ length: KEPT }, (_, i) => RUNS - i));
  assert.equal((await fetch(`${server.url}/api/scrape/runs/1`)).status, 404);
  assert.deepEqual(await server.get('/api/items'), items);
  await until('what they saw to go', async () => {
    const [left] = await sqlite(t, server.data, `SELECT (SELECT count(*) FROM dropped_run_platforms) AS dropped,
      (SELECT count(DISTINCT run_platform) FROM run_items) AS seen, (SELECT count(DISTINCT run_platform) FROM pages) AS pages`);
    return left.dropped === 0 && left.seen === KEPT && left.pages === KEPT;
  });
  const next = await server.startRun();
  assert.equal(next, RUNS + 1);
  const run = await server.ended(next);
  assert.deepEqual([run.status, run.new, run.unchanged], ['completed', 0, items.items.length]);
});
