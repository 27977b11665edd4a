// kill -9 of anything at any moment, again and again: the result is that of a run that nobody disturbed.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { checkJournal, found, history, maze, random } from './lib/maze.mjs';
import { ENDS, allGone, descendants, scratch, serve, sleep, start, writeConfig } from './lib/trawl.mjs';

// Another seed gives other sites and other moments.
const SEED = Number(process.env.TRAWL_SEED ?? 1);
const KILLS = Number(process.env.TRAWL_KILLS ?? 100);
const PAGES = 250;

/** The children of a process: [{pid, role}]. All of a server's are its direct ones. */
async function children(pid) {
  const list = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const found = await Promise.all(list.split(' ').filter(Boolean).map(async (child) => {
    const command = await readFile(`/proc/${child}/cmdline`, 'latin1').catch(() => '');
    return { pid: Number(child), role: /--role=(\w+)/.exec(command)?.[1] };
  }));
  return found;
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false; // it had ended by itself
  }
}

/** A server that is killed in part or whole, and started again over the same data. */
class Victim {
  kills = { worker: 0, gateway: 0, supervisor: 0, all: 0 };

  constructor(t, config, next) {
    Object.assign(this, { t, config, next });
  }

  async start() {
    this.program = start(this.t, ['serve', '--config', this.config]);
    // Now and then it does not even come to serve.
    if (this.kills.supervisor + this.kills.all > 0 && this.next(4) === 0) {
      await sleep(this.next(200));
      this.kills.supervisor += kill(this.program.pid);
      await this.program.exited;
      return this.start();
    }
    const [, url] = await this.program.says(/serves (http:\/\/[^\s/,]+)/);
    this.url = url;
    return undefined;
  }

  async kill() {
    const what = ['worker', 'worker', 'worker', 'worker', 'gateway', 'supervisor', 'all'][this.next(7)];
    const below = await children(this.program.pid);
    if (what === 'worker' || what === 'gateway') {
      const all = below.filter(({ role }) => role === what);
      if (all.length > 0) this.kills[what] += kill(all[this.next(all.length)].pid);
      return;
    }
    // The others die with the supervisor; here they may do so before it.
    if (what === 'all') below.forEach(({ pid }) => kill(pid));
    this.kills[what] += kill(this.program.pid);
    await this.program.exited;
    await this.start();
  }

  run(id) {
    return fetch(`${this.url}/api/scrape/runs/${id}`).then((answer) => answer.json()).catch(() => ({}));
  }

  get total() {
    return Object.values(this.kills).reduce((a, b) => a + b);
  }
}

/** Start a run and kill something after every few pages, until it is over. */
async function disturb(victim, site, next) {
  const { run_id: id } = await (await fetch(`${victim.url}/api/scrape/runs`, { method: 'POST' })).json();
  for (;;) {
    const due = site.load.requests + 1 + next(25);
    for (let i = 0; site.load.requests < due && i < 100; i++) await sleep(5 + next(10));
    const { status } = await victim.run(id);
    if (ENDS.has(status)) return { id, status };
    await victim.kill();
  }
}

async function undisturbed(server) {
  const id = await server.startRun();
  const { status } = await server.ended(id);
  return { id, status };
}

test(`${KILLS} kills`, async (t) => {
  const total = { worker: 0, gateway: 0, supervisor: 0, all: 0 };
  const sum = () => Object.values(total).reduce((a, b) => a + b);
  for (let round = 0; sum() < KILLS; round++) {
    const seed = SEED * 1000 + round;
    const next = random(seed);
    // Every other site has no dead link: its runs complete, and items go.
    const site = await maze(t, { seed, pages: PAGES, delay: 30, dead: round % 2 === 0 ? 0 : 3 });
    const config = {
      workers: { restarts: 1000 },
      // A queue of ten leaves most of what a page leads to in the store.
      platforms: { maze: site.platform({ queue: round % 2 === 0 ? 10 : 100_000 }, { shards: 1 + (round % 3) }) },
    };
    const control = await serve(t, config);
    const folder = await scratch(t);
    const victim = new Victim(t, await writeConfig(folder, config), next);
    await victim.start();

    for (const [run, as] of [[1, seed], [2, seed + 500]]) {
      site.reset(as);
      const wanted = await undisturbed(control);
      site.reset(as);
      const had = await disturb(victim, site, next);
      const where = `seed ${SEED}, round ${round}, run ${run}, after ${JSON.stringify(victim.kills)}`;
      assert.deepEqual(had, wanted, where);
      const result = await found(t, `${folder}/data`, run);
      assert.deepEqual(result.pages, site.expected.pages, where);
      assert.deepEqual(result.items, site.expected.items, where);
    }
    assert.deepEqual(await history(t, `${folder}/data`), await history(t, control.data), `seed ${SEED}, round ${round}`);
    await checkJournal(t, `${folder}/data`);
    for (const what of Object.keys(total)) total[what] += victim.kills[what];
    const rest = await descendants(victim.program.pid);
    await victim.program.stop();
    await allGone(rest);
    await control.program.stop();
  }
  t.diagnostic(`killed: ${JSON.stringify(total)}`);
});
