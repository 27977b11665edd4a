// A platform whose pages are all fine, and whose items are quite unlike those of its last runs.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { checkJournal } from './lib/maze.mjs';
import { answer, html, site } from './lib/site.mjs';
import { lines, run, scratch, serve, serveFile, sleep, sqlite, start, until, writeConfig } from './lib/trawl.mjs';

const LISTS = 4;
const SHOTS_MS = [0, 15, 30];
const RESTART_SHOTS_MS = [30, 50, 70, 90];

/** A catalogue of `items` on some pages, of which all have a price that `priced` says so of. Pages have an ETag. */
async function catalogue(t) {
  const shop = { items: 24, priced: () => true };
  const row = (i) => `<li><b>item-${i}</b><i>${shop.priced(i) ? `${i}.50` : ''}</i></li>`;
  const send = (request, response, body) => {
    const ETag = `"${createHash('sha1').update(body).digest('hex')}"`;
    answer(response, request.headers['if-none-match'] === ETag ? { status: 304, headers: { ETag } } : { body, headers: { ETag } });
  };
  const { url, seen } = await site(t, {
    '/': (request, response) =>
      send(request, response, html('Shop', Array.from({ length: LISTS }, (_, i) => `<a href="/list/${i}">${i}</a>`).join(''))),
    '*': (request, response, { pathname }) => {
      const list = Number(pathname.split('/')[2]);
      const mine = Array.from({ length: shop.items }, (_, i) => i).filter((i) => i % LISTS === list);
      send(request, response, html(pathname, `<ul>${mine.map(row).join('')}</ul>`));
    },
  });
  const platform = (more = {}, fetch = {}) => ({
    plugin: 'html',
    options: { start: `${url}/`, follow: 'a', rows: 'li', fields: { id: 'b', price: 'i' }, key: 'id' },
    fetch: { throttle: 'off', ...fetch },
    ...more,
  });
  return Object.assign(shop, { url, seen, platform });
}

/** A server, and a way to run its platforms to the end. */
async function scene(t, platforms, config = {}) {
  const server = await serve(t, { ...config, platforms });
  const again = async (body) => server.ended(await server.startRun(body));
  const normal = async (count = 3) => {
    for (let i = 0; i < count; i++) assert.equal((await again()).status, 'completed');
  };
  return { server, again, normal };
}

const told = ({ status, gone, platforms: [{ phase, message }] }) => [status, phase, gone, message];
const PRICES = '"price" is filled in 0 %, 100 % in the last 3 runs';

/* --- the verdict --------------------------------------------------------------------------------- */

test('a field that is lost: suspect, with figures, wherever the run is shown', async (t) => {
  const shop = await catalogue(t);
  const { server, again, normal } = await scene(t, { shop: shop.platform() });
  await normal();
  shop.priced = () => false;
  const suspect = await again();
  assert.deepEqual(told(suspect), ['suspect', 'suspect', 0, PRICES]);
  assert.deepEqual([suspect.items, suspect.changed, suspect.failed], [24, 24, 0]);
  const { logs } = await server.get(`/api/scrape/runs/${suspect.id}/logs`);
  assert.deepEqual(logs.map(({ platform, level, message }) => [platform, level, message]), [['shop', 'warning', PRICES]]);
  const { runs } = await server.get('/api/scrape/runs?status=suspect');
  assert.deepEqual(runs.map(({ id }) => id), [suspect.id]);
  const listed = await run(t, ['runs', '--data', server.data, '--limit', '1']);
  const [, first, why, ...more] = lines(listed.stdout);
  assert.match(first, /^ +4 +suspect /);
  assert.equal(why.trim(), `shop: ${PRICES}`);
  assert.deepEqual(more, []);

  shop.priced = (i) => i < 20; // as things are in life
  assert.deepEqual(told(await again()), ['completed', 'completed', 0, '']);
});

test('items that vanish are not taken for gone, until the third run says the same', async (t) => {
  const shop = await catalogue(t);
  const { server, again, normal } = await scene(t, { shop: shop.platform() });
  const there = async () => (await server.get('/api/items')).items.length;
  await normal();
  shop.items = 10;
  const why = '10 items, 24 in the last 3 runs';
  assert.deepEqual(told(await again()), ['suspect', 'suspect', 0, why]);
  assert.deepEqual(told(await again()), ['suspect', 'suspect', 0, why]);
  assert.equal(await there(), 24);
  const third = await again();
  assert.deepEqual(told(third), ['completed', 'completed', 14, `${why}; so it was in the 2 runs before, and is normal now`]);
  assert.equal((await server.get(`/api/scrape/runs/${third.id}/logs`)).logs.length, 1);
  assert.deepEqual(told(await again()), ['completed', 'completed', 0, '']);
  assert.equal(await there(), 10);

  shop.items = 0;
  assert.deepEqual(told(await again()), ['suspect', 'suspect', 0, '0 items, 10 to 24 in the last 5 runs']);
  shop.items = 100; // more than twice as many as ever
  assert.deepEqual(told(await again()), ['suspect', 'suspect', 0, '100 items, 10 to 24 in the last 5 runs']);
  shop.items = 24;
  assert.deepEqual(told(await again()), ['completed', 'completed', 76, '']);
});

test('pages that have not changed count with all that is known of them', async (t) => {
  const shop = await catalogue(t);
  const { server, again, normal } = await scene(t, { shop: shop.platform() });
  await normal();
  const rows = await sqlite(t, server.data, 'SELECT f.items, fields, not_modified FROM figures f JOIN run_platforms p ON p.id = run_platform ORDER BY f.id');
  const full = { items: 24, fields: '{"id":24,"price":24}' };
  assert.deepEqual(rows, [0, LISTS + 1, LISTS + 1].map((same) => ({ ...full, not_modified: same })));
  shop.priced = (i) => i % LISTS !== 0; // one of the pages
  const suspect = await again();
  assert.equal(suspect.not_modified, LISTS);
  assert.deepEqual(told(suspect), ['suspect', 'suspect', 0, '"price" is filled in 75 %, 100 % in the last 3 runs']);
});

test('a run of many platforms is suspect if one is, and partial if another has failed', async (t) => {
  const shop = await catalogue(t);
  const dead = { '/list/0': false };
  const { url } = await site(t, {
    '*': (request, response) => answer(response, dead['/'] ? { status: 404 } : html('One', '<ul><li><b>1</b></ul>')),
  });
  const other = { plugin: 'html', options: { start: `${url}/`, fields: { id: 'b' } }, fetch: { retries: 0 } };
  const { again, normal } = await scene(t, { shop: shop.platform(), other });
  await normal();
  shop.items = 0;
  const phases = ({ status, platforms }) => [status, ...platforms.map(({ phase }) => phase)];
  assert.deepEqual(phases(await again()), ['suspect', 'suspect', 'completed']);
  dead['/'] = true;
  assert.deepEqual(phases(await again()), ['partial', 'suspect', 'failed']);
});

/* --- what is not judged -------------------------------------------------------------------------- */

test('off, options of its own, and max_pages: neither judged nor compared with', async (t) => {
  const shop = await catalogue(t);
  const { server, again, normal } = await scene(t, {
    off: shop.platform({ suspect: 'off' }),
    own: shop.platform({ overridable: ['rows'] }),
    cut: shop.platform({}, { max_pages: LISTS }),
  });
  await normal();
  const rows = () => sqlite(t, server.data, 'SELECT platform, count(*) AS runs FROM figures GROUP BY platform ORDER BY platform');
  assert.deepEqual(await rows(), [{ platform: 'own', runs: 3 }]);
  const elsewhere = await again({ platforms: ['own'], options: { own: { rows: 'li.none' } } });
  assert.deepEqual([...told(elsewhere), elsewhere.items], ['completed', 'completed', 0, '', 0]);
  assert.deepEqual(await rows(), [{ platform: 'own', runs: 3 }]);
  shop.items = 0;
  const { platforms } = await again({ platforms: ['off', 'cut'] });
  assert.deepEqual(platforms.map(({ phase, gone }) => [phase, gone]), [['completed', 24], ['completed', 0]]);
  // As if there had been nothing in between.
  assert.deepEqual(told(await again({ platforms: ['own'] })), ['suspect', 'suspect', 0, '0 items, 24 in the last 3 runs']);
});

test('other rules begin anew', async (t) => {
  const shop = await catalogue(t);
  const { server, normal } = await scene(t, { shop: shop.platform() });
  await normal();
  const folder = server.home;
  const last = async (platform) => {
    const restarted = await serve(t, { platforms: { shop: platform } }, { folder });
    const ended = await restarted.ended(await restarted.startRun());
    await restarted.program.stop();
    return ended;
  };
  await server.program.stop();
  shop.items = 0;
  assert.equal((await last(shop.platform({}, { concurrency: 1 }))).status, 'suspect'); // how it is fetched is no rule
  const platform = shop.platform();
  platform.options.rows = 'li.other';
  const changed = await last(platform);
  assert.deepEqual(told(changed), ['completed', 'completed', 24, '']);
});

/* --- the terminal -------------------------------------------------------------------------------- */

test('`trawl run` ends with 3 and says why; without a data folder it has nothing to compare with', async (t) => {
  const shop = await catalogue(t);
  const home = await scratch(t);
  const file = await writeConfig(home, { platforms: { shop: shop.platform() } });
  const trawl = (...more) => run(t, ['run', '--config', file, ...more]);
  for (let i = 0; i < 3; i++) assert.equal((await trawl('--data', home)).code, 0);
  shop.priced = () => false;
  const suspect = await trawl('--data', home);
  assert.equal(suspect.code, 3);
  assert.equal(lines(suspect.stdout).length, 24);
  assert.ok(suspect.stderr.includes(`shop: suspect, 5/5 pages, 24 items, 0 failed: ${PRICES}`), suspect.stderr);
  assert.equal(lines(suspect.stderr).at(-1), `shop is suspect: ${PRICES}`);
  assert.equal((await trawl()).code, 0);
});

test('`trawl start --wait` has its exit code', async (t) => {
  const shop = await catalogue(t);
  const { server, normal } = await scene(t, { shop: shop.platform() });
  await normal();
  shop.items = 3;
  const waited = await run(t, ['start', '--wait', '--server', server.url]);
  assert.equal(waited.code, 3, waited.stderr);
});

/* --- the schedule -------------------------------------------------------------------------------- */

const only = async (server) => (await server.get('/api/schedules')).schedules[0];

test('the schedule is paused, stays so, and goes on by command, with what was found as normal', async (t) => {
  const shop = await catalogue(t);
  const schedule = { cron: '@yearly', on_suspect: 'pause' };
  const { server, again, normal } = await scene(t, { shop: shop.platform({ schedule }) });
  await normal();
  shop.items = 10;
  const { id } = await again();
  const reason = `run ${id} is suspect: 10 items, 24 in the last 3 runs`;
  const paused = await only(server);
  assert.deepEqual([paused.paused, paused.reason], [true, reason]);
  await server.program.stop('SIGKILL');
  const restarted = await serveFile(t, server.config, { home: server.home });
  assert.deepEqual(await only(restarted), { ...paused, next: (await only(restarted)).next });
  const listed = await run(t, ['schedules', '--server', restarted.url]);
  assert.equal(lines(listed.stdout)[2].trim(), reason);

  const resumed = await run(t, ['schedules', 'resume', 'shop', '--server', restarted.url]);
  assert.equal(resumed.code, 0, resumed.stderr);
  const { paused: still, reason: none } = await only(restarted);
  assert.deepEqual([still, none], [false, null]);
  for (const [items, gone] of [[10, 14], [24, 0]]) {
    shop.items = items;
    const next = await restarted.ended(await restarted.startRun());
    assert.deepEqual(told(next), ['completed', 'completed', gone, '']);
  }
  assert.equal((await only(restarted)).paused, false);
});

test('a run by schedule pauses it at once: nothing that is due comes behind', async (t) => {
  const shop = await catalogue(t);
  const { server } = await scene(t, { shop: shop.platform({ schedule: { cron: '@every 1s', on_suspect: 'pause' } }) });
  const ended = async () => (await server.get('/api/scrape/runs')).runs.filter(({ ended_at: at }) => at);
  await until('three runs', async () => (await ended()).length >= 3);
  shop.items = 0;
  await until('a pause', async () => (await only(server)).paused);
  const before = await ended();
  assert.equal(before[0].status, 'suspect');
  await sleep(1500);
  assert.deepEqual((await ended()).map(({ id, status }) => [id, status]), before.map(({ id, status }) => [id, status]));
});

/* --- kill -9 ------------------------------------------------------------------------------------- */

test('kill -9 around the end: one end, one verdict, and the pause with it', async (t) => {
  const shop = await catalogue(t);
  shop.items = 5000; // so that to store and to count them takes a moment
  const schedule = { cron: '@yearly', on_suspect: 'pause' };
  const { server: first, normal } = await scene(t, { shop: shop.platform({ schedule }) });
  let server = first;
  await normal();
  shop.priced = () => false;
  const state = async () => {
    const [one] = await sqlite(t, server.data, `SELECT (SELECT count(*) FROM figures) AS figures,
      (SELECT count(*) FROM run_platforms WHERE phase = 'suspect') AS suspect,
      (SELECT count(*) FROM run_platforms WHERE phase IN ('completed', 'suspect')) AS ended,
      (SELECT count(*) FROM schedules WHERE paused_ms IS NOT NULL) AS paused,
      (SELECT count(*) FROM events WHERE type = 3) AS logs, (SELECT count(*) FROM events WHERE flags & 1) AS ends`);
    return one;
  };
  /** Whatever was committed, all of the end is there or nothing. */
  const kill = async (program) => {
    await program.stop('SIGKILL');
    const { figures, suspect, ended, paused, logs, ends } = await state();
    assert.deepEqual({ figures, paused, logs, ends }, { figures: ended, paused: suspect > 0 ? 1 : 0, logs: ended - 3, ends: ended });
  };
  const expected = [['suspect', PRICES], ['suspect', PRICES], ['completed', `${PRICES}; so it was in the 2 runs before, and is normal now`]];
  for (const [i, [status, why]] of expected.entries()) {
    const asked = shop.seen.length;
    const id = await server.startRun();
    await until('the last page', () => shop.seen.length > asked + LISTS);
    await sleep(SHOTS_MS[i]);
    await kill(server.program);
    for (const ms of RESTART_SHOTS_MS) {
      const program = start(t, ['serve', '--config', server.config]);
      await sleep(ms);
      await kill(program);
    }
    server = await serveFile(t, server.config, { home: server.home });
    assert.deepEqual(told(await server.ended(id)), [status, status, 0, why]);
    assert.equal((await state()).figures, 4 + i);
  }
  await checkJournal(t, server.data);
});
