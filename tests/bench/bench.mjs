// What `make bench` prints. See the head of `run`.
import { cpus } from 'node:os';
import { crawlBench } from './crawl.mjs';
import { deliveryBench } from './delivery.mjs';
import { fanoutBench } from './fanout.mjs';
import { CLIENT_CPU, SERVER_CPU } from './measure.mjs';
import { scaleBench } from './scale.mjs';
import { quantile, watchBench } from './watch.mjs';

// Trawl's processor time for a page, as a part of Scrapy's; its deliveries to 1,000 subscribers, in nchan's. The goals of
// what is watched lie in watch.mjs.
const GOAL_CRAWL = 8;
const GOAL_FANOUT = 8;
// What a page may cost more when a hundred times as many URLs are known.
const GOAL_SCALE = 1.2;

const PATIENCE_MS = 20 * 60_000;

const NAMES = { nchan: 'nchan', gateway: 'gateway alone', server: 'whole server' };

function table(rows, left = 1) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const pad = (cell, column) => (column < left ? cell.padEnd(widths[column]) : cell.padStart(widths[column]));
  return rows.map((row) => `  ${row.map(pad).join('   ').trimEnd()}`).join('\n');
}

const whole = (number) => Math.round(number).toLocaleString('en-US');
const verdict = (ratio, goal) => (ratio >= goal ? 'reached' : 'MISSED');

function printCrawl({ trawl, scrapy, ratio, scrapyVersion }) {
  const row = (name, { pagesPerSecond, cpuPer1000, peakBytes }) =>
    [name, whole(pagesPerSecond), cpuPer1000.toFixed(2), `${whole(peakBytes / 2 ** 20)} MiB`];
  console.log(`\nCrawl of python3-doc, ${trawl.pages} pages, every link of the host followed, all processes counted\n`);
  console.log(table([['', 'pages/s', 'CPU s per 1,000 pages', 'peak RSS'], row('trawl run', trawl), row(scrapyVersion, scrapy)]));
  console.log(`\n  Trawl takes 1/${ratio.toFixed(1)} of Scrapy's processor time; goal 1/${GOAL_CRAWL}: ${verdict(ratio, GOAL_CRAWL)}`);
}

function printScale([few, many]) {
  const row = ({ known, cpuPer1000, bytes }) => [whole(known), cpuPer1000.toFixed(2), `${whole(bytes / 2 ** 20)} MiB`];
  const ratio = many.cpuPer1000 / few.cpuPer1000;
  const bytes = (many.bytes - few.bytes) / (many.known - few.known);
  console.log('\nA page of a large crawl, 88 known links on it, all processes counted\n');
  console.log(table([['URLs known', 'CPU s per 1,000 pages', 'RSS'], row(few), row(many)]));
  console.log(`\n  Among a million URLs a page costs ${ratio.toFixed(2)} times what it costs among ten thousand; goal ${GOAL_SCALE}: ` +
    `${ratio <= GOAL_SCALE ? 'reached' : 'MISSED'}\n  A URL that is known, and waits to be fetched, takes ${whole(bytes)} bytes of memory`);
}

function printFanout(results) {
  const where = SERVER_CPU === CLIENT_CPU ? 'on the one core that there is' : `server on core ${SERVER_CPU}, client on core ${CLIENT_CPU}`;
  console.log(`\nFan-out of ${whole(results[0].rounds[0].messageBytes)}-byte events by WebSocket, ${where}; nothing lost or repeated\n`);
  console.log(table([
    ['server', 'events', 'subscribers', 'deliveries/s', 'CPU s per million', 'age p50', 'p99', 'client busy'],
    ...results.map((one) => [
      NAMES[one.server],
      one.rate ? `${one.rate}/s` : 'dense',
      whole(one.subscribers),
      whole(one.perSecond),
      one.cpuPerMillion.toFixed(3),
      `${whole(one.p50Ms)} ms`,
      `${whole(one.p99Ms)} ms`,
      `${whole(100 * one.clientCpu)} %`,
    ]),
  ], 2));
  const find = (server) => results.find((one) => one.server === server && one.subscribers === 1000 && !one.rate);
  for (const server of ['gateway', 'server']) {
    const ratio = find(server).perSecond / find('nchan').perSecond;
    console.log(`${server === 'gateway' ? '\n' : ''}  To 1,000 subscribers the ${NAMES[server]} delivers ${ratio.toFixed(1)} times what nchan does; ` +
      `goal ${GOAL_FANOUT}: ${verdict(ratio, GOAL_FANOUT)}`);
  }
}

function printDelivery({ dense, rivals, sse, half, idle, idleBytes, chain }) {
  const row = (name, one, goal = '') => [
    name, whole(one.perSecond), one.cpuPerMillion[0].toFixed(3), `${whole(one.ageMs.p50)} ms`, `${whole(one.ageMs.p99)} ms`, `${whole(one.ageMs.max)} ms`, goal,
  ];
  const judge = (value, most) => (value <= most ? 'reached' : 'MISSED');
  console.log('\nDelivery, to 1,000 subscribers where nothing else is said; nothing lost or repeated\n');
  console.log(table([
    ['', 'deliveries/s', 'CPU s per million', 'age p50', 'p99', 'most', 'goal'],
    row('gateway, WebSocket', dense, `0.18 CPU s: ${judge(dense.cpuPerMillion[0], 0.18)}`),
    row('gateway, SSE', sse, `0.25 CPU s: ${judge(sse.cpuPerMillion[0], 0.25)}`),
    row('Bun', rivals.bun),
    row('node, ws', rivals.ws),
    row('gateway, at half of saturation', half, `p99 20 ms: ${judge(half.ageMs.p99, 20)}`),
    row('gateway, an event a second to 10,000', idle.gateway, `most 1.1 of nchan's: ${judge(idle.gateway.ageMs.max, 1.1 * idle.nchan.ageMs.max)}`),
    row('nchan, an event a second to 10,000', idle.nchan),
    row('from a worker to 100, durable', chain, `50,000 events/s: ${judge(50_000, chain.perSecond / 100)}, p99 50 ms: ${judge(chain.ageMs.p99, 50)}`),
  ]));
  console.log(`\n  An idle WebSocket takes ${whole(idleBytes)} bytes of the gateway; goal 2,048: ${judge(idleBytes, 2048)}`);
}

function printWatch({ dom, faults }) {
  const row = (name, { ms, goalMs }, judged) =>
    [name, ms.length, quantile(ms, 0.5), quantile(ms, 0.95), ms.at(-1), goalMs, judged < goalMs ? 'reached' : 'MISSED'].map(String);
  console.log('\nA run watched in Chromium, ms\n');
  console.log(table([
    ['', 'times', 'p50', 'p95', 'most', 'goal', ''],
    row('event to the page', dom, quantile(dom.ms, 0.5)),
    ...faults.map((one) => row(`${one.name}, to the first event by SSE`, one, one.ms.at(-1))),
  ]));
}

const args = new Set(process.argv.slice(2));
const json = args.delete('--json');
for (const arg of args) {
  if (!['crawl', 'scale', 'fanout', 'delivery', 'watch'].includes(arg)) {
    console.error(`tests/bench/run BUILD [--json] [crawl] [scale] [fanout] [delivery] [watch]: '${arg}' is none of them`);
    process.exit(2);
  }
}
const wanted = (part) => args.size === 0 || args.has(part);
const say = (text) => process.stderr.write(`${text}\n`);

// Nothing here should take as long; a server that hangs must not keep the machine.
setTimeout(() => {
  say(`not done after ${PATIENCE_MS / 60_000} minutes`);
  process.kill(process.pid, 'SIGTERM');
}, PATIENCE_MS).unref();

const crawl = wanted('crawl') ? await crawlBench(say) : undefined;
const scale = wanted('scale') ? await scaleBench(say) : undefined;
const fanout = wanted('fanout') ? await fanoutBench(say) : undefined;
const delivery = wanted('delivery') ? await deliveryBench(say) : undefined;
const watch = wanted('watch') ? await watchBench(say) : undefined;
if (json) {
  console.log(JSON.stringify({ machine: { cpu: cpus()[0].model, cores: cpus().length }, crawl, scale, fanout, delivery, watch }, null, 2));
} else {
  if (crawl) printCrawl(crawl);
  if (scale) printScale(scale);
  if (fanout) printFanout(fanout);
  if (delivery) printDelivery(delivery);
  if (watch) printWatch(watch);
}
