import { afterEach, describe, expect, it, vi } from "vitest";
import { fakeServer, problem } from "@/testing/fake-server";
import { api, ApiError, toQuery } from "./http";
import { firstLines } from "./run-items";

afterEach(() => { vi.unstubAllGlobals(); });

async function failure(promise: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

describe("api", () => {
  it("reads JSON and sends JSON", async () => {
    const server = fakeServer({ "POST /api/x": ({ body }: { body: unknown }) => ({ got: body }) });
    expect(await api.post("/api/x", { a: 1 }, { headers: { "Idempotency-Key": "k" } })).toEqual({ got: { a: 1 } });
    expect(server.requests[0]?.headers.get("content-type")).toBe("application/json");
    expect(server.requests[0]?.headers.get("idempotency-key")).toBe("k");
  });

  it("takes no content for what it is", async () => {
    fakeServer({ "POST /api/x": new Response(null, { status: 204 }) });
    expect(await api.post("/api/x")).toBeUndefined();
  });

  it("gives the server's problem", async () => {
    fakeServer({ "GET /api/x": problem(409, "Already running", { detail: "It is", platform: "bookshop", run_id: 7 }) });
    const error = await failure(api.get("/api/x"));
    expect(error.problem).toMatchObject({ status: 409, title: "Already running", platform: "bookshop", run_id: 7 });
    expect(error.message).toBe("Already running: It is");
  });

  it("says so when something else answers", async () => {
    fakeServer({ "GET /api/x": new Response("<h1>Bad Gateway</h1>", { status: 502, statusText: "Bad Gateway" }) });
    expect((await failure(api.get("/api/x"))).problem.title).toBe("The server answered 502 Bad Gateway");
  });

  it("says so when a good answer is not JSON", async () => {
    fakeServer({ "GET /api/x": new Response("<!doctype html>") });
    expect((await failure(api.get("/api/x"))).problem.title).toBe("The answer cannot be read");
  });

  it("says so when nobody answers", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    expect((await failure(api.get("/api/x"))).problem).toMatchObject({ status: 0, title: "The server cannot be reached" });
  });

  it("leaves an abort an abort", async () => {
    fakeServer({ "GET /api/x": {} });
    const stop = new AbortController();
    stop.abort();
    await expect(api.get("/api/x", { signal: stop.signal })).rejects.toMatchObject({ name: "AbortError" });
  });

  it("takes 404 for an answer where a server may lack something", async () => {
    fakeServer({ "GET /api/y": problem(503, "Shutting down") });
    expect(await api.getIfThere("/api/x")).toBeNull();
    expect((await failure(api.getIfThere("/api/y"))).status).toBe(503);
  });
});

describe("toQuery", () => {
  it("leaves out what is empty and encodes the rest", () => {
    expect(toQuery({ a: "x/y&z", b: "", c: null, d: undefined, e: 0 })).toBe("?a=x%2Fy%26z&e=0");
    expect(toQuery({ a: null })).toBe("");
  });
});

describe("firstLines", () => {
  const stream = (chunks: string[], onCancel?: () => void) =>
    new Response(
      new ReadableStream({
        pull(controller) {
          const chunk = chunks.shift();
          if (chunk === undefined) controller.close();
          else controller.enqueue(new TextEncoder().encode(chunk));
        },
        cancel: onCancel,
      }),
    );

  it("joins what was cut and stops at the end", async () => {
    expect(await firstLines(stream(['{"a":1}\n{"b', '":2}\n', '{"c":3}']), 10)).toEqual(['{"a":1}', '{"b":2}', '{"c":3}']);
    expect(await firstLines(stream([]), 10)).toEqual([]);
  });

  it("lets go of the stream when it has enough", async () => {
    const cancelled = vi.fn();
    expect(await firstLines(stream(["1\n", "2\n3\n", "4\n", "5\n"], cancelled), 2)).toEqual(["1", "2"]);
    expect(cancelled).toHaveBeenCalledOnce();
  });
});
