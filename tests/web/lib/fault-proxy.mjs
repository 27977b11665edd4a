// A reverse proxy between the browser and the server that breaks what it is told to, when it is told to.
import http from 'node:http';
import net from 'node:net';

const isEventStream = (response) => (response.headers['content-type'] ?? '').startsWith('text/event-stream');

/**
 * Faults, by kind of connection; each takes effect at once, on open connections too:
 * - websocket: 'pass' | 'refuse' (the upgrade gets 502) | 'mute' (the upgrade goes through, then nothing reaches the browser)
 *   | 'reset' (connections are reset again and again, soon after they opened)
 * - sse: 'pass' | 'refuse' | 'buffer' (nothing of a stream reaches the browser before it ends, as behind a buffering proxy)
 * - api: null | {status, type, body}: what every request below /api/ gets in place of its answer
 */
export class FaultProxy {
  websocket = 'pass';
  sse = 'pass';
  api = null;
  target = null; // {hostname, port}
  requests = []; // paths, in order of arrival
  #open = { websocket: new Set(), sse: new Set(), api: new Set() };

  static async start(t) {
    const proxy = new FaultProxy();
    proxy.server = http.createServer((request, response) => proxy.#forward(request, response));
    proxy.server.on('upgrade', (request, socket, head) => proxy.#upgrade(request, socket, head));
    await new Promise((done) => proxy.server.listen(0, '127.0.0.1', done));
    t.after(() => {
      proxy.server.closeAllConnections();
      for (const kind of Object.values(proxy.#open)) for (const one of kind) one.destroy();
      proxy.server.close();
    });
    return proxy;
  }

  /** `127.0.0.1:PORT` as the browser knows it. The server must be told of it (server.hosts, server.origins). */
  get host() {
    return `127.0.0.1:${this.server.address().port}`;
  }

  get url() {
    return `http://${this.host}`;
  }

  to(url) {
    const { hostname, port } = new URL(url);
    this.target = { hostname, port: Number(port) };
  }

  /** Change faults: `set({websocket: 'mute'})`. */
  set(faults) {
    Object.assign(this, faults);
    for (const kind of Object.keys(faults)) for (const one of this.#open[kind]) one.fault();
  }

  heal() {
    this.set({ websocket: 'pass', sse: 'pass', api: null });
  }

  asked(path) {
    return this.requests.filter((one) => one.split('?')[0] === path).length;
  }

  #forward(request, response) {
    this.requests.push(request.url);
    if (this.api && request.url.startsWith('/api/')) {
      request.resume();
      response.writeHead(this.api.status, { 'Content-Type': this.api.type }).end(this.api.body);
      return;
    }
    const upstream = http.request(
      { ...this.target, method: request.method, path: request.url, headers: request.headers, agent: false },
      (answer) => (isEventStream(answer) ? this.#stream(answer, response) : relay(answer, response)),
    );
    upstream.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end('no server')));
    response.on('close', () => upstream.destroy());
    request.pipe(upstream);
  }

  #stream(answer, response) {
    const held = [];
    const one = {
      fault: () => {
        if (this.sse === 'refuse') one.destroy();
        if (this.sse === 'pass') release();
      },
      destroy: () => response.destroy(),
    };
    const release = () => {
      if (!response.headersSent) response.writeHead(answer.statusCode, answer.headers).flushHeaders();
      for (const chunk of held.splice(0)) response.write(chunk);
    };
    if (this.sse === 'refuse') {
      answer.destroy();
      response.writeHead(502).end('refused');
      return;
    }
    this.#open.sse.add(one);
    response.on('close', () => this.#open.sse.delete(one));
    if (this.sse === 'pass') release();
    answer.on('data', (chunk) => {
      held.push(chunk);
      if (this.sse === 'pass') release();
    });
    answer.on('end', () => {
      release();
      response.end();
    });
    answer.on('error', () => response.destroy());
  }

  #upgrade(request, socket, head) {
    this.requests.push(request.url);
    if (this.websocket === 'refuse') {
      socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      return;
    }
    const upstream = net.connect(this.target.port, this.target.hostname, () => {
      const headers = request.rawHeaders.reduce((text, word, i) => text + word + (i % 2 ? '\r\n' : ': '), '');
      upstream.write(`${request.method} ${request.url} HTTP/1.1\r\n${headers}\r\n`);
      upstream.write(head);
    });
    const one = new Tunnel(socket, upstream, () => this.websocket);
    this.#open.websocket.add(one);
    socket.on('close', () => this.#open.websocket.delete(one));
  }
}

function relay(answer, response) {
  response.writeHead(answer.statusCode, answer.headers);
  answer.pipe(response);
  answer.on('error', () => response.destroy());
}

const RESET_AFTER_MS = 200;

/** A WebSocket on its way through. What the server sends after its 101 is what faults are about. */
class Tunnel {
  #begun = false;

  constructor(socket, upstream, fault) {
    Object.assign(this, { socket, upstream, mode: fault });
    socket.pipe(upstream);
    upstream.on('data', (chunk) => this.#toBrowser(chunk));
    for (const [from, to] of [[socket, upstream], [upstream, socket]]) {
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  }

  #toBrowser(chunk) {
    if (!this.#begun) {
      this.#begun = true;
      const end = chunk.indexOf('\r\n\r\n') + 4;
      this.socket.write(chunk.subarray(0, end));
      chunk = chunk.subarray(end);
      this.fault();
    }
    if (this.mode() !== 'mute' && chunk.length > 0) this.socket.write(chunk);
  }

  fault() {
    const mode = this.mode();
    if (mode === 'refuse') this.destroy();
    if (mode === 'reset') this.timer ??= setTimeout(() => this.destroy(), RESET_AFTER_MS);
  }

  destroy() {
    clearTimeout(this.timer);
    if (this.socket.destroyed) return;
    this.socket.resetAndDestroy();
    this.upstream.destroy();
  }
}
