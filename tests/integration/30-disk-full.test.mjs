// The disk fills up in the middle of a crawl, and is freed again: the result is that of a run that nobody disturbed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, open, rm } from 'node:fs/promises';
import test from 'node:test';
import { checkJournal, found, maze, random } from './lib/maze.mjs';
import { PATIENCE_MS, Server, TRAWL, child, scratch, sleep, start, until, writeConfig } from './lib/trawl.mjs';

const SEED = Number(process.env.TRAWL_SEED ?? 1);
// A worker goes on for some hundred pages before it waits for the store.
const PAGES = 900;
const FILLINGS = 5;

/** A file system of a few megabytes, that only processes in a name space of their own see. */
async function smallDisk(t, folder) {
  const script = 'mkdir -p "$1" && mount -t tmpfs -o size=64M none "$1" && echo mounted && exec sleep 1000';
  const holder = start(t, ['--mount', 'sh', '-c', script, 'sh', folder], { file: 'unshare' });
  await holder.says(/mounted/);
  const seen = `/proc/${holder.pid}/root${folder}`;
  return {
    seen,
    args: (...command) => ['--mount', '--target', String(holder.pid), ...command],
    /** Take what is left of it. */
    async fill() {
      const file = await open(`${seen}/filler`, 'a');
      try {
        for (const piece of [65536, 4096, 512]) {
          const bytes = Buffer.alloc(piece, 1);
          for (;;) if ((await file.write(bytes)).bytesWritten < piece) break;
        }
      } catch (error) {
        if (error.code !== 'ENOSPC') throw error;
      } finally {
        await file.close();
      }
    },
    free: () => rm(`${seen}/filler`),
  };
}

const mayMount = spawnSync('unshare', ['--mount', 'true']).status === 0;

async function serveOn(t, disk, file, folder) {
  const program = start(t, disk.args(TRAWL, 'serve', '--config', file), { file: 'nsenter' });
  const [, url] = await program.says(/serves (http:\/\/[^\s/,]+)/);
  return new Server(program, url, file, folder);
}

const ready = async (server) => {
  const answer = await fetch(`${server.url}/ready`);
  return { status: answer.status, detail: (await answer.json()).detail };
};

/** What /ready says once it is not, or undefined if it is all the time. */
async function notReady(server, patience) {
  for (const end = performance.now() + patience; performance.now() < end; await sleep(20)) {
    const now = await ready(server);
    if (now.status === 503) return now;
  }
  return undefined;
}

test(`the disk is full ${FILLINGS} times`, { skip: !mayMount && 'no file system may be mounted here' }, async (t) => {
  const next = random(SEED);
  const site = await maze(t, { seed: SEED, pages: PAGES, delay: 30, dead: 0 });
  const folder = await scratch(t);
  const disk = await smallDisk(t, `${folder}/data`);
  const config = { workers: { restarts: 1000 }, platforms: { maze: site.platform({ concurrency: 2 }, { shards: 2 }) } };
  const file = await writeConfig(folder, config);
  let server = await serveOn(t, disk, file, folder);
  const id = await server.startRun();

  let stalls = 0;

  for (let i = 0; i < FILLINGS; i++) {
    const due = site.load.requests + 20 + next(20);
    await until(() => `more pages than ${site.load.requests}, in round ${i}: ${server.program.stderr}`, () => site.load.requests >= due, 15_000);
    await disk.fill();
    // Once its log has grown, the store can write for a while in the room that it has.
    const said = await notReady(server, i === 0 ? PATIENCE_MS : 1500);
    if (said) assert.match(said.detail, /^the store cannot write: .*full/);
    stalls += said !== undefined;
    // What is full stays so for a while, and not everybody lives to see the end of it.
    const victim = [null, 'worker', 'gateway', 'supervisor', null][i];
    if (victim === 'supervisor') {
      server.program.kill('SIGKILL');
      await server.program.exited;
      await disk.free();
      server = await serveOn(t, disk, file, folder);
      continue;
    }
    if (victim) process.kill((await child(server.program, victim)).pid, 'SIGKILL');
    await sleep(300 + next(700));
    await disk.free();
    await until('that it can write again', async () => {
      const now = await ready(server).catch(() => ({}));
      return now.status === 200;
    });
  }

  assert.equal((await server.ended(id)).status, 'completed');
  const { logs } = await server.get(`/api/scrape/runs/${id}/logs?limit=1000`);
  const told = logs.filter(({ message }) => /^the store could not write for .* everything waited, and goes on now$/.test(message));
  assert.ok(stalls >= 1 && told.length >= 1, `${stalls} stalls, ${JSON.stringify(logs)}`);
  t.diagnostic(`the store stood still ${stalls} times`);

  await server.program.stop();
  await cp(`${disk.seen}/trawl.db`, `${folder}/copy/trawl.db`);
  const result = await found(t, `${folder}/copy`, id);
  assert.deepEqual(result.pages, site.expected.pages);
  assert.deepEqual(result.items, site.expected.items);
  await checkJournal(t, `${folder}/copy`);
});
