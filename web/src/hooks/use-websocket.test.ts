import { waitFor } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { run } from "@/testing/data";
import { CONNECTED } from "@/testing/fake-chain-client";
import { fakeServer } from "@/testing/fake-server";
import { renderInApp } from "@/testing/render";
import { connectionStateOf, isWebSocket, useWebSocket } from "./use-websocket";
import { useWebSocketScrapeProgress } from "./use-websocket-scrape-progress";

describe("connectionStateOf", () => {
  it.each([
    ["connected", "websocket", "connected"],
    ["connected", "sse", "disconnected"],
    ["connecting", null, "connecting"],
    ["reconnecting", "websocket", "reconnecting"],
    ["reconnecting", "sse", "disconnected"],
    ["offline", "websocket", "disconnected"],
    ["closed", null, "disconnected"],
  ] as const)("%s on %s is %s for a WebSocket", (phase, transport, expected) => {
    expect(connectionStateOf({ ...CONNECTED, phase, transport }, isWebSocket)).toBe(expected);
  });
});

describe("useWebSocket", () => {
  it("shares the connection: its state, its messages, its way back", () => {
    const { client, result, unmount } = renderInApp(() => useWebSocket(), null);
    expect(result.current).toMatchObject({ isConnected: true, connectionState: "connected" });
    expect(result.current.status.received).toBe(41);

    const heard = vi.fn();
    const stop = result.current.listen(heard);
    const message = client.progress({ run_id: 12 });
    client.send(message);
    expect(heard).toHaveBeenCalledExactlyOnceWith(message);
    stop();

    client.setStatus({ phase: "reconnecting" });
    expect(result.current).toMatchObject({ isConnected: false, connectionState: "reconnecting" });
    result.current.reconnect();
    expect(client.reconnects).toBe(1);
    unmount();
    expect(client.registered).toBe(0);
  });
});

describe("useWebSocketScrapeProgress", () => {
  it("follows the active run when it is told none", async () => {
    fakeServer({ "GET /api/scrape/runs/active": [run({ id: 31 })] });
    const { client, result, unmount } = renderInApp(() => useWebSocketScrapeProgress(), null);
    await waitFor(() => { expect([...client.followers].map(({ runId }) => runId)).toEqual([31]); });
    client.send(client.progress({ run_id: 31, platform: "news", current: 4 }));
    await waitFor(() => { expect(result.current.platformProgress.news?.current).toBe(4); });
    unmount();
    expect(client.registered).toBe(0);
  });

  it("turns from one run to another without mixing them up", async () => {
    const { client, result, rerender } = renderInApp((id: number) => useWebSocketScrapeProgress(id), 1 as number);
    client.send(client.progress({ run_id: 1, platform: "news", current: 4 }));
    await waitFor(() => { expect(result.current.platformProgress.news?.current).toBe(4); });
    rerender(2);
    expect(result.current.platformProgress).toEqual({});
    expect([...client.followers].map(({ runId }) => runId)).toEqual([2]);
  });
});
