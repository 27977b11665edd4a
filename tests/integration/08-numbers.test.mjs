// Numbers survive from the site to API, CLI and database, as docs/architecture.md says.
import assert from 'node:assert/strict';
import test from 'node:test';
import { site } from './lib/site.mjs';
import { lines, run, serve, sqlite } from './lib/trawl.mjs';

// As text, since JavaScript itself could not hold them.
const BODY = `{"items": [
  {"id": "price", "value": 19.99},
  {"id": "exact", "value": 9007199254740993},
  {"id": "largest", "value": 9223372036854775807},
  {"id": "smallest", "value": -9223372036854775808},
  {"id": "surrogate", "value": "a\\ud800b"},
  {"id": "huge", "value": 1180591620717411303424},
  {"id": "tenth", "value": 0.1},
  {"id": "third", "value": 0.30000000000000004},
  {"id": "great", "value": 1e300},
  {"id": "whole", "value": 3.0}
]}`;

const EXPECTED = {
  price: /"value":\s*19\.99[,}]/,
  exact: /"value":\s*9007199254740993[,}]/,
  largest: /"value":\s*9223372036854775807[,}]/,
  smallest: /"value":\s*-9223372036854775808[,}]/,
  surrogate: /"value":\s*"a(\ufffd|\\ufffd)b"/i,
  huge: /"value":\s*"1180591620717411303424"/,
  tenth: /"value":\s*0\.1[,}]/,
  third: /"value":\s*0\.30000000000000004[,}]/,
  great: /"value":\s*1e\+?300[,}]/i,
  whole: /"value":\s*3(\.0)?[,}]/,
};

function check(where, text) {
  for (const [id, pattern] of Object.entries(EXPECTED)) {
    const line = lines(text).find((one) => new RegExp(`"id":\\s*"${id}"`).test(one));
    assert.ok(line, `${where} has no item ${id}:\n${text}`);
    assert.match(line, pattern, where);
  }
}

test('19.99, 2^53 + 1, 2^63 - 1, a lone surrogate, 2^70', async (t) => {
  const { url } = await site(t, { '/api': { type: 'application/json', body: BODY } });
  const platforms = { api: { plugin: 'json', options: { start: `${url}/api`, items: '.items[]', key: ['id'] } } };
  const server = await serve(t, { platforms });
  const id = await server.startRun();
  assert.equal((await server.ended(id)).status, 'completed');

  const base = `${server.url}/api/scrape/runs/${id}/items`;
  check('the API', await (await fetch(`${base}?format=jsonl`)).text());
  const whole = await (await fetch(`${base}?format=json`)).text();
  for (const [name, pattern] of Object.entries(EXPECTED)) assert.match(whole, pattern, `${name} as json`);
  const csv = await (await fetch(`${base}?format=csv`)).text();
  for (const number of ['19.99', '9007199254740993', '1180591620717411303424']) assert.ok(csv.includes(number), csv);

  check('the CLI', (await run(t, ['items', '--config', server.config])).stdout);
  check('trawl run', (await run(t, ['run', '--config', server.config, '--data', `${server.home}/other`, '--quiet'])).stdout);

  const rows = await sqlite(t, server.data, 'SELECT v.json AS item FROM items JOIN item_versions v ON v.id = items.version');
  check('the database', rows.map((row) => row.item).join('\n'));
});

test('a jq filter that computes may lose no more than jq does', async (t) => {
  const { url } = await site(t, { '/api': { type: 'application/json', body: BODY } });
  const server = await serve(t, {
    platforms: {
      api: { plugin: 'json', options: { start: `${url}/api`, items: '.items[] | {id, value, copy: .value}', key: ['id'] } },
    },
  });
  const id = await server.startRun();
  assert.equal((await server.ended(id)).status, 'completed');
  const text = await (await fetch(`${server.url}/api/scrape/runs/${id}/items?format=jsonl`)).text();
  assert.match(text, /"copy":\s*19\.99[,}]/);
  assert.match(text, /"copy":\s*0\.30000000000000004[,}]/);
});
