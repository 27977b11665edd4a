// Running what is measured: where it runs, what processor time and memory it takes.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { descendants, sleep, start } from '../integration/lib/trawl.mjs';

const ALL_CPUS = process.env.BENCH_CPUS;
export const SERVER_CPU = ALL_CPUS.split(/[,-]/)[0];
export const CLIENT_CPU = ALL_CPUS.split(/[,-]/).at(-1);

const SAMPLE_MS = 50;

// Of /proc on Linux, whatever the machine.
const TICKS = 100;
const PAGE_BYTES = 4096;

const scopes = new Set();
let stopping = false;

async function leave(undo) {
  while (undo.length > 0) await undo.pop()();
}

/** Call `measured(t)`, where t.after() takes what must be undone when it is over: what the tests' helpers want. */
export async function scoped(measured) {
  const undo = [];
  scopes.add(undo);
  try {
    return await measured({ after: (one) => undo.push(one) });
  } finally {
    await leave(undo);
    if (stopping) await new Promise(() => {}); // the handler below ends the process, once all is undone
    scopes.delete(undo);
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    stopping = true;
    for (const undo of scopes) await leave(undo);
    process.exit(1);
  });
}

const moveSelf = (cpus) => promisify(execFile)('taskset', ['-apc', cpus, String(process.pid)]);

/** Let `work`, and all that it starts, run on every core. */
export async function onAllCpus(work) {
  await moveSelf(ALL_CPUS);
  try {
    return await work();
  } finally {
    await moveSelf(CLIENT_CPU);
  }
}

/** A running process, its threads and its children go to the servers' core. */
export async function pin(pid) {
  for (const one of [pid, ...(await descendants(pid)).map((child) => child.pid)]) {
    await promisify(execFile)('taskset', ['-apc', SERVER_CPU, String(one)]);
  }
}

async function peakBytes(pid) {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'latin1');
    return 1024 * Number(/^VmHWM:\s*(\d+)/m.exec(status)?.[1] ?? 0);
  } catch {
    return 0; // it has ended
  }
}

/** {cpuSeconds, bytes} of a process and its children, as they are now. */
export async function usage(pid) {
  const all = [pid, ...(await descendants(pid)).map((child) => child.pid)];
  const each = await Promise.all(all.map(async (one) => {
    const stat = await readFile(`/proc/${one}/stat`, 'latin1').catch(() => '');
    const [user = 0, system = 0, , , , , , , , , rss = 0] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11).map(Number);
    return { cpuSeconds: (user + system) / TICKS, bytes: rss * PAGE_BYTES };
  }));
  const sum = (of) => each.reduce((total, one) => total + one[of], 0);
  return { cpuSeconds: sum('cpuSeconds'), bytes: sum('bytes') };
}

/** Run to the end, on all cores: {code, stderr, seconds, cpuSeconds, peakBytes}, of it and all processes that it waited for. */
export async function measure(t, file, args, options = {}) {
  const timed = ['-c', ALL_CPUS, 'bash', '-c', 'TIMEFORMAT="%R %U %S"; time "$@"', 'time', file, ...args];
  const program = start(t, timed, { file: 'taskset', ...options });
  t.after(async () => {
    for (const { pid } of await descendants(program.pid)) process.kill(pid, 'SIGKILL'); // bash would leave it behind
  });
  let peak = 0;
  while (!program.ended) {
    const peaks = await Promise.all((await descendants(program.pid)).map(({ pid }) => peakBytes(pid)));
    peak = Math.max(peak, peaks.reduce((sum, one) => sum + one, 0));
    await sleep(SAMPLE_MS);
  }
  const { code } = await program.exited;
  const [seconds, user, system] = program.stderr.trim().split('\n').at(-1).split(' ').map(Number);
  return { code, stderr: program.stderr, seconds, cpuSeconds: user + system, peakBytes: peak };
}
