import { waitFor } from "@testing-library/react";
import { beforeEach, describe, expect, it } from "vitest";
import { run } from "@/testing/data";
import { fakeServer, type FakeServer } from "@/testing/fake-server";
import { renderInApp } from "@/testing/render";
import { useActiveScrapesObserver, useObserveScrape } from "./use-observe-scrape";

const ACTIVE = "GET /api/scrape/runs/active";
let server: FakeServer;

beforeEach(() => {
  server = fakeServer({ [ACTIVE]: [run({ id: 12 })] });
});

async function observe(strict = false) {
  const hook = renderInApp(() => useActiveScrapesObserver(), null, { strict });
  await waitFor(() => { expect(hook.result.current.runs).toBeDefined(); });
  return hook;
}

describe("useActiveScrapesObserver", () => {
  it("finds the run that is active and observes it", async () => {
    const { client, result } = await observe();
    expect(result.current.run?.id).toBe(12);
    client.send(client.progress({ run_id: 12, platform: "bookshop", current: 30, total: 80 }));
    await waitFor(() => { expect(result.current.platformProgress.bookshop?.current).toBe(30); });
    expect(result.current).toMatchObject({ isConnected: true, transport: "websocket" });
  });

  it("has the same state over SSE, and says which transport it is", async () => {
    const { client, result } = await observe();
    client.send(client.progress({ run_id: 12, platform: "bookshop", current: 30 }));
    client.setStatus({ transport: "sse", fallbackReason: "refused" });
    await waitFor(() => { expect(result.current.platformProgress.bookshop?.current).toBe(30); });
    expect(result.current).toMatchObject({ isConnected: true, connectionState: "connected", transport: "sse" });
  });

  it("asks again when a run begins, once for all its messages", async () => {
    const { client, result } = await observe();
    server.on(ACTIVE, [run({ id: 13 }), run({ id: 12 })]);
    client.send(client.progress({ run_id: 13, phase: "queued" }));
    client.send(client.progress({ run_id: 13, phase: "starting" }));
    await waitFor(() => { expect(result.current.runs?.map(({ id }) => id)).toEqual([13, 12]); });
    client.send(client.progress({ run_id: 13, phase: "scraping" }));
    expect(server.asked(ACTIVE)).toBe(2);
  });

  it("lets go of a run that has ended", async () => {
    const { client, result } = await observe();
    server.on(ACTIVE, []);
    client.send(client.progress({ run_id: 12, phase: "completed" }));
    await waitFor(() => { expect(result.current.runs).toEqual([]); });
    expect(result.current.run).toBeNull();
    expect(client.followers.size).toBe(0);
    expect(server.asked(ACTIVE)).toBe(2);
  });

  it("learns from a snapshot what has changed meanwhile", async () => {
    const { client, result } = await observe();
    server.on(ACTIVE, [run({ id: 14 })]);
    client.send(client.snapshot([run({ id: 14 }), run({ id: 12, status: "completed" })]));
    await waitFor(() => { expect(result.current.run?.id).toBe(14); });
  });

  it.each([false, true])("leaves nothing behind (StrictMode: %s)", async (strict) => {
    const { client, unmount } = await observe(strict);
    unmount();
    expect(client.registered).toBe(0);
  });
});

describe("useObserveScrape", () => {
  it("is connected where there is no WebSocket", () => {
    const { client, result } = renderInApp(() => useObserveScrape(12), null);
    expect(result.current).toMatchObject({ isConnected: false, connectionState: "disconnected" });
    client.setStatus({ transport: "sse" });
    expect(result.current).toMatchObject({ isConnected: true, connectionState: "connected" });
    client.setStatus({ transport: "poll" });
    expect(result.current.isConnected).toBe(true);
  });
});
