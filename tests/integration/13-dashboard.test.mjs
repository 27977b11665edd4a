// What the dashboard and its chain client need of a server besides runs and items.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { Client } from './lib/follow.mjs';
import { install } from './lib/plugins.mjs';
import { pages, site, crawl } from './lib/site.mjs';
import { BUILD, ROOT, scratch, serve, start, TRAWL, writeConfig } from './lib/trawl.mjs';

test('moves of all gateways are summed', async (t) => {
  const { url } = await site(t, pages(1));
  const server = await serve(t, { server: { gateways: 2 }, platforms: { a: crawl(url) } });
  assert.deepEqual((await server.get('/api/transports')).moves, []);
  const move = { from: 'websocket', to: 'sse', reason: 'no acknowledgement in 5 s', count: 3 };
  for (let i = 0; i < 8; i++) {
    // A connection each, so that both gateways get some.
    const answer = await server.post('/api/transports/moves', move, { Connection: 'close' });
    assert.equal(answer.status, 204, await answer.text());
  }
  assert.deepEqual((await server.get('/api/transports')).moves, [{ ...move, count: 24 }]);
  const unknown = await server.post('/api/transports/moves', { ...move, to: 'ssee' });
  assert.equal(unknown.status, 422);
  const problem = await unknown.json();
  assert.equal(problem.field, 'to');
  assert.match(problem.detail, /did you mean 'sse'/);
});

test('days: each is there, the last is today', async (t) => {
  const { url } = await site(t, pages(3));
  const server = await serve(t, { platforms: { a: crawl(url) } });
  const run = await server.ended(await server.startRun());
  const { days } = await server.get('/api/stats/days?days=3');
  const noon = Date.parse(`${run.created_at.slice(0, 10)}T12:00:00Z`);
  const dates = days.map((day) => Date.parse(`${day.date}T12:00:00Z`));
  assert.equal(days.length, 3);
  assert.deepEqual(dates.map((date) => date - dates[0]), [0, 86_400_000, 2 * 86_400_000]);
  const [day] = days.filter((_, i) => dates[i] === noon); // yesterday, if midnight was just now
  assert.deepEqual(day, { date: day.date, runs: 1, items: 4, new: 4, changed: 0, failed: 0 });
  assert.equal((await server.get('/api/stats/days')).days.length, 14);
});

test('errors of a run, grouped by what went wrong', async (t) => {
  const { url } = await site(t, { ...pages(3), '/page/1': { status: 500 }, '/page/2': { status: 404 } });
  const server = await serve(t, { platforms: { a: crawl(url) } });
  const run = await server.ended(await server.startRun());
  const { errors } = await server.get(`/api/scrape/runs/${run.id}/errors`);
  const { groups } = await server.get(`/api/scrape/runs/${run.id}/errors?group=kind`);
  assert.equal(errors.length, 2);
  assert.equal(groups.reduce((sum, { count }) => sum + count, 0), 2);
  for (const group of groups) {
    const same = errors.filter(({ platform, kind }) => platform === group.platform && kind === group.kind);
    const { kind, platform, url: example_url, detail: example_detail } = same[0];
    assert.deepEqual(group, { platform, kind, count: same.length, example_url, example_detail });
  }
});

/** A copy of the executable as in a build folder of its own, so that nothing else lies beside it. */
async function build(t) {
  const home = await scratch(t);
  const folder = path.join(home, 'build');
  await mkdir(folder);
  await copyFile(TRAWL, path.join(folder, 'trawl'));
  await symlink(path.join(BUILD, 'plugins'), path.join(folder, 'plugins'));
  return { home, file: path.join(folder, 'trawl') };
}

async function serveBuild(t, { home, file }, settings = {}) {
  const config = await writeConfig(path.join(home, 'config'), { server: settings });
  const program = start(t, ['serve', '--config', config], { file });
  return (await program.says(/serves (http:\/\/[^\s/,]+)/))[1];
}

test('the dashboard of a build folder is beside it', async (t) => {
  const own = await build(t);
  await mkdir(path.join(own.home, 'web/dist'), { recursive: true });
  await writeFile(path.join(own.home, 'web/dist/index.html'), '<title>Board</title>');
  const answer = await fetch(await serveBuild(t, own));
  const policy = answer.headers.get('content-security-policy');
  for (const part of ["default-src 'self'", "style-src 'self' 'unsafe-inline'", "connect-src 'self' ws: wss:", "frame-ancestors 'none'"]) {
    assert.ok(policy.split('; ').includes(part), `${part} in ${policy}`);
  }
  assert.equal(answer.headers.get('referrer-policy'), 'same-origin');
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(await answer.text(), '<title>Board</title>');
});

test('without a dashboard / says how to get one', async (t) => {
  const own = await build(t);
  const answer = await fetch(await serveBuild(t, own, { web: 'nowhere' }));
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type'), /^text\/html/);
  const page = await answer.text();
  assert.match(page, /\/api\/openapi\.json/);
  assert.match(page, /make web/);
});

test('an installation has the dashboard that was built', async (t) => {
  const prefix = await install(t);
  const built = path.join(ROOT, 'web/dist/index.html');
  assert.equal(existsSync(path.join(prefix, 'share/trawl/web/index.html')), existsSync(built));
});

test('pages of listed origins may use the server, others may not', async (t) => {
  const { url } = await site(t, pages(1));
  const board = 'https://board.example';
  const server = await serve(t, { server: { origins: [board] }, platforms: { a: crawl(url) } });
  const from = (origin, where, options = {}) =>
    fetch(server.url + where, { ...options, headers: { ...options.headers, Origin: origin } });
  const type = { 'Content-Type': 'application/json' };
  const allowed = (answer) => answer.headers.get('access-control-allow-origin');

  const preflight = await from(board, '/api/scrape/runs', { method: 'OPTIONS', headers: { 'Access-Control-Request-Method': 'POST' } });
  assert.equal(preflight.status, 204);
  assert.equal(allowed(preflight), board);
  assert.match(preflight.headers.get('access-control-allow-headers'), /Content-Type/);
  const started = await from(board, '/api/scrape/runs', { method: 'POST', headers: type, body: '{}' });
  assert.equal(started.status, 202);
  assert.equal(allowed(started), board);
  await server.ended((await started.json()).run_id);
  const stream = await from(board, '/api/scrape/stream');
  assert.equal(allowed(stream), board);
  await stream.body.cancel();
  const client = await Client.open(t, server.url, { origin: board });
  await client.type('connection_ack');

  const evil = 'https://evil.example';
  for (const where of ['/', '/api/scrape/runs', '/api/nothing']) {
    const answer = await from(evil, where);
    assert.equal(allowed(answer), null, where);
    assert.match(answer.headers.get('vary'), /Origin/, where);
  }
  const refused = await from(evil, '/api/scrape/runs', { method: 'OPTIONS', headers: { 'Access-Control-Request-Method': 'POST' } });
  assert.equal(allowed(refused), null);
  assert.equal((await from(evil, '/api/scrape/runs', { method: 'POST', headers: type, body: '{}' })).status, 403);
});

test('platforms are shown as they are used, without their secrets', async (t) => {
  const { url } = await site(t, pages(1));
  const folder = await scratch(t);
  await writeFile(path.join(folder, 'secret'), 'hush-1\n');
  const api = {
    plugin: 'json',
    options: {
      start: {
        url: `${url.replace('http://', 'http://me:hush-2@')}/?page=1&api_key=hush-3`,
        headers: { Authorization: `file://${folder}/secret`, 'X-Shop': 'hush-4', Accept: 'application/json' },
        body: { password: 'hush-5', query: 'Bearer ${SHOP_TOKEN}' },
      },
      key: 'id',
    },
    enabled: false,
    overridable: ['start'],
    fetch: { delay: '1s', headers: { Cookie: 'hush-6' }, user_agent: `file://${folder}/secret` },
  };
  const server = await serve(t, { platforms: { api, a: crawl(url) } }, { env: { SHOP_TOKEN: 'hush-7' } });
  const text = await (await fetch(`${server.url}/api/platforms`)).text();
  assert.doesNotMatch(text, /hush/);
  const shown = JSON.parse(text).platforms;
  assert.deepEqual(shown.map(({ name, plugin, enabled, overridable }) => [name, plugin, enabled, overridable]), [
    ['api', 'json', false, ['start']],
    ['a', 'html', true, []],
  ]);
  const [start] = shown[0].options.start;
  assert.match(start.url, /^http:\/\/\*\*\*@127\.0\.0\.1:\d+\/\?page=1&api_key=\*\*\*$/);
  assert.deepEqual(start.headers, { Authorization: '***', 'X-Shop': '***', Accept: 'application/json' });
  assert.deepEqual(start.body, { password: '***', query: '***' });
  assert.equal(shown[0].fetch.delay, 1000);
  assert.equal(shown[0].fetch.user_agent, '***');
  assert.deepEqual(shown[0].fetch.headers, { Cookie: '***' });
  assert.equal(shown[1].options.fields.title.select, 'title');
  assert.equal(shown[1].fetch.concurrency, 8);
});
