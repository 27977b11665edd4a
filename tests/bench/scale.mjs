// What a page costs when ten thousand URLs are known, and when a million are. The site is two files, from which nginx makes any
// number of pages: a hub links to HUB_LINKS pages that nobody has met, and each of those to LINKS pages that are known.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { nginxWith } from '../integration/lib/nginx.mjs';
import { TRAWL, scratch, sleep, start } from '../integration/lib/trawl.mjs';
import { scoped, usage } from './measure.mjs';

const HUB_LINKS = 10_000;
const LINKS = 88; // as on a page of the documentation sites
const BEFORE = 1_000; // pages that are not counted: what the hubs have left to do is done with them
const PAGES = 8_000;
export const HUBS = [1, 100];

const ROUNDS = 2;

const links = (count, of) => Array.from({ length: count }, (_, i) => `<a href="${of(i)}">${i}</a>`).join('\n');
const page = (body) => `<!DOCTYPE html><title>Page</title><h1>Page</h1>${body}`;

async function site(t, hubs) {
  const root = await scratch(t);
  await writeFile(path.join(root, 'root.html'), page(links(hubs, (i) => `/${i}/`)));
  await writeFile(path.join(root, 'hub.html'), page(links(HUB_LINKS, (i) => `${i}/`)));
  await writeFile(path.join(root, 'page.html'), page(`<p>${'text '.repeat(1000)}</p>${links(LINKS, (i) => `/0/${i}/`)}`));
  const { url } = await nginxWith(t, {
    http: 'default_type text/html; sendfile on;',
    server: `root ${root}; location = / { rewrite ^ /root.html break; } location ~ ^/\\d+/$ { rewrite ^ /hub.html break; }
      location ~ ^/\\d+/\\d+/$ { rewrite ^ /page.html break; } location = /robots.txt { return 404; }
      location = /status { stub_status; }`,
  });
  return url;
}

/** Requests that nginx has answered, but for those that ask how many. */
async function answered(url) {
  const text = await (await fetch(`${url}/status`)).text();
  return Number(/requests\s+\d+ \d+ (\d+)/.exec(text)[1]);
}

/** A crawl of the root, all hubs and PAGES behind them: what it takes between the first and the last of these. */
function crawl(hubs) {
  return scoped(async (t) => {
    const url = await site(t, hubs);
    const program = start(t, ['run', '--quiet', '--plugin', 'html', '--start', `${url}/`, '--set', 'follow=a', '--set', 'fields.title=title',
      '--fetch', 'concurrency=32', '--fetch', `max_pages=${hubs + BEFORE + PAGES}`, '--output', '/dev/null']);
    const samples = [];
    for (let asked = 1; !program.ended; asked++) {
      samples.push({ ...(await usage(program.pid)), pages: (await answered(url)) - asked });
      await sleep(50);
    }
    if (program.ended.code !== 0) throw new Error(`trawl ended with ${program.ended.code}: ${program.stderr.slice(-2000)}`);
    const first = samples.find(({ pages }) => pages >= hubs + BEFORE);
    const last = samples.findLast(({ pages }) => pages < hubs + BEFORE + PAGES - 1000);
    return {
      pages: last.pages - first.pages,
      cpuSeconds: last.cpuSeconds - first.cpuSeconds,
      bytes: last.bytes,
    };
  });
}

/** [{known, cpuPer1000, bytes}], for each number of hubs. */
export async function scaleBench(say) {
  const rounds = HUBS.map(() => []);
  for (let i = 0; i < ROUNDS * HUBS.length; i++) {
    const which = i % HUBS.length;
    say(`scale ${i + 1}/${ROUNDS * HUBS.length}: ${HUBS[which] * HUB_LINKS} URLs`);
    rounds[which].push(await crawl(HUBS[which]));
  }
  const sum = (round, of) => round.reduce((all, one) => all + one[of], 0);
  return rounds.map((round, i) => ({
    known: HUBS[i] * HUB_LINKS,
    cpuPer1000: (1000 * sum(round, 'cpuSeconds')) / sum(round, 'pages'),
    bytes: Math.max(...round.map(({ bytes }) => bytes)),
  }));
}
