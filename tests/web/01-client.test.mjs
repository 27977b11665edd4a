// The chain client as any page uses it, in a real browser, against the real server, through faults.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sleep, until } from '../integration/lib/trawl.mjs';
import { open } from './lib/browser.mjs';
import { HEARTBEAT_MS, restart, scene } from './lib/scene.mjs';

/** A page without anything on it that follows everything; what it heard is in `window.heard`. */
async function openBlank(context, proxy) {
  const page = await open(context, `${proxy.url}/live`);
  await page.evaluate(async () => {
    const { createChainClient } = await import('/trawl-client.js');
    window.client = createChainClient();
    window.heard = [];
    window.client.listen((message) => window.heard.push(message));
  });
  // By WebSocket the subscription goes out once the connection is there: what it has is known when that is confirmed.
  await until('the subscription', () => page.evaluate(() => {
    const { phase, lastId } = window.client.getStatus();
    return phase === 'connected' && lastId !== null;
  }));
  return page;
}

const status = (page) => page.evaluate(() => window.client.getStatus());

/** Each progress message of the run, n = 1, 2, 3 …, each once, and its end. */
async function assertWhole(page, run) {
  const ns = () => page.evaluate((id) => window.heard.filter(({ type, data }) => type === 'scrape_progress' && data.run_id === id).map(({ data }) => data.n), run);
  const ended = () => page.evaluate((id) => window.heard.some(({ type, data }) =>
    type === 'scrape_progress' && data.run_id === id && data.platform === null && ['completed', 'partial', 'failed'].includes(data.phase)), run);
  await until(`the end of run ${run} in the page`, ended);
  const seen = await ns();
  assert.deepEqual(seen, seen.map((_, i) => i + 1));
  const now = await status(page);
  assert.equal(now.gaps, 0);
  assert.equal(now.repeats, 0);
}

const transportIs = (page, kind) =>
  until(`a connection by ${kind}`, async () => {
    const { phase, transport } = await status(page);
    return phase === 'connected' && transport === kind;
  });

async function midRun(page) {
  await until('the run to be under way', () => page.evaluate(() => window.heard.filter(({ type }) => type === 'scrape_progress').length > 8));
}

test('the example page follows runs', async (t) => {
  const { proxy, server, context } = await scene(t, { count: 10, heartbeat: 10_000 });
  const page = await open(context, `${proxy.url}/example.html`);
  await page.waitForFunction(() => document.getElementById('connection').value === 'websocket');
  await until('its subscription', async () => (await server.get('/api/watchers')).watchers.some(({ topics }) => topics.length > 0));
  await server.ended(await server.startRun());
  await page.waitForFunction(() => document.getElementById('messages').textContent.includes('completed'));
  assert.deepEqual(page.complaints, []);
  assert.equal(proxy.asked('/api/scrape/stream'), 0);
});

const FAULTS = {
  'WebSocket refused': { websocket: 'refuse' },
  'an upgrade let through and then mute': { websocket: 'mute' },
  'a connection reset again and again': { websocket: 'reset' },
};

for (const [what, fault] of Object.entries(FAULTS)) {
  test(`${what}, in mid-run: on by SSE, and back when it is over`, async (t) => {
    const { proxy, server, context, flow } = await scene(t, { held: true });
    const page = await openBlank(context, proxy);
    const run = await server.startRun();
    await midRun(page);
    proxy.set(fault);
    await transportIs(page, 'sse');
    assert.match(page.warnings.join('\n'), /from websocket to sse/);
    flow();
    await server.ended(run);
    await assertWhole(page, run);
    proxy.heal();
    await transportIs(page, 'websocket');
    const next = await server.startRun({ platforms: ['news'] });
    await assertWhole(page, next);
    const { moves } = await server.get('/api/transports');
    assert.ok(moves.some(({ from, to }) => from === 'websocket' && to === 'sse'), JSON.stringify(moves));
  });
}

test('WebSocket and SSE refused, in mid-run: on by polling, and back when it is over', async (t) => {
  const { proxy, server, context, flow } = await scene(t, { held: true });
  const page = await openBlank(context, proxy);
  const run = await server.startRun();
  await midRun(page);
  proxy.set({ websocket: 'refuse', sse: 'refuse' });
  await transportIs(page, 'poll');
  flow();
  await server.ended(run);
  await assertWhole(page, run);
  const quiet = await server.startRun({ platforms: ['news'] });
  await assertWhole(page, quiet);
  proxy.heal();
  await transportIs(page, 'websocket');
  assert.deepEqual((await status(page)).gaps, 0);
});

test('SSE buffered by the proxy: on by WebSocket', async (t) => {
  const { proxy, server, context, flow } = await scene(t, { order: ['sse', 'websocket'], held: true });
  proxy.set({ websocket: 'refuse' }); // else the client, which begins with WebSocket, would not need SSE
  const page = await openBlank(context, proxy);
  await transportIs(page, 'sse');
  proxy.set({ websocket: 'pass' });
  const run = await server.startRun();
  await midRun(page);
  proxy.set({ sse: 'buffer' });
  await transportIs(page, 'websocket');
  flow();
  await assertWhole(page, run);
});

test('the server stopped and started again', async (t) => {
  const all = await scene(t, { held: true });
  const page = await openBlank(all.context, all.proxy);
  const run = await all.server.startRun();
  await midRun(page);
  await restart(t, all);
  all.flow();
  await all.server.ended(run);
  await assertWhole(page, run);
});

test('seven tabs on SSE only: all live, also when the leader closes', async (t) => {
  const { proxy, server, context } = await scene(t, { order: ['sse'] });
  proxy.set({ websocket: 'refuse' });
  const tabs = [];
  for (let i = 0; i < 7; i++) {
    const page = await openBlank(context, proxy);
    tabs.push(page);
  }
  const first = await server.startRun({ platforms: ['shop'] });
  await Promise.all(tabs.map((page) => assertWhole(page, first)));
  const leads = await Promise.all(tabs.map(async (page) => (await status(page)).leader));
  assert.equal(leads.filter(Boolean).length, 1);
  const [leader] = tabs.splice(leads.indexOf(true), 1);
  const second = await server.startRun({ platforms: ['news'] });
  await sleep(HEARTBEAT_MS);
  await leader.close();
  await Promise.all(tabs.map((page) => assertWhole(page, second)));
});

test('a run followed late is heard from n = 1', async (t) => {
  const { proxy, server, context, flow } = await scene(t, { held: true });
  const run = await server.startRun();
  await until('some progress', async () => (await server.run(run)).n > 10);
  const page = await openBlank(context, proxy);
  await page.evaluate((id) => {
    window.followed = [];
    window.client.follow(id, (message) => window.followed.push(message), (state) => (window.followState = state));
  }, run);
  await page.waitForFunction(() => window.followState === 'live');
  flow();
  await page.waitForFunction(() => window.followState === 'ended', null, { timeout: 60_000 });
  const ns = await page.evaluate(() => window.followed.filter(({ type }) => type === 'scrape_progress').map(({ data }) => data.n));
  assert.deepEqual(ns, ns.map((_, i) => i + 1));
  assert.equal(ns.length, (await server.run(run)).n);
});
