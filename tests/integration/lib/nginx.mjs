// nginx over a folder, with a configuration and files of its own, as a process of the test's.
import { mkdir, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { scratch, start, until } from './trawl.mjs';

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

export async function nginx(t, root) {
  const home = await scratch(t);
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  for (const name of temporary) await mkdir(path.join(home, name));
  const config = path.join(home, 'nginx.conf');
  // One process without a master: it has the pid that we know, and the rights that we have.
  await writeFile(
    config,
    `daemon off; master_process off; pid ${home}/pid; error_log stderr warn;
events { worker_connections 512; }
http {
  access_log off; sendfile on; keepalive_requests 100000; charset utf-8;
  ${temporary.map((name) => `${name}_temp_path ${home}/${name};`).join(' ')}
  types { text/html html; text/css css; application/javascript js; text/plain txt py; image/png png; image/svg+xml svg; }
  default_type application/octet-stream;
  server { listen 127.0.0.1:${port}; root ${root}; index index.html; absolute_redirect off; }
}
`,
  );
  start(t, ['-c', config, '-p', home], { file: '/usr/sbin/nginx' });
  const url = `http://127.0.0.1:${port}`;
  await until('nginx', () => fetch(url).then((answer) => (answer.body?.cancel(), true), () => false));
  return url;
}
