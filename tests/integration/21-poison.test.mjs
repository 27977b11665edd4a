// Pages that are the end of their worker, and workers that are the end of their platform.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { build } from './lib/plugins.mjs';
import { crawl, html, pages, site } from './lib/site.mjs';
import { BUILD, child, run, serve, until } from './lib/trawl.mjs';

// What these tests are about is a signal: the address sanitizer shall not make an exit of it.
process.env.ASAN_OPTIONS = 'handle_segv=0';

const GOOD = Array.from({ length: 20 }, (_, i) => `/good/${i}`);
const bad = (count) => Array.from({ length: count }, (_, i) => `/${i}/bad`);

/** A run of good and bad pages, and what became of it: {result, errors, items, seen}. */
async function play(t, { mode, paths = [...GOOD, '/bad'], workers = {}, platforms = {} }) {
  const file = await build(t, 'naughty');
  const { url, seen } = await site(t, { '*': (request, response) => response.end(html(request.url)) });
  const server = await serve(t, {
    workers,
    platforms: {
      n: { plugin: file, options: { pages: paths.map((one) => url + one), mode }, fetch: { concurrency: 4, retries: 0 } },
      ...platforms,
    },
  });
  const id = await server.startRun();
  const result = await server.ended(id);
  const { errors } = await server.get(`/api/scrape/runs/${id}/errors`);
  const { logs } = await server.get(`/api/scrape/runs/${id}/logs`);
  return { result, errors, logs, items: await server.items(id), seen, server, id };
}

for (const [mode, evidence, workers] of [
  ['crash', /ended by signal 11 \(Segmentation fault\) in on_response\(\) of plugin '.*naughty\.so', 2 times/],
  ['exit', /exited with status 0 in on_response\(\) of plugin '.*naughty\.so', 2 times/],
  ['spin', /silent for 2 s in on_response\(\) of plugin '.*naughty\.so', 2 times/, { silence: '2s' }],
]) {
  test(`a page at which the plugin does '${mode}' is set aside, and the run goes on`, async (t) => {
    const { result, errors, items, seen } = await play(t, { mode, workers });
    assert.equal(result.status, 'partial');
    assert.equal(result.failed, 1);
    assert.equal(result.pages, GOOD.length + 1);
    assert.equal(items.length, GOOD.length);
    assert.deepEqual(errors.map(({ kind, url }) => [kind, new URL(url).pathname]), [['poison', '/bad']]);
    assert.match(errors[0].detail, evidence);
    assert.equal(seen.filter((one) => one === '/bad').length, 2);
  });
}

test('three of them do not use up the restarts', async (t) => {
  const { result, errors, items } = await play(t, { mode: 'crash', paths: [...bad(3), ...GOOD], workers: { restarts: 5 } });
  assert.equal(result.status, 'partial');
  assert.deepEqual(errors.map(({ url }) => new URL(url).pathname).sort(), bad(3));
  assert.ok(errors.every(({ kind }) => kind === 'poison'));
  assert.equal(items.length, GOOD.length);
});

test('a plugin that crashes at every page is given up, and ends its platform only', async (t) => {
  const { url } = await site(t, pages(20));
  const { result, logs } = await play(t, {
    mode: 'crash', paths: bad(50), workers: { restarts: 2 }, platforms: { other: crawl(url) },
  });
  assert.equal(result.status, 'partial');
  const phases = Object.fromEntries(result.platforms.map(({ platform, phase, message }) => [platform, { phase, message }]));
  assert.equal(phases.n.phase, 'failed');
  assert.match(phases.n.message, /given up after 5 crashes with no good page between them/);
  assert.equal(phases.other.phase, 'completed');
  assert.ok(logs.some(({ message }) => /in on_response\(\) of plugin .*, at 'http:.*\/bad'; restart in/.test(message)));
});

test('a kill from outside blames no page, but uses up the restarts', async (t) => {
  const { url, seen } = await site(t, pages(60, 200));
  const server = await serve(t, { workers: { restarts: 1 }, platforms: { slow: crawl(url, { concurrency: 2 }) } });
  const id = await server.startRun();
  for (const due of [5, 15]) {
    await until(`${due} pages`, () => seen.length > due);
    process.kill((await child(server.program, 'worker')).pid, 'SIGKILL');
    await until('the log line', async () => {
      const { logs } = await server.get(`/api/scrape/runs/${id}/logs`);
      return logs.some(({ message }) => message.includes(due === 5 ? 'restart 1 of 1' : 'given up after 1 restart'));
    });
  }
  const result = await server.ended(id);
  assert.equal(result.status, 'partial');
  assert.equal(result.failed, 0);
  assert.match(result.platforms[0].message, /ended by signal 9 \(Killed\).*given up after 1 restart/);
});

test('more memory than workers.memory is not to be had', async (t) => {
  const cache = await readFile(path.join(BUILD, 'CMakeCache.txt'), 'utf8');
  if (/^TRAWL_SANITIZE:\w+=.+/m.test(cache)) {
    t.skip('a build with sanitizers needs all of the address space');
    return;
  }
  const { result, errors, items } = await play(t, { mode: 'eat', workers: { memory: '64M' } });
  assert.equal(result.status, 'partial');
  assert.equal(items.length, GOOD.length);
  assert.deepEqual(errors.map(({ kind }) => kind), ['poison']);
  assert.match(errors[0].detail, /in on_response\(\) of plugin '.*naughty\.so', out of memory: workers\.memory is 64 MiB/);
});

test('a crash before any page is told by its call', async (t) => {
  const file = await build(t, 'naughty', { macros: { CRASH_IN_START: 1 } });
  const { url } = await site(t, { '/a': html('A') });
  const result = await run(t, ['run', '--plugin', file, '--name', 'n', '--set', `pages=${url}/a`]);
  assert.equal(result.code, 1);
  assert.match(result.stderr, /signal 11 \(Segmentation fault\) in start\(\) of plugin .*restart 1 of 5/);
});
