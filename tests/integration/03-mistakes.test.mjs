// What is wrong is said: all of it at once, each with its place, what was expected, and the nearest known name.
import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import test from 'node:test';
import { crawl } from './lib/site.mjs';
import { run, scratch, serve, writeConfig } from './lib/trawl.mjs';

test('every mistake of a configuration in one go', async (t) => {
  const file = await writeConfig(await scratch(t), {
    platform: {},
    fetch: { concurrency: 'many', dealy: '1s', timeout: '30 parsecs' },
    platforms: {
      shop: { plugin: 'htlm', options: {} },
      news: { plugin: 'html', options: { start: 'http://127.0.0.1/', folow: 'a', fields: { title: 'h1[' } } },
      api: { plugin: 'json', options: { start: 'http://127.0.0.1/', items: '.items[', key: 'id' } },
    },
  });
  const result = await run(t, ['check', '--config', file]);
  assert.equal(result.code, 1);
  const said = result.stdout + result.stderr;
  const expected = [
    [/platform\b/, /platforms/],
    [/fetch\.concurrency/],
    [/fetch\.dealy/, /delay/],
    [/fetch\.timeout/],
    [/platforms\.shop/, /htlm/, /html/],
    [/platforms\.news\.options/, /folow/, /follow/, /platforms\.news\.options\.fields\.title/],
    [/platforms\.api\.options/, /items/],
  ];
  for (const patterns of expected) for (const pattern of patterns) assert.match(said, pattern);
});

test('a bad selector is shown with its place', async (t) => {
  const file = await writeConfig(await scratch(t), {
    platforms: { news: crawl('http://127.0.0.1', {}, { fields: { title: 'h1[' } }) },
  });
  const result = await run(t, ['check', '--config', file]);
  assert.equal(result.code, 1);
  assert.match(result.stderr + result.stdout, /platforms\.news\.options\.fields\.title/);
});

test('a bad jq filter is shown with its place', async (t) => {
  const file = await writeConfig(await scratch(t), {
    platforms: { api: { plugin: 'json', options: { start: 'http://127.0.0.1/', items: '.items[', key: ['id'] } } },
  });
  const result = await run(t, ['check', '--config', file]);
  assert.equal(result.code, 1);
  assert.match(result.stderr + result.stdout, /platforms\.api\.options\.items/);
});

test('what is not JSON is shown with file and line', async (t) => {
  const folder = await scratch(t);
  const file = path.join(folder, 'trawl.json');
  await writeFile(file, '{\n  "platforms": {\n    "a" 1\n  }\n}\n');
  const result = await run(t, ['check', '--config', file]);
  assert.equal(result.code, 1);
  assert.match(result.stderr + result.stdout, /trawl\.json:3/);
});

test('no configuration: the places that were looked at', async (t) => {
  const folder = await scratch(t);
  const result = await run(t, ['check'], { cwd: folder, env: { TRAWL_CONFIG: '', XDG_CONFIG_HOME: folder, HOME: folder } });
  assert.equal(result.code, 1);
  assert.match(result.stderr, /config\/trawl\.json/);
});

test('variables, their defaults, and secrets from files', async (t) => {
  const folder = await scratch(t);
  await writeFile(path.join(folder, 'agent'), 'spy/1.0\n');
  const file = await writeConfig(folder, {
    '// a comment': 'is skipped',
    fetch: { user_agent: `file://${folder}/agent`, timeout: '${TRAWL_TEST_TIMEOUT:-20s}' },
    platforms: { a: crawl('http://127.0.0.1') },
  });
  assert.equal((await run(t, ['check', '--config', file])).code, 0);
  const wrong = await run(t, ['check', '--config', file], { env: { TRAWL_TEST_TIMEOUT: 'soon' } });
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr + wrong.stdout, /fetch\.timeout/);
});

test('a port in use', async (t) => {
  const holder = net.createServer().listen(0, '127.0.0.1');
  await new Promise((done) => holder.once('listening', done));
  t.after(() => holder.close());
  const file = await writeConfig(await scratch(t), {
    server: { listen: [`127.0.0.1:${holder.address().port}`] },
    platforms: { a: crawl('http://127.0.0.1') },
  });
  const result = await run(t, ['serve', '--config', file]);
  assert.equal(result.code, 1);
  assert.match(result.stderr, new RegExp(`${holder.address().port}`));
  assert.match(result.stderr, /in use/i);
});

test('a data folder that cannot be made', async (t) => {
  const folder = await scratch(t);
  await writeFile(path.join(folder, 'file'), '');
  const file = await writeConfig(folder, { data: path.join(folder, 'file/data'), platforms: { a: crawl('http://127.0.0.1') } });
  const result = await run(t, ['serve', '--config', file]);
  assert.equal(result.code, 1);
  assert.match(result.stderr, /file\/data/);
});

test('a data folder that cannot be written', { skip: process.getuid() === 0 && 'root may write anywhere' }, async (t) => {
  const folder = await scratch(t);
  const data = path.join(folder, 'data');
  await mkdir(data);
  await chmod(data, 0o500);
  const file = await writeConfig(folder, { platforms: { a: crawl('http://127.0.0.1') } });
  const result = await run(t, ['serve', '--config', file]);
  assert.equal(result.code, 1);
  assert.match(result.stderr, /data/);
});

test('a database from a newer version is refused and not touched', async (t) => {
  const folder = await scratch(t);
  const server = await serve(t, { platforms: { a: crawl('http://127.0.0.1:9') } }, { folder });
  await server.program.stop();
  const [name] = (await readdir(server.data)).filter((file) => /\.(db|sqlite3?)$/.test(file));
  const database = path.join(server.data, name);
  const [{ user_version: version }] = JSON.parse(
    (await run(t, ['-json', database, 'PRAGMA user_version'], { file: 'sqlite3' })).stdout,
  );
  assert.ok(version > 0);
  await run(t, [database, `PRAGMA user_version = ${version + 1}`], { file: 'sqlite3' });
  const before = await readFile(database);

  const result = await run(t, ['serve', '--config', server.config]);
  assert.equal(result.code, 1);
  assert.match(result.stderr, /newer/);
  assert.ok(before.equals(await readFile(database)), 'the database was changed');
});

test('a missing plugin of a transport that is not required does not stop the server', async (t) => {
  const server = await serve(t, {
    platforms: { a: crawl('http://127.0.0.1:9') },
    transports: { websocket: {}, sse: {}, pigeon: { plugin: 'pigeon' } },
  });
  const transports = await server.get('/api/transports');
  assert.match(JSON.stringify(transports), /pigeon/);
});
