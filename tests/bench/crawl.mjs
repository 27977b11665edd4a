// A crawl of Debian's python3-doc by the whole of `trawl run`, the store included, and by Scrapy.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { nginx } from '../integration/lib/nginx.mjs';
import { TRAWL, lines, run, scratch } from '../integration/lib/trawl.mjs';
import { measure, scoped } from './measure.mjs';

const DOCUMENTATION = '/usr/share/doc/python3/html';
const SPIDER = path.join(path.dirname(fileURLToPath(import.meta.url)), 'spider.py');
// Trawl on both sides of Scrapy, which takes long: what the machine does besides meets both.
const TURNS = ['trawl', 'scrapy', 'trawl'];

const crawlers = {
  trawl: (start, file) => [TRAWL, ['run', '--quiet', '--plugin', 'html', '--start', start, '--set', 'follow=a',
    '--set', 'fields.title=title', '--set', 'fields.h1=h1', '--fetch', 'concurrency=32', '--output', file]],
  scrapy: (start, file) => ['scrapy', ['runspider', SPIDER, '-a', `url=${start}`, '-O', `${file}:jsonlines`]],
};

function crawl(name) {
  return scoped(async (t) => {
    const start = `${await nginx(t, DOCUMENTATION)}/index.html`;
    const folder = await scratch(t);
    const file = path.join(folder, 'pages.jsonl');
    const result = await measure(t, ...crawlers[name](start, file), { cwd: folder });
    // 3: one page of the documentation links to a file that the package leaves out.
    if (![0, 3].includes(result.code)) throw new Error(`${name} ended with ${result.code}: ${result.stderr.slice(-2000)}`);
    const pages = lines(await readFile(file, 'utf8')).length;
    return { pages, seconds: result.seconds, cpuSeconds: result.cpuSeconds, peakBytes: result.peakBytes };
  });
}

function summary(rounds) {
  const sum = (of) => rounds.reduce((all, round) => all + round[of], 0);
  return {
    pages: rounds[0].pages,
    pagesPerSecond: sum('pages') / sum('seconds'),
    cpuPer1000: (1000 * sum('cpuSeconds')) / sum('pages'),
    peakBytes: Math.max(...rounds.map((round) => round.peakBytes)),
    rounds,
  };
}

/** {trawl, scrapy, ratio, scrapyVersion} */
export async function crawlBench(say) {
  const rounds = { trawl: [], scrapy: [] };
  for (const [i, name] of TURNS.entries()) {
    say(`crawl ${i + 1}/${TURNS.length}: ${name}`);
    rounds[name].push(await crawl(name));
  }
  const trawl = summary(rounds.trawl);
  const scrapy = summary(rounds.scrapy);
  if (trawl.pages !== scrapy.pages) throw new Error(`not the same job: ${trawl.pages} pages by Trawl, ${scrapy.pages} by Scrapy`);
  const version = await scoped((t) => run(t, ['version'], { file: 'scrapy' }));
  return { trawl, scrapy, ratio: scrapy.cpuPer1000 / trawl.cpuPer1000, scrapyVersion: version.stdout.trim() };
}
