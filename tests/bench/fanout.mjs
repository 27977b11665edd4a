// Events to many subscribers: a gateway alone, a gateway within the whole server, and nchan.
import path from 'node:path';
import { nginxWith } from '../integration/lib/nginx.mjs';
import { BUILD, child, scratch, serve, start } from '../integration/lib/trawl.mjs';
import { pin, scoped } from './measure.mjs';

export const TOOLS = path.join(BUILD, 'bench');
export const NCHAN = '/usr/lib/nginx/modules/ngx_nchan_module.so';
const ROUNDS = 2;
const SECONDS = 4;
const SPARSE_RATE = 80; // events/s: nothing can be put together

// Events that may be under way to the slowest subscriber. Each server has what suits it best: a gateway's events leave
// together at intervals, so a small window would measure the pauses; nchan becomes slower with a larger one.
const WINDOW = { gateway: 4000, nchan: 16 };

// The whole server makes its events at a rate, since a scraper does not wait for those who watch: `items` of a page, one
// page in 10 ms. With 1,000 subscribers that is 2 million deliveries a second, with 100 half as many.
const PAGE = { every: '10ms', items: { 100: 100, 1000: 20 } };

export async function loadRun(t, kind, port, subscribers, { pids, shared, onReady }) {
  const args = ['--pids', pids.join(','), '--seconds', String(SECONDS), ...(shared ? ['--shared', shared] : [])];
  const load = start(t, [...args, kind, String(port), String(subscribers)], { file: path.join(TOOLS, 'load') });
  await load.says(/^ready$/m);
  await onReady?.();
  const { code } = await load.exited;
  if (code !== 0) throw new Error(`${kind}, ${subscribers} subscribers: ${load.stderr}`);
  const result = JSON.parse(load.stdout.trim().split('\n').at(-1));
  return {
    subscribers,
    perSecond: result.deliveries / result.seconds,
    cpuPerMillion: result.cpu_seconds.map((cpu) => (1e6 * cpu) / result.deliveries),
    clientCpu: result.client_cpu,
    ageMs: result.age_ms,
    messageBytes: result.bytes / result.deliveries,
  };
}

export async function feed(t, args, { rate, window, shared }) {
  const pace = rate ? ['--rate', String(rate)] : ['--window', String(window)];
  const program = start(t, [...pace, '--shared', shared, ...args], { file: path.join(TOOLS, 'feed') });
  const [, port, pid] = await program.says(/serves (\d+) ?(\d+)?/);
  return { port, pid };
}

const servers = {
  nchan: (subscribers, { rate }) => scoped(async (t) => {
    const { port, program } = await nginxWith(t, {
      main: `load_module ${NCHAN}; master_process off; worker_rlimit_nofile 8192;`,
      http: 'nchan_shared_memory_size 256M;',
      server: `location = /pub { nchan_publisher; nchan_channel_id bench; nchan_message_buffer_length 1000; }
        location = /sub { nchan_subscriber; nchan_channel_id bench; nchan_subscriber_first_message newest; }`,
    });
    const shared = path.join(await scratch(t), 'shared');
    await pin(program.pid);
    await feed(t, ['nchan', String(port)], { rate, window: WINDOW.nchan, shared });
    return loadRun(t, 'nchan', port, subscribers, { pids: [program.pid], shared });
  }),

  gateway: (subscribers, { rate }) => scoped(async (t) => {
    const folder = await scratch(t);
    const shared = path.join(folder, 'shared');
    const { port, pid } = await feed(t, ['gateway', BUILD, path.join(folder, 'data')], { rate, window: WINDOW.gateway, shared });
    await pin(pid);
    return loadRun(t, 'websocket', port, subscribers, { pids: [pid], shared });
  }),

  // Gateway, supervisor with its store, and worker on one core.
  server: (subscribers) => scoped(async (t) => {
    const site = await nginxWith(t, { server: 'return 200 "";' });
    const server = await serve(t, { platforms: { bench: {
      plugin: path.join(TOOLS, 'emit.so'),
      options: { site: site.url, pages: 10_000, items: PAGE.items[subscribers] },
      fetch: { delay: PAGE.every },
    } } });
    await pin(server.program.pid);
    const gateway = await child(server.program, 'gateway');
    return loadRun(t, 'websocket', new URL(server.url).port, subscribers, {
      pids: [gateway.pid, server.program.pid],
      onReady: () => server.startRun(),
    });
  }),
};

const cases = [
  { server: 'nchan', subscribers: 100 },
  { server: 'gateway', subscribers: 100 },
  { server: 'server', subscribers: 100 },
  { server: 'nchan', subscribers: 1000 },
  { server: 'gateway', subscribers: 1000 },
  { server: 'server', subscribers: 1000 },
  { server: 'nchan', subscribers: 1000, rate: SPARSE_RATE },
  { server: 'gateway', subscribers: 1000, rate: SPARSE_RATE },
];

const mean = (numbers) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

function summary(rounds) {
  const of = (get) => mean(rounds.map(get));
  return {
    perSecond: of((round) => round.perSecond),
    cpuPerMillion: of((round) => round.cpuPerMillion[0]),
    clientCpu: Math.max(...rounds.map((round) => round.clientCpu)),
    p50Ms: of((round) => round.ageMs.p50),
    p99Ms: of((round) => round.ageMs.p99),
    rounds,
  };
}

/** [{server, subscribers, rate, …}], in turns. */
export async function fanoutBench(say) {
  const rounds = cases.map(() => []);
  for (let round = 1; round <= ROUNDS; round++) {
    for (const [i, one] of cases.entries()) {
      say(`fan-out ${round}/${ROUNDS}: ${one.server}, ${one.subscribers} subscribers${one.rate ? ', sparse' : ''}`);
      rounds[i].push(await servers[one.server](one.subscribers, one));
    }
  }
  return cases.map((one, i) => ({ ...one, ...summary(rounds[i]) }));
}
