// What a complete run no longer meets is gone, and new when it is back.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Client } from './lib/follow.mjs';
import { crawl, html, pages, site } from './lib/site.mjs';
import { jsonLines, run, serve } from './lib/trawl.mjs';

const COUNT = 12;

/** A server over a site whose pages come and go: {server, routes, again}. */
async function scene(t, fetch = {}) {
  const routes = pages(COUNT);
  const { url } = await site(t, routes);
  const server = await serve(t, { platforms: { shop: { ...crawl(url, fetch), overridable: ['follow'] } } });
  const again = async (body) => server.ended(await server.startRun(body));
  const links = (from) => {
    routes['/'] = html('Index', Array.from({ length: COUNT - from }, (_, i) => `<a href="/page/${i + from}">${i}</a>`).join(''));
  };
  return { server, routes, again, links, url };
}

const keys = (items) => items.map(({ key }) => new URL(key).pathname).sort();

test('an item that is not met any more is gone; when it returns it is new', async (t) => {
  const { server, again, links } = await scene(t);
  const client = await Client.open(t, server.url);
  client.send({ type: 'subscribe', topics: ['items'] });
  await client.type('subscribed');
  const changes = () => client.messages.filter(({ type }) => type === 'item_changed').map(({ data }) => data);
  await again();
  links(2);
  const second = await again();
  assert.equal(second.status, 'completed');
  assert.deepEqual([second.items, second.unchanged, second.changed, second.gone], [COUNT - 1, COUNT - 1, 0, 2]);
  const gone = await server.get(`/api/scrape/runs/${second.id}/items?change=gone`);
  assert.deepEqual(keys(gone), ['/page/0', '/page/1']);
  assert.ok(gone.every(({ change, gone_at: at }) => change === 'gone' && at !== null));
  assert.equal((await server.items(second.id)).length, COUNT - 1);

  const now = await server.get('/api/items');
  assert.equal(now.items.length, COUNT - 1);
  assert.ok(now.items.every(({ gone_at: at }) => at === null));
  const lost = await server.get('/api/items?change=gone');
  assert.deepEqual(keys(lost.items), ['/page/0', '/page/1']);
  const one = await server.get(`/api/items/one?platform=shop&key=${encodeURIComponent(gone[0].key)}`);
  assert.equal(one.gone_at, gone[0].gone_at);
  assert.equal((await fetch(`${server.url}/api/items?change=new`)).status, 422);

  const csv = await (await fetch(`${server.url}/api/scrape/runs/${second.id}/items?format=csv&change=gone`)).text();
  assert.match(csv.split('\r\n')[0], /,_gone_at,/);
  const listed = await run(t, ['items', '--data', server.data, '--change', 'gone']);
  assert.deepEqual(jsonLines(listed.stdout).map(({ _url: where }) => new URL(where).pathname).sort(), ['/page/0', '/page/1']);
  assert.equal(jsonLines((await run(t, ['items', '--data', server.data])).stdout).length, COUNT - 1);
  assert.equal((await run(t, ['items', '--data', server.data, '--change', 'new'])).code, 2);

  links(0);
  const third = await again();
  assert.deepEqual([third.new, third.changed, third.gone], [2, 0, 0]);
  assert.equal((await server.get('/api/items')).items.length, COUNT + 1);
  const history = await server.get(`/api/items/history?platform=shop&key=${encodeURIComponent(gone[0].key)}`);
  assert.equal(history.versions.length, 1);
  for (const { key } of gone) await client.find(({ data }) => data?.run_id === third.id && data.change === 'new' && data.key === key);
  assert.deepEqual(
    changes().filter(({ key }) => key === gone[0].key).map(({ run_id: id, change }) => [id, change]),
    [[1, 'new'], [2, 'gone'], [3, 'new']],
  );
});

test('a run that is not complete takes nothing for gone', async (t) => {
  const { server, routes, again, links } = await scene(t);
  await again();
  links(2);
  const page = routes['/page/5'];
  routes['/page/5'] = { status: 404 };
  const partial = await again();
  assert.deepEqual([partial.status, partial.gone], ['partial', 0]);
  routes['/page/5'] = page;
  // Other options, other items.
  const elsewhere = await again({ options: { shop: { follow: 'a.none' } } });
  assert.deepEqual([elsewhere.status, elsewhere.items, elsewhere.gone], ['completed', 1, 0]);
  const whole = await again();
  assert.deepEqual([whole.status, whole.gone], ['completed', 2]);
  assert.equal((await server.get('/api/items')).items.length, COUNT - 1);
});

test('max_pages leaves a run incomplete', async (t) => {
  const { again } = await scene(t, { max_pages: COUNT - 2, concurrency: 1 });
  assert.equal((await again()).gone, 0);
  const second = await again();
  assert.deepEqual([second.status, second.pages, second.gone], ['completed', COUNT - 2, 0]);
});
