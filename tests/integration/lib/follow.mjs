// Following a run as a browser or a program would: by WebSocket, by EventSource.
import { EventSource } from 'eventsource';
import WebSocket from 'ws';
import { ENDS, PATIENCE_MS } from './trawl.mjs';

/** A WebSocket client that keeps all messages, and lets one wait for some. */
export class Client {
  messages = [];
  waiting = [];

  static async open(t, url, options = {}) {
    const client = new Client();
    const socket = new WebSocket(`${url.replace('http:', 'ws:')}/api/ws`, { autoPong: true, ...options });
    client.socket = socket;
    socket.on('message', (data) => client.got(JSON.parse(data.toString())));
    client.closed = new Promise((done) => socket.on('close', (code, reason) => done({ code, reason: String(reason) })));
    t.after(() => socket.terminate());
    await new Promise((done, failed) => {
      socket.on('open', done);
      socket.on('unexpected-response', (request, response) => failed(Object.assign(new Error('refused'), { status: response.statusCode })));
      socket.on('error', failed);
    });
    return client;
  }

  got(message) {
    this.messages.push(message);
    this.waiting = this.waiting.filter(({ wanted, done }) => !(wanted(message) && (done(message), true)));
  }

  send(message) {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** The first message, past or to come before the connection ends, that `wanted` likes. */
  find(wanted, what = String(wanted)) {
    const there = this.messages.find(wanted);
    if (there) return Promise.resolve(there);
    return new Promise((done, failed) => {
      const fail = (how) => {
        clearTimeout(timer);
        failed(new Error(`no message ${what} ${how}, among\n${this.messages.map((m) => JSON.stringify(m)).join('\n')}`));
      };
      const timer = setTimeout(fail, PATIENCE_MS, 'in time');
      this.closed.then(({ code }) => fail(`until it was closed (${code})`));
      this.waiting.push({ wanted, done: (message) => (clearTimeout(timer), done(message)) });
    });
  }

  type(type) {
    return this.find((message) => message.type === type, type);
  }
}

export const isEnd = (run) => (message) =>
  message.type === 'scrape_progress' && message.data.run_id === run && message.data.platform === null && ENDS.has(message.data.phase);

/** Follow a run by WebSocket from its beginning to its end: its progress messages. */
export async function followByWebSocket(t, url, run) {
  const client = await Client.open(t, url);
  client.send({ type: 'subscribe', topics: ['scrape_progress'], run_id: run });
  await client.find(isEnd(run));
  client.socket.close();
  return progressOf(client.messages, run);
}

/** The same by EventSource on the run's own stream. */
export function followByEventSource(t, url, run, options = {}) {
  const messages = [];
  const source = new EventSource(`${url}/api/scrape/runs/${run}/progress`, options);
  t.after(() => source.close());
  return new Promise((done, failed) => {
    const timer = setTimeout(() => failed(new Error(`the stream did not end: ${JSON.stringify(messages.at(-1))}`)), PATIENCE_MS);
    source.onmessage = ({ data, lastEventId }) => {
      const message = JSON.parse(data);
      if (message.id !== undefined && message.id !== lastEventId) failed(new Error(`id: ${lastEventId} for ${data}`));
      messages.push(message);
      if (!isEnd(run)(message)) return;
      clearTimeout(timer);
      source.close();
      done(progressOf(messages, run));
    };
  });
}

export const progressOf = (messages, run) =>
  messages.filter((message) => message.type === 'scrape_progress' && message.data.run_id === run);

/** 1, 2, 3 … without gap or repeat? Then their count, else what was wrong. */
export function checkOrder(progress) {
  progress.forEach((message, i) => {
    if (message.data.n !== i + 1) throw new Error(`n is ${message.data.n} where ${i + 1} was due`);
  });
  const ids = new Set(progress.map((message) => message.id));
  if (ids.size !== progress.length) throw new Error('an id came twice');
  return progress.length;
}
