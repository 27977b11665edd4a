// A generated site whose crawl has one right result, whatever the timing: pages that link to each other at random, redirects,
// dead links, pages that fail at first, and items that several pages give, of which the lowest page by (depth, URL) wins.
import { setTimeout as sleep } from 'node:timers/promises';
import { answer, html, site } from './site.mjs';
import { sqlite } from './trawl.mjs';

/** Numbers that look random and are the same for the same seed. */
export function random(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const REDIRECTS = 12;

/** {path: {links, rows} | {to} | {dead}}; '/' leads to all of it. */
function plan(seed, pages, dead) {
  const next = random(seed);
  const nodes = new Map();
  const path = (i) => (i === 0 ? '/' : `/page/${i}`);
  for (let i = 0; i < pages; i++) {
    const rows = Array.from({ length: 1 + next(3) }, () => `item-${next(pages)}`);
    nodes.set(path(i), { links: [], rows: [...new Set(rows)], flaky: next(12) === 0 });
  }
  for (let i = 1; i < pages; i++) {
    // A parent among those before keeps all together; near ones make it deep.
    nodes.get(path(Math.max(0, i - 1 - next(15)))).links.push(path(i));
    for (let more = next(5); more > 0; more--) nodes.get(path(i)).links.push(path(next(pages)));
  }
  for (let i = 0; i < REDIRECTS; i++) {
    nodes.set(`/moved/${i}`, { to: path(1 + next(pages - 1)) });
    nodes.get(path(next(pages))).links.push(`/moved/${i}`);
  }
  for (let i = 0; i < dead; i++) {
    nodes.set(`/dead/${i}`, { dead: true });
    nodes.get(path(next(pages))).links.push(`/dead/${i}`);
  }
  return nodes;
}

/** Depth of each path: a link is one deeper, the target of a redirect as deep as the redirect. */
function depths(nodes) {
  const depth = new Map([['/', 0]]);
  const due = [['/', 0]];
  const meet = (path, at) => {
    if (at >= (depth.get(path) ?? Infinity)) return;
    depth.set(path, at);
    due.push([path, at]);
  };
  for (let [path, at] = due[0], i = 0; i < due.length; i++) {
    [path, at] = due[i];
    const node = nodes.get(path);
    if (node.to !== undefined) meet(node.to, at);
    for (const link of node.links ?? []) meet(link, at + 1);
  }
  return depth;
}

/** The pages that a crawl ends with, as [path, outcome, depth], and the items, as [id, from]; both sorted. */
function expected(nodes) {
  const depth = depths(nodes);
  const winners = new Map();
  const pages = [];
  for (const [path, at] of depth) {
    const node = nodes.get(path);
    pages.push([path, node.dead ? 2 : node.to === undefined ? 0 : 1, at]);
    for (const id of node.rows ?? []) {
      const best = winners.get(id);
      if (best === undefined || at < depth.get(best) || (at === depth.get(best) && path < best)) winners.set(id, path);
    }
  }
  return { pages: pages.sort(byFirst), items: [...winners].sort(byFirst) };
}

const byFirst = ([a], [b]) => (a < b ? -1 : a > b ? 1 : 0);

/** Serve it. `delay`: most that an answer takes, in ms; `dead`: links that lead nowhere. */
export async function maze(t, { seed = 1, pages = 200, delay = 6, dead = 3 } = {}) {
  let nodes = plan(seed, pages, dead);
  const next = random(seed + 1);
  let failed = new Set();
  const load = { now: 0, most: 0, requests: 0 };
  const served = await site(t, {
    '*': async (request, response) => {
      load.requests++;
      load.most = Math.max(load.most, ++load.now);
      await sleep(next(delay + 1));
      load.now--;
      const node = nodes.get(request.url);
      if (node === undefined || node.dead) return answer(response, { status: 404 });
      if (node.to !== undefined) return answer(response, { status: 302, headers: { Location: node.to } });
      if (node.flaky && !failed.has(request.url)) {
        failed.add(request.url);
        return answer(response, { status: 503 });
      }
      const rows = node.rows.map((id) => `<li><b>${id}</b><i>${request.url}</i></li>`).join('');
      const links = node.links.map((link) => `<a href="${link}">x</a>`).join('');
      return answer(response, html(request.url, `<ul>${rows}</ul>${links}`));
    },
  });
  return {
    ...served,
    load,
    get expected() {
      return expected(nodes);
    },
    /** As for the first time; of another seed, other links and items on the same site. */
    reset(as = seed) {
      nodes = plan(as, pages, dead);
      failed = new Set();
      Object.assign(load, { most: 0, requests: 0 });
    },
    /** The platform that crawls it. */
    platform: (fetch = {}, more = {}) => ({
      plugin: 'html',
      options: { start: `${served.url}/`, follow: 'a', rows: 'li', fields: { id: 'b', from: 'i' }, key: 'id' },
      fetch: { concurrency: 8, throttle: 'off', rest: '1ms', rest_max: '1ms', retries: 6, retry_base: '20ms', ...fetch },
      ...more,
    }),
  };
}

/** What a run has left in the store, in the form of `expected`; a page has a row for each time that it ended. */
export async function found(t, data, run = 1) {
  const path = (url) => new URL(url).pathname;
  const of = `run_platform IN (SELECT id FROM run_platforms WHERE run_id = ${run})`;
  const pages = await sqlite(t, data, `SELECT url, outcome, depth FROM pages WHERE ${of}`);
  const items = await sqlite(t, data, `SELECT v.json FROM run_items s JOIN item_versions v ON v.id = s.version
    WHERE s.change <> 'gone' AND ${of}`);
  return {
    pages: pages.map(({ url, outcome, depth }) => [path(url), outcome, depth]).sort(byFirst),
    items: items.map(({ json }) => JSON.parse(json)).map(({ id, from }) => [id, from]).sort(byFirst),
  };
}

/** All that the store knows of items, but for times: what each run made of them, every version, and what is gone. */
export const history = (t, data) =>
  sqlite(t, data, `SELECT i.key, i.gone_ms IS NOT NULL AS gone,
    (SELECT group_concat(run_id || ':' || json, ' ') FROM (SELECT * FROM item_versions WHERE item = i.id ORDER BY id)) AS versions,
    (SELECT group_concat(run_id || ':' || change, ' ') FROM (SELECT p.run_id, s.change FROM run_items s
      JOIN run_platforms p ON p.id = s.run_platform WHERE s.item = i.id ORDER BY p.run_id)) AS changes
    FROM items i ORDER BY i.key`);

/** Throws unless the journal counts 1, 2, 3 … and so does each run's progress. */
export async function checkJournal(t, data) {
  const [{ count, last }] = await sqlite(t, data, 'SELECT count(*) AS count, max(seq) AS last FROM events');
  if (count !== last) throw new Error(`${count} events, of which the last is ${last}`);
  const holes = await sqlite(t, data, `SELECT run_id, place, n FROM (SELECT run_id, json_extract(data, '$.n') AS n,
    row_number() OVER (PARTITION BY run_id ORDER BY seq) AS place FROM events WHERE type = 1) WHERE n <> place LIMIT 5`);
  if (holes.length > 0) throw new Error(`n is not the place: ${JSON.stringify(holes)}`);
}
