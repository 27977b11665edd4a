// Platforms that a server runs by itself: what is due while it is down, while the platform runs, and while it is paused.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { answer, crawl, html, pages, site } from './lib/site.mjs';
import { run, scratch, serve, serveFile, sleep, sqlite, until, writeConfig } from './lib/trawl.mjs';

const again = (t, server) => serveFile(t, server.config, { home: server.home });

const schedules = async (server) => (await server.get('/api/schedules')).schedules;
const only = async (server) => (await schedules(server))[0];
const runs = async (server) => (await server.get('/api/scrape/runs?limit=1000')).runs.reverse();

const rows = (t, server, query) => sqlite(t, server.data, query);
const scheduled = (t, server) => rows(t, server, `SELECT id, created_ms FROM runs WHERE trigger = 'schedule' ORDER BY id`);

/** A server with one platform of one page, or of pages that are held until `release` is called. */
async function timed(t, schedule, { held = false, ...config } = {}) {
  const waiting = [];
  let open = !held;
  const { url, seen } = await site(t, {
    '*': (request, response) => {
      const go = () => answer(response, html('One'));
      if (open) go();
      else waiting.push(go);
    },
  });
  const release = () => {
    open = true;
    waiting.splice(0).forEach((go) => go());
  };
  const server = await serve(t, { ...config, platforms: { one: { ...crawl(url), schedule } } });
  return { server, seen, release };
}

/** Move what the schedule has dealt with into the past, as if the server had been down for so many months. */
async function wasDown(t, server, months) {
  const [{ file }] = await rows(t, server, `SELECT file FROM pragma_database_list WHERE name = 'main'`);
  const due = `strftime('%s', 'now', 'start of month', '-${months} months', '+1 hour')`;
  const result = await run(t, [file, `UPDATE schedules SET due_ms = ${due} * 1000`], { file: 'sqlite3' });
  assert.equal(result.code, 0, result.stderr);
}

/** A server that was down for so many months, with a schedule that is due once a month. */
async function missed(t, misfire, months, signal = 'SIGTERM') {
  const { server } = await timed(t, { cron: '@monthly', misfire, overlap: 'queue' });
  await server.program.stop(signal);
  await wasDown(t, server, months);
  return again(t, server);
}

async function settled(server) {
  await until('quiet', async () => (await runs(server)).every(({ status }) => status === 'completed'));
}

/* --- by itself ----------------------------------------------------------------------------------- */

test('a platform runs whenever it is due, and says when it will', async (t) => {
  const { server } = await timed(t, '@every 1s');
  await until('three runs', async () => (await runs(server)).filter(({ status }) => status === 'completed').length >= 3);
  const [first] = await runs(server);
  assert.equal(first.trigger, 'schedule');
  assert.deepEqual(first.platforms.map(({ platform }) => platform), ['one']);
  const { last, next, ...schedule } = await only(server);
  assert.deepEqual(
    { ...schedule, last_skipped: null },
    {
      platform: 'one', cron: '@every 1s', timezone: 'UTC', jitter_ms: 0, misfire: 'coalesce', overlap: 'skip',
      on_suspect: 'run', paused: false, paused_at: null, reason: null, last_skipped: null,
    },
  );
  assert.match(last.due_at, /:\d\d\.000Z$/);
  assert.ok(last.run_id >= 3);
  assert.equal(next.length, 5);
  assert.deepEqual(next.map((time) => Date.parse(time) - Date.parse(next[0])), [0, 1000, 2000, 3000, 4000]);
  const { platforms } = await server.get('/api/platforms');
  assert.equal(platforms[0].schedule.cron, '@every 1s');
});

test('each due time has one run at most, and all are in order', async (t) => {
  const { server } = await timed(t, { cron: '@every 1s', overlap: 'queue', misfire: 'all' });
  const [{ begin, before }] = await rows(t, server, 'SELECT due_ms AS begin, (SELECT count(*) FROM runs) AS before FROM schedules');
  await until('four runs', async () => (await runs(server)).length >= 4);
  await server.post('/api/schedules/one/pause');
  const [{ due, last }] = await rows(t, server, 'SELECT due_ms AS due, run_due_ms AS last FROM schedules');
  assert.equal(due, last);
  const made = await scheduled(t, server);
  assert.equal(made.length - before, Math.floor(due / 1000) - Math.floor(begin / 1000));
});

test('one that is disabled, or has no schedule, is not run', async (t) => {
  const { url, seen } = await site(t, { '/': html('One') });
  const server = await serve(t, {
    platforms: { off: { ...crawl(url), schedule: '@every 1s', enabled: false }, none: crawl(url) },
  });
  await sleep(1500);
  assert.deepEqual(await schedules(server), []);
  assert.equal(seen.length, 0);
  const refused = await server.post('/api/schedules/off/pause');
  assert.equal(refused.status, 404);
  assert.match((await refused.json()).detail, /no schedule for a platform 'off'/);
  assert.equal((await server.post('/api/schedules/nowhere/resume')).status, 404);
});

test('`trawl run` knows no schedule', async (t) => {
  const { url } = await site(t, { '/': html('One') });
  const home = await scratch(t);
  const file = await writeConfig(home, { platforms: { one: { ...crawl(url), schedule: '@every 1s' } } });
  const result = await run(t, ['run', 'one', '--config', file]);
  assert.equal(result.code, 0, result.stderr);
});

/* --- mistakes ------------------------------------------------------------------------------------ */

test('what is wrong is said at once, where it stands', async (t) => {
  const file = await writeConfig(await scratch(t), {
    platforms: {
      a: { plugin: 'html', options: { start: 'http://a/' }, schedule: '@dayly' },
      b: { plugin: 'html', options: { start: 'http://b/' }, schedule: { cron: '0 25 * * *', timezone: 'Europe/Paris2', overlap: 'wait' } },
    },
  });
  for (const command of ['check', 'serve']) {
    const result = await run(t, [command, '--config', file]);
    assert.equal(result.code, 1);
    assert.match(result.stderr, /platforms\.a\.schedule\.cron: there is no schedule '@dayly'; did you mean '@daily'\?/);
    assert.match(result.stderr, /platforms\.b\.schedule\.cron: .*in the hour/);
    assert.match(result.stderr, /platforms\.b\.schedule\.timezone: there is no time zone 'Europe\/Paris2'/);
    assert.match(result.stderr, /platforms\.b\.schedule\.overlap: expected one of skip\|queue\|replace\|allow/);
  }
});

/* --- misfire ------------------------------------------------------------------------------------- */

for (const signal of ['SIGTERM', 'SIGKILL']) {
  test(`what was due while the server was down (${signal}) is skipped`, async (t) => {
    const server = await missed(t, 'skip', 3, signal);
    const { last_skipped } = await until('the skip', async () => {
      const found = await only(server);
      return found.last_skipped && found;
    });
    assert.equal(last_skipped.reason, 'it was missed');
    assert.match(last_skipped.due_at, /-01T00:00:00\.000Z$/);
    assert.deepEqual(await runs(server), []);
  });

  test(`what was due while the server was down (${signal}) makes one run`, async (t) => {
    const server = await missed(t, 'coalesce', 3, signal);
    await until('a run', async () => (await runs(server)).length > 0);
    await settled(server);
    assert.equal((await runs(server)).length, 1);
    assert.equal((await only(server)).last_skipped, null);
  });

  test(`what was due while the server was down (${signal}) makes a run each`, async (t) => {
    const server = await missed(t, 'all', 3, signal);
    await until('all', async () => (await runs(server)).length >= 3);
    await settled(server);
    assert.equal((await runs(server)).length, 3);
  });
}

test('of many only the last are made up for', async (t) => {
  const server = await missed(t, 'all', 240);
  await until('all', async () => (await runs(server)).length >= 24);
  await settled(server);
  assert.equal((await runs(server)).length, 24);
  const { last, last_skipped } = await only(server);
  const [to, from] = [last, last_skipped].map(({ due_at }) => new Date(due_at));
  assert.equal((to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth(), 24);
});

test('kill -9 at any moment: no due time twice, none forgotten', async (t) => {
  // Each second one run, all made up for: whatever was killed when, in the end there are as many as seconds.
  const { server: first } = await timed(t, { cron: '@every 1s', overlap: 'allow', misfire: 'all' });
  let server = first;
  const [{ begin, before }] = await rows(t, server, 'SELECT due_ms AS begin, (SELECT count(*) FROM runs) AS before FROM schedules');
  for (let i = 0; i < 5; i++) {
    await sleep(300 + 350 * i);
    await server.program.stop('SIGKILL');
    server = await again(t, server);
  }
  await server.post('/api/schedules/one/pause');
  const [{ due }] = await rows(t, server, 'SELECT run_due_ms AS due FROM schedules');
  const made = await scheduled(t, server);
  assert.equal(made.length - before, Math.floor(due / 1000) - Math.floor(begin / 1000));
});

test('a schedule that was changed has missed nothing', async (t) => {
  const { server } = await timed(t, { cron: '@monthly', misfire: 'all' });
  await server.program.stop();
  await wasDown(t, server, 5);
  const config = JSON.parse(await readFile(server.config, 'utf8'));
  config.platforms.one.schedule.cron = '@weekly';
  await writeFile(server.config, JSON.stringify(config));
  const restarted = await again(t, server);
  const { cron, last, last_skipped } = await only(restarted);
  assert.deepEqual({ cron, last, last_skipped }, { cron: '@weekly', last: null, last_skipped: null });
  assert.deepEqual(await runs(restarted), []);
});

/* --- overlap ------------------------------------------------------------------------------------- */

test('overlap skip: a platform that is running is left alone', async (t) => {
  const { server, release } = await timed(t, '@every 1s', { held: true });
  const { last, last_skipped } = await until('a skip', async () => {
    const found = await only(server);
    return found.last_skipped && found;
  });
  assert.equal(last_skipped.reason, 'the platform was running');
  assert.equal(last.ended_at, null);
  assert.equal((await runs(server)).length, 1);
  release();
  await until('the next', async () => (await runs(server)).length > 1);
});

test('overlap queue: the next run waits', async (t) => {
  const { server, release } = await timed(t, { cron: '@every 1s', overlap: 'queue' }, { held: true });
  await until('three', async () => (await runs(server)).length >= 3);
  const statuses = (await runs(server)).map(({ status }) => status);
  assert.ok(statuses.filter((status) => status !== 'queued').length <= 1, statuses.join());
  await server.post('/api/schedules/one/pause');
  release();
  await settled(server);
  assert.equal((await only(server)).last_skipped, null);
});

test('overlap replace: the run before is cancelled', async (t) => {
  const { server, release } = await timed(t, { cron: '@every 1s', overlap: 'replace' }, { held: true, workers: { grace: '100ms' } });
  await until('three', async () => (await runs(server)).length >= 3);
  await server.post('/api/schedules/one/pause');
  release();
  const ended = await until('all ended', async () => {
    const all = await runs(server);
    return all.every(({ ended_at }) => ended_at) && all;
  });
  assert.equal(ended.at(-1).status, 'completed');
  assert.ok(ended.slice(0, -1).every(({ status }) => status === 'cancelled'), ended.map(({ status }) => status).join());
});

test('overlap allow: both run', async (t) => {
  const { server, release } = await timed(t, { cron: '@every 1s', overlap: 'allow' }, { held: true });
  await until('two at once', async () => (await runs(server)).filter(({ status }) => status === 'scraping').length >= 2);
  await server.post('/api/schedules/one/pause');
  release();
  await settled(server);
});

test('a run that was interrupted goes on, and is in the way', async (t) => {
  const { url, seen } = await site(t, pages(60, 100));
  const server = await serve(t, { platforms: { one: { ...crawl(url, { concurrency: 1 }), schedule: '@every 1s' } } });
  await until('some pages', () => seen.length > 3);
  await server.program.stop('SIGKILL');
  const restarted = await again(t, server);
  await until('a skip', async () => (await only(restarted)).last_skipped);
  const all = await runs(restarted);
  assert.equal(all.length, 1);
  await restarted.post(`/api/schedules/one/pause`);
  assert.equal((await restarted.ended(all[0].id)).status, 'completed');
});

/* --- pause --------------------------------------------------------------------------------------- */

test('a pause outlives the server, and what was due meanwhile is left out', async (t) => {
  const { server } = await timed(t, { cron: '@monthly', misfire: 'all' });
  const paused = await server.post('/api/schedules/one/pause');
  assert.equal(paused.status, 200);
  assert.deepEqual(await paused.json(), { platform: 'one', paused: true });
  await server.program.stop('SIGKILL');
  await wasDown(t, server, 5);
  const restarted = await again(t, server);
  const found = await only(restarted);
  assert.equal(found.paused, true);
  assert.equal(found.reason, null);
  assert.ok(Date.parse(found.paused_at) > 0);
  assert.equal(found.next.length, 5);
  assert.deepEqual(await runs(restarted), []);
  const resumed = await restarted.post('/api/schedules/one/resume');
  assert.deepEqual(await resumed.json(), { platform: 'one', paused: false });
  await restarted.program.stop('SIGKILL');
  const last = await again(t, restarted);
  const { paused: still, last_skipped } = await only(last);
  assert.deepEqual({ still, last_skipped }, { still: false, last_skipped: null });
  assert.deepEqual(await runs(last), []);
});

test('pausing and resuming twice is no mistake', async (t) => {
  const { server } = await timed(t, '@every 1s');
  for (const verb of ['pause', 'pause', 'resume', 'resume']) {
    assert.equal((await server.post(`/api/schedules/one/${verb}`)).status, 200);
  }
  await until('a run', async () => (await runs(server)).length > 0);
});

test('other pages may not pause it', async (t) => {
  const { server } = await timed(t, '@daily');
  const refused = await server.post('/api/schedules/one/pause', {}, { Origin: 'http://evil.example' });
  assert.equal(refused.status, 403);
});

/* --- the terminal -------------------------------------------------------------------------------- */

test('`trawl schedules` lists, pauses and resumes', async (t) => {
  const { url } = await site(t, { '*': html('One') });
  const server = await serve(t, {
    platforms: {
      shop: { ...crawl(url), schedule: { cron: '30 4 * * mon-fri', timezone: 'Europe/Berlin', jitter: '10m' } },
      news: { ...crawl(url), schedule: '@every 1s' },
    },
  });
  const trawl = (...args) => run(t, ['schedules', '--server', server.url, ...args]);
  await until('a run', async () => (await schedules(server))[0].last?.status === 'completed');
  const paused = await trawl('pause', 'shop');
  assert.deepEqual([paused.code, paused.stdout, paused.stderr], [0, '', '']);
  const listed = await trawl();
  assert.equal(listed.code, 0, listed.stderr);
  const [head, news, shop] = listed.stdout.split('\n');
  assert.match(head, /^platform  cron +timezone +next +last run$/);
  assert.match(news, /^news {6}@every 1s +UTC +\d{4}-\d\d-\d\dT[\d:.]+Z +\d+ \w+$/);
  assert.match(shop, /^shop {6}30 4 \* \* mon-fri +Europe\/Berlin +paused +$/);
  const [, known] = JSON.parse((await trawl('--json')).stdout);
  assert.equal(known.paused, true);
  assert.equal(known.jitter_ms, 600_000);
  const resumed = await trawl('--json', 'resume', 'shop');
  assert.deepEqual(JSON.parse(resumed.stdout), { platform: 'shop', paused: false });
});

test('`trawl schedules` says what is wrong', async (t) => {
  const { server } = await timed(t, '@daily');
  const trawl = (...args) => run(t, ['schedules', '--server', server.url, ...args]);
  for (const [args, code, message] of [
    [['pause'], 2, /'pause' is for one platform/],
    [['stop', 'one'], 2, /expected 'pause' or 'resume', not 'stop'/],
    [['pause', '../one'], 2, /'\.\.\/one' is no name of a platform/],
    [['pause', 'two'], 1, /no schedule for a platform 'two'/],
  ]) {
    const refused = await trawl(...args);
    assert.equal(refused.code, code);
    assert.match(refused.stderr, message);
  }
});
