// SIGTERM ends everything in order; a second signal ends at once.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { readdir } from 'node:fs/promises';
import test from 'node:test';
import { Client } from './lib/follow.mjs';
import { build } from './lib/plugins.mjs';
import { crawl, html, pages, site } from './lib/site.mjs';
import { allGone, child, descendants, serve, serveFile, start, until } from './lib/trawl.mjs';

test('SIGTERM: pages in flight are finished, clients told to come back, the store closed', async (t) => {
  const { url, seen } = await site(t, pages(200, 100));
  const server = await serve(t, { platforms: { slow: crawl(url, { concurrency: 2 }) }, workers: { resume: 'manual' } });
  const id = await server.startRun();
  const client = await Client.open(t, server.url);
  client.send({ type: 'subscribe', topics: ['scrape_progress'], run_id: id });
  const response = await new Promise((done, failed) => {
    http.get(`${server.url}/api/scrape/stream`, done).on('error', failed);
  });
  const stream = once(response.resume(), 'end');
  await until('some pages', () => seen.length > 4);
  const family = await descendants(server.program.pid);
  const { code } = await server.program.stop();
  assert.equal(code, 0, server.program.stderr);
  assert.equal((await client.closed).code, 1012);
  await stream;
  await allGone(family);
  assert.ok(seen.length < 100, 'it fetched on');
  assert.ok(!(await readdir(server.data)).some((name) => name.endsWith('-wal')), 'the store was not closed clean');

  const again = await serveFile(t, server.config, { home: server.home });
  const run = await again.run(id);
  assert.equal(run.status, 'interrupted');
  const pagesDone = run.pages;
  assert.ok(Math.abs(pagesDone - seen.length) <= 1, `${seen.length} pages fetched, ${pagesDone} stored`);
});

test('an idle server ends at once and without complaint', async (t) => {
  const { url } = await site(t, pages(1));
  const server = await serve(t, { platforms: { a: crawl(url) } });
  const { code } = await server.program.stop();
  assert.equal(code, 0);
  assert.doesNotMatch(server.program.stderr, / error /);
});

test('a second signal does not wait', async (t) => {
  const file = await build(t, 'naughty');
  const { url, seen } = await site(t, { '/bad': html('Bad') });
  const server = await serve(t, {
    workers: { grace: '10m' },
    platforms: { n: { plugin: file, options: { pages: [`${url}/bad`], mode: 'spin' } } },
  });
  await server.startRun();
  await until('the page', () => seen.length > 0);
  await child(server.program, 'worker');
  const family = await descendants(server.program.pid);
  server.program.kill('SIGTERM');
  await new Promise((done) => setTimeout(done, 300));
  assert.equal(server.program.ended, undefined, 'it did not wait for the worker');
  server.program.kill('SIGTERM');
  await server.program.exited;
  await allGone(family);
});

test('the demonstration ends by SIGINT', async (t) => {
  const demo = start(t, ['demo', '--listen', '127.0.0.1:0']);
  const [, url] = await demo.says(/serves (http:\/\/[^\s/]+)/);
  const waiting = fetch(`${url}/api/prices`).catch(() => 'cut');
  const { code } = await demo.stop('SIGINT');
  assert.equal(code, 0, demo.stderr);
  await waiting;
});
