// Starting and stopping the real executable. Every process is ended by its own id when its test is over.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export { sleep };

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const BUILD = process.env.TRAWL_BUILD ?? path.join(ROOT, 'build');
export const TRAWL = path.join(BUILD, 'trawl');

// Generous: a sanitizer build on a busy machine is ten times slower, and nothing here measures time.
export const PATIENCE_MS = 60_000;

/** A folder of the test's own, removed after it. */
export async function scratch(t) {
  const folder = await mkdtemp(path.join(tmpdir(), 'trawl-test-'));
  // A server of the test may be on its way out of it.
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}

/** Wait until `probe` gives something true, and return that. */
export async function until(what, probe, patience = PATIENCE_MS) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited in vain for ${typeof what === 'function' ? what() : what}`);
    await sleep(20);
  }
}

/** A running program: its output so far, `exited`, and waits that fail when it ends first. */
export class Program {
  stdout = '';
  stderr = '';

  constructor(file, args, { cwd, env } = {}) {
    this.name = `${path.basename(file)} ${args.join(' ')}`;
    this.child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout.setEncoding('utf8').on('data', (text) => (this.stdout += text));
    this.child.stderr.setEncoding('utf8').on('data', (text) => (this.stderr += text));
    this.exited = once(this.child, 'close').then(([code, signal]) => {
      this.ended = { code, signal };
      return this.ended;
    });
  }

  get pid() {
    return this.child.pid;
  }

  kill(signal = 'SIGTERM') {
    this.child.kill(signal);
  }

  /** Wait for a match on stdout. */
  says(pattern) {
    return until(
      () => `${pattern} from ${this.name}; it said\n${this.stdout}${this.stderr}`,
      () => {
        const match = pattern.exec(this.stdout);
        if (!match && this.ended) {
          throw new Error(`${this.name} ended with ${JSON.stringify(this.ended)} before ${pattern}:\n${this.stdout}${this.stderr}`);
        }
        return match;
      },
    );
  }

  async stop(signal = 'SIGTERM') {
    if (!this.ended) this.kill(signal);
    return this.exited;
  }
}

export function start(t, args, options = {}) {
  const program = new Program(options.file ?? TRAWL, args, options);
  t.after(async () => {
    if (!program.ended) program.kill('SIGKILL');
    await program.exited;
  });
  return program;
}

/** Run to the end. */
export async function run(t, args, options = {}) {
  const program = start(t, args, options);
  const ended = await program.exited;
  return { ...ended, stdout: program.stdout, stderr: program.stderr };
}

export const lines = (text) => text.split('\n').filter(Boolean);
export const jsonLines = (text) => lines(text).map((line) => JSON.parse(line));

/** A configuration with the live chain, a data folder of its own and any free port. */
export async function writeConfig(folder, config) {
  const file = path.join(folder, 'trawl.json');
  const whole = {
    data: path.join(folder, 'data'),
    transports: { websocket: {}, sse: {}, poll: {} },
    chains: { live: { order: ['websocket', 'sse', 'poll'] } },
    ...config,
    server: { listen: ['127.0.0.1:0'], ...config.server },
  };
  await mkdir(folder, { recursive: true });
  await writeFile(file, JSON.stringify(whole, null, 2));
  return file;
}

/** `trawl serve`, up and answering. */
export async function serve(t, config, { env, folder } = {}) {
  const home = folder ?? (await scratch(t));
  const file = await writeConfig(home, config);
  return serveFile(t, file, { env, home });
}

export async function serveFile(t, file, { env, home, cwd } = {}) {
  const program = start(t, ['serve', '--config', file], { env, cwd });
  const [, url] = await program.says(/serves (http:\/\/[^\s/,]+)/);
  return new Server(program, url, file, home);
}

export class Server {
  constructor(program, url, config, home) {
    Object.assign(this, { program, url, config, home });
    this.data = path.join(home ?? '', 'data');
    this.address = url.replace('http://', '');
  }

  async get(where) {
    const answer = await fetch(this.url + where);
    if (!answer.ok) throw new Error(`GET ${where}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  post(where, body = {}, headers = {}) {
    return fetch(this.url + where, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  async startRun(body = {}, headers = {}) {
    const answer = await this.post('/api/scrape/runs', body, headers);
    const result = await answer.json();
    if (answer.status !== 202) throw new Error(`start: ${answer.status} ${JSON.stringify(result)}`);
    return result.run_id ?? result.id;
  }

  run(id) {
    return this.get(`/api/scrape/runs/${id}`);
  }

  /** The run once it has ended. */
  ended(id) {
    return until(`the end of run ${id}`, async () => {
      const run = await this.run(id);
      return ENDS.has(run.status) && run;
    });
  }

  async items(id) {
    const answer = await fetch(`${this.url}/api/scrape/runs/${id}/items?format=jsonl`);
    return jsonLines(await answer.text());
  }
}

export const ENDS = new Set(['completed', 'partial', 'failed', 'cancelled', 'suspect']);

/** Processes below `pid`: [{pid, start, role}], by /proc. `start` tells one use of a pid from the next. */
export async function descendants(pid) {
  const all = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const found = await processInfo(Number(name));
    if (found) all.push(found);
  }
  const below = new Set([pid]);
  for (let before = 0; before !== below.size; ) {
    before = below.size;
    for (const one of all) if (below.has(one.parent)) below.add(one.pid);
  }
  below.delete(pid);
  return all.filter((one) => below.has(one.pid));
}

async function processInfo(pid) {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    const command = (await readFile(`/proc/${pid}/cmdline`, 'latin1')).split('\0');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const role = command.find((word) => word.startsWith('--role='))?.slice('--role='.length);
    return { pid, parent: Number(fields[1]), state: fields[0], start: fields[19], role };
  } catch {
    return null; // it ended while we looked
  }
}

export async function isAlive(one) {
  const now = await processInfo(one.pid);
  return now !== null && now.start === one.start && now.state !== 'Z';
}

/** One child of that role. */
export function child(program, role) {
  return until(`a ${role} of ${program.name}`, async () =>
    (await descendants(program.pid)).find((one) => one.role === role && one.state !== 'Z'),
  );
}

export async function allGone(processes, patience) {
  await until(
    `the end of ${JSON.stringify(processes)}`,
    async () => (await Promise.all(processes.map(isAlive))).every((alive) => !alive),
    patience,
  );
}

/** Whether `path` says something about the database that only the sqlite3 shell can: rows of a query, as JSON. */
export async function sqlite(t, data, query) {
  const [file] = (await readdir(data)).filter((name) => /\.(db|sqlite3?)$/.test(name));
  const result = await run(t, ['-readonly', '-json', path.join(data, file), query], { file: 'sqlite3' });
  if (result.code !== 0) throw new Error(`sqlite3: ${result.stderr}`);
  return result.stdout ? JSON.parse(result.stdout) : [];
}
