// A WebSocket server as others write it, by Bun or by node's `ws`: POST /pub goes to all who are at /sub.
import http from 'node:http';

const say = (port) => console.log(`serves ${port}`);

function byBun() {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request, own) {
      if (request.method !== 'POST') return own.upgrade(request) ? undefined : new Response('', { status: 400 });
      own.publish('bench', await request.text());
      return new Response('');
    },
    websocket: { open: (socket) => socket.subscribe('bench'), message() {} },
  });
  say(server.port);
}

async function byNode() {
  const { WebSocketServer } = await import('ws');
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      for (const client of sockets.clients) client.send(body);
      response.end();
    });
  });
  const sockets = new WebSocketServer({ server });
  server.listen(0, '127.0.0.1', 4096, () => say(server.address().port));
}

if (typeof Bun === 'undefined') await byNode();
else byBun();
