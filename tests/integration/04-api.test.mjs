// The HTTP API of a running server.
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { before, after } from 'node:test';
import { answer, crawl, gate, html, pages, site } from './lib/site.mjs';
import { jsonLines, run, scratch, serve } from './lib/trawl.mjs';

/** A request with all its headers as they are given; fetch() would not let us choose Host and Origin. */
function ask(server, method, where, headers = {}, body = '') {
  const { hostname, port } = new URL(server.url);
  return new Promise((done, failed) => {
    const request = http.request({ hostname, port, method, path: where, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.on('end', () => done({ status: response.statusCode, headers: response.headers, text }));
    });
    request.on('error', failed);
    request.end(body);
  });
}

function assertProblem(answer, status) {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers['content-type'], /^application\/problem\+json/);
  const problem = JSON.parse(answer.text);
  assert.equal(problem.status, status);
  assert.ok(problem.title);
  return problem;
}

// One server for the reading tests; each of them only looks.
const cleanups = [];
const shared = { after: (done) => cleanups.push(done) };
let server;
let small;

before(async () => {
  small = await site(shared, pages(3));
  const web = path.join(await scratch(shared), 'web');
  await mkdir(path.join(web, 'assets'), { recursive: true });
  await writeFile(path.join(web, 'index.html'), '<!DOCTYPE html><title>Board</title>');
  await writeFile(path.join(web, 'assets/app-3f2a.js'), 'export {};');
  server = await serve(shared, {
    server: { web },
    platforms: { bookshop: crawl(small.url), news: crawl(small.url) },
  });
  server.first = await server.startRun({ platforms: ['bookshop'] });
  await server.ended(server.first);
});
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

test('/live and /ready', async () => {
  assert.equal((await fetch(`${server.url}/live`)).status, 200);
  assert.equal((await fetch(`${server.url}/ready`)).status, 200);
});

test('a start answers 202 and says where the run is', async () => {
  const answer = await server.post('/api/scrape/runs', { platforms: ['news'] });
  assert.equal(answer.status, 202);
  const where = answer.headers.get('location');
  assert.match(where, /\/api\/scrape\/runs\/\d+$/);
  const id = Number(where.split('/').at(-1));
  const run = await server.ended(id);
  assert.equal(run.status, 'completed');
  assert.equal(run.platforms[0].items, 4);
});

test('runs: list, one, none active', async () => {
  const list = await server.get('/api/scrape/runs?platform=bookshop');
  const runs = list.runs ?? list.items ?? list;
  assert.ok(runs.some((one) => one.id === server.first));
  const one = await server.run(server.first);
  assert.equal(one.status, 'completed');
  assert.equal(one.platforms[0].platform, 'bookshop');
  assert.deepEqual(await server.get('/api/scrape/runs/active'), []);
  assert.deepEqual((await server.get('/api/scrape/runs?status=failed')).runs ?? [], []);
});

test('items as json, jsonl and csv', async () => {
  const base = `${server.url}/api/scrape/runs/${server.first}/items`;
  const lines = jsonLines(await (await fetch(`${base}?format=jsonl`)).text());
  assert.equal(lines.length, 4);
  const json = await (await fetch(`${base}?format=json`)).json();
  assert.equal((json.items ?? json).length, 4);
  const answer = await fetch(`${base}?format=csv`);
  assert.match(answer.headers.get('content-type'), /^text\/csv/);
  const csv = (await answer.text()).trim().split(/\r?\n/);
  assert.equal(csv.length, 5);
  assert.match(csv[0], /title/);
});

test('one item and its history', async () => {
  const key = encodeURIComponent(`${small.url}/page/1`);
  const one = await server.get(`/api/items/one?platform=bookshop&key=${key}`);
  assert.equal(one.item.title, 'Page 1');
  const history = await server.get(`/api/items/history?platform=bookshop&key=${key}`);
  assert.equal((history.versions ?? history).length, 1);
  assertProblem(await ask(server, 'GET', '/api/items/one?platform=bookshop&key=none'), 404);
});

test('platforms, plugins, transports, the description of all', async () => {
  assert.match(JSON.stringify(await server.get('/api/platforms')), /bookshop/);
  const { plugins } = await server.get('/api/plugins');
  assert.deepEqual(plugins.map(({ name }) => name), ['html', 'poll', 'sse', 'websocket']);
  assert.match(JSON.stringify(await server.get('/api/transports')), /websocket.*sse/s);
  const openapi = await server.get('/api/openapi.json');
  assert.match(openapi.openapi, /^3\.1/);
  assert.ok(openapi.paths['/api/scrape/runs'].post);
});

test('an unknown platform gets 422 and the nearest name', async () => {
  const body = JSON.stringify({ platforms: ['bookshpo'] });
  const answer = await ask(server, 'POST', '/api/scrape/runs', { 'content-type': 'application/json' }, body);
  assertProblem(answer, 422);
  assert.match(answer.text, /bookshop/);
});

test('bad requests are problems of 4xx', async () => {
  const type = { 'content-type': 'application/json' };
  const post = (body, headers = type) => ask(server, 'POST', '/api/scrape/runs', headers, body);
  assertProblem(await post('{"platforms": '), 400);
  assertProblem(await post('[1]'), 422);
  assertProblem(await post('{"platform": ["bookshop"]}'), 422);
  assertProblem(await post('{"platforms": "bookshop", "overlap": "maybe"}'), 422);
  const long = await post(`{"platforms": ["${'x'.repeat(4 << 20)}"]}`).catch((error) => ({ error }));
  if (!long.error) assertProblem(long, 413); // the server may also hang up on what it will not read
  assertProblem(await ask(server, 'GET', '/api/nothing'), 404);
  assertProblem(await ask(server, 'GET', '/api/scrape/runs/999999'), 404);
  assertProblem(await ask(server, 'GET', '/api/scrape/runs/abc'), 404);
  assertProblem(await ask(server, 'GET', `/api/scrape/runs/${server.first}/items?format=xml`), 422);
  assertProblem(await ask(server, 'POST', `/api/scrape/runs/${server.first}/cancel`), 409);
  const wrong = assertProblem(await ask(server, 'DELETE', '/api/scrape/runs'), 405);
  assert.ok(wrong);
});

test('rubbish instead of HTTP is answered or cut, and the server lives', async () => {
  const { hostname, port } = new URL(server.url);
  for (const rubbish of ['\x16\x03\x01\x02\x00', 'GET / HTTP/1.1\r\n' + 'X: y\r\n'.repeat(20000), 'G\0T / HTTP/9\r\n\r\n']) {
    await new Promise((done) => {
      const socket = net.connect(Number(port), hostname, () => socket.write(rubbish));
      socket.on('error', done);
      socket.on('close', done);
      socket.on('data', () => socket.destroy());
      setTimeout(() => socket.destroy(), 1000);
    });
  }
  assert.equal((await fetch(`${server.url}/live`)).status, 200);
});

test('the Host header must name an address that is served', async () => {
  for (const host of ['evil.example', 'evil.example:80', `${server.address}.evil.example`]) {
    const answer = await ask(server, 'GET', '/api/scrape/runs', { host });
    assert.ok([400, 403, 421].includes(answer.status), `${host}: ${answer.status}`);
  }
  const port = new URL(server.url).port;
  assert.equal((await ask(server, 'GET', '/api/scrape/runs', { host: `localhost:${port}` })).status, 200);
});

test('Origin is checked where something changes', async () => {
  const body = JSON.stringify({ platforms: ['bookshop'] });
  const type = { 'content-type': 'application/json' };
  const evil = await ask(server, 'POST', '/api/scrape/runs', { ...type, origin: 'http://evil.example' }, body);
  assertProblem(evil, 403);
  const none = await ask(server, 'POST', '/api/scrape/runs', { ...type, origin: 'null' }, body);
  assertProblem(none, 403);
  const own = await ask(server, 'POST', '/api/scrape/runs', { ...type, origin: server.url }, body);
  assert.equal(own.status, 202, own.text);
  await server.ended(Number(own.headers.location.split('/').at(-1)));
});

test('a body that a form could send is refused', async () => {
  const answer = await ask(server, 'POST', '/api/scrape/runs', { 'content-type': 'text/plain' }, '{"platforms": ["news"]}');
  assert.ok([400, 415, 422].includes(answer.status), `${answer.status}`);
});

test('static files: types, ETag, caching, no way out of the folder', async () => {
  const index = await ask(server, 'GET', '/');
  assert.equal(index.status, 200);
  assert.match(index.headers['content-type'], /^text\/html/);
  const script = await ask(server, 'GET', '/assets/app-3f2a.js');
  assert.match(script.headers['content-type'], /javascript/);
  assert.ok(script.headers.etag);
  const again = await ask(server, 'GET', '/assets/app-3f2a.js', { 'if-none-match': script.headers.etag });
  assert.equal(again.status, 304);
  for (const where of ['/../trawl.json', '/%2e%2e/trawl.json', '/..%2ftrawl.json', '/assets/../../trawl.json', '/assets/%00']) {
    const answer = await ask(server, 'GET', where);
    assert.doesNotMatch(answer.text, /platforms/, where);
  }
});

test('a second start of a running platform is refused, queued or allowed, as it was asked', async (t) => {
  const routes = pages(40);
  const { open, opened } = gate();
  routes['/page/39'] = (request, response) => opened.then(() => answer(response, html('Last')));
  const { url } = await site(t, routes);
  const own = await serve(t, { platforms: { slow: crawl(url, { concurrency: 2 }), other: crawl(small.url) } });
  const first = await own.startRun({ platforms: ['slow'] });
  const refused = await own.post('/api/scrape/runs', { platforms: ['other', 'slow'] });
  assert.equal(refused.status, 409);
  assert.match(await refused.text(), /slow/);
  assert.equal((await own.get('/api/scrape/runs/active')).length, 1, 'nothing of a refused start may run');
  const queued = await own.startRun({ platforms: ['slow'], overlap: 'queue' });
  assert.equal((await own.run(queued)).status, 'queued');
  assert.equal((await own.post(`/api/scrape/runs/${queued}/cancel`)).status, 202);
  const instead = await own.startRun({ platforms: ['slow'], overlap: 'replace' });
  open();
  assert.equal((await own.ended(first)).status, 'cancelled');
  assert.equal((await own.ended(queued)).status, 'cancelled');
  assert.equal((await own.ended(instead)).status, 'completed');
});

test('an Idempotency-Key starts one run', async (t) => {
  const own = await serve(t, { platforms: { a: crawl(small.url), b: crawl(small.url) } });
  const key = { 'Idempotency-Key': 'morning-1' };
  const first = await own.startRun({ platforms: ['a'] }, key);
  assert.equal(await own.startRun({ platforms: ['a'] }, key), first);
  assert.equal((await own.post('/api/scrape/runs', { platforms: ['b'] }, key)).status, 422);
  await own.ended(first);
  assert.notEqual(await own.startRun({ platforms: ['a'] }, { 'Idempotency-Key': 'morning-2' }), first);
});

test('options of a run: only what is overridable', async (t) => {
  const own = await serve(t, { platforms: { a: { ...crawl(small.url), overridable: ['follow'] } } });
  assert.equal((await own.post('/api/scrape/runs', { platforms: ['a'], options: { a: { start: 'http://x/' } } })).status, 422);
  const id = await own.startRun({ platforms: ['a'], options: { a: { follow: [] } } });
  assert.equal((await own.ended(id)).platforms[0].items, 1);
});

test('cancel ends a run, and what it had found stays', async (t) => {
  const { url, seen } = await site(t, pages(100, 100));
  const own = await serve(t, { platforms: { slow: crawl(url, { concurrency: 2 }) } });
  const id = await own.startRun();
  while (seen.length < 6) await new Promise((done) => setTimeout(done, 20));
  assert.equal((await own.post(`/api/scrape/runs/${id}/cancel`)).status, 202);
  const run = await own.ended(id);
  assert.equal(run.status, 'cancelled');
  assert.ok((await own.items(id)).length >= 1);
});

test('trawl start, runs and items speak of the same runs', async (t) => {
  const own = await serve(t, { platforms: { a: crawl(small.url) } });
  const started = await run(t, ['start', '--config', own.config, '--server', own.url, 'a']);
  assert.equal(started.code, 0, started.stderr);
  await own.ended(1);
  const listed = await run(t, ['runs', '--config', own.config]);
  assert.equal(listed.code, 0, listed.stderr);
  assert.match(listed.stdout, /completed/);
  const items = await run(t, ['items', '--config', own.config]);
  assert.equal(items.code, 0, items.stderr);
  assert.equal(jsonLines(items.stdout).length, 4);
});
