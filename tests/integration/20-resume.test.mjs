// A run that was interrupted goes on where it had come to.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { answer, crawl, gate, html, pages, site } from './lib/site.mjs';
import { run, serve, serveFile, sqlite, until } from './lib/trawl.mjs';

const PAGES = 100;
/** Of them, stored when a server is stopped, at least. */
const STORED = 11;

/** A site whose 60th page and all after it are answered once `open()` was called. */
async function gated(t, routes) {
  const { open, opened } = gate();
  const late = (route) => async (request, response) => {
    if (served.seen.length >= 60) await opened;
    if (typeof route === 'function') route(request, response);
    else answer(response, route);
  };
  const served = await site(t, Object.fromEntries(Object.entries(routes).map(([where, route]) => [where, late(route)])));
  return { ...served, open };
}

/** A server in mid-run, stopped: {server, id, url, seen}. */
async function interrupted(t, { routes = pages(PAGES, 30), resume, signal = 'SIGTERM', body, options, fetch, enough = () => true } = {}) {
  const { url, seen, open } = await gated(t, routes);
  const platform = crawl(url, { concurrency: 4, ...fetch }, options);
  const server = await serve(t, { workers: { resume }, platforms: { slow: { ...platform, overridable: ['follow'] } } });
  const id = await server.startRun(body);
  await until('some pages', async () => {
    const now = await server.run(id);
    return now.pages >= STORED && enough(now);
  });
  server.program.kill(signal);
  open();
  await server.program.exited;
  return { server, id, url, seen };
}

const again = (t, server) => serveFile(t, server.config, { home: server.home });

async function change(server, alter) {
  const config = JSON.parse(await readFile(server.config, 'utf8'));
  alter(config);
  await writeFile(server.config, JSON.stringify(config));
}

/** n of the run's progress events, and their ids, from the journal. */
const numbers = (t, server, id) =>
  sqlite(t, server.data, `SELECT json_extract(data, '$.n') AS n FROM events WHERE run_id = ${id} AND type = 1 ORDER BY seq`);

for (const signal of ['SIGTERM', 'SIGKILL']) {
  test(`after ${signal}, by itself: no page twice, no event missing`, async (t) => {
    const { server, id, seen } = await interrupted(t, { signal });
    const before = seen.length;
    const restarted = await again(t, server);
    const result = await restarted.ended(id);
    assert.equal(result.status, 'completed');
    assert.equal(result.pages, PAGES + 1);
    const items = await restarted.items(id);
    assert.equal(items.length, PAGES + 1);
    const found = await numbers(t, restarted, id);
    assert.deepEqual(found.map(({ n }) => n), found.map((_, i) => i + 1));
    const [{ count, urls }] = await sqlite(t, restarted.data, 'SELECT count(*) AS count, count(DISTINCT url) AS urls FROM pages');
    assert.deepEqual([count, urls], [PAGES + 1, PAGES + 1]);
    // What was in flight or not committed is fetched again, and no more than that.
    assert.ok(seen.length - before <= PAGES + 1 - STORED, 'it began anew');
  });
}

test('by hand: asked by API or from the terminal', async (t) => {
  const { server, id } = await interrupted(t, { resume: 'manual' });
  const restarted = await again(t, server);
  assert.equal((await restarted.run(id)).status, 'interrupted');
  assert.equal((await restarted.post('/api/scrape/runs/99/resume')).status, 404);
  const result = await run(t, ['resume', String(id), '--server', restarted.url, '--wait']);
  assert.equal(result.code, 0, result.stderr);
  const refused = await restarted.post(`/api/scrape/runs/${id}/resume`);
  assert.equal(refused.status, 409);
  assert.match((await refused.json()).detail, /not interrupted/);
  assert.equal((await restarted.items(id)).length, PAGES + 1);
  const unknown = await run(t, ['resume', '99', '--server', restarted.url]);
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /no run 99/);
});

test('by API: 202, and the run is active', async (t) => {
  const { server, id } = await interrupted(t, { resume: 'manual', routes: pages(PAGES, 100) });
  const restarted = await again(t, server);
  const accepted = await restarted.post(`/api/scrape/runs/${id}/resume`);
  assert.equal(accepted.status, 202);
  assert.deepEqual(await accepted.json(), { run_id: id });
  assert.deepEqual((await restarted.get('/api/scrape/runs/active')).map((active) => active.id), [id]);
  const conflict = await restarted.post('/api/scrape/runs', {});
  assert.equal(conflict.status, 409);
  assert.equal((await restarted.ended(id)).status, 'completed');
});

test('never: a sentence says why, and the run can be cancelled', async (t) => {
  const { server, id } = await interrupted(t, { resume: 'never' });
  const restarted = await again(t, server);
  const refused = await restarted.post(`/api/scrape/runs/${id}/resume`);
  assert.equal(refused.status, 409);
  assert.match((await refused.json()).detail, /workers\.resume is "never"/);
  assert.equal((await restarted.run(id)).status, 'interrupted');
  assert.equal((await restarted.post(`/api/scrape/runs/${id}/cancel`)).status, 202);
  assert.equal((await restarted.ended(id)).status, 'cancelled');
});

test('with the options that the run was started with', async (t) => {
  // Links of both classes; the run follows one of them, the configuration the other.
  const links = (count, kind) => Array.from({ length: count }, (_, i) => `<a class=${kind} href="/${kind}/${i}">${i}</a>`).join('');
  const routes = { '/': html('Index', links(60, 'run') + links(5, 'other')) };
  routes['*'] = (request, response) => setTimeout(() => answer(response, html(request.url)), 30);
  const { server, id } = await interrupted(t, {
    routes, options: { follow: 'a.other' }, body: { options: { slow: { follow: 'a.run' } } },
  });
  const restarted = await again(t, server);
  assert.equal((await restarted.ended(id)).status, 'completed');
  const kinds = (await restarted.items(id)).map((item) => new URL(item.key ?? item._key).pathname.split('/')[1]);
  assert.deepEqual([...new Set(kinds)].sort(), ['', 'run']);
  assert.equal(kinds.length, 61);
});

test('what failed before counts after', async (t) => {
  const routes = pages(PAGES, 30);
  routes['/page/0'] = { status: 404 };
  const { server, id } = await interrupted(t, { routes, signal: 'SIGKILL', enough: ({ failed }) => failed === 1 });
  const restarted = await again(t, server);
  assert.equal((await restarted.ended(id)).status, 'partial');
  assert.equal((await restarted.items(id)).length, PAGES);
});

test('a platform that is gone from the configuration ends as failed, and says so', async (t) => {
  const { server, id, url } = await interrupted(t);
  await change(server, (config) => {
    config.platforms = { other: crawl(url) };
  });
  const restarted = await again(t, server);
  const result = await restarted.ended(id);
  assert.equal(result.status, 'failed');
  assert.match(result.platforms[0].message, /no longer in the configuration/);
});

test('options that make no sense any more end the platform as failed', async (t) => {
  const { server, id } = await interrupted(t, { body: { options: { slow: { follow: ['a'] } } } });
  await change(server, (config) => {
    config.platforms.slow.plugin = 'json';
    config.platforms.slow.overridable = [];
    config.platforms.slow.options = { start: config.platforms.slow.options.start, key: 'id' };
  });
  const restarted = await again(t, server);
  const result = await restarted.ended(id);
  assert.equal(result.status, 'failed');
  assert.match(result.platforms[0].message, /follow/);
});

test('`trawl start --wait` outlives a restart of the server', async (t) => {
  const { url, seen } = await site(t, pages(PAGES, 30));
  const server = await serve(t, { platforms: { slow: crawl(url, { concurrency: 4 }) } });
  await change(server, (config) => {
    config.server.listen = [server.address];
  });
  const waiting = run(t, ['start', '--server', server.url, '--wait']);
  await until('some pages', () => seen.length > 20);
  await server.program.stop();
  await again(t, server);
  const result = await waiting;
  assert.equal(result.code, 0, result.stderr);
});

test('a request that waits for another try goes on waiting', async (t) => {
  const routes = pages(20, 30);
  routes['/page/0'] = { status: 503 };
  const { url, seen } = await site(t, routes);
  // Of an hour's jitter a random part is waited for: next to never so little that this test would see its end.
  const server = await serve(t, { platforms: { slow: crawl(url, { retries: 2, retry_base: '1h', retry_max: '1h' }) } });
  const id = await server.startRun();
  const waiting = 'SELECT attempts, not_before_ms AS due FROM frontier WHERE attempts > 0';
  await until('all others', async () => (await server.run(id)).pages === 20);
  const [before] = await sqlite(t, server.data, waiting);
  assert.equal(before.attempts, 1);
  await server.program.stop('SIGKILL');
  const restarted = await again(t, server);
  await until('the run to be active', async () => (await restarted.run(id)).status === 'scraping');
  assert.equal((await restarted.post(`/api/scrape/runs/${id}/cancel`)).status, 202);
  await restarted.ended(id);
  assert.equal(seen.filter((path) => path === '/page/0').length, 1);
});
