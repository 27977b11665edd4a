/** The ways to a server, by kind. Each opens a stream of messages and knows how its subscription is said. */
import type { Environment, Socket, SocketHandlers } from "./environment";
import type { TransportInfo, TransportKind } from "./types";

export interface Subscription {
  topics: string[];
  runId: number | null;
  since: string | null;
}

interface Transport {
  open(environment: Environment, base: string, info: TransportInfo, wanted: Subscription, handlers: SocketHandlers): Socket;
  /** Once the server has acknowledged the connection; where the address has said it all, there is nothing to add. */
  subscribe?(socket: Socket, wanted: Subscription): void;
}

const websocket: Transport = {
  open: (environment, base, info, _wanted, handlers) =>
    environment.openWebSocket(base + (info.paths[0] ?? "/api/ws"), handlers),
  subscribe: (socket, { topics, runId, since }) =>
    socket.send(
      JSON.stringify({
        type: "subscribe",
        topics,
        ...(runId === null ? {} : { run_id: runId }),
        ...(since === null ? {} : { since }),
      }),
    ),
};

const ALL_RUNS = "/api/scrape/stream";
const ONE_RUN = "/api/scrape/runs/{id}/progress";

function streamPath(paths: string[], runId: number | null): string {
  const ofOneRun = (path: string) => path.includes("{id}");
  if (runId === null) return paths.find((path) => !ofOneRun(path)) ?? ALL_RUNS;
  return (paths.find(ofOneRun) ?? ONE_RUN).replace("{id}", String(runId));
}

const sse: Transport = {
  open: (environment, base, info, { topics, runId, since }, handlers) => {
    const query = new URLSearchParams({ topics: topics.join(",") });
    if (since !== null) query.set("since", since);
    return environment.openEventSource(`${base}${streamPath(info.paths, runId)}?${query}`, handlers);
  },
};

const POLL = "/api/scrape/poll";

const poll: Transport = {
  open: (environment, base, info, { topics, runId, since }, handlers) => {
    const query = new URLSearchParams({ topics: topics.join(",") });
    if (runId !== null) query.set("run_id", String(runId));
    if (since !== null) query.set("since", since);
    return environment.openPoll(`${base}${info.paths[0] ?? POLL}?${query}`, handlers);
  },
};

export const TRANSPORTS: Record<TransportKind, Transport> = { websocket, sse, poll };

/** Before the server has said what it has. */
export const USUAL_ORDER: TransportInfo[] = [
  { name: "websocket", kind: "websocket", paths: ["/api/ws"], ok: true },
  { name: "sse", kind: "sse", paths: [ALL_RUNS, ONE_RUN], ok: true },
  { name: "poll", kind: "poll", paths: [POLL], ok: true },
];
