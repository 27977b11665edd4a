// Debian's Chromium, driven by playwright-core.
import { chromium } from 'playwright-core';
import { PATIENCE_MS } from '../../integration/lib/trawl.mjs';

const FLAGS = [
  '--no-sandbox', // the tests may run as root
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking', // it would look for servers that are not ours
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

export async function browser(t) {
  const one = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS });
  t.after(() => one.close());
  return one;
}

/** A page that remembers what went wrong in it: `page.complaints`. */
export async function open(context, url) {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  page.complaints = [];
  page.warnings = [];
  page.on('console', (message) => {
    if (message.type() === 'error') page.complaints.push(message.text());
    if (message.type() === 'warning') page.warnings.push(message.text());
  });
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  await page.goto(url);
  return page;
}
