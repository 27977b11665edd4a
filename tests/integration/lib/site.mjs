// Fixture web servers on loopback: good ones, and ones that break what they can.
import http from 'node:http';

/** Serve `routes`: path → string (HTML), {type, body, status, headers}, or function (request, response). `seen` are the URLs that
 * were asked for; robots.txt counts only where there is one. */
export async function site(t, routes) {
  const seen = [];
  const server = http.createServer((request, response) => {
    const url = new URL(request.url, 'http://site');
    if (url.pathname === '/robots.txt' && !routes[url.pathname]) {
      answer(response, { status: 404 });
      return;
    }
    seen.push(request.url);
    const route = routes[url.pathname] ?? routes['*'];
    if (typeof route === 'function') {
      route(request, response, url);
      return;
    }
    answer(response, route ?? { status: 404, body: '<h1>Not found</h1>' });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${server.address().port}`, server, seen };
}

export function answer(response, page) {
  const { status = 200, type = 'text/html; charset=utf-8', body = '', headers = {} } =
    typeof page === 'string' || Buffer.isBuffer(page) ? { body: page } : page;
  response.writeHead(status, { 'Content-Type': type, ...headers });
  response.end(body);
}

export const html = (title, body = '') => `<!DOCTYPE html><title>${title}</title><h1>${title}</h1>${body}`;

/** What waits for `opened` goes on once open() was called. */
export function gate() {
  let open;
  const opened = new Promise((done) => (open = done));
  return { open, opened };
}

/** `count` pages that an index links to; each takes `delay` ms. */
export function pages(count, delay = 0) {
  const routes = {
    '/': html('Index', Array.from({ length: count }, (_, i) => `<a href="/page/${i}">${i}</a>`).join(' ')),
  };
  for (let i = 0; i < count; i++) {
    routes[`/page/${i}`] = (request, response) => {
      setTimeout(() => answer(response, html(`Page ${i}`)), delay);
    };
  }
  return routes;
}

/** The html plugin over such a site, one item a page. */
export const crawl = (url, fetch = {}, options = {}) => ({
  plugin: 'html',
  options: { start: `${url}/`, follow: 'a', fields: { title: 'title', h1: 'h1' }, ...options },
  fetch: { retries: 0, ...fetch },
});
