// What a person sees: how long an event takes to the page, and how long the page stands still when its connection breaks.
import { followByWebSocket } from '../integration/lib/follow.mjs';
import { sleep, until } from '../integration/lib/trawl.mjs';
import { open } from '../web/lib/browser.mjs';
import { HEARTBEAT_MS, scene } from '../web/lib/scene.mjs';
import { onAllCpus, scoped } from './measure.mjs';

const PAGES = 300; // of each of two platforms, about 40 in a second
const ENDLESS = 20_000; // more than the faults take
const ROUNDS = 5;

const FAULTS = [
  { name: 'WebSocket refused', fault: { websocket: 'refuse' }, goalMs: 1000 },
  { name: 'WebSocket mute', fault: { websocket: 'mute' }, goalMs: 2 * HEARTBEAT_MS + 1000 },
];

/** Sorted, so that any quantile can be read from it. */
const sorted = (numbers) => [...numbers].sort((a, b) => a - b);
export const quantile = (list, part) => list[Math.min(list.length - 1, Math.floor(part * list.length))];

/** From an event's timestamp to the bar that shows it, on a run's page: milliseconds, sorted. */
const toDom = () => scoped(async (t) => {
  const { proxy, server, context } = await scene(t, { count: PAGES });
  const page = await open(context, proxy.url);
  await page.getByRole('button', { name: 'Connection: Live by WebSocket' }).waitFor();
  const run = await server.startRun();
  const events = followByWebSocket(t, server.url, run);
  await page.goto(`${proxy.url}/runs/${run}`);
  await page.getByRole('progressbar', { name: 'Pages of shop' }).waitFor();
  await page.evaluate(() => {
    const bar = document.querySelector('[role=progressbar][aria-label="Pages of shop"]');
    window.shown = [];
    new MutationObserver(() => window.shown.push({ at: Date.now(), current: Number(bar.getAttribute('aria-valuenow')) }))
      .observe(bar, { attributeFilter: ['aria-valuenow'] });
  });
  const told = (await events).filter(({ data }) => data.platform === 'shop');
  const shown = await page.evaluate(() => window.shown);
  const ages = shown.map(({ at, current }) => {
    const event = told.find(({ data }) => data.current >= current);
    return at - Date.parse(event.timestamp);
  });
  if (ages.length < PAGES / 20) throw new Error(`the bar moved ${ages.length} times only`);
  return sorted(ages);
});

/** A page that notes when it hears of progress, and by which transport. */
async function listener(context, url) {
  const page = await open(context, `${url}/live`);
  await page.evaluate(async () => {
    const { createChainClient } = await import('/trawl-client.js');
    window.client = createChainClient();
    window.heard = [];
    window.client.listen(({ type }) => {
      if (type === 'scrape_progress') window.heard.push({ at: Date.now(), by: window.client.getStatus().transport });
    });
  });
  return page;
}

const hears = (page, by) =>
  until(`progress by ${by}`, () => page.evaluate((wanted) => window.heard.at(-1)?.by === wanted, by));

/** From the fault to the first event by SSE, `ROUNDS` times: milliseconds, sorted. */
const fromFault = (fault) => scoped(async (t) => {
  const { proxy, server, context } = await scene(t, { count: ENDLESS });
  const page = await listener(context, proxy.url);
  await server.startRun();
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    await hears(page, 'websocket');
    await sleep(2 * HEARTBEAT_MS); // what has just come back is not yet what a fault meets
    await page.evaluate(() => (window.heard = []));
    const began = Date.now();
    proxy.set(fault);
    await hears(page, 'sse');
    const first = await page.evaluate(() => window.heard.find(({ by }) => by === 'sse'));
    times.push(first.at - began);
    proxy.heal();
  }
  return sorted(times);
});

/** {dom: {ms, goalMs}, faults: [{name, ms, goalMs}]}, each `ms` sorted. */
export const watchBench = (say) => onAllCpus(async () => {
  say('watch: an event to the page');
  const dom = { ms: await toDom(), goalMs: 50 };
  const faults = [];
  for (const { name, fault, goalMs } of FAULTS) {
    say(`watch: ${name}`);
    faults.push({ name, goalMs, ms: await fromFault(fault) });
  }
  return { dom, faults };
});
