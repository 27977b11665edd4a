// The dashboard in a real browser, against the real server.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import test from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { html } from '../integration/lib/site.mjs';
import { until } from '../integration/lib/trawl.mjs';
import { open } from './lib/browser.mjs';
import { restart, scene } from './lib/scene.mjs';

const indicator = (page, label) => page.getByRole('button', { name: `Connection: ${label}` });
const heading = (page, name) => page.getByRole('heading', { level: 1, name });

/** What the connection's panel says of the run: n that were seen, gaps, repeats. */
async function seenOf(page, run) {
  const row = page.getByRole('listitem').filter({ hasText: `Run ${run}` }).filter({ hasText: '..' });
  if (!(await row.isVisible())) await page.getByRole('button', { name: /^Connection: / }).click();
  const text = await row.innerText({ timeout: 5000 }).catch(() => '');
  await page.keyboard.press('Escape');
  const [, first, last, rest] = /([\d,]+)\.\.([\d,]+), (.*)/s.exec(text) ?? [text, '0', '0', ''];
  return { first: Number(first), last: Number(last.replace(',', '')), rest };
}

async function assertWhole(page, server, run) {
  const { n } = await server.run(run);
  const whole = { first: 1, last: n, rest: 'no gaps, no repeats' };
  let seen;
  await until(
    () => `${JSON.stringify(whole)}; it was ${JSON.stringify(seen)}`,
    async () => isDeepStrictEqual((seen = await seenOf(page, run)), whole),
  );
}

/** The bar stands where the run is held, and moves when that is over. */
async function flowAndWatch(bar, flow) {
  const at = async () => Number(await bar.getAttribute('aria-valuenow').catch(() => 0));
  await until('the bar to stand at the half', async () => (await at()) >= 20);
  flow();
  await until('the bar to move', async () => (await at()) > 22);
}

async function startScrape(page) {
  await page.getByRole('button', { name: 'Start New Scrape' }).first().click();
  await page.getByRole('button', { name: 'Start all' }).click();
}

test('start a scrape and watch it, by WebSocket alone', async (t) => {
  const { proxy, server, context, flow } = await scene(t, { held: true, heartbeat: 10_000 });
  const page = await open(context, proxy.url);
  await indicator(page, 'Live by WebSocket').waitFor();
  assert.equal(proxy.asked('/api/ws'), 1);

  await startScrape(page);
  const bar = page.getByRole('progressbar', { name: 'Pages of shop' }).first();
  await bar.waitFor();
  await flowAndWatch(bar, flow);
  await server.ended(1);
  await page.getByRole('table', { name: 'Recent runs' }).getByText('completed').first().waitFor({ state: 'attached' });
  assert.equal(proxy.asked('/api/scrape/stream'), 0);
  assert.deepEqual(page.complaints, []);
});

test("a run's page: live progress, then the final figures, and one end", async (t) => {
  const { proxy, server, context, flow } = await scene(t, { held: true });
  const run = await server.startRun();
  const page = await open(context, `${proxy.url}/runs/${run}`);
  await heading(page, `Run ${run}`).waitFor();
  await indicator(page, 'Live by WebSocket').waitFor();
  const bar = page.getByRole('progressbar', { name: 'Pages of news' });
  await flowAndWatch(bar, flow);
  await page.getByRole('status').filter({ hasText: `Run ${run} has ended` }).waitFor({ state: 'attached', timeout: 60_000 });
  const final = await server.run(run);
  const figures = page.getByLabel('Figures');
  await until('the final figures', async () => {
    const text = (await figures.innerText()).replace(/\s+/g, ' ');
    return text.includes(`Items ${final.items}`) && text.includes('Unchanged 0');
  });
  await page.getByRole('img', { name: /^Throughput over time/ }).locator('path[name="items"]').first().waitFor();
  // The end makes the page ask for the run once more: once when it was opened, once after its end.
  const asked = () => proxy.asked(`/api/scrape/runs/${run}`);
  await until('the page to ask once more', () => asked() >= 2);
  await assertWhole(page, server, run);
  assert.equal(asked(), 2);
  assert.deepEqual(page.complaints, []);
});

const FAULTS = {
  'WebSocket refused': { websocket: 'refuse' },
  'a mute WebSocket': { websocket: 'mute' },
  'a WebSocket reset again and again': { websocket: 'reset' },
};

for (const [what, fault] of Object.entries(FAULTS)) {
  test(`${what} in mid-run: the page goes on by SSE and says so`, async (t) => {
    const { proxy, server, context, flow } = await scene(t, { held: true });
    const run = await server.startRun();
    const page = await open(context, `${proxy.url}/runs/${run}`);
    await indicator(page, 'Live by WebSocket').waitFor();
    proxy.set(fault);
    await indicator(page, 'Live by SSE').waitFor();
    flow();
    await server.ended(run);
    await page.getByRole('status').filter({ hasText: `Run ${run} has ended` }).waitFor({ state: 'attached' });
    await assertWhole(page, server, run);
    proxy.heal();
    await indicator(page, 'Live by WebSocket').waitFor();
  });
}

test('the server stopped and started again: the run goes on, and so does the page', async (t) => {
  const all = await scene(t, { held: true });
  const run = await all.server.startRun();
  const page = await open(all.context, `${all.proxy.url}/runs/${run}`);
  await indicator(page, 'Live by WebSocket').waitFor();
  await restart(t, all);
  all.flow();
  await all.server.ended(run);
  await page.getByRole('status').filter({ hasText: `Run ${run} has ended` }).waitFor({ state: 'attached', timeout: 60_000 });
  await assertWhole(page, all.server, run);
});

test('seven tabs on SSE only: all live, also when the one that holds the connection is closed', async (t) => {
  const { proxy, server, context, flow } = await scene(t, { order: ['sse'], held: true, heartbeat: 10_000 });
  proxy.set({ websocket: 'refuse' });
  const run = await server.startRun();
  const tabs = [];
  for (let i = 0; i < 7; i++) {
    const page = await open(context, `${proxy.url}/runs/${run}`);
    await indicator(page, 'Live by SSE').waitFor();
    tabs.push(page);
  }
  assert.equal(proxy.asked('/api/scrape/stream'), 1);
  await tabs.shift().close(); // it came first, and so holds it
  await until('another tab to take over', () => proxy.asked('/api/scrape/stream') > 1);
  flow();
  await server.ended(run);
  for (const page of tabs) {
    await page.getByRole('status').filter({ hasText: `Run ${run} has ended` }).waitFor({ state: 'attached', timeout: 60_000 });
    await assertWhole(page, server, run);
  }
});

test('a schedule: when it is due, paused and resumed', async (t) => {
  const { proxy, server, context } = await scene(t, { count: 2, schedule: { cron: '30 4 * * *', timezone: 'Europe/Berlin' } });
  const page = await open(context, proxy.url);
  const next = page.getByRole('region', { name: 'Next by schedule' });
  await next.getByText(/^in \d/).first().waitFor();
  await page.goto(`${proxy.url}/platforms`);
  const shop = page.getByRole('region', { name: 'shop' });
  await shop.getByRole('button', { name: 'Pause the schedule of shop' }).click();
  await shop.getByText('paused').waitFor();
  const paused = async () => (await server.get('/api/schedules')).schedules.filter((one) => one.paused).map(({ platform }) => platform);
  assert.deepEqual(await paused(), ['shop']);
  await page.goto(proxy.url);
  await next.getByText('paused').waitFor();
  await page.goto(`${proxy.url}/platforms`);
  await shop.getByRole('button', { name: 'Resume the schedule of shop' }).click();
  await shop.getByText(/^in \d/).waitFor();
  assert.deepEqual(await paused(), []);
  assert.deepEqual(page.complaints, []);
});

test('a suspect run: its page says why, and so does the schedule that rests', async (t) => {
  const schedule = { cron: '@yearly', on_suspect: 'pause' };
  const { proxy, server, context, routes } = await scene(t, { count: 10, delay: 0, schedule });
  const again = async () => server.ended(await server.startRun());
  for (let i = 0; i < 3; i++) await again();
  routes['/'] = html('Index'); // that leads nowhere
  const { id } = await again();
  const page = await open(context, `${proxy.url}/runs/${id}`);
  const why = '1 item, 11 in the last 3 runs';
  const platforms = page.getByRole('region', { name: 'Platforms' }).getByRole('listitem');
  await platforms.filter({ hasText: 'shop' }).getByText(why).waitFor();
  await page.goto(`${proxy.url}/runs?status=suspect`);
  await page.getByRole('link', { name: `Run ${id}` }).waitFor();
  await page.goto(`${proxy.url}/platforms`);
  await page.getByRole('region', { name: 'shop' }).getByText(`paused: run ${id} is suspect: ${why}`).waitFor();
  assert.deepEqual(page.complaints, []);
});

const PAGES = ['/', '/runs', '/runs/1', '/items', '/platforms', '/system'];

test('every page: no complaint of the browser, none of axe, small enough', async (t) => {
  const { proxy, server, context } = await scene(t, { count: 10, delay: 10, schedule: '@yearly' });
  await server.ended(await server.startRun());
  const [item] = await server.items(1);
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  for (const colorScheme of ['light', 'dark']) {
    for (const where of [...PAGES, `/items/one?platform=${item.platform}&key=${encodeURIComponent(item.key)}`]) {
      const page = await open(context, 'about:blank');
      await page.emulateMedia({ colorScheme });
      await page.goto(proxy.url + where, { waitUntil: 'networkidle' });
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run(document));
      const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
      assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), [], `${where} in ${colorScheme}`);
      assert.deepEqual(page.complaints, [], where);
      await page.close();
    }
  }
});

test('the first load is at most 250 KB of compressed JavaScript', async (t) => {
  const { proxy, context } = await scene(t);
  const page = await open(context, 'about:blank');
  let bytes = 0;
  page.on('response', async (response) => {
    if (/javascript/.test(response.headers()['content-type'] ?? '')) bytes += Number(response.headers()['content-length']);
  });
  await page.goto(proxy.url, { waitUntil: 'networkidle' });
  assert.ok(bytes > 10_000 && bytes <= 250 * 1024, `${bytes} bytes`);
});

const ANSWERS = {
  'a server that answers 500': { status: 500, type: 'text/plain', body: 'Internal Server Error' },
  'a server that answers 401': { status: 401, type: 'application/problem+json', body: '{"title":"Unauthorized","status":401,"detail":"Say who you are"}' },
  'a server that answers with HTML': { status: 200, type: 'text/html', body: '<!DOCTYPE html><h1>Portal</h1>' },
};

for (const [what, answer] of Object.entries(ANSWERS)) {
  test(`${what}: said as it is, on every page, without a loop`, async (t) => {
    const { proxy, context } = await scene(t);
    proxy.set({ api: answer, websocket: 'refuse' });
    for (const where of PAGES) {
      const page = await open(context, proxy.url + where);
      await page.getByRole('alert').first().waitFor({ timeout: 60_000 });
      await page.getByRole('button', { name: 'Try again' }).first().waitFor();
      await page.close();
    }
    assert.ok(proxy.requests.length < 400, `${proxy.requests.length} requests`);
  });
}
