// Sites that break what they can: the page's outcome says so, the run goes on.
import assert from 'node:assert/strict';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { answer, crawl, html, site } from './lib/site.mjs';
import { descendants, serve, until } from './lib/trawl.mjs';

/** A site with one bad page, a good one, and a run over both. */
async function crawlWith(t, bad, fetchOptions = {}, routes = {}) {
  const { url, seen } = await site(t, {
    '/': html('Index', '<a href="/bad">bad</a> <a href="/good">good</a>'),
    '/good': html('Good'),
    '/bad': bad,
    ...routes,
  });
  // A sanitizer's build on a busy machine is slow, which is no silence.
  const server = await serve(t, { workers: { silence: '1m' }, platforms: { a: crawl(url, { timeout: '3s', ...fetchOptions }) } });
  const id = await server.startRun();
  const run = await server.ended(id);
  const items = await server.items(id);
  const answered = await server.get(`/api/scrape/runs/${id}/errors`);
  const found = items.map((item) => item.title ?? item.item?.title);
  return { url, seen, server, run, items, found, errors: answered.errors ?? answered };
}

async function assertGivenUp(t, bad, pattern, fetchOptions, routes) {
  const { run, found, errors } = await crawlWith(t, bad, fetchOptions, routes);
  assert.equal(run.status, 'partial');
  assert.ok(found.includes('Good') && found.includes('Index'), `found ${found}`);
  assert.equal(errors.length, 1, JSON.stringify(errors));
  assert.match(errors[0].url, /\/bad|\/round|\/jump/);
  assert.match(`${errors[0].kind}: ${errors[0].detail}`, pattern);
}

/** Answer with these very bytes, which node itself would not write. */
async function raw(request, bytes) {
  const { socket } = request;
  socket.write(bytes);
  await new Promise((done) => setTimeout(done, 100));
  socket.destroy();
}

/** Write `total` bytes, or without end, as fast as they are taken; `sent.bytes` counts them. */
function pour(response, total, sent = {}) {
  const piece = Buffer.alloc(65536, 'x');
  sent.bytes = 0;
  const more = () => {
    if (response.destroyed) return;
    if (sent.bytes >= total) {
      response.end();
      return;
    }
    sent.bytes += piece.length;
    response.write(piece, () => setImmediate(more));
  };
  more();
}

test('404', (t) => assertGivenUp(t, { status: 404, body: 'no' }, /^http: status 404$/));
test('500', (t) => assertGivenUp(t, { status: 500, body: 'no' }, /^http: status 500$/));

test('a body larger than the limit', (t) =>
  assertGivenUp(t, (request, response) => answer(response, 'x'.repeat(200_000)), /^too_large: /, { max_body: '100K' }));

test('a body of no told length that does not end', (t) =>
  assertGivenUp(
    t,
    (request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' });
      pour(response, Infinity);
    },
    /^too_large: the body is larger than max_body$/,
    { max_body: '1M' },
  ));

for (const [how, headers] of [['announced', { 'Content-Length': 500 << 20 }], ['not announced', {}]]) {
  test(`a body of 500 MB, ${how}`, async (t) => {
    const sent = {};
    await assertGivenUp(
      t,
      (request, response) => {
        response.writeHead(200, { 'Content-Type': 'text/html', ...headers });
        pour(response, 500 << 20, sent);
      },
      /^too_large: /,
      { timeout: '60s' }, // with the max_body of 16M that everyone has
    );
    assert.ok(sent.bytes < 100 << 20, `${sent.bytes} bytes were taken`);
  });
}

test('a bomb of gzip', (t) =>
  assertGivenUp(
    t,
    { headers: { 'Content-Encoding': 'gzip' }, body: gzipSync(Buffer.alloc(64 << 20)) },
    /^too_large: the body is larger than max_body$/,
    { max_body: '1M' },
  ));

test('gzip that is none', (t) =>
  assertGivenUp(t, { headers: { 'Content-Encoding': 'gzip' }, body: 'plain' }, /^protocol: /));

test('a redirect loop', (t) =>
  assertGivenUp(
    t,
    { status: 302, headers: { Location: '/round' } },
    /^redirects: redirected in a circle$/,
    {},
    { '/round': { status: 302, headers: { Location: '/bad' } } },
  ));

test('redirects for ever', (t) =>
  assertGivenUp(
    t,
    { status: 302, headers: { Location: '/jump/1' } },
    /^redirects: more redirects in a row than max_redirects$/,
    { max_redirects: 5 },
    { '*': (request, response, url) => answer(response, { status: 302, headers: { Location: `/jump/${Number(url.pathname.split('/')[2]) + 1}` } }) },
  ));

test('a response cut short', (t) =>
  assertGivenUp(
    t,
    (request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html', 'Content-Length': 1000 });
      response.write('<h1>begin');
      setTimeout(() => response.destroy(), 50);
    },
    /^incomplete: /,
  ));

test('half a body, and then a reset', (t) =>
  assertGivenUp(
    t,
    (request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' });
      response.write('<h1>begin');
      setTimeout(() => request.socket.resetAndDestroy(), 50);
    },
    /^(network|incomplete): /,
  ));

test('chunks that break off', (t) =>
  assertGivenUp(
    t,
    (request) => raw(request, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n<h1>begin'),
    /^incomplete: /,
  ));

test('a length that is too great', (t) =>
  assertGivenUp(t, (request) => raw(request, 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<h1>begin'), /^incomplete: /));

test('a length that is no number', (t) =>
  assertGivenUp(t, (request) => raw(request, 'HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n<h1>begin'), /^protocol: /));

test('a length that is too small: what follows answers no other request', async (t) => {
  const told = html('Bad');
  const injected = `HTTP/1.1 200 OK\r\nContent-Length: ${html('Evil').length}\r\n\r\n${html('Evil')}`;
  const { run, found, errors } = await crawlWith(
    t,
    (request) => raw(request, `HTTP/1.1 200 OK\r\nContent-Length: ${told.length}\r\n\r\n${told}${injected}`),
    { concurrency: 1 },
  );
  assert.deepEqual([run.status, errors], ['completed', []]);
  assert.deepEqual(found.sort(), ['Bad', 'Good', 'Index']);
});

test('a connection reset', (t) =>
  assertGivenUp(t, (request) => request.socket.resetAndDestroy(), /^network: .*reset/i));

test('a page that never comes', (t) => assertGivenUp(t, () => {}, /^timeout: /));

test('a page that drips', (t) =>
  assertGivenUp(
    t,
    (request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' });
      const drip = setInterval(() => response.write('x'), 100);
      response.on('close', () => clearInterval(drip));
    },
    /^timeout: /,
  ));

test('a redirect is followed', async (t) => {
  const { run, found } = await crawlWith(t, { status: 301, headers: { Location: '/moved' } }, {}, { '/moved': html('Moved') });
  assert.equal(run.status, 'completed');
  assert.deepEqual(found.sort(), ['Good', 'Index', 'Moved']);
});

test('a page that fails at first is tried again', async (t) => {
  let tries = 0;
  const { run, found } = await crawlWith(
    t,
    (request, response) => answer(response, ++tries < 3 ? { status: 503, body: 'busy' } : html('Bad')),
    { retries: 3, retry_base: '50ms', retry_max: '100ms' },
  );
  assert.equal(run.status, 'completed');
  assert.equal(tries, 3);
  assert.ok(found.includes('Bad'));
});

test('broken HTML is read as far as it goes', async (t) => {
  const { run, found } = await crawlWith(t, '<table><h1>Broken</p><title>Broken<</title><div <a href=/good>x');
  assert.equal(run.status, 'completed');
  assert.equal(found.length, 3);
});

test('bytes that are no text', async (t) => {
  const bytes = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256));
  const { run } = await crawlWith(t, { body: bytes });
  assert.ok(['completed', 'partial'].includes(run.status));
});

test('ten megabytes on one line', async (t) => {
  const { run, found } = await crawlWith(t, html('Long', '<b>x</b>'.repeat((10 << 20) / 8)), { timeout: '60s', max_body: '32M' });
  assert.equal(run.status, 'completed');
  assert.ok(found.includes('Long'));
});

test('deep nesting', async (t) => {
  const { run } = await crawlWith(t, html('Deep', '<div>'.repeat(200_000)));
  assert.ok(['completed', 'partial'].includes(run.status));
});

test('wrong and right encodings', async (t) => {
  const text = 'Zoë – café';
  const latin = Buffer.from('<title>Zo\xeb \x96 caf\xe9</title>', 'latin1');
  const utf16 = Buffer.from(`\ufeff<title>${text}</title>`, 'utf16le');
  const { run, found } = await crawlWith(
    t,
    html('Bad', '<a href="/header">1</a><a href="/meta">2</a><a href="/bom">3</a><a href="/lie">4</a>'),
    {},
    {
      '/header': { type: 'text/html; charset=windows-1252', body: latin },
      '/meta': { type: 'text/html', body: Buffer.concat([Buffer.from('<meta charset=iso-8859-1>'), latin]) },
      '/bom': { type: 'text/html; charset=utf-8', body: utf16 },
      '/lie': { type: 'text/html; charset=utf-8', body: latin },
    },
  );
  assert.equal(run.status, 'completed');
  assert.equal(found.filter((title) => title === text).length, 3, JSON.stringify(found));
  assert.equal(found.filter((title) => title === 'Zo\ufffd \ufffd caf\ufffd').length, 1, JSON.stringify(found));
});

test('links that lead nowhere are no requests', async (t) => {
  const { run, seen } = await crawlWith(
    t,
    html('Bad', '<a href="javascript:1">a</a><a href="mailto:a@b">b</a><a href="http://[::1">c</a><a href="#x">d</a><a href="//">e</a><a>f</a>'),
  );
  assert.equal(run.status, 'completed');
  assert.deepEqual([...new Set(seen)].sort(), ['/', '/bad', '/good']);
});

test('no worker is left after a run', async (t) => {
  const { server } = await crawlWith(t, html('Bad'));
  await until('the worker to end', async () =>
    (await descendants(server.program.pid)).every((one) => one.role !== 'worker'),
  );
});
