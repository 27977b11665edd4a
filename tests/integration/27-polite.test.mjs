// What a site's owner sees: robots.txt is heeded, one budget for each host holds in the whole server, and who asks for peace gets it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { gaps, tooShort } from './lib/pace.mjs';
import { answer, crawl, html, pages, site } from './lib/site.mjs';
import { run, scratch, serve, sleep, writeConfig } from './lib/trawl.mjs';

const SECOND = 1000;
const robots = (...lines) => ({ type: 'text/plain', body: lines.join('\n') });

const get = async (server, path) => (await fetch(server.url + path)).json();
const host = async (server) => {
  const { hosts } = await get(server, '/api/hosts');
  assert.equal(hosts.length, 1);
  return hosts[0];
};
const errors = async (server, id) => (await get(server, `/api/scrape/runs/${id}/errors`)).errors;

/** Run all platforms of a configuration to their end. */
async function finish(server) {
  const id = await server.startRun();
  return { id, ...(await server.ended(id)) };
}

/** The site's pages, with the times at which they were asked for and how many were under way at most. */
async function timed(t, routes, delay = 0) {
  const arrivals = [];
  const load = { now: 0, most: 0 };
  const served = await site(t, {
    '*': async (request, response) => {
      arrivals.push({ url: request.url, at: performance.now() });
      load.most = Math.max(load.most, ++load.now);
      await sleep(delay);
      load.now--;
      const route = routes[request.url] ?? { status: 404 };
      if (typeof route === 'function') route(request, response);
      else answer(response, route);
    },
    ...(routes['/robots.txt'] ? { '/robots.txt': routes['/robots.txt'] } : {}),
  });
  return { ...served, arrivals, load };
}

/* --- robots.txt ------------------------------------------------------------------------------------ */

test('what robots.txt excludes is not asked for, and is no failure', async (t) => {
  const { url, seen } = await site(t, { ...pages(4), '/robots.txt': robots('User-agent: *', 'Disallow: /page/2', 'Disallow: /page/3$') });
  const server = await serve(t, { platforms: { p: crawl(url) } });
  const result = await finish(server);
  assert.equal(result.status, 'completed');
  assert.equal(result.excluded, 2);
  assert.equal(result.failed, 0);
  assert.deepEqual(seen.sort(), ['/', '/page/0', '/page/1', '/robots.txt']);
  assert.deepEqual(await errors(server, result.id), []);
  const known = await host(server);
  assert.equal(known.name, url);
  assert.equal(known.excluded.count, 2);
  assert.match(known.excluded.last_rule, /^robots\.txt, line [23]: Disallow: \/page\/[23]/);
  assert.equal(known.robots.state, 'rules');
  assert.match(known.robots.hash, /^[0-9a-f]{32}$/);
  assert.equal(known.requests, 3);
  const shown = await run(t, ['hosts', '--data', server.data]);
  assert.match(shown.stdout, new RegExp(`^${url}\n  requests +3: 3 answered, 0 failed, 0 told to wait\n`));
  assert.match(shown.stdout, /not asked +2, last http.*\/page\/[23] \(robots\.txt, line/);
});

test('robots.txt is asked for once, by whoever comes first, and kept for a day', async (t) => {
  const { url, seen } = await site(t, { ...pages(30, 5), '/robots.txt': robots('User-agent: *', 'Disallow: /page/7') });
  const platforms = { a: { ...crawl(url), shards: 3 }, b: crawl(url) };
  const folder = await scratch(t);
  const server = await serve(t, { platforms }, { folder });
  assert.equal((await finish(server)).status, 'completed');
  assert.equal((await finish(server)).status, 'completed');
  await server.program.stop();
  const again = await serve(t, { platforms }, { folder });
  assert.equal((await finish(again)).excluded, 2);
  assert.equal(seen.filter((path) => path === '/robots.txt').length, 1);
  assert.equal(seen.filter((path) => path === '/page/7').length, 0);
});

test('a site that excludes all is a failure', async (t) => {
  const { url, seen } = await site(t, { ...pages(4), '/robots.txt': robots('User-agent: Trawl', 'Disallow: /') });
  const server = await serve(t, { platforms: { p: crawl(url) } });
  const result = await finish(server);
  assert.equal(result.status, 'failed');
  assert.match(result.platforms[0].message, /robots\.txt/);
  assert.deepEqual(seen, ['/robots.txt']);
});

test('"robots": false does not ask', async (t) => {
  const { url, seen } = await site(t, { ...pages(2), '/robots.txt': robots('User-agent: *', 'Disallow: /') });
  const server = await serve(t, { platforms: { p: crawl(url, { robots: false }) } });
  assert.equal((await finish(server)).status, 'completed');
  assert.deepEqual(seen.sort(), ['/', '/page/0', '/page/1']);
});

for (const [what, answered, kind] of [
  ['answers 503', { status: 503 }, 'robots'],
  ['answers 429', { status: 429 }, 'robots'],
  ['is cut off', (request, response) => response.destroy(), 'incomplete'],
]) {
  test(`while robots.txt ${what}, nothing is fetched`, async (t) => {
    const { url, seen } = await site(t, { ...pages(2), '/robots.txt': answered });
    const server = await serve(t, { platforms: { p: crawl(url) } });
    const result = await finish(server);
    assert.equal(result.status, 'failed');
    const [error] = await errors(server, result.id);
    assert.equal(error.kind, kind);
    assert.match(error.detail, /^robots\.txt could not be read, so nothing may be: /);
    assert.deepEqual(seen, ['/robots.txt']);
    assert.equal((await host(server)).robots.state, 'unknown');
  });
}

test('robots.txt is followed through five redirects, and not through six', async (t) => {
  const hop = (to) => ({ status: 301, headers: { Location: to } });
  const routes = { ...pages(2), '/robots.txt': hop('/r1') };
  for (let i = 1; i <= 4; i++) routes[`/r${i}`] = hop(`/r${i + 1}`);
  routes['/r5'] = robots('User-agent: *', 'Disallow: /page/0');
  const five = await site(t, routes);
  const six = await site(t, { ...routes, '/r5': hop('/r6'), '/r6': routes['/r5'] });
  const server = await serve(t, { platforms: { five: crawl(five.url), six: crawl(six.url) } });
  const result = await finish(server);
  assert.deepEqual(Object.fromEntries(result.platforms.map(({ platform, excluded }) => [platform, excluded])), { five: 1, six: 0 });
});

test('of a huge robots.txt the first 500 KiB count', async (t) => {
  const filler = `# ${'x'.repeat(61)}\n`;
  const body = ['User-agent: *', filler.repeat(7900), 'Disallow: /page/0', filler.repeat(100_000), 'Disallow: /page/1'].join('\n');
  assert.ok(body.indexOf('/page/0') > 490 * 1024 && body.indexOf('/page/0') < 500 * 1024);
  const { url, seen } = await site(t, { ...pages(2), '/robots.txt': robots(body) });
  const server = await serve(t, { platforms: { p: crawl(url, { max_body: '64K' }) } });
  assert.equal((await finish(server)).status, 'completed');
  assert.deepEqual(seen.sort(), ['/', '/page/1', '/robots.txt']);
});

test('Crawl-delay is kept', async (t) => {
  const { url, arrivals } = await timed(t, { ...pages(5), '/robots.txt': robots('User-agent: *', 'Crawl-delay: 0.2') });
  const server = await serve(t, { platforms: { p: crawl(url) } });
  assert.equal((await finish(server)).status, 'completed');
  assert.equal(arrivals.length, 6);
  assert.deepEqual(tooShort(arrivals, 200, 50), []);
  assert.equal((await host(server)).robots.crawl_delay_ms, 200);
});

/* --- one budget ------------------------------------------------------------------------------------ */

test('two platforms, one of three shards, keep to the delay of their host', async (t) => {
  const { url, arrivals, load } = await timed(t, pages(10), 30);
  const platforms = {
    a: { ...crawl(url, { delay: '60ms', concurrency: 3 }), shards: 3 },
    b: crawl(url, { delay: '60ms', concurrency: 3 }),
  };
  const server = await serve(t, { platforms });
  assert.equal((await finish(server)).status, 'completed');
  assert.equal(arrivals.length, 22);
  assert.deepEqual(tooShort(arrivals, 60, 15), []);
  assert.ok(load.most <= 3, `${load.most} at once`);
});

test('two platforms, one of three shards, keep to the concurrency of their host', async (t) => {
  const { url, arrivals, load } = await timed(t, pages(40), 25);
  const platforms = {
    a: { ...crawl(url, { concurrency: 3 }), shards: 3 },
    b: crawl(url, { concurrency: 3 }),
  };
  const server = await serve(t, { platforms });
  assert.equal((await finish(server)).status, 'completed');
  assert.equal(arrivals.length, 82);
  assert.ok(load.most <= 3, `${load.most} at once`);
  assert.ok(load.most >= 2, 'and they are used');
});

test('a rate holds over time, after a burst', async (t) => {
  const { url, arrivals } = await timed(t, pages(12));
  const server = await serve(t, { platforms: { p: crawl(url, { rate: 20, burst: 5, throttle: 'off' }) } });
  assert.equal((await finish(server)).status, 'completed');
  const took = arrivals.at(-1).at - arrivals[0].at;
  assert.ok(took > (12 - 5) * 50 * 0.9, `13 pages in ${took} ms`);
});

/* --- who asks for peace ---------------------------------------------------------------------------- */

for (const [how, header] of [['seconds', () => '1'], ['a date', () => new Date(Date.now() + 2 * SECOND).toUTCString()]]) {
  test(`429 with Retry-After as ${how} is obeyed by all, and the page comes in the end`, async (t) => {
    let refused = 0;
    const busy = (request, response) => {
      if (refused) return answer(response, html('Page 3'));
      refused = performance.now();
      return answer(response, { status: 429, headers: { 'Retry-After': header() } });
    };
    // There is enough left to go on with at once, for whoever does not heed it.
    const { url, arrivals } = await timed(t, { ...pages(40), '/page/3': busy }, 30);
    const platform = () => crawl(url, { concurrency: 2, retries: 3, retry_base: '1ms' });
    const platforms = { a: platform(), b: platform() };
    const server = await serve(t, { platforms });
    const result = await finish(server);
    assert.equal(result.status, 'completed');
    assert.equal(result.items, 82);
    // What was on its way already may still arrive.
    const soon = arrivals.filter(({ at }) => at > refused + 300 && at < refused + 950);
    assert.deepEqual(soon, []);
    const known = await host(server);
    assert.equal(known.busy, 1);
    assert.equal(known.retry_after.count, 1);
    assert.ok(known.retry_after.last_ms >= 900, known.retry_after.last_ms);
  });
}

test('429 without Retry-After slows down, and is told when it does not end', async (t) => {
  const { url, arrivals } = await timed(t, { ...pages(3), '/page/1': { status: 429 } });
  const server = await serve(t, { platforms: { p: crawl(url, { retries: 2, retry_base: '1ms', rest: '200ms' }) } });
  const result = await finish(server);
  assert.equal(result.status, 'partial');
  const [error] = await errors(server, result.id);
  assert.equal(error.kind, 'http');
  assert.equal(error.status, 429);
  const tries = arrivals.filter(({ url: path }) => path === '/page/1');
  assert.equal(tries.length, 3);
  for (const gap of gaps(tries)) assert.ok(gap >= 190, `${gap} ms`);
});

test('a host that keeps failing is left alone for longer and longer', async (t) => {
  const { url, arrivals } = await timed(t, {
    '/': html('Index', Array.from({ length: 9 }, (_, i) => `<a href="/down/${i}">x</a>`).join('')),
    ...Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`/down/${i}`, { status: 500 }])),
  });
  const server = await serve(t, { platforms: { p: crawl(url, { concurrency: 1, rest: '100ms', rest_max: '400ms' }) } });
  const result = await finish(server);
  assert.equal(result.failed, 9);
  const last = gaps(arrivals).slice(-4); // after five failures in a row: 100, 200, 400, 400 ms
  [100, 200, 400, 400].forEach((rest, i) => assert.ok(last[i] > rest * 0.9, `${last}`));
});

test('a host that gets slower is asked for less at once', async (t) => {
  let slow = false;
  const load = { now: 0, most: 0 };
  const routes = { '/': html('Index', Array.from({ length: 150 }, (_, i) => `<a href="/page/${i}">x</a>`).join('')) };
  const { url } = await site(t, {
    ...routes,
    '*': async (request, response) => {
      load.now++;
      slow ||= request.url === '/page/60';
      if (request.url === '/page/110') load.most = 0;
      load.most = Math.max(load.most, load.now);
      await sleep(slow ? 250 : 10);
      load.now--;
      answer(response, html('Page'));
    },
  });
  const server = await serve(t, { platforms: { p: crawl(url, { concurrency: 8 }) } });
  assert.equal((await finish(server)).status, 'completed');
  assert.ok(load.most < 8, `${load.most} at once in the end`);
});

test('limits of hosts are checked', async (t) => {
  for (const [fetch, complaint] of [
    [{ throttle: 'fast' }, /throttle: .*auto/],
    [{ rate: -1 }, /rate: /],
    [{ burst: 0 }, /burst: /],
  ]) {
    const file = await writeConfig(await scratch(t), { platforms: { p: crawl('http://127.0.0.1:1', fetch) } });
    const refused = await run(t, ['check', '--config', file]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr + refused.stdout, complaint);
  }
});
