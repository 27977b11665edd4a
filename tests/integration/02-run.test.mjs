// `trawl run` from the terminal, over small sites of our own.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { answer, crawl, html, pages, site } from './lib/site.mjs';
import { jsonLines, run, scratch, sleep, start, until, writeConfig } from './lib/trawl.mjs';

const byUrl = (a, b) => a._url.localeCompare(b._url);
const direct = (url, ...more) => [
  'run', '--plugin', 'html', '--start', `${url}/`, '--set', 'follow=a', '--set', 'fields.title=title',
  '--set', 'fields.h1=h1', ...more,
];

test('without a configuration, the page is the item', async (t) => {
  const { url } = await site(t, pages(3));
  const result = await run(t, direct(url), { cwd: await scratch(t) });
  assert.equal(result.code, 0, result.stderr);
  const items = jsonLines(result.stdout).sort(byUrl);
  assert.deepEqual(items.map((item) => [item._url, item.title, item.h1]), [
    [`${url}/`, 'Index', 'Index'],
    [`${url}/page/0`, 'Page 0', 'Page 0'],
    [`${url}/page/1`, 'Page 1', 'Page 1'],
    [`${url}/page/2`, 'Page 2', 'Page 2'],
  ]);
  assert.ok(items.every((item) => typeof item._key === 'string'));
});

test('-o writes the items to a file, progress goes to stderr', async (t) => {
  const { url } = await site(t, pages(3));
  const folder = await scratch(t);
  const result = await run(t, direct(url, '-o', path.join(folder, 'items.jsonl')), { cwd: folder });
  assert.equal(result.code, 0, result.stderr);
  assert.equal(result.stdout, '');
  assert.notEqual(result.stderr, '');
  assert.equal(jsonLines(await readFile(path.join(folder, 'items.jsonl'), 'utf8')).length, 4);
});

test('--quiet says nothing on stderr', async (t) => {
  const { url } = await site(t, pages(1));
  const result = await run(t, direct(url, '--quiet'), { cwd: await scratch(t) });
  assert.deepEqual([result.code, result.stderr], [0, '']);
});

test('--json tells progress as JSON lines', async (t) => {
  const { url } = await site(t, pages(1));
  const folder = await scratch(t);
  const result = await run(t, direct(url, '--json', '-o', path.join(folder, 'items')), { cwd: folder });
  assert.equal(result.code, 0, result.stderr);
  const said = jsonLines(result.stderr);
  assert.ok(said.length > 0);
});

test('all platforms of a configuration, or one', async (t) => {
  const one = await site(t, pages(2));
  const two = await site(t, pages(4));
  const file = await writeConfig(await scratch(t), { platforms: { one: crawl(one.url), two: crawl(two.url) } });
  const all = await run(t, ['run', '--config', file]);
  assert.equal(all.code, 0, all.stderr);
  assert.equal(jsonLines(all.stdout).length, 8);
  const second = await run(t, ['run', '--config', file, 'two']);
  assert.equal(second.code, 0, second.stderr);
  assert.equal(jsonLines(second.stdout).length, 5);
});

test('an unknown platform is named with the nearest one', async (t) => {
  const { url } = await site(t, pages(1));
  const file = await writeConfig(await scratch(t), { platforms: { bookshop: crawl(url) } });
  const result = await run(t, ['run', '--config', file, 'bookshpo']);
  assert.ok([1, 2].includes(result.code), `exit ${result.code}`);
  assert.match(result.stderr, /bookshpo/);
  assert.match(result.stderr, /bookshop/);
});

test('exit code 1 when nothing could be fetched', async (t) => {
  const { url } = await site(t, { '/': { status: 500, body: 'broken' } });
  const result = await run(t, direct(url, '--set', 'x=1').slice(0, -2), { cwd: await scratch(t) });
  assert.equal(result.code, 1, result.stderr);
});

test('exit code 3 when some of it failed', async (t) => {
  const routes = pages(3);
  routes['/page/1'] = { status: 404, body: 'gone' };
  const { url } = await site(t, routes);
  const file = await writeConfig(await scratch(t), { platforms: { one: crawl(url) } });
  const result = await run(t, ['run', '--config', file]);
  assert.equal(result.code, 3, result.stderr);
  assert.equal(jsonLines(result.stdout).length, 3);
});

test('exit code 130 when interrupted, after the pages in flight', async (t) => {
  const { url, seen } = await site(t, pages(200, 100));
  const file = await writeConfig(await scratch(t), { platforms: { one: crawl(url, { concurrency: 2 }) } });
  const program = start(t, ['run', '--config', file]);
  await until('some requests', () => seen.length > 4);
  program.kill('SIGINT');
  const { code } = await program.exited;
  assert.equal(code, 130, program.stderr);
  const asked = seen.length;
  await sleep(300);
  assert.equal(seen.length, asked, 'something goes on fetching');
  assert.ok(asked < 100);
});

test('fields as text, attribute, html and list, absolute URLs, a jq transform and a key', async (t) => {
  const { url } = await site(t, {
    '/': html(
      'Shop',
      `<ul><li class=row data-id=a1><a href="x?b=1&amp;a=2">First <b>one</b></a><i>£1,234.50</i><s>x</s><s>y</s></li>
       <li class=row data-id=a2><a href="/y">Second</a><i>£2</i></li></ul>`,
    ),
  });
  const file = await writeConfig(await scratch(t), {
    platforms: {
      shop: {
        plugin: 'html',
        options: {
          start: `${url}/`,
          rows: 'li.row',
          key: ['id'],
          fields: {
            id: { select: ':scope', attr: 'data-id' },
            name: 'a',
            link: { select: 'a', attr: 'href', url: true },
            price: { select: 'i', jq: '.[1:] | gsub(","; "") | tonumber' },
            tags: { select: 's', all: true },
            link_xpath: { select: './/a/@href' },
          },
        },
      },
    },
  });
  const result = await run(t, ['run', '--config', file, '--quiet']);
  assert.equal(result.code, 0, result.stderr);
  const [first, second] = jsonLines(result.stdout).sort((a, b) => a.id.localeCompare(b.id));
  assert.equal(first._key, 'a1');
  assert.equal(first.name, 'First one');
  assert.equal(first.link, `${url}/x?b=1&a=2`);
  assert.equal(first.price, 1234.5);
  assert.deepEqual(first.tags, ['x', 'y']);
  assert.equal(second.price, 2);
});

test('JSON, paged', async (t) => {
  const { url } = await site(t, {
    '/api': (request, response, { searchParams }) => {
      const page = Number(searchParams.get('page') ?? 1);
      answer(response, {
        type: 'application/json',
        body: JSON.stringify({
          next: page < 3 ? `/api?page=${page + 1}` : null,
          items: [{ id: page * 10, name: `n${page}` }, { id: page * 10 + 1, name: 'other' }],
        }),
      });
    },
  });
  const file = await writeConfig(await scratch(t), {
    platforms: {
      api: { plugin: 'json', options: { start: `${url}/api`, items: '.items[]', next: '.next // empty', key: ['id'] } },
    },
  });
  const result = await run(t, ['run', '--config', file, '--quiet']);
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual(jsonLines(result.stdout).map((item) => item._key).sort(), ['10', '11', '20', '21', '30', '31']);
});

test('limits hold: max_pages, max_depth', async (t) => {
  const routes = {};
  for (let i = 0; i < 30; i++) routes[i === 0 ? '/' : `/${i}`] = html(`Page ${i}`, `<a href="/${i + 1}">next</a>`);
  const { url } = await site(t, routes);
  const file = await writeConfig(await scratch(t), {
    platforms: { few: crawl(url, { max_pages: 5 }), flat: crawl(url, { max_depth: 2 }) },
  });
  assert.equal(jsonLines((await run(t, ['run', '--config', file, '--quiet', 'few'])).stdout).length, 5);
  assert.equal(jsonLines((await run(t, ['run', '--config', file, '--quiet', 'flat'])).stdout).length, 3);
});

test('a data folder is locked by the one that uses it', async (t) => {
  const { url } = await site(t, pages(100, 200));
  const folder = await scratch(t);
  const file = await writeConfig(folder, { platforms: { one: crawl(url, { concurrency: 1 }) } });
  const data = path.join(folder, 'locked');
  const first = start(t, ['run', '--config', file, '--data', data]);
  await until('the first to begin', () => first.stderr !== '');
  const second = await run(t, ['run', '--config', file, '--data', data]);
  assert.equal(second.code, 1);
  assert.match(second.stderr, /locked|in use|another/i);
});
