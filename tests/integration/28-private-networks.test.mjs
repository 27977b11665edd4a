// Addresses that are not public are only for hosts that the configuration or the command line names.
import assert from 'node:assert/strict';
import test from 'node:test';
import { answer, crawl, html, site } from './lib/site.mjs';
import { jsonLines, run, serve } from './lib/trawl.mjs';

const ANYWHERE = { follow: { select: 'a', same: 'any' } };

/** Two sites on loopback, of which the configuration names the first, which leads to the second. */
async function scene(t, fetchOptions = {}) {
  const inner = await site(t, { '/': html('Inner'), '/secret': html('Secret') });
  const outer = await site(t, {
    '/': html('Index', `<a href="${inner.url}/secret">a</a> <a href="/jump">b</a> <a href="/good">c</a>`),
    '/jump': (request, response) => answer(response, { status: 302, headers: { Location: `${inner.url}/` } }),
    '/good': html('Good'),
  });
  const server = await serve(t, {
    platforms: { a: { ...crawl(outer.url, fetchOptions, ANYWHERE), overridable: ['start'] } },
  });
  const crawled = async (body) => {
    const done = await server.ended(await server.startRun(body));
    const { errors } = await server.get(`/api/scrape/runs/${done.id}/errors`);
    const titles = (await server.items(done.id)).map((item) => item.title ?? item.item.title).sort();
    return { run: done, errors, titles };
  };
  return { inner, outer, server, crawled };
}

test('links and redirects do not lead to a private address that is not named', async (t) => {
  const { inner, outer, crawled } = await scene(t);
  const { run: ended, errors, titles } = await crawled();
  assert.equal(ended.status, 'partial');
  assert.deepEqual(titles, ['Good', 'Index']);
  assert.deepEqual(errors.map(({ url, kind }) => [url, kind]).sort(), [[`${inner.url}/`, 'refused'], [`${inner.url}/secret`, 'refused']]);
  for (const { detail } of errors) {
    assert.match(detail, /^127\.0\.0\.1 is no public address \(loopback\)/);
    assert.ok(detail.includes(`'${inner.url.slice('http://'.length)}'`), detail);
    assert.match(detail, /"private_networks": "allow"/);
  }
  assert.deepEqual(inner.seen, []);
  assert.equal(outer.seen.length, 3);
});

test('a start that comes by the API does not name its host', async (t) => {
  const { inner, outer, crawled } = await scene(t);
  const strange = await crawled({ options: { a: { start: `${inner.url}/secret` } } });
  assert.equal(strange.run.status, 'failed');
  assert.deepEqual(strange.errors.map(({ kind }) => kind), ['refused']);
  assert.deepEqual(inner.seen, []);
  const same = await crawled({ options: { a: { start: `${outer.url}/good` } } });
  assert.deepEqual([same.run.status, same.titles], ['completed', ['Good']]);
});

test('a platform that may not ask a host keeps it from no other', async (t) => {
  const inner = await site(t, { '/': html('Inner', Array.from({ length: 30 }, (_, i) => `<a href="/${i}">${i}</a>`).join('')), '*': html('Page') });
  const links = Array.from({ length: 30 }, (_, i) => `<a href="${inner.url}/${i}">${i}</a>`).join('');
  const outer = await site(t, { '/': html('Index', links) });
  const server = await serve(t, { platforms: { a: crawl(outer.url, {}, ANYWHERE), b: crawl(inner.url) } });
  const done = async (platform) => server.ended(await server.startRun({ platforms: [platform] }));
  const stranger = await done('a');
  assert.deepEqual([stranger.pages, stranger.failed], [31, 30]);
  assert.deepEqual(inner.seen, []);
  const [again, named] = await Promise.all([done('a'), done('b')]);
  assert.equal(again.failed, 30);
  assert.deepEqual([named.status, named.pages], ['completed', 31]);
});

test('allow', async (t) => {
  const { crawled } = await scene(t, { private_networks: 'allow' });
  const { run: ended, titles } = await crawled();
  assert.equal(ended.status, 'completed');
  assert.deepEqual(titles, ['Good', 'Index', 'Inner', 'Secret']);
});

test('deny', async (t) => {
  const { outer, crawled } = await scene(t, { private_networks: 'deny' });
  const { run: ended, errors } = await crawled();
  assert.equal(ended.status, 'failed');
  assert.deepEqual(errors.map(({ kind }) => kind), ['refused']);
  assert.match(errors[0].detail, /private_networks is "deny"/);
  assert.deepEqual(outer.seen, []);
});

test('a name is judged by its address, and the command line names hosts', async (t) => {
  const { url } = await site(t, { '/': html('Index') });
  const port = new URL(url).port;
  const args = (start, ...more) => ['run', '--plugin', 'html', '--start', start, '--set', 'fields.title=title', '-q', ...more];
  const named = await run(t, args(`http://localhost:${port}/`));
  assert.deepEqual(jsonLines(named.stdout).map(({ title }) => title), ['Index']);
  const denied = await run(t, args(`http://localhost:${port}/`, '--fetch', 'private_networks=deny', '--fetch', 'retries=0'));
  assert.deepEqual([denied.code, denied.stdout], [1, '']);
});
