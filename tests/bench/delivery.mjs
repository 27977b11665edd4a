// What the last goals of delivery say: beside Bun and node's `ws`, by SSE, at half of saturation, idle, and from a worker's item
// to its subscribers.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { nginxWith } from '../integration/lib/nginx.mjs';
import { BUILD, child, scratch, serve, start } from '../integration/lib/trawl.mjs';
import { NCHAN, TOOLS, feed, loadRun } from './fanout.mjs';
import { pin, scoped } from './measure.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const SUBSCRIBERS = 1000;
const IDLE = 10_000;
const RIVAL_WINDOW = { bun: 1000, ws: 64 };
// Whole chain: what a page has, and how often there is one.
const CHAIN = { subscribers: 100, items: 1000, every: '15ms' };

const rival = (name, file) => scoped(async (t) => {
  const program = start(t, [path.join(HERE, 'rival.mjs')], { file });
  const [, port] = await program.says(/serves (\d+)/);
  const shared = path.join(await scratch(t), 'shared');
  await pin(program.pid);
  await feed(t, ['nchan', port], { window: RIVAL_WINDOW[name], shared });
  return loadRun(t, 'nchan', port, SUBSCRIBERS, { pids: [program.pid], shared });
});

const gateway = (kind, subscribers, pace) => scoped(async (t) => {
  const folder = await scratch(t);
  const shared = path.join(folder, 'shared');
  const { port, pid } = await feed(t, ['gateway', BUILD, path.join(folder, 'data')], { ...pace, shared });
  await pin(pid);
  return loadRun(t, kind, port, subscribers, { pids: [pid], shared });
});

const nchanIdle = () => scoped(async (t) => {
  const { port, program } = await nginxWith(t, {
    main: `load_module ${NCHAN}; master_process off; worker_rlimit_nofile 32768;`,
    connections: 2 * IDLE,
    http: 'nchan_shared_memory_size 256M;',
    server: `location = /pub { nchan_publisher; nchan_channel_id bench; }
      location = /sub { nchan_subscriber; nchan_channel_id bench; nchan_subscriber_first_message newest; }`,
  });
  const shared = path.join(await scratch(t), 'shared');
  await pin(program.pid);
  await feed(t, ['nchan', String(port)], { rate: 1, shared });
  return loadRun(t, 'nchan', port, IDLE, { pids: [program.pid], shared });
});

/** Anonymous memory of a process, in bytes. */
async function anonymous(pid) {
  return 1024 * Number(/^RssAnon:\s*(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'latin1'))[1]);
}

const idleBytes = () => scoped(async (t) => {
  const folder = await scratch(t);
  const shared = path.join(folder, 'shared');
  const { port, pid } = await feed(t, ['gateway', BUILD, path.join(folder, 'data')], { rate: 1, shared });
  const before = await anonymous(pid);
  let during;
  await loadRun(t, 'websocket', port, IDLE, { pids: [pid], shared, onReady: async () => (during = await anonymous(pid)) });
  return (during - before) / (IDLE);
});

const chain = () => scoped(async (t) => {
  const site = await nginxWith(t, { server: 'return 200 "";' });
  const server = await serve(t, { platforms: { bench: {
    plugin: path.join(TOOLS, 'emit.so'),
    options: { site: site.url, pages: 10_000, items: CHAIN.items },
    fetch: { delay: CHAIN.every },
  } } });
  const worker = await child(server.program, 'gateway');
  return loadRun(t, 'websocket', new URL(server.url).port, CHAIN.subscribers, {
    pids: [worker.pid, server.program.pid],
    onReady: () => server.startRun(),
  });
});

/** {rivals: {name: round}, sse, half, idle: {gateway, nchan}, idleBytes, chain} */
export async function deliveryBench(say) {
  const told = (what, work) => (say(`delivery: ${what}`), work());
  const bun = path.join(HERE, 'node_modules/.bin/bun');
  const dense = await told('gateway, dense', () => gateway('websocket', SUBSCRIBERS, { window: 4000 }));
  return {
    dense,
    rivals: { bun: await told('Bun', () => rival('bun', bun)), ws: await told('ws', () => rival('ws', process.execPath)) },
    sse: await told('gateway by SSE', () => gateway('sse', SUBSCRIBERS, { window: 4000 })),
    half: await told('gateway at half of that', () => gateway('websocket', SUBSCRIBERS, { rate: Math.round(dense.perSecond / SUBSCRIBERS / 2) })),
    idle: {
      gateway: await told('one event to 10,000', () => gateway('websocket', IDLE, { rate: 1 })),
      nchan: await told('one event to 10,000, nchan', nchanIdle),
    },
    idleBytes: await told('memory of an idle WebSocket', idleBytes),
    chain: await told('from a worker to 100 subscribers', chain),
  };
}
