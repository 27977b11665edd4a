// Chains that push: every event arrives, in order, whatever receivers do and whatever is killed.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { found, maze } from './lib/maze.mjs';
import { Receiver, SECRETS, seqOf } from './lib/receiver.mjs';
import { crawl, html, pages, site } from './lib/site.mjs';
import { allGone, BUILD, child, descendants, isAlive, jsonLines, run, scratch, serve, serveFile, sleep, sqlite, until, writeConfig } from './lib/trawl.mjs';

const again = (t, server) => serveFile(t, server.config, { home: server.home, env: ENV });

// Secrets come from a variable here, and from a file elsewhere.
const ENV = { HOOK_SECRET: SECRETS[0] };
const hook = (url, options = {}) => ({
  plugin: 'webhook',
  options: { url, secret: ['${HOOK_SECRET}', SECRETS[1]], batch: 20, timeout: '2s', ...options },
});

const chainOf = async (server, name = 'archive') => (await server.get('/api/transports')).chains.find((chain) => chain.name === name);

/** The state of one transport of the chain. */
const memberOf = async (server, transport) => (await chainOf(server))?.transports.find(({ name }) => name === transport);

/** Wait until the chain has brought all that the journal has. */
async function caughtUp(t, server) {
  const [{ head }] = await sqlite(t, server.data, 'SELECT max(seq) AS head FROM events');
  await until(
    `the chain to come to ${head}`,
    async () => seqOf({ id: (await chainOf(server))?.sent_id ?? 'x-0' }) >= head,
  );
  return head;
}

/** A run to its end, all of whose events are brought. */
async function runOnce(t, server) {
  const id = await server.startRun();
  await server.ended(id);
  return caughtUp(t, server);
}

/** What stands in a file that is being written to. */
async function linesIn(file) {
  const text = await readFile(file, 'utf8').catch(() => '');
  return jsonLines(text.slice(0, text.lastIndexOf('\n') + 1));
}

const unique = (messages) => [...new Set(messages.map(seqOf))];
const ascending = (numbers) => numbers.every((number, i) => i === 0 || number > numbers[i - 1]);
const upTo = (head) => Array.from({ length: head }, (_, i) => i + 1);

/** After a repeat it goes on where it had been: nothing is ever jumped over. */
function checkContiguous(messages, head) {
  let most = 0;
  for (const message of messages) {
    assert.ok(seqOf(message) <= most + 1, `${message.id} after ${most}`);
    most = Math.max(most, seqOf(message));
  }
  assert.equal(most, head);
}

test('a webhook that fails in every way: the next transport takes over, nothing is lost or told twice', async (t) => {
  const receiver = await Receiver.open(t);
  const folder = await scratch(t);
  const spool = path.join(folder, 'spool.jsonl');
  const { url } = await site(t, pages(15));
  const home = await scratch(t);
  let server = await serve(
    t,
    {
      platforms: { p: crawl(url) },
      transports: { hook: hook(receiver.url), spool: { plugin: 'jsonl', options: { path: spool } } },
      chains: { archive: { order: ['hook', 'spool'], failures: 2, retry_after: '2s', since: 'begin' } },
    },
    { env: ENV, folder: home },
  );
  const spooled = () => linesIn(spool);
  const state = async (name = 'hook') => (await memberOf(server, name))?.state;

  await runOnce(t, server);
  assert.deepEqual(receiver.problems, []);
  assert.equal((await spooled()).length, 0);
  assert.equal(receiver.connections, 1, 'the connection is kept');
  const listed = await server.get('/api/transports');
  assert.deepEqual(listed.transports.map(({ name }) => name), ['websocket', 'sse', 'poll']);
  assert.equal(listed.chains[0].last_transport, 'hook');
  assert.ok(!JSON.stringify(listed).includes(SECRETS[1]));

  // Each way to fail, and what the breaker makes of it; in between it works again.
  const ways = [
    { mode: { status: 500 }, failures: true, says: /it answers with status 500/ },
    { mode: 'hang', failures: true, says: /timed out/ },
    { mode: { status: 429, headers: { 'Retry-After': '1' } }, failures: false, says: /it answers with status 429/ },
    { mode: 'reset', failures: true, says: /reset|[Rr]ecv failure|[Ee]mpty reply/ },
    { mode: { status: 302, headers: { Location: '/other' } }, failures: true, says: /redirects are not followed/ },
  ];
  for (const { mode, failures, says } of ways) {
    const before = { accepted: receiver.accepted.length, spooled: (await spooled()).length };
    receiver.mode = mode;
    await runOnce(t, server);
    const member = await until('the breaker to open', async () => {
      const now = await memberOf(server, 'hook');
      return now.state === 'open' && now;
    });
    assert.match(member.error.message, says);
    assert.equal(member.failures >= 2, failures, JSON.stringify(member));
    assert.ok(!failures || member.retry_at !== null);
    assert.equal(receiver.accepted.length, before.accepted);
    assert.ok((await spooled()).length > before.spooled);
    assert.equal((await chainOf(server)).last_transport, 'spool');
    assert.match(server.program.stderr, new RegExp(`chain archive: transport 'hook' is left alone for now: .*${says.source}`));

    receiver.mode = 'ok';
    await until('the webhook to be back', async () => {
      await runOnce(t, server);
      return (await state()) === 'closed';
    });
    assert.ok(receiver.accepted.length > before.accepted);
    assert.match(server.program.stderr, /chain archive: transport 'hook' works again/);
  }

  receiver.mode = { status: 410 };
  await runOnce(t, server);
  assert.equal(await state(), 'disabled');
  assert.match(server.program.stderr, /transport 'hook' is disabled until it is enabled by command: it answers with status 410/);
  receiver.mode = 'ok';
  const asked = receiver.batches.length;
  await server.program.stop();
  server = await again(t, server);
  assert.equal(await until('the chain', () => state()), 'disabled');
  await runOnce(t, server);
  assert.equal(receiver.batches.length, asked, 'who wants no more gets no more');
  assert.equal((await server.post('/api/transports/spool/enable')).status, 404);
  const enabled = await server.post('/api/transports/hook/enable');
  assert.deepEqual([enabled.status, await enabled.json()], [200, { transport: 'hook' }]);
  const head = await runOnce(t, server);
  assert.equal(await state(), 'closed');
  assert.equal(await state('spool'), 'closed');
  assert.equal((await server.post('/api/transports/hook/enable')).status, 404);

  const lines = await spooled();
  assert.deepEqual(receiver.problems, []);
  assert.ok(ascending(receiver.accepted.map(seqOf)) && ascending(lines.map(seqOf)), 'in order, and none twice');
  assert.deepEqual([...receiver.accepted, ...lines].map(seqOf).sort((a, b) => a - b), upTo(head));
  // What came again came with the name that it had.
  const names = new Map(receiver.batches.map(({ id, count }) => [id, count]));
  assert.ok(names.size < receiver.batches.length);
  assert.ok(receiver.batches.every(({ id, count }) => names.get(id) === count && id.endsWith(`_${count}`)));
});

test('`trawl transports` lists, and enables again', async (t) => {
  const receiver = await Receiver.open(t);
  const folder = await scratch(t);
  const { url } = await site(t, pages(3));
  const server = await serve(
    t,
    {
      platforms: { p: crawl(url) },
      transports: { hook: hook(receiver.url), spool: { plugin: 'jsonl', options: { path: path.join(folder, 'spool') } } },
      chains: { archive: { order: ['hook', 'spool'], since: 'begin' } },
    },
    { env: ENV },
  );
  const trawl = (...args) => run(t, ['transports', '--server', server.url, ...args]);
  receiver.mode = { status: 410 };
  const head = await runOnce(t, server);
  const listed = await trawl();
  assert.equal(listed.code, 0, listed.stderr);
  assert.match(listed.stdout, /^chain +transport +state *$/m);
  assert.match(listed.stdout, /^live +websocket +closed +\/api\/ws$/m);
  assert.match(listed.stdout, /^archive +hook +disabled +0 delivered: it answers with status 410$/m);
  assert.match(listed.stdout, new RegExp(`^archive +spool +closed +${head} delivered$`, 'm'));
  assert.match(listed.stdout, new RegExp(`^archive +sent through \\w+-${head}, 0 behind, 0 lost$`, 'm'));
  assert.equal(JSON.parse((await trawl('--json')).stdout).chains[0].name, 'archive');

  receiver.mode = 'ok';
  const enabled = await trawl('enable', 'hook');
  assert.deepEqual([enabled.code, enabled.stdout, enabled.stderr], [0, '', '']);
  await runOnce(t, server);
  assert.match((await trawl()).stdout, /^archive +hook +closed +[1-9]\d* delivered$/m);
  for (const [args, code, message] of [
    [['enable'], 2, /'enable' is for one transport/],
    [['disable', 'hook'], 2, /expected 'enable', not 'disable'/],
    [['enable', '../hook'], 2, /'\.\.\/hook' is no name of a transport/],
    [['enable', 'hook'], 1, /no transport 'hook' that is disabled or left out/],
  ]) {
    const refused = await trawl(...args);
    assert.equal(refused.code, code, refused.stderr);
    assert.match(refused.stderr, message);
  }
});

test('filters: by name of the event, and by platform', async (t) => {
  const receiver = await Receiver.open(t);
  const folder = await scratch(t);
  const file = (name) => path.join(folder, name);
  const secret = file('secret');
  await writeFile(secret, `${SECRETS[0]}\n`);
  const { url } = await site(t, pages(5));
  const other = await site(t, pages(3));
  const server = await serve(t, {
    platforms: { shop: crawl(url), books: crawl(other.url) },
    transports: {
      ends: { plugin: 'jsonl', options: { path: file('ends') } },
      archive: { plugin: 'jsonl', options: { path: file('shop'), fsync: 'never' } },
      hook: hook(receiver.url, { secret: [`file://${secret}`, SECRETS[1]] }),
    },
    chains: {
      archive: { order: 'archive', events: ['run.completed', 'item.*'], platforms: 'shop' },
      ends: { order: 'ends', events: ['*.completed'] },
      all: { order: 'hook' },
    },
  });
  await runOnce(t, server);
  await until('the other chains', async () => (await server.get('/api/transports')).chains.every(({ lag }) => lag === 0));
  const told = async (name) => jsonLines(await readFile(file(name), 'utf8'));
  const short = ({ type, data }) => (type === 'item_changed' ? `${data.platform} ${data.change}` : `${data.platform} ${data.phase}`);
  assert.deepEqual((await told('shop')).map(short), [...Array(6).fill('shop new'), 'null completed']);
  assert.deepEqual((await told('ends')).map(short).sort(), ['books completed', 'null completed', 'shop completed']);
  assert.deepEqual(receiver.problems, []);
  assert.equal(unique(receiver.accepted.filter(({ type }) => type === 'item_changed')).length, 6 + 4);
});

test('kill -9 of the pusher and of the supervisor: nothing is lost, and the order is kept', async (t) => {
  const receiver = await Receiver.open(t);
  const garden = await maze(t, { pages: 250, delay: 40 });
  receiver.delay = 15;
  let server = await serve(
    t,
    {
      platforms: { p: garden.platform({ concurrency: 4 }) },
      transports: { hook: hook(receiver.url, { batch: 5 }) },
      chains: { archive: { order: 'hook', since: 'begin' } },
    },
    { env: ENV },
  );
  await server.startRun();
  for (const due of [30, 110]) {
    await until(`${due} events`, () => receiver.accepted.length > due);
    const pusher = await child(server.program, 'pusher');
    process.kill(pusher.pid, 'SIGKILL');
    await allGone([pusher]);
  }
  await until('200 events', () => receiver.accepted.length > 200);
  const family = await descendants(server.program.pid);
  assert.ok(family.some(({ role }) => role === 'pusher'));
  await server.program.stop('SIGKILL');
  await allGone(family);
  server = await again(t, server);
  await server.ended(1);
  const head = await caughtUp(t, server);
  assert.deepEqual(receiver.problems, []);
  checkContiguous(receiver.accepted, head);
  assert.deepEqual(unique(receiver.accepted), upTo(head));
  assert.equal((await chainOf(server)).lost, 0);
  // What the events tell is what is in the store.
  const items = receiver.accepted.filter(({ type }) => type === 'item_changed').map(({ data }) => data.key);
  assert.deepEqual([...new Set(items)].sort(), (await found(t, server.data)).items.map(([id]) => id));
});

test('a program gets them on its stdin, is killed now and then, and dies with the pusher', async (t) => {
  const folder = await scratch(t);
  const program = path.join(folder, 'program.mjs');
  const got = path.join(folder, 'got');
  await writeFile(program, `
import { appendFileSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
const [, , got] = process.argv;
console.log('here', got);
console.error('in', process.env.STATE);
appendFileSync(got, '');
let count = readFileSync(got, 'utf8').split('\\n').length - 1;
for await (const line of createInterface({ input: process.stdin })) {
  appendFileSync(got, line + '\\n');
  count++;
  if ([10, 40, 70].includes(count)) process.kill(process.pid, 'SIGKILL');
  console.log(JSON.parse(line).id);
}
`);
  const { url } = await site(t, pages(100));
  const server = await serve(t, {
    platforms: { p: crawl(url, { concurrency: 4 }) },
    transports: {
      tool: {
        plugin: 'command',
        options: { command: [process.execPath, program, got], env: { STATE: 'pain' }, acknowledge: true, restart: '50ms' },
      },
    },
    chains: { archive: { order: 'tool', since: 'begin', failures: 1000 } },
  });
  const lines = () => linesIn(got);
  const pusher = await child(server.program, 'pusher');
  const running = async () => (await descendants(pusher.pid)).find(({ state }) => state !== 'Z');
  const brought = async () => {
    const head = await runOnce(t, server);
    checkContiguous(await lines(), head);
  };
  await brought();
  process.kill((await running()).pid, 'SIGKILL'); // while there is nothing to do
  await brought();
  assert.match(server.program.stderr, new RegExp(`pusher/tool: here ${got}`));
  assert.match(server.program.stderr, /pusher\/tool: in pain/);
  await until('all ends in the log', () => server.program.stderr.match(/pusher\/tool: the program was ended by SIGKILL/g)?.length === 4);

  const orphan = await running();
  process.kill(pusher.pid, 'SIGKILL');
  await allGone([pusher, orphan]);
  await brought();
  const after = await descendants(server.program.pid);
  const { code } = await server.program.stop();
  assert.equal(code, 0);
  await allGone(after);
});

test('a program that cannot be started, and a file in no folder: why stands in the state, and the end is quick', async (t) => {
  const { url } = await site(t, pages(3));
  const server = await serve(t, {
    platforms: { p: crawl(url) },
    transports: {
      tool: { plugin: 'command', options: { command: '/does/not/exist', restart: '100ms' } },
      file: { plugin: 'jsonl', options: { path: '/does/not/exist/either' } },
    },
    chains: { archive: { order: ['tool', 'file'], failures: 1 } },
  });
  await server.ended(await server.startRun());
  for (const name of ['tool', 'file']) {
    const member = await until(`the failure of ${name}`, async () => {
      const now = await memberOf(server, name);
      return now?.error && now;
    });
    assert.match(member.error.message, /'\/does\/not\/exist.*' cannot be (started|opened): No such file or directory/);
  }
  const chain = await chainOf(server);
  assert.ok(chain.lag > 0 && chain.delivered === 0);
  const { code } = await server.program.stop();
  assert.equal(code, 0);
});

const scripted = (folder, script, options = {}) => ({
  plugin: path.join(BUILD, 'test-plugins/scripted.so'),
  options: { path: path.join(folder, 'wild'), script },
  ...options,
});

test('a transport that crashes the pusher again and again is left out, and the next takes over', async (t) => {
  const folder = await scratch(t);
  const { url } = await site(t, pages(3));
  const spool = path.join(folder, 'spool');
  const server = await serve(t, {
    platforms: { p: crawl(url) },
    transports: {
      wild: scripted(folder, 'crash'),
      spool: { plugin: 'jsonl', options: { path: spool } },
    },
    chains: { archive: { order: ['wild', 'spool'], since: 'begin' } },
  });
  const head = await runOnce(t, server);
  assert.deepEqual(jsonLines(await readFile(spool, 'utf8')).map(seqOf), upTo(head));
  const wild = await memberOf(server, 'wild');
  assert.equal(wild.ok, false);
  assert.match(wild.reason, /^left out: shortly after each other 3 processes ended in it, the last of them was ended by signal/);
  assert.equal((await server.post('/api/transports/wild/enable')).status, 200);
  await until('it to be tried again', async () => (await memberOf(server, 'wild').catch(() => null))?.ok);
});

const HUNG = /transport 'wild' of chain 'archive' has not come back from push\(\) for \d+ ms, leaving/g;
test('a transport that hangs: its process is ended, other chains go on, and at the third time the next takes over', async (t) => {
  const folder = await scratch(t);
  const { url } = await site(t, pages(3));
  const file = (name) => path.join(folder, name);
  const linesOf = (name) => linesIn(file(name));
  const server = await serve(t, {
    platforms: { p: crawl(url) },
    transports: {
      wild: scripted(folder, 'hang', { stall_timeout: '1s' }),
      spool: { plugin: 'jsonl', options: { path: file('spool') } },
      beside: { plugin: 'jsonl', options: { path: file('beside') } },
    },
    chains: {
      archive: { order: ['wild', 'spool'], since: 'begin' },
      other: { order: 'beside', since: 'begin' },
    },
  });
  const hung = () => server.program.stderr.match(HUNG)?.length ?? 0;
  for (const times of [1, 2, 3]) {
    const before = (await linesOf('beside')).length;
    await server.ended(await server.startRun());
    await until('the other chain to go on', async () => (await linesOf('beside')).length > before);
    await until(`it to be ended ${times} times`, () => hung() >= times);
  }
  await until('it to be left out', async () => (await memberOf(server, 'wild').catch(() => null))?.ok === false);
  const head = await runOnce(t, server);
  assert.equal(hung(), 3);
  assert.equal(server.program.stderr.match(/it hung in transport 'wild'/g).length, 3);
  assert.match(server.program.stderr, /transport 'wild' is left out until it is enabled by command/);
  assert.match((await memberOf(server, 'wild')).reason, /^left out: shortly after each other 3 processes ended in it, the last of them hung/);
  assert.equal((await chainOf(server)).last_transport, 'spool');
  assert.equal((await chainOf(server)).lost, 0);
  assert.deepEqual((await linesOf('spool')).map(seqOf), upTo(head));
  await until('the other chain', async () => (await chainOf(server, 'other')).lag === 0);
  const beside = await linesOf('beside');
  checkContiguous(beside, head);
  assert.deepEqual(unique(beside), upTo(head));
});

test('a transport that hangs does not put off an orderly end, nor is it blamed for one', async (t) => {
  const folder = await scratch(t);
  const { url } = await site(t, pages(3));
  // It would be noticed before the pusher gives up waiting for it.
  const server = await serve(t, {
    platforms: { p: crawl(url) },
    transports: { wild: scripted(folder, 'hang', { stall_timeout: '2900ms' }) },
    chains: { archive: { order: 'wild', since: 'begin' } },
  });
  await server.startRun();
  await until('it to hang', () => readFile(path.join(folder, 'wild')).catch(() => null));
  const { code } = await server.program.stop();
  assert.equal(code, 0);
  assert.match(server.program.stderr, /a transport or the store does not come back, ending without it/);
  assert.doesNotMatch(server.program.stderr, HUNG);
  assert.doesNotMatch(server.program.stderr, /in transport 'wild'/);
});

test('what retention has dropped before it was sent is told', async (t) => {
  const receiver = await Receiver.open(t);
  const rows = Array.from({ length: 2500 }, (_, i) => `<li>${i}</li>`).join('');
  const { url } = await site(t, { '/': html('Rows', `<ul>${rows}</ul>`) });
  let server = await serve(
    t,
    {
      platforms: { p: { plugin: 'html', options: { start: `${url}/`, rows: 'li', fields: { n: './self::li' }, key: 'n' } } },
      journal: { keep_events: 1000 },
      transports: { hook: hook(receiver.url, { batch: 500 }) },
      chains: { archive: { order: 'hook', since: 'begin', retry_after: '200ms', failures: 1 } },
    },
    { env: ENV },
  );
  receiver.mode = { status: 500 };
  await server.ended(await server.startRun());
  await server.program.stop();
  server = await again(t, server);
  const first = async () => (await sqlite(t, server.data, 'SELECT min(seq) AS first FROM events'))[0].first;
  await until('retention', async () => (await first()) > 1);
  receiver.mode = 'ok';
  const head = await caughtUp(t, server);
  const tail = await first();
  assert.deepEqual(receiver.problems, []);
  const gap = receiver.accepted.findIndex(({ type }) => type === 'gap');
  const { id, data } = receiver.accepted[gap];
  assert.equal(seqOf({ id }), tail - 1);
  assert.equal(data.chain, 'archive');
  assert.equal(data.lost, tail - 1 - (gap > 0 ? seqOf(receiver.accepted[gap - 1]) : 0));
  const events = receiver.accepted.filter(({ type }) => type !== 'gap').map(seqOf);
  assert.deepEqual(events, [...upTo(gap), ...upTo(head).slice(tail - 1)]);
  assert.equal((await chainOf(server)).lost, data.lost);
  assert.match(server.program.stderr, new RegExp(`chain archive: ${data.lost} events were dropped from the journal`));
  // It is not told again.
  await server.program.stop();
  server = await again(t, server);
  await runOnce(t, server);
  assert.equal(receiver.accepted.filter(({ type }) => type === 'gap').length, 1);
  assert.equal((await chainOf(server)).lost, data.lost);
});

test('what makes no sense is said before anything starts', async (t) => {
  const folder = await scratch(t);
  const file = await writeConfig(folder, {
    transports: {
      stream: { plugin: 'sse' },
      file: { plugin: 'jsonl', options: { path: path.join(folder, 'never') } },
      hook: { plugin: 'webhook', options: { url: 'ftp://a.example/', headers: { 'webhook-id': 'x' } }, required: true },
      tool: { plugin: 'command', options: { command: ['touch', path.join(folder, 'never')] } },
    },
    chains: { live: { order: ['file', 'sse'] }, archive: { order: ['stream', 'hook'] }, web: { order: ['sse'] }, t: { order: 'tool' } },
  });
  const broken = await run(t, ['check', '--config', file]);
  assert.equal(broken.code, 1);
  assert.match(broken.stderr, /chains\.web\.order\[0\]: 'sse' serves those who watch: only "live" can name it/);
  const config = JSON.parse(await readFile(file, 'utf8'));
  delete config.chains.web;
  await writeFile(file, JSON.stringify(config));
  const { code, stderr } = await run(t, ['check', '--config', file]);
  assert.equal(code, 1);
  assert.match(stderr, /chains\.live\.order\[0\]: 'file' pushes events: other chains than "live" can name it/);
  assert.match(stderr, /chains\.archive\.order\[0\]: 'stream' serves those who watch: only "live" can name it/);
  assert.match(stderr, /transports\.hook\.options\.url: expected the URL of an http or https server/);
  await assert.rejects(readFile(path.join(folder, 'never')), 'checking opens and starts nothing');
});
