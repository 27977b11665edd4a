// `trawl drill`: every fault is put right and nothing is lost; where something is lost, it says so.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { build } from './lib/plugins.mjs';
import { allGone, BUILD, child, descendants, jsonLines, run, scratch, start, until, writeConfig } from './lib/trawl.mjs';

const FAULTS = ['websocket_cut', 'websocket_mute', 'sse_buffered', 'gateway_killed', 'worker_killed', 'receiver_down', 'supervisor_killed', 'end'];
const WEBHOOK = existsSync(path.join(BUILD, 'plugins/webhook.so'));

const drill = (t, args, env) => run(t, ['drill', '--json', ...args], { env });
const byFault = (rows) => Object.fromEntries(rows.map((row) => [row.fault, row]));
const told = (row, name) => row.clients.find(({ client }) => client === name);

/** Everything temporary that a drill makes goes below this folder. */
async function temporary(t) {
  const folder = path.join(await scratch(t), 'tmp');
  await mkdir(folder);
  return folder;
}

test('every fault: the clients get all events, in order, once', async (t) => {
  const folder = await temporary(t);
  const { code, stdout, stderr } = await drill(t, [], { TMPDIR: folder });
  const rows = jsonLines(stdout);
  assert.equal(code, 0, stdout + stderr);
  assert.deepEqual(rows.map(({ fault }) => fault), FAULTS);
  for (const row of rows.filter(({ skipped }) => skipped === null)) {
    assert.deepEqual([row.ended, row.lost, row.stray], [true, 0, 0], JSON.stringify(row));
    for (const { lost, stray } of row.clients) assert.deepEqual([lost, stray], [0, 0]);
    assert.deepEqual(
      row.clients.map(({ client }) => client),
      ['websocket', 'sse', 'poll', ...(WEBHOOK ? ['webhook'] : []), ...(row.fault === 'end' ? ['replay'] : [])],
    );
    if (row.fault !== 'end') assert.ok(row.next_event_ms >= 0, JSON.stringify(row));
  }
  assert.deepEqual(
    rows.filter(({ skipped }) => skipped !== null).map(({ fault, skipped }) => [fault, skipped]),
    WEBHOOK ? [] : [['receiver_down', 'no webhook transport']],
  );

  const { websocket_cut: cut, websocket_mute: mute, sse_buffered: buffered, gateway_killed: gateway, end } = byFault(rows);
  for (const row of [cut, mute]) {
    assert.deepEqual(told(row, 'websocket').path.slice(0, 1), ['sse'], JSON.stringify(row));
    assert.equal(told(row, 'websocket').path.at(-1), 'websocket');
  }
  assert.deepEqual(told(buffered, 'sse').path.slice(0, 1), ['poll']);
  assert.equal(told(buffered, 'sse').path.at(-1), 'sse');
  for (const name of ['websocket', 'sse']) assert.ok(told(gateway, name).reconnects > 0, name);
  assert.ok(end.events > 100, `${end.events} events`);
  assert.deepEqual(await readdir(folder), []);
});

test('a transport that loses events is found out; what the order lacks is not tried', async (t) => {
  const lossy = await build(t, 'lossy');
  const file = await writeConfig(await scratch(t), {
    transports: { lossy: { plugin: lossy } },
    chains: { live: { order: ['lossy'] } },
  });
  const { code, stdout } = await drill(t, ['--config', file]);
  const rows = jsonLines(stdout);
  const faults = byFault(rows);
  assert.equal(code, 1);
  assert.deepEqual(rows.map(({ fault }) => fault), FAULTS);
  assert.equal(faults.websocket_cut.skipped, 'no WebSocket transport');
  assert.equal(faults.websocket_mute.skipped, 'no WebSocket transport');
  const lost = rows.reduce((sum, row) => sum + row.lost, 0);
  assert.ok(lost > 0, stdout);
  assert.ok(told(faults.end, 'replay').lost > 0, 'a new client is not brought all either');
  for (const row of rows) assert.deepEqual([row.ended, row.repeated, row.stray], [true, row.repeated, 0]);
});

test('as a table', async (t) => {
  const file = await writeConfig(await scratch(t), { transports: {}, chains: { live: { order: ['poll'] } } });
  const { code, stdout, stderr } = await run(t, ['drill', '--config', file]);
  assert.equal(code, 0, stdout + stderr);
  const table = stdout.split('\n');
  assert.match(table[0], /^fault +what the clients did +next event  lost  repeated$/);
  const column = table[0].indexOf('next event');
  // Who polls may be between two answers when it happens.
  const gateway = table.find((line) => line.startsWith('gateway killed'));
  assert.match(gateway, /^gateway killed +(poll reconnected after \d+\.\d s|noticed nothing) +\d+\.\d s +0 +0$/);
  assert.match(gateway.slice(column), /^ +\d+\.\d s +0 +0$/);
  assert.match(stdout, /^SSE buffered +no event stream transport$/m);
});

test('Ctrl-C leaves nothing behind', async (t) => {
  const folder = await temporary(t);
  const program = start(t, ['drill', '--json'], { env: { TMPDIR: folder } });
  await program.says(/websocket_cut/);
  const server = await until('its server', async () => (await descendants(program.pid)).find(({ parent }) => parent === program.pid));
  await child({ pid: server.pid, name: 'its server' }, 'gateway');
  const family = await descendants(program.pid);
  const { code } = await program.stop('SIGINT');
  assert.equal(code, 130);
  await allGone(family);
  assert.deepEqual(await readdir(folder), []);
});

test('its server does not outlive it', async (t) => {
  const program = start(t, ['drill', '--json'], { env: { TMPDIR: await temporary(t) } });
  await program.says(/websocket_cut/);
  const family = await descendants(program.pid);
  assert.ok(family.length >= 3);
  await program.stop('SIGKILL');
  await allGone(family);
});

test('what is wrong is said', async (t) => {
  const file = await writeConfig(await scratch(t), { chains: { live: { order: ['pigeon'] } } });
  const wrong = await drill(t, ['--config', file]);
  assert.equal(wrong.code, 1);
  assert.equal(wrong.stdout, '');
  assert.match(wrong.stderr, /pigeon/);
  assert.equal((await drill(t, ['all'])).code, 2);
  assert.equal((await drill(t, ['--log-level', 'loud'])).code, 2);
});
