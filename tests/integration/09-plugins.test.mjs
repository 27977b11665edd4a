// Plugins built against the installed headers alone: good ones run, broken ones are refused and harm nobody.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { build } from './lib/plugins.mjs';
import { crawl, html, site } from './lib/site.mjs';
import { jsonLines, run, scratch, serve, writeConfig } from './lib/trawl.mjs';

const ROUTES = { '/a': html('A'), '/b': html('B'), '/bad': html('Bad'), '/c': html('C') };
const naughty = (file, url, options = {}) => ({
  plugin: file,
  options: { pages: ['/a', '/b', '/bad', '/c'].map((name) => url + name), ...options },
  fetch: { concurrency: 2 },
});

test('a plugin built out of tree loads and runs', async (t) => {
  const file = await build(t, 'naughty');
  const { url } = await site(t, ROUTES);
  const checked = await run(t, ['plugin', 'check', file]);
  assert.equal(checked.code, 0, checked.stderr);
  assert.match(checked.stdout, /naughty/);
  const config = await writeConfig(await scratch(t), { platforms: { n: naughty(file, url) } });
  const result = await run(t, ['run', '--config', config, '--quiet']);
  assert.equal(result.code, 0, result.stderr);
  assert.equal(jsonLines(result.stdout).length, 4);
});

test('a plugin is found by its name in TRAWL_PLUGIN_PATH', async (t) => {
  const file = await build(t, 'naughty');
  const result = await run(t, ['plugin', 'list'], { env: { TRAWL_PLUGIN_PATH: path.dirname(file) } });
  assert.match(result.stdout, /naughty/);
  assert.match(result.stdout, /html/);
});

const BROKEN = {
  'wrong major': [{ MAJOR: 99 }, /99/],
  'newer minor': [{ MINOR: 99 }, /99/],
  'short struct': [{ SIZE: 8 }, /struct trawl_plugin of 8 bytes/],
  'no symbol': [{ SYMBOL: 'something_else' }, /trawl_plugin/],
  'a crash in create': [{ CRASH_IN_CREATE: 1 }, /crash|signal|died|SEGV/i],
};

for (const [what, [macros, pattern]] of Object.entries(BROKEN)) {
  test(`a broken plugin is refused: ${what}`, async (t) => {
    const file = await build(t, 'naughty', { macros });
    const config = await writeConfig(await scratch(t), { platforms: { n: naughty(file, 'http://127.0.0.1:9'), other: crawl('http://127.0.0.1:9') } });
    const result = await run(t, ['check', '--config', config]);
    assert.equal(result.code, 1);
    assert.match(result.stderr + result.stdout, /platforms\.n/);
    assert.match(result.stderr + result.stdout, pattern);
    assert.doesNotMatch(result.stderr + result.stdout, /platforms\.other/);
  });
}

test('a file that is no shared object is refused', async (t) => {
  const file = path.join(await scratch(t), 'text.so');
  await writeFile(file, 'This is no ELF file.');
  const result = await run(t, ['plugin', 'check', file]);
  assert.equal(result.code, 1);
  assert.match(result.stderr + result.stdout, /text\.so/);
});

test('a plugin that crashes at one page costs that page, not the run', async (t) => {
  const file = await build(t, 'naughty');
  const { url } = await site(t, ROUTES);
  const server = await serve(t, { platforms: { n: naughty(file, url, { mode: 'crash' }) } });
  const id = await server.startRun();
  const result = await server.ended(id);
  assert.ok(['partial', 'failed'].includes(result.status), result.status);
  assert.equal((await fetch(`${server.url}/live`)).status, 200);
});

test('a plugin that crashes once is restarted, and the run completes', async (t) => {
  const file = await build(t, 'naughty');
  const { url } = await site(t, ROUTES);
  const once = path.join(await scratch(t), 'once');
  const server = await serve(t, { platforms: { n: naughty(file, url, { mode: 'crash', once }) } });
  const id = await server.startRun();
  assert.equal((await server.ended(id)).status, 'completed');
  assert.deepEqual((await server.items(id)).map((item) => item.bytes).length, 4);
});

test('a plugin that exits in a callback is no success', async (t) => {
  const file = await build(t, 'naughty');
  const { url } = await site(t, ROUTES);
  const once = path.join(await scratch(t), 'once');
  const server = await serve(t, { platforms: { n: naughty(file, url, { mode: 'exit', once }) } });
  const id = await server.startRun();
  assert.equal((await server.ended(id)).status, 'completed');
  assert.equal((await server.items(id)).length, 4);
});

test('a page that the plugin refuses is recorded', async (t) => {
  const file = await build(t, 'naughty');
  const { url } = await site(t, ROUTES);
  const server = await serve(t, { platforms: { n: naughty(file, url, { mode: 'fail' }) } });
  const id = await server.startRun();
  assert.equal((await server.ended(id)).status, 'partial');
  const answer = await server.get(`/api/scrape/runs/${id}/errors`);
  assert.match(JSON.stringify(answer), /no liking for this page/);
});
