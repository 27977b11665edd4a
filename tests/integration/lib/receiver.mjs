// A receiver of webhooks: it checks signatures by its own means, keeps what it has accepted, and can fail in every way.
import { createHmac, timingSafeEqual } from 'node:crypto';
import http from 'node:http';

export const SECRETS = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'an older key, as text'];

const keyOf = (secret) => (secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret));

/** Throws unless the request is signed by each of the secrets, as github.com/standard-webhooks has it. */
function verify(headers, body) {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = headers;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) throw new Error(`the timestamp is ${timestamp}`);
  const given = signature.split(' ');
  if (given.length !== SECRETS.length) throw new Error(`${given.length} signatures: ${signature}`);
  SECRETS.forEach((secret, i) => {
    const expected = `v1,${createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
    if (!timingSafeEqual(Buffer.from(given[i]), Buffer.from(expected))) throw new Error(`${given[i]} is not ${expected}`);
  });
}

export const seqOf = ({ id }) => Number(id.split('-')[1]);

export class Receiver {
  accepted = []; // messages, in the order in which they came
  batches = []; // {id, count, accepted} of each request
  problems = [];
  mode = 'ok'; // or 'hang', 'reset', or {status, headers}
  delay = 0;

  static async open(t) {
    const receiver = new Receiver();
    const server = http.createServer((request, response) => receiver.take(request, response));
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    receiver.url = `http://127.0.0.1:${server.address().port}/hook`;
    server.on('connection', () => receiver.connections++);
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    return receiver;
  }

  connections = 0;

  async take(request, response) {
    const chunks = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return; // its sender is gone
    }
    const body = Buffer.concat(chunks).toString();
    try {
      verify(request.headers, body);
      if (request.headers['content-type'] !== 'application/json') throw new Error(request.headers['content-type']);
      this.answer(request.headers['webhook-id'], JSON.parse(body).events, response);
    } catch (problem) {
      this.problems.push(problem);
      response.writeHead(400).end();
    }
  }

  answer(id, events, response) {
    const accepted = this.mode === 'ok';
    this.batches.push({ id, count: events.length, accepted });
    if (accepted) {
      this.accepted.push(...events);
      setTimeout(() => response.writeHead(204).end(), this.delay);
    } else if (this.mode === 'reset') {
      response.socket.resetAndDestroy();
    } else if (this.mode !== 'hang') {
      response.writeHead(this.mode.status, this.mode.headers).end('no');
    }
  }
}
