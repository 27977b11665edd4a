// Pages that have not changed are not fetched again, and stand for all that came of them.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { tooShort } from './lib/pace.mjs';
import { answer, crawl, html, site } from './lib/site.mjs';
import { child, run, serve, sqlite, until } from './lib/trawl.mjs';

const WIDTH = 6;

/** A tree of three levels, each page with links to its children, to the index and to a neighbour. */
function tree() {
  const pages = { '/': '' };
  for (let i = 0; i < WIDTH; i++) {
    pages['/'] += `<a href="/${i}">${i}</a>`;
    pages[`/${i}`] = `<a href="/">up</a> <a href="/${(i + 1) % WIDTH}">next</a>`;
    for (let j = 0; j < WIDTH; j++) {
      pages[`/${i}`] += `<a href="/${i}/${j}">${j}</a>`;
      pages[`/${i}/${j}`] = '<a href="/">up</a>';
    }
  }
  return pages;
}

const etag = (text) => `"${createHash('sha1').update(text).digest('hex')}"`;

/** A site that honours validators. `bodies` are those that it sent, `asked` counts the requests that were conditional. */
async function honest(t, pages = tree(), { validate = true, lastModified = false, delay = 0 } = {}) {
  const scene = { pages, bodies: [], asked: 0, arrivals: [] };
  const modified = new Date(Date.now() - 3600_000).toUTCString();
  const { url, seen } = await site(t, {
    '*': async (request, response, { pathname }) => {
      scene.arrivals.push({ at: performance.now() });
      if (scene.hold?.[pathname]) await until(`a request for ${scene.hold[pathname]}`, () => seen.includes(scene.hold[pathname]));
      if (!(pathname in pages)) return answer(response, { status: 404 });
      const text = html(`Page ${pathname}`, pages[pathname]);
      const headers = !validate ? {} : lastModified ? { 'Last-Modified': modified } : { ETag: etag(text) };
      const { 'if-none-match': match, 'if-modified-since': since } = request.headers;
      if (match ?? since) scene.asked++;
      if (validate && (lastModified ? since === modified : match === etag(text))) {
        return setTimeout(() => response.writeHead(304, headers).end(), delay);
      }
      scene.bodies.push(pathname);
      return setTimeout(() => answer(response, { headers, body: text }), delay);
    },
  });
  return Object.assign(scene, { url, seen });
}

async function again(server, scene, body) {
  scene.bodies.length = 0;
  scene.seen.length = 0;
  scene.asked = 0;
  return server.ended(await server.startRun(body));
}

const COUNT = 1 + WIDTH + WIDTH * WIDTH;
const figures = ({ status, pages, items, new: fresh, changed, unchanged, gone, failed, not_modified: same }) => ({
  status, pages, items, new: fresh, changed, unchanged, gone, failed, same,
});
const all = (more) => ({ status: 'completed', pages: COUNT, items: COUNT, new: 0, changed: 0, unchanged: COUNT, gone: 0, failed: 0, same: COUNT, ...more });

for (const [what, options, platform] of [
  ['by ETag', {}, {}],
  ['by Last-Modified', { lastModified: true }, {}],
  ['with three shards', {}, { shards: 3 }],
]) {
  test(`a second run transfers no body, and finds all: ${what}`, async (t) => {
    const scene = await honest(t, tree(), options);
    const server = await serve(t, { platforms: { a: { ...crawl(scene.url), ...platform } } });
    const first = await again(server, scene);
    assert.deepEqual(figures(first), all({ new: COUNT, unchanged: 0, same: 0 }));
    assert.equal(scene.asked, 0);
    for (let i = 0; i < 2; i++) {
      const next = await again(server, scene);
      assert.deepEqual(figures(next), all());
      assert.deepEqual([scene.bodies, scene.asked, scene.seen.length], [[], COUNT, COUNT]);
      assert.equal(next.platforms[0].bytes, 0);
    }
    const listed = await run(t, ['runs', '--data', server.data]);
    assert.match(listed.stdout.split('\n')[0], / same /);
  });
}

test('what has changed is fetched, and what it no longer leads to is gone', async (t) => {
  const scene = await honest(t);
  const server = await serve(t, { platforms: { a: crawl(scene.url) } });
  await again(server, scene);
  scene.pages['/2'] = '<a href="/">up</a> <a href="/3">next</a> <a href="/new">new</a>'; // its six children are no longer met
  scene.pages['/new'] = '';
  const second = await again(server, scene);
  assert.deepEqual(scene.bodies.sort(), ['/2', '/new']);
  assert.deepEqual(figures(second), {
    status: 'completed', pages: COUNT - 5, items: COUNT - 5, new: 1, changed: 0, unchanged: COUNT - 6, gone: 6, failed: 0, same: COUNT - 7,
  });
  scene.pages['/1/1'] = '<h1>second</h1>';
  await again(server, scene);
  assert.deepEqual(scene.bodies, ['/1/1']);
});

test('a changed page is a new version, and the others keep theirs', async (t) => {
  const scene = await honest(t);
  const server = await serve(t, { platforms: { a: crawl(scene.url, {}, { fields: { title: 'title', links: { select: 'a', all: true } } }) } });
  await again(server, scene);
  scene.pages['/4/4'] = '<a href="/">changed</a>';
  const second = await again(server, scene);
  assert.deepEqual(figures(second), all({ changed: 1, unchanged: COUNT - 1, same: COUNT - 1 }));
  const versions = async (key) => (await server.get(`/api/items/history?platform=a&key=${encodeURIComponent(scene.url + key)}`)).versions.length;
  assert.deepEqual([await versions('/4/4'), await versions('/4/3')], [2, 1]);
});

test('other rules, another depth limit, or conditional: false fetch all', async (t) => {
  const scene = await honest(t);
  const folder = (await serve(t, { platforms: { a: crawl(scene.url) } }).then(async (server) => {
    await again(server, scene);
    await server.program.stop();
    return server;
  })).home;
  const with_ = async (fetchOptions, options, asked) => {
    const server = await serve(t, { platforms: { a: crawl(scene.url, fetchOptions, options) } }, { folder });
    const ended = await again(server, scene);
    assert.equal(ended.status, 'completed');
    assert.equal(scene.asked, asked);
    await server.program.stop();
    return ended;
  };
  await with_({}, {}, COUNT);
  await with_({ conditional: false }, {}, 0);
  await with_({}, {}, COUNT);
  await with_({}, { fields: { title: 'title' } }, 0);
  await with_({ max_depth: 1 }, { fields: { title: 'title' } }, 0);
  const shallow = await with_({ max_depth: 1 }, { fields: { title: 'title' } }, 1 + WIDTH);
  assert.deepEqual([shallow.pages, shallow.not_modified], [1 + WIDTH, 1 + WIDTH]);
});

test('a page that is met nearer while it is asked about is fetched after all', async (t) => {
  const pages = { '/': '<a href="/a">a</a><a href="/slow">s</a>', '/a': '<a href="/b">b</a>', '/b': '<a href="/x">x</a>', '/x': '<a href="/end">e</a>', '/end': '', '/slow': '' };
  const scene = await honest(t, pages);
  const options = { follow: [{ select: 'a', depth: 3 }] }; // what is behind /x is too far, until it is nearer
  const server = await serve(t, { platforms: { a: crawl(scene.url, { throttle: 'off' }, options) } });
  assert.deepEqual((await again(server, scene)).items, 5);
  pages['/slow'] = '<a href="/x">x</a><a href="/y">y</a>';
  pages['/y'] = '';
  scene.hold = { '/slow': '/x', '/x': '/y' }; // each is answered once the other was asked for
  const second = await again(server, scene);
  assert.deepEqual(scene.bodies.sort(), ['/end', '/slow', '/x', '/y']);
  assert.deepEqual(figures(second), { status: 'completed', pages: 7, items: 7, new: 2, changed: 0, unchanged: 5, gone: 0, failed: 0, same: 3 });
});

test('a site without validators is fetched as ever', async (t) => {
  const scene = await honest(t, tree(), { validate: false });
  const server = await serve(t, { platforms: { a: crawl(scene.url) } });
  await again(server, scene);
  assert.deepEqual(figures(await again(server, scene)), all({ same: 0 }));
  assert.equal(scene.asked, 0);
});

test('304 without having been asked is a failure', async (t) => {
  const { url } = await site(t, { '/': { status: 304 } });
  const server = await serve(t, { platforms: { a: crawl(url) } });
  const ended = await server.ended(await server.startRun());
  const { errors } = await server.get(`/api/scrape/runs/${ended.id}/errors`);
  assert.deepEqual(errors.map(({ kind, detail }) => [kind, detail]), [['http', 'status 304']]);
});

test('a delay is kept to while it is asked what has changed', async (t) => {
  const scene = await honest(t, { '/': '<a href="/1">1</a><a href="/2">2</a><a href="/3">3</a>', '/1': '', '/2': '', '/3': '' });
  const server = await serve(t, { platforms: { a: crawl(scene.url, { delay: '200ms' }) } });
  await again(server, scene);
  const second = await again(server, scene);
  assert.equal(second.not_modified, 4);
  assert.deepEqual(tooShort(scene.arrivals.slice(-4), 200, 50), []);
});

test('max_pages holds for pages that have not changed', async (t) => {
  const scene = await honest(t);
  const server = await serve(t, { platforms: { a: crawl(scene.url, { max_pages: 9, concurrency: 1 }) } });
  await again(server, scene);
  const second = await again(server, scene);
  assert.deepEqual([second.status, second.pages, second.not_modified, second.gone], ['completed', 9, 9, 0]);
});

test('workers and supervisors that are killed in a run of unchanged pages lose nothing', async (t) => {
  const scene = await honest(t, tree(), { delay: 80 });
  const config = { workers: { restarts: 100 }, platforms: { a: { ...crawl(scene.url, { retries: 3, concurrency: 2 }), shards: 2 } } };
  const first = await serve(t, config);
  await again(first, scene);
  scene.seen.length = 0;
  const id = await first.startRun();
  for (let i = 1; i <= 3; i++) {
    await until('some pages', () => scene.seen.length >= 6 * i);
    process.kill((await child(first.program, 'worker')).pid, 'SIGKILL');
  }
  first.program.kill('SIGKILL');
  await first.program.exited;
  const second = await serve(t, config, { folder: first.home });
  const ended = await second.ended(id);
  assert.deepEqual(figures(ended), all());
  assert.deepEqual(scene.bodies.length, COUNT); // those of the first run
  const committed = await sqlite(t, second.data, 'SELECT url, count(*) AS n FROM pages WHERE run_platform = 2 GROUP BY url');
  assert.equal(committed.length, COUNT);
  assert.ok(committed.every(({ n }) => n === 1));
});
