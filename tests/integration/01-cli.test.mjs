// The command line without a server: help, versions, checks.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { BUILD, ROOT, run } from './lib/trawl.mjs';

const COMMANDS = ['serve', 'run', 'start', 'resume', 'schedules', 'transports', 'check', 'runs', 'hosts', 'items', 'plugin', 'schema', 'demo', 'drill'];

test('--version and --help', async (t) => {
  assert.match((await run(t, ['--version'])).stdout, /^trawl \d+\.\d+\.\d+\n$/);
  const help = await run(t, ['--help']);
  assert.equal(help.code, 0);
  for (const command of COMMANDS) assert.match(help.stdout, new RegExp(`^  ${command} `, 'm'));
});

for (const command of COMMANDS) {
  test(`${command} --help`, async (t) => {
    const help = await run(t, [command, '--help']);
    assert.equal(help.code, 0);
    assert.match(help.stdout, /Usage: trawl/);
    assert.equal(help.stderr, '');
  });

  test(`${command} refuses an option that it does not know`, async (t) => {
    const refused = await run(t, [command, '--no-such-option']);
    assert.equal(refused.code, 2);
    assert.equal(refused.stdout, '');
    assert.notEqual(refused.stderr, '');
  });
}

test('an unknown command is a usage error', async (t) => {
  const result = await run(t, ['srve']);
  assert.equal(result.code, 2);
  assert.match(result.stderr, /srve/);
});

test('the default configuration is right', async (t) => {
  const result = await run(t, ['check', '--config', path.join(ROOT, 'config/trawl.json')]);
  assert.equal(result.code, 0, result.stderr);
});

test('config/trawl.schema.json is current', async (t) => {
  const result = await run(t, ['schema']);
  assert.equal(result.code, 0, result.stderr);
  const kept = await readFile(path.join(ROOT, 'config/trawl.schema.json'), 'utf8');
  assert.equal(result.stdout, kept, 'make it again: build/trawl schema >config/trawl.schema.json');
});

test('plugin list names what the build has', async (t) => {
  const result = await run(t, ['plugin', 'list']);
  assert.equal(result.code, 0, result.stderr);
  for (const name of ['html', 'json', 'websocket', 'sse']) assert.match(result.stdout, new RegExp(`\\b${name}\\b`));
});

test('plugin show prints the option table', async (t) => {
  const result = await run(t, ['plugin', 'show', 'html']);
  assert.equal(result.code, 0, result.stderr);
  for (const option of ['start', 'follow', 'fields']) assert.match(result.stdout, new RegExp(`\\b${option}\\b`));
});

test('plugin check says what would be loaded', async (t) => {
  const result = await run(t, ['plugin', 'check', path.join(BUILD, 'plugins/html.so')]);
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stdout, /html/);
});
