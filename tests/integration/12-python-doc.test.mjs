// Real input: Debian's python3-doc, crawled by `trawl run` and by a walk of our own with another parser.
import assert from 'node:assert/strict';
import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { nginx } from './lib/nginx.mjs';
import { jsonLines, run, scratch } from './lib/trawl.mjs';
import { clean, walk } from './lib/walk.mjs';

const DOCUMENTATION = '/usr/share/doc/python3.11/html';

test('python3-doc: the same pages, titles and headings as an independent walk', async (t) => {
  await access(DOCUMENTATION);
  const url = await nginx(t, DOCUMENTATION);
  const folder = await scratch(t);
  const file = path.join(folder, 'items.jsonl');
  const result = await run(t, ['run', '--plugin', 'html', '--start', `${url}/index.html`, '--set', 'follow=a',
    '--set', 'fields.title=title', '--set', 'fields.h1=h1', '-o', file], { cwd: folder });
  assert.ok([0, 3].includes(result.code), `exit ${result.code}: ${result.stderr.slice(-2000)}`);

  const expected = await walk(`${url}/index.html`);
  const items = jsonLines(await readFile(file, 'utf8'));
  const html = [...expected].filter(([, page]) => page.status === 200 && page.html);
  assert.ok(html.length > 400, `the walk found ${html.length} pages`);

  const found = new Map(items.map((item) => [item._url, item]));
  assert.equal(found.size, items.length, 'a page gave two items');
  assert.deepEqual([...found.keys()].filter((one) => !expected.has(one)).sort(), [], 'pages that the walk does not know');
  assert.deepEqual(html.map(([one]) => one).filter((one) => !found.has(one)).sort(), [], 'pages that were not found');
  for (const [page, { title, h1 }] of html) {
    const item = found.get(page);
    assert.equal(item.title === null || item.title === undefined ? null : clean(item.title), title, `title of ${page}`);
    assert.equal(item.h1 === null || item.h1 === undefined ? null : clean(item.h1), h1, `h1 of ${page}`);
  }
  const failed = [...expected.values()].filter((page) => page.status !== 200).length;
  assert.equal(result.code, failed > 0 ? 3 : 0);
});
