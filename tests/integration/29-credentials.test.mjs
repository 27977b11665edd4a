// Cookies, proxies and authentication; and that what is secret stays so.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import test from 'node:test';
import { answer, crawl, html, site } from './lib/site.mjs';
import { run, scratch, serve } from './lib/trawl.mjs';

const SECRETS = { PASSWORD: 'correct-horse-7391', TOKEN: 'battery-staple-5526', HEADER: 'tr0ub4dor-8812', PROXY: 'pr0xy-word-4407' };
const basic = (user, password) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** A run to its end: {run, errors, titles}. */
async function crawled(server) {
  const ended = await server.ended(await server.startRun());
  const { errors } = await server.get(`/api/scrape/runs/${ended.id}/errors`);
  const titles = (await server.items(ended.id)).map((item) => item.title ?? item.item.title).sort();
  return { run: ended, errors, titles };
}

/** A proxy for http and CONNECT: what it was asked for, with its Proxy-Authorization. */
async function proxy(t, { password, refuse = false } = {}) {
  const seen = [];
  const allows = (request) => {
    if (!request.url.endsWith('/robots.txt')) seen.push({ target: request.url, auth: request.headers['proxy-authorization'] });
    return !refuse && (!password || request.headers['proxy-authorization'] === basic('me', password));
  };
  const server = http.createServer((request, response) => {
    if (!allows(request)) return answer(response, { status: 407, headers: { 'Proxy-Authenticate': 'Basic realm="p"' } });
    const headers = { ...request.headers };
    delete headers['proxy-authorization'];
    const onward = http.request(request.url, { headers }, (from) => {
      response.writeHead(from.statusCode, from.headers);
      from.pipe(response);
    });
    onward.on('error', () => answer(response, { status: 502 }));
    return request.pipe(onward);
  });
  server.on('connect', (request, socket) => {
    socket.end(allows(request) ? 'HTTP/1.1 502 No\r\n\r\n' : 'HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="p"\r\n\r\n');
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { address: `127.0.0.1:${server.address().port}`, seen };
}

/** A port where nobody listens. */
async function deadPort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

test('cookies are kept for a run, and not without being asked for', async (t) => {
  const visits = [];
  const { url } = await site(t, {
    '/': (request, response) => answer(response, { headers: { 'Set-Cookie': 'session=s1; Path=/' }, body: html('Index', '<a href="/in">in</a>') }),
    '/in': (request, response) => {
      visits.push(request.headers.cookie);
      answer(response, html('In'));
    },
  });
  const server = await serve(t, { platforms: { a: crawl(url, { cookies: true }), b: crawl(url) } });
  for (let i = 0; i < 2; i++) {
    await server.ended(await server.startRun({ platforms: ['a'] }));
  }
  await server.ended(await server.startRun({ platforms: ['b'] }));
  assert.deepEqual(visits, ['session=s1', 'session=s1', undefined]);
});

test('a run begins without the cookies of the one before', async (t) => {
  const visits = [];
  const { url } = await site(t, {
    '/': (request, response) => {
      visits.push(request.headers.cookie);
      answer(response, { headers: { 'Set-Cookie': 'session=s1' }, body: html('Index') });
    },
  });
  const server = await serve(t, { platforms: { a: crawl(url, { cookies: true }) } });
  await crawled(server);
  await crawled(server);
  assert.deepEqual(visits, [undefined, undefined]);
});

for (const [type, auth] of [['basic', { user: 'me', password: SECRETS.PASSWORD }], ['bearer', { token: SECRETS.TOKEN }]]) {
  test(`${type} authentication goes to the hosts that are named, and to no other`, async (t) => {
    const wanted = type === 'basic' ? basic('me', SECRETS.PASSWORD) : `Bearer ${SECRETS.TOKEN}`;
    const told = [];
    const stranger = await site(t, {
      '*': (request, response) => {
        told.push(request.headers);
        answer(response, html('Stranger'));
      },
    });
    const { url } = await site(t, {
      '*': (request, response, { pathname }) => {
        if (request.headers.authorization !== wanted) return answer(response, { status: 401 });
        assert.equal(request.headers['x-shop'], SECRETS.HEADER);
        if (pathname === '/away') return answer(response, { status: 302, headers: { Location: `${stranger.url}/jumped` } });
        return answer(response, html('Index', `<a href="/away">a</a> <a href="${stranger.url}/linked">b</a>`));
      },
    });
    const fetchOptions = { auth: { type, ...auth }, headers: { 'X-Shop': SECRETS.HEADER, 'Accept-Language': 'de' }, private_networks: 'allow' };
    const server = await serve(t, { platforms: { a: crawl(url, fetchOptions, { follow: { select: 'a', same: 'any' } }) } });
    const { run: ended, errors, titles } = await crawled(server);
    assert.deepEqual([ended.status, errors, titles], ['completed', [], ['Index', 'Stranger', 'Stranger']]);
    assert.equal(told.length, 2);
    for (const headers of told) {
      assert.deepEqual([headers.authorization, headers['x-shop'], headers['accept-language']], [undefined, undefined, 'de']);
    }
  });
}

test('digest authentication', async (t) => {
  const md5 = (text) => createHash('md5').update(text).digest('hex');
  const { url } = await site(t, {
    '/': (request, response) => {
      const given = Object.fromEntries([...(request.headers.authorization ?? '').matchAll(/(\w+)="?([^",]+)"?/g)].map(([, name, value]) => [name, value]));
      const right = md5([md5(`me:r:${SECRETS.PASSWORD}`), given.nonce, given.nc, given.cnonce, given.qop, md5('GET:/')].join(':'));
      if (given.response !== right) return answer(response, { status: 401, headers: { 'WWW-Authenticate': 'Digest realm="r", nonce="n", qop="auth"' } });
      return answer(response, html('In'));
    },
  });
  const server = await serve(t, { platforms: { a: crawl(url, { auth: { type: 'digest', user: 'me', password: SECRETS.PASSWORD } }) } });
  assert.deepEqual((await crawled(server)).titles, ['In']);
});

test('proxies are used in turn, and one that is dead is passed over', async (t) => {
  const routes = { '/': html('Index', Array.from({ length: 20 }, (_, i) => `<a href="/${i}">${i}</a>`).join('')), '*': html('Page') };
  const { url } = await site(t, routes);
  const one = await proxy(t, { password: SECRETS.PROXY });
  const two = await proxy(t);
  const proxies = [`http://me:${SECRETS.PROXY}@${one.address}`, `http://${two.address}`, `http://127.0.0.1:${await deadPort()}`];
  const server = await serve(t, { platforms: { a: crawl(url, { proxies, concurrency: 2, retries: 3, retry_base: '10ms' }) } });
  const { run: ended, errors } = await crawled(server);
  assert.deepEqual([ended.status, ended.pages, errors], ['completed', 21, []]);
  assert.equal(one.seen.length + two.seen.length, 21);
  assert.ok(one.seen.length >= 7 && two.seen.length >= 7, `${one.seen.length} and ${two.seen.length}`);
  assert.ok(one.seen.every(({ auth }) => auth === basic('me', SECRETS.PROXY)));
});

test('a proxy that fails is an error of its own', async (t) => {
  const { url, seen } = await site(t, { '/': html('Index') });
  const closed = await proxy(t, { refuse: true });
  const dead = `http://me:${SECRETS.PROXY}@127.0.0.1:${await deadPort()}`;
  const platforms = {
    dead: crawl(url, { proxies: dead }),
    refusing: crawl(url, { proxies: `http://me:${SECRETS.PROXY}@${closed.address}` }),
    tunnel: crawl('https://example.invalid', { proxies: `http://me:${SECRETS.PROXY}@${closed.address}` }),
  };
  const server = await serve(t, { platforms });
  const { errors } = await crawled(server);
  assert.deepEqual(errors.map(({ kind }) => kind), ['proxy', 'proxy', 'proxy']);
  for (const { detail } of errors) {
    assert.match(detail, /^by the proxy http:\/\/127\.0\.0\.1:\d+\/: /);
    assert.ok(!detail.includes(SECRETS.PROXY));
  }
  assert.deepEqual(seen, []);
});

test('a proxy leads to no private address that is not named, nor does the environment name proxies', async (t) => {
  const inner = await site(t, { '/': html('Inner') });
  const { url } = await site(t, { '/': html('Index', `<a href="${inner.url}/">i</a><a href="http://localhost:${new URL(inner.url).port}/">l</a>`) });
  const way = await proxy(t);
  const follow = { follow: { select: 'a', same: 'any' } };
  const env = { http_proxy: `http://127.0.0.1:${await deadPort()}`, no_proxy: '127.0.0.1' };
  const server = await serve(t, { platforms: { a: crawl(url, { proxies: `http://${way.address}`, concurrency: 1 }, follow), b: crawl(url, {}, follow) } }, { env });
  const { errors } = await crawled(server);
  assert.deepEqual(errors.map(({ kind }) => kind), Array(4).fill('refused'));
  assert.deepEqual(inner.seen, []);
  assert.deepEqual(way.seen.map(({ target }) => target), [`${url}/`]);
});

test('mistakes in them are told without them', async (t) => {
  const folder = await scratch(t);
  const file = path.join(folder, 'trawl.json');
  const fetchOptions = { auth: { type: 'bearer', password: SECRETS.PASSWORD }, proxies: [`socks5://me:${SECRETS.PROXY}@127.0.0.1:1080`] };
  await writeFile(file, JSON.stringify({ platforms: { a: crawl('http://127.0.0.1:9', fetchOptions) } }));
  const checked = await run(t, ['check', '--config', file]);
  assert.notEqual(checked.code, 0);
  const text = checked.stdout + checked.stderr;
  assert.match(text, /platforms\.a\.fetch\.auth: "bearer" needs a "token"/);
  assert.match(text, /platforms\.a\.fetch\.proxies\[0\]: expected a proxy's URL/);
  for (const secret of Object.values(SECRETS)) assert.ok(!text.includes(secret));
});

/** Every file below a folder, as one text of bytes. */
async function everything(folder) {
  const names = await readdir(folder, { withFileTypes: true });
  const parts = await Promise.all(
    names.map((entry) => {
      const where = path.join(folder, entry.name);
      return entry.isDirectory() ? everything(where) : readFile(where, 'latin1').catch(() => '');
    }),
  );
  return parts.join('\n');
}

test('no secret is in any answer, log line or file', async (t) => {
  const home = await scratch(t);
  await writeFile(path.join(home, 'token'), `${SECRETS.TOKEN}\n`);
  const { url } = await site(t, { '/': html('Index', '<a href="/gone">x</a> <a href="/reset">y</a>'), '/reset': (request) => request.socket.resetAndDestroy() });
  const way = await proxy(t, { password: SECRETS.PROXY });
  const dead = await deadPort();
  const server = await serve(
    t,
    {
      platforms: {
        bearer: crawl(url, { auth: { type: 'bearer', token: `file://${path.join(home, 'token')}` }, headers: { 'X-Shop': '${SHOP_HEADER}' }, retries: 1, retry_base: '1ms' }),
        basic: crawl(url, { auth: { type: 'basic', user: 'me', password: '${SHOP_PASSWORD}' }, proxies: `http://me:${SECRETS.PROXY}@${way.address}`, cookies: true }),
        dead: crawl(url, { proxies: `http://me:${SECRETS.PROXY}@127.0.0.1:${dead}`, retries: 1, retry_base: '1ms' }),
      },
    },
    { folder: path.join(home, 'served'), env: { TRAWL_LOG_LEVEL: 'debug', SHOP_HEADER: SECRETS.HEADER, SHOP_PASSWORD: SECRETS.PASSWORD } },
  );
  const ended = await server.ended(await server.startRun());
  const texts = [];
  for (const where of ['platforms', 'plugins', 'transports', 'items', 'scrape/runs', `scrape/runs/${ended.id}`, `scrape/runs/${ended.id}/errors`, `scrape/runs/${ended.id}/logs`, `scrape/runs/${ended.id}/items`]) {
    texts.push(await (await fetch(`${server.url}/api/${where}`)).text());
  }
  assert.ok(texts[0].includes('"***"'), 'the platforms are shown');
  await server.program.stop();
  texts.push(server.program.stdout, server.program.stderr, await everything(server.data));
  for (const [name, secret] of Object.entries(SECRETS)) {
    for (const text of texts) {
      assert.ok(!text.includes(secret), `${name} is shown: ${text.slice(Math.max(0, text.indexOf(secret) - 200), text.indexOf(secret) + 40)}`);
      assert.ok(!text.includes(Buffer.from(`me:${secret}`).toString('base64')), `${name} is shown, encoded`);
    }
  }
});
