// nginx with a configuration and files of its own, as a process of the test's.
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

/** nginx with one server, whose block is given; `main` and `http` go before it. Gives {url, port, program}. */
export async function nginxWith(t, { main = 'master_process off;', connections = 4096, http = '', server }) {
  const home = await scratch(t);
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  for (const name of temporary) await mkdir(path.join(home, name));
  const config = path.join(home, 'nginx.conf');
  await writeFile(
    config,
    `${main} daemon off; pid ${home}/pid; error_log stderr warn;
events { worker_connections ${connections}; }
http {
  access_log off; keepalive_requests 1000000;
  ${temporary.map((name) => `${name}_temp_path ${home}/${name};`).join(' ')}
  ${http}
  server { listen 127.0.0.1:${port} backlog=4096; ${server} }
}
`,
  );
  const program = start(t, ['-c', config, '-p', home], { file: '/usr/sbin/nginx' });
  const url = `http://127.0.0.1:${port}`;
  await until('nginx', () => {
    if (program.ended) throw new Error(`nginx ended: ${program.stderr}`);
    return fetch(url).then((answer) => (answer.body?.cancel(), true), () => false);
  });
  return { url, port, program };
}

/** nginx over a folder. One process without a master: it has the pid that we know, and the rights that we have. */
export async function nginx(t, root) {
  const { url } = await nginxWith(t, {
    http: `sendfile on; charset utf-8; default_type application/octet-stream;
  types { text/html html; text/css css; application/javascript js; text/plain txt py; image/png png; image/svg+xml svg; }`,
    server: `root ${root}; index index.html; absolute_redirect off;`,
  });
  return url;
}
