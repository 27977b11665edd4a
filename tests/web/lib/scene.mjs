// A site to scrape, a server that scrapes it, and a proxy in front of it that the browser talks to.
import path from 'node:path';
import { answer, gate, html, site } from '../../integration/lib/site.mjs';
import { ROOT, scratch, serve, start, writeConfig } from '../../integration/lib/trawl.mjs';
import { browser } from './browser.mjs';
import { FaultProxy } from './fault-proxy.mjs';

// Short, so that what is mute is found out soon.
export const HEARTBEAT_MS = 1000;

/**
 * `count` pages that an index links to, each of which takes a moment. Of those of a run that is `held`, the second half is
 * answered only from flow() on: the run is under way for as long as a test needs, however slow the machine is.
 */
class Site {
  #flowing;
  flow;

  constructor(count, delay, held) {
    const links = Array.from({ length: count }, (_, i) => `<a href="/page/${i}">${i}</a>`).join(' ');
    ({ open: this.flow, opened: this.#flowing } = gate());
    if (!held) this.flow();
    this.routes = {
      '/': html('Index', links),
      '*': async (request, response, url) => {
        if (Number(url.pathname.split('/')[2]) >= count / 2) await this.#flowing;
        setTimeout(() => answer(response, html(`Page ${url.pathname}`)), delay);
      },
    };
  }
}

/** With `heartbeat` ms for tests in which nothing is to be taken for mute, however slow the machine is. */
export async function scene(t, { order = ['websocket', 'sse'], count = 40, delay = 50, held = false, schedule, heartbeat = HEARTBEAT_MS } = {}) {
  const proxy = await FaultProxy.start(t);
  const pages = new Site(count, delay, held);
  // A host for each platform, so that neither waits for the other's pages.
  const [shop, news] = await Promise.all([site(t, pages.routes), site(t, pages.routes)]);
  const config = {
    server: {
      web: path.join(ROOT, 'web/dist'),
      heartbeat: `${heartbeat}ms`,
      hosts: [proxy.host],
      origins: [proxy.url],
    },
    chains: { live: { order, retry_after: '3s' } },
    platforms: Object.fromEntries(
      Object.entries({ shop, news }).map(([name, { url }]) => [
        name,
        {
          plugin: 'html',
          options: { start: `${url}/`, follow: 'a', fields: { title: 'title', h1: 'h1' } },
          fetch: { concurrency: 2, retries: 0, timeout: '2m', throttle: 'off' },
          schedule,
        },
      ]),
    ),
  };
  const home = await scratch(t);
  const server = await serve(t, config, { folder: home });
  proxy.to(server.url);
  const chromium = await browser(t);
  const context = await chromium.newContext();
  return { proxy, server, home, config, context, flow: pages.flow, routes: pages.routes };
}

/** The same server again on the same data, at the same address, as after a restart. */
export async function restart(t, { server, home, config }) {
  await server.program.stop();
  const file = await writeConfig(home, { ...config, server: { ...config.server, listen: [server.address] } });
  const program = start(t, ['serve', '--config', file]);
  await program.says(/serves http/);
  server.program = program;
}
