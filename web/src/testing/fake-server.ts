import { vi } from "vitest";

export interface SeenRequest {
  method: string;
  /** With its query. */
  path: string;
  headers: Headers;
  body: unknown;
}

type Answer = unknown;
type Handler = Answer | ((request: SeenRequest) => Answer);

export interface FakeServer {
  /** Answers from now on: `GET /api/platforms`, with its query or for any query. */
  on(route: string, handler: Handler): void;
  requests: SeenRequest[];
  /** How often a route was asked; with or without a query, as in `on`. */
  asked(route: string): number;
}

/** A problem of RFC 9457, as the server sends it. */
export function problem(status: number, title: string, more: object = {}): Response {
  return new Response(JSON.stringify({ type: "about:blank", title, status, ...more }), {
    status,
    headers: { "Content-Type": "application/problem+json" },
  });
}

/** Stands in for `fetch`; what nobody has told it of is 404, as on a server that lacks it. */
export function fakeServer(routes: Record<string, Handler> = {}): FakeServer {
  const handlers = new Map(Object.entries(routes));
  const requests: SeenRequest[] = [];

  const routesOf = ({ method, path }: SeenRequest) => [`${method} ${path}`, `${method} ${path.split("?")[0] ?? ""}`];

  vi.stubGlobal("fetch", async (path: string, init: RequestInit = {}) => {
    await Promise.resolve();
    init.signal?.throwIfAborted();
    const request: SeenRequest = {
      method: init.method ?? "GET",
      path,
      headers: new Headers(init.headers),
      body: typeof init.body === "string" ? JSON.parse(init.body) : undefined,
    };
    requests.push(request);
    const route = routesOf(request).find((name) => handlers.has(name));
    if (route === undefined) return problem(404, "Not Found", { detail: `there is nothing at ${path}` });
    const handler = handlers.get(route);
    const answer: Answer = typeof handler === "function" ? (handler as (request: SeenRequest) => Answer)(request) : handler;
    return answer instanceof Response ? answer.clone() : new Response(JSON.stringify(answer));
  });

  return {
    on: (route, handler) => void handlers.set(route, handler),
    requests,
    asked: (route) => requests.filter((request) => routesOf(request).includes(route)).length,
  };
}
