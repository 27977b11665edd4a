// Plugins built out of tree, against the installed headers alone.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUILD, run, scratch } from './trawl.mjs';

const SOURCES = path.join(path.dirname(fileURLToPath(import.meta.url)), '../plugins');

/** Install to a folder of the test's own, as `make install DESTDIR=…` does. */
export async function install(t) {
  const root = await scratch(t);
  const result = await run(t, ['--install', BUILD, '--prefix', '/usr'], { file: 'cmake', env: { DESTDIR: root } });
  if (result.code !== 0) throw new Error(result.stderr);
  return path.join(root, 'usr');
}

/** Build plugins/SOURCE.c, with macros; gives the .so. */
export async function build(t, source, { prefix, macros = {}, name = source } = {}) {
  const folder = await scratch(t);
  const file = path.join(folder, `${name}.so`);
  const where = prefix ?? (await install(t));
  const defines = Object.entries(macros).map(([macro, value]) => `-D${macro}=${value}`);
  const args = ['-shared', '-fPIC', '-std=gnu11', '-Wall', '-Wextra', '-Wpedantic', '-Werror', `-I${where}/include`, ...defines,
    path.join(SOURCES, `${source}.c`), '-o', file, '-ljansson'];
  const result = await run(t, args, { file: 'cc' });
  if (result.code !== 0) throw new Error(result.stderr);
  return file;
}
