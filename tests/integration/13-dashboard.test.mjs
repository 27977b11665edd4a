// What the dashboard and its chain client need of a server besides runs and items.
import assert from 'node:assert/strict';
import test from 'node:test';
import { pages, site, crawl } from './lib/site.mjs';
import { serve } from './lib/trawl.mjs';

test('moves of all gateways are summed', async (t) => {
  const { url } = await site(t, pages(1));
  const server = await serve(t, { server: { gateways: 2 }, platforms: { a: crawl(url) } });
  assert.deepEqual((await server.get('/api/transports')).moves, []);
  const move = { from: 'websocket', to: 'sse', reason: 'no acknowledgement in 5 s', count: 3 };
  for (let i = 0; i < 8; i++) {
    // A connection each, so that both gateways get some.
    const answer = await server.post('/api/transports/moves', move, { Connection: 'close' });
    assert.equal(answer.status, 204, await answer.text());
  }
  assert.deepEqual((await server.get('/api/transports')).moves, [{ ...move, count: 24 }]);
  const unknown = await server.post('/api/transports/moves', { ...move, to: 'ssee' });
  assert.equal(unknown.status, 422);
  const problem = await unknown.json();
  assert.equal(problem.field, 'to');
  assert.match(problem.detail, /did you mean 'sse'/);
});
