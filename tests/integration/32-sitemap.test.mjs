// Sites whose pages stand in sitemaps: good ones, damaged ones, and ones that are meant to hurt.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { answer, html, site } from './lib/site.mjs';
import { jsonLines, run, serve, sqlite } from './lib/trawl.mjs';

const SPACE = 'http://www.sitemaps.org/schemas/sitemap/0.9';
const loc = (url) => `<loc>${url.replaceAll('&', '&amp;')}</loc>`;
const urlset = (...urls) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="${SPACE}">\n${urls.map((url) => `<url>${loc(url)}<lastmod>2026-01-31</lastmod></url>`).join('\n')}\n</urlset>\n`;
const index = (...urls) => `<sitemapindex xmlns="${SPACE}">${urls.map((url) => `<sitemap>${loc(url)}</sitemap>`).join('')}</sitemapindex>`;
const xml = (body) => ({ type: 'application/xml', body });
const gzip = (body) => ({ type: 'application/x-gzip', body: gzipSync(body) });
const text = (...lines) => ({ type: 'text/plain', body: `${lines.join('\n')}\n` });

/** A site of the routes that `make(url, seen)` gives; every /page is one. */
async function mapped(t, make) {
  const routes = {
    '*': (request, response, { pathname }) => answer(response, pathname.startsWith('/page') ? html(request.url) : { status: 404 }),
  };
  const served = await site(t, routes);
  Object.assign(routes, make(served.url, served.seen));
  return { ...served, routes };
}

const crawl = (start, options = {}, more = {}) => ({
  plugin: 'sitemap',
  options: { start, fields: { h1: 'h1' }, ...options },
  fetch: { retries: 0 },
  ...more,
});

/** Run the platforms of a configuration to their end: the run, its errors by path, what it says of damage and of all else, its
 * items' headings. */
async function finish(server) {
  const id = await server.startRun();
  const ended = await server.ended(id);
  const { errors } = await server.get(`/api/scrape/runs/${id}/errors`);
  const { logs } = await server.get(`/api/scrape/runs/${id}/logs`);
  const items = await server.items(id);
  const others = logs.map(({ message }) => message).filter((message) => !/^(page failed|a damaged sitemap)/.test(message));
  return {
    ...ended,
    others,
    errors: Object.fromEntries(errors.map(({ url, kind, detail }) => [new URL(url).pathname, `${kind}: ${detail}`])),
    warnings: logs.filter(({ message }) => message.startsWith('a damaged sitemap')).map(({ level, message }) => `${level}: ${message}`).sort(),
    found: items.map(({ item }) => item.h1).sort(),
  };
}

/* Two Sitemap lines; an index with a gzipped and a plain one; a list; each page once, though two of them name it. */
const whole = (url) => ({
  '/robots.txt': text('User-agent: *', 'Disallow: /page/secret', `Sitemap: ${url}/index.xml`, 'Crawl-delay: 0', `Sitemap: ${url}/list.txt`),
  '/index.xml': xml(index(`${url}/1.xml.gz`, `${url}/2.xml`)),
  '/1.xml.gz': gzip(urlset(`${url}/page/1`, `${url}/page/2?a=1&b=2`)),
  '/2.xml': xml(urlset(`${url}/page/2?a=1&b=2`, `${url}/page/3`, `${url}/page/secret`)),
  '/list.txt': text(`${url}/page/4`, '', `${url}/page/1`),
});

/* The list last: it is answered once a page that it names too has been fetched, as one further on is asked for. */
const late = (url, seen) => {
  const routes = whole(url);
  const list = routes['/list.txt'];
  const reply = (response) => (seen.includes('/page/2?a=1&b=2') ? answer(response, list) : setTimeout(reply, 5, response).unref());
  return { ...routes, '/list.txt': (_, response) => reply(response) };
};

/* A page that is met nearer to the start once it was fetched is fetched again; shards may or may not meet /page/1 so. */
for (const [what, make, more, again] of [
  ['one request at a time', whole, { fetch: { retries: 0, concurrency: 1 } }, /^$/],
  ['the list last', late, { fetch: { retries: 0, concurrency: 2, throttle: 'off' } }, /^\/page\/1$/],
  ['three shards', whole, { shards: 3 }, /^(\/page\/1)?$/],
]) {
  test(`robots.txt leads to sitemaps, and they to all pages: ${what}`, async (t) => {
    const { url, seen } = await mapped(t, make);
    const server = await serve(t, { platforms: { s: crawl(`${url}/`, {}, more) } });
    const ended = await finish(server);
    assert.equal(ended.status, 'completed');
    assert.deepEqual(ended.found, ['/page/1', '/page/2?a=1&b=2', '/page/3', '/page/4']);
    assert.deepEqual([ended.errors, ended.warnings, ended.excluded], [{}, [], 1]);
    // The rules are asked for before the file itself is.
    const [rules, ...twice] = seen.filter((path, i) => seen.indexOf(path) !== i);
    assert.equal(rules, '/robots.txt');
    assert.match(twice.join(' '), again);
    const depths = await sqlite(t, server.data, `SELECT replace(url, rtrim(url, replace(url, '/', '')), '') AS name, min(depth) AS depth
      FROM pages GROUP BY name ORDER BY depth, name`);
    assert.deepEqual(
      depths.map(({ name, depth }) => `${depth} ${name}`),
      ['0 robots.txt', '1 index.xml', '1 list.txt', '2 1', '2 1.xml.gz', '2 2.xml', '2 4', '3 2?a=1&b=2', '3 3', '3 secret'],
    );
  });
}

test('a site whose robots.txt forbids all may still be asked for that, and for nothing else', async (t) => {
  const { url, seen } = await mapped(t, (at) => ({ ...whole(at), '/robots.txt': text('User-agent: *', 'Disallow: /', `Sitemap: ${at}/list.txt`) }));
  const server = await serve(t, { platforms: { s: crawl(`${url}/robots.txt`) } });
  const ended = await finish(server);
  assert.deepEqual([ended.found, ended.excluded, ended.failed], [[], 1, 0]);
  assert.deepEqual(seen, ['/robots.txt', '/robots.txt']);
});

test('a sitemap as a start, pages that match, and links from them', async (t) => {
  const { url, seen } = await mapped(t, (at) => ({
    '/map': xml(urlset(`${at}/page/shop/1`, `${at}/page/news/1`, `${at}/page/shop/2`)),
    '/page/shop/1': html('one', '<a href="/page/deep">more</a><a href="/map">map</a>'),
  }));
  const options = { match: ['/shop/'], follow: 'a' };
  const result = await run(t, [
    'run', '--plugin', 'sitemap', '--start', `${url}/map`, '--set', 'match=/shop/', '--set', 'follow=a', '--set', 'fields.h1=h1', '--quiet',
  ]);
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual(jsonLines(result.stdout).map(({ h1 }) => h1).sort(), ['/page/deep', '/page/shop/2', 'one']);
  assert.deepEqual(seen.sort(), ['/map', '/page/deep', '/page/shop/1', '/page/shop/2']);
  const server = await serve(t, { platforms: { s: crawl(`${url}/map`, options) } });
  assert.equal((await finish(server)).items, 3);
});

test('what has not changed is not read again: sitemaps as well as pages', async (t) => {
  const bodies = [];
  const tagged = (route) => (request, response) => {
    const { body, type = 'text/html' } = typeof route === 'string' ? { body: route } : route;
    const tag = `"${createHash('sha1').update(body).digest('hex')}"`;
    if (request.headers['if-none-match'] === tag) return response.writeHead(304).end();
    bodies.push(request.url);
    return answer(response, { type, body, headers: { ETag: tag } });
  };
  const { url, routes } = await mapped(t, (at) => ({
    '/map': tagged(xml(urlset(`${at}/page/1`, `${at}/page/2`))),
    '/page/1': tagged(html('one')),
    '/page/2': tagged(html('two')),
  }));
  const server = await serve(t, { platforms: { s: crawl(`${url}/map`) } });
  assert.equal((await finish(server)).status, 'completed');
  bodies.length = 0;
  const second = await finish(server);
  assert.deepEqual([second.status, second.pages, second.items, second.unchanged, second.not_modified], ['completed', 3, 2, 2, 3]);
  assert.deepEqual(bodies, []);
  routes['/map'] = tagged(xml(urlset(`${url}/page/1`, `${url}/page/3`)));
  const third = await finish(server);
  assert.deepEqual([third.new, third.unchanged, third.gone], [1, 1, 1]);
  assert.deepEqual(bodies, ['/map']);
});

test('a damaged sitemap counts as far as it can be read, and that is told', async (t) => {
  const { url } = await mapped(t, (at) => {
    const good = urlset(`${at}/page/1`, `${at}/page/2`, `${at}/page/3?a&b`);
    return {
      '/robots.txt': text(`Sitemap: ${at}/bare`, `Sitemap: ${at}/cut`, `Sitemap: ${at}/none`, `Sitemap: ${at}/missing`),
      '/bare': xml(good.replace('/page/2', '/page/2?x=1&y=2').replace('/page/1', '/page/4')),
      '/cut': xml(good.slice(0, good.indexOf('/page/2'))),
      '/none': html('Sorry'),
    };
  });
  const server = await serve(t, { platforms: { s: crawl(url) } });
  const ended = await finish(server);
  assert.equal(ended.status, 'partial');
  assert.deepEqual(ended.errors, {
    '/none': "extract: no sitemap: it has the document type 'html'",
    '/missing': 'http: status 404',
  });
  assert.equal(ended.failed, 2);
  assert.deepEqual(ended.found, ['/page/1', '/page/3?a&b', '/page/4']);
  assert.deepEqual(ended.warnings, [
    `warning: a damaged sitemap, going on without 1 of its entries: '${url}/bare': line 4: EntityRef: expecting ';'`,
    `warning: a damaged sitemap, going on without 1 of its entries: '${url}/cut': line 4: Premature end of data in tag loc line 4`,
  ]);
});

test('gzip that breaks off gives what came before', async (t) => {
  const { url } = await mapped(t, (at) => {
    const packed = gzip(urlset(...Array.from({ length: 999 }, (_, i) => `${at}/page/${i}-${createHash('sha1').update(`${i}`).digest('hex')}`)));
    return { '/map': { ...packed, body: packed.body.subarray(0, packed.body.length / 2) } };
  });
  const server = await serve(t, { platforms: { s: crawl(`${url}/map`) } });
  const ended = await finish(server);
  assert.equal(ended.status, 'completed');
  assert.ok(ended.items > 300 && ended.items < 700, `${ended.items} of 999`);
  assert.ok(ended.found.every((page) => /^\/page\/\d+-[0-9a-f]{40}$/.test(page)));
  assert.match(ended.warnings[0], /going on without 1 of its entries: '.*\/map': its gzip data is damaged, or breaks off$/);
});

test('what is meant to hurt is refused, with what is wrong, and costs nobody else', async (t) => {
  const laughs = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('');
  const { url } = await mapped(t, (at) => ({
    '/robots.txt': text(...['bomb.gz', 'laughs', 'file', 'many', 'long', 'good'].map((name) => `Sitemap: ${at}/${name}`)),
    '/bomb.gz': gzip(`${urlset(`${at}/page/1`).replace('</urlset>\n', '')}${' '.repeat(52_428_800)}</urlset>`),
    '/laughs': xml(`<!DOCTYPE urlset [<!ENTITY l0 "ha">${laughs}]>${urlset(`${at}/page/2`).replace('/page/2', '/page/&l9;')}`),
    '/file': xml(`<!DOCTYPE urlset [<!ENTITY f SYSTEM "file:///etc/hostname">]><urlset><url><loc>${at}/page/&f;</loc></url></urlset>`),
    '/many': gzip(urlset(...Array.from({ length: 50_001 }, (_, i) => `${at}/page/many/${i}`))),
    '/long': xml(urlset(`${at}/page/${'x'.repeat(9000)}`, `${at}/page/3`)),
    '/good': xml(urlset(`${at}/page/4`)),
  }));
  const server = await serve(t, { platforms: { s: crawl(url) } });
  const ended = await finish(server);
  assert.deepEqual(ended.errors, {
    '/bomb.gz': 'extract: a sitemap of more than 52428800 bytes, unpacked',
    '/laughs': "extract: no sitemap: it has the document type 'urlset'",
    '/file': "extract: no sitemap: it has the document type 'urlset'",
    '/many': 'extract: a sitemap of more than 50000 entries',
  });
  assert.deepEqual([ended.status, ended.found], ['partial', ['/page/3', '/page/4']]);
  assert.deepEqual(ended.warnings, [
    `warning: a damaged sitemap, going on without 1 of its entries: '${url}/long': line 3: a URL of more than 8192 bytes`,
  ]);
  assert.deepEqual(ended.others, [], 'no worker died of it');
});

test('a full sitemap is read', async (t) => {
  const { url } = await mapped(t, (at) => ({ '/map': gzip(urlset(...Array.from({ length: 50_000 }, (_, i) => `${at}/page/${i}`))) }));
  const server = await serve(t, { platforms: { s: crawl(`${url}/map`, { match: ['/page/(7|49999)$'] }) } });
  assert.deepEqual((await finish(server)).found, ['/page/49999', '/page/7']);
});

test('sitemaps that lead to sitemaps for ever are left after a while', async (t) => {
  let count = 0;
  const { url, seen } = await mapped(t, () => ({}));
  const endless = await site(t, { '*': (request, response) => answer(response, xml(index(`/more/${++count}`, `${url}/map`))) });
  const server = await serve(t, { platforms: { s: crawl(`${endless.url}/index`) } });
  const ended = await finish(server);
  assert.equal(ended.errors['/more/4'], 'extract: sitemaps lead to sitemaps more than 4 times in a row');
  assert.deepEqual(endless.seen, ['/index', '/more/1', '/more/2', '/more/3', '/more/4']);
  assert.deepEqual(seen, []); // of another host, which nothing names
});

test('a robots.txt that names no sitemap says so', async (t) => {
  const { url } = await mapped(t, () => ({ '/robots.txt': text('User-agent: *', 'Disallow:') }));
  const server = await serve(t, { platforms: { s: crawl(url) } });
  const ended = await finish(server);
  assert.equal(ended.status, 'failed');
  assert.deepEqual(ended.errors, { '/robots.txt': "extract: the site's robots.txt names no sitemap" });
});

test('a wrong pattern is found before anything runs', async (t) => {
  const result = await run(t, ['run', '--plugin', 'sitemap', '--start', 'http://127.0.0.1:9/', '--set', 'match=a(', '--set', 'fields.h1=h1']);
  assert.equal(result.code, 1, result.stderr);
  assert.match(result.stderr, /match: character 3 of the regular expression 'a\('/);
});
