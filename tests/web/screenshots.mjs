// tests/web/screenshots.mjs FOLDER: every page of the dashboard as PNG, in light, dark and on a phone, over the demonstration.
// With TRAWL_BUILD as for the tests. docs/images/ holds two of them, which the README shows.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { ROOT, scratch, serveFile, start, until } from '../integration/lib/trawl.mjs';
import { browser, open } from './lib/browser.mjs';

const [folder = 'screenshots'] = process.argv.slice(2);
const cleanups = [];
const t = { after: (done) => cleanups.push(done) };

const LOOKS = {
  light: { colorScheme: 'light', viewport: { width: 1280, height: 860 } },
  dark: { colorScheme: 'dark', viewport: { width: 1280, height: 860 } },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 },
};

async function shoot(chromium, url, pages, prepare = async () => {}) {
  for (const [look, options] of Object.entries(LOOKS)) {
    const context = await chromium.newContext(options);
    await prepare();
    for (const [name, where] of Object.entries(pages)) {
      const page = await open(context, url + where);
      await page.waitForLoadState('networkidle').catch(() => {});
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.waitForTimeout(1000); // charts draw themselves in
      await page.screenshot({ path: path.join(folder, `${name}-${look}.png`) });
      await page.close();
    }
    await context.close();
  }
}

async function main() {
  await mkdir(folder, { recursive: true });
  const demo = start(t, ['demo', '--listen', '127.0.0.1:0', '--speed', '1']);
  const [, sites] = await demo.says(/serves (http:\/\/[^\s/]+)/);
  const home = await scratch(t);
  const server = await serveFile(t, path.join(ROOT, 'config/trawl.json'), {
    home,
    env: { TRAWL_DEMO: sites, TRAWL_LISTEN: '127.0.0.1:0', TRAWL_DATA: path.join(home, 'data') },
  });
  for (let i = 0; i < 3; i++) await server.ended(await server.startRun());
  const chromium = await browser(t);
  await shoot(chromium, server.url, {
    run: '/runs/2',
    runs: '/runs',
    items: '/items?platform=bookshop',
    item: '/items/one?platform=prices&key=1001',
    platforms: '/platforms',
    system: '/system',
  });
  await shoot(chromium, server.url, { dashboard: '/' }, async () => {
    const running = await server.startRun({ overlap: 'replace' });
    await until('some pages', async () => (await server.run(running)).pages > 20);
  });
}

try {
  await main();
} finally {
  for (const cleanup of cleanups.reverse()) await cleanup();
}
