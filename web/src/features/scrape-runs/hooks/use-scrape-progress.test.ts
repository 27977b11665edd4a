import type { QueryClient } from "@tanstack/react-query";
import { waitFor } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { runKeys } from "@/api/runs";
import { run } from "@/testing/data";
import type { FakeChainClient } from "@/testing/fake-chain-client";
import { renderInApp } from "@/testing/render";
import { useScrapeProgress } from "./use-scrape-progress";

const RUN = 12;

function watch(options: { isRunning?: boolean; strict?: boolean; client?: FakeChainClient } = {}) {
  const onComplete = vi.fn();
  const hook = renderInApp(
    ({ isRunning, runId }: { isRunning: boolean; runId: number }) => useScrapeProgress({ runId, isRunning, onComplete }),
    { isRunning: options.isRunning ?? true, runId: RUN },
    { strict: options.strict ?? false, ...(options.client && { client: options.client }) },
  );
  return { ...hook, onComplete, invalidated: countInvalidations(hook.queryClient) };
}

/** How often the one run's queries were invalidated. */
function countInvalidations(queryClient: QueryClient) {
  const spy = vi.spyOn(queryClient, "invalidateQueries");
  const key = JSON.stringify(runKeys.one(RUN));
  return () => spy.mock.calls.filter(([filters]) => JSON.stringify(filters?.queryKey) === key).length;
}

describe("useScrapeProgress", () => {
  it("adds up what the messages of the run say", async () => {
    const { client, result } = watch();
    client.send(client.progress({ run_id: RUN, phase: "scraping" }));
    client.send(client.progress({ run_id: RUN, platform: "bookshop", current: 3, total: 9, items: 2 }));
    client.send(client.progress({ run_id: RUN, platform: "prices", current: 1, total: 1, items: 5 }));
    client.send(client.progress({ run_id: 99, platform: "bookshop", current: 77 }));
    await waitFor(() => { expect(result.current.currentProgress?.platform).toBe("prices"); });
    expect(result.current.platformProgress.bookshop).toMatchObject({ current: 3, total: 9, items: 2 });
    expect(result.current.platformProgress.prices).toMatchObject({ items: 5 });
    expect(result.current.overallPhase).toBe("scraping");
  });

  it("is connected by either transport", () => {
    const { client, result } = watch();
    expect(result.current).toMatchObject({ isConnected: true, connectionState: "connected" });
    client.setStatus({ phase: "reconnecting", error: "closed with 1006" });
    expect(result.current).toMatchObject({ isConnected: false, connectionState: "reconnecting", error: "closed with 1006" });
    client.setStatus({ phase: "connected", transport: "sse", error: null });
    expect(result.current).toMatchObject({ isConnected: true, connectionState: "connected", error: null });
    client.setStatus({ phase: "offline" });
    expect(result.current).toMatchObject({ isConnected: false, connectionState: "disconnected" });
    result.current.reconnect();
    expect(client.reconnects).toBe(1);
  });

  it("keeps what it has seen while the connection is lost", async () => {
    const { client, result } = watch();
    client.send(client.progress({ run_id: RUN, platform: "bookshop", current: 3 }));
    client.setStatus({ phase: "reconnecting" });
    await waitFor(() => { expect(result.current.platformProgress.bookshop?.current).toBe(3); });
  });

  it("says when the run cannot be followed", () => {
    const { client, result } = watch();
    client.followStatus(RUN, "failed");
    expect(result.current.error).toBe("This run cannot be followed.");
  });

  it("does not follow a run that is over", () => {
    const { client } = watch({ isRunning: false });
    expect(client.followers.size).toBe(0);
  });
});

type Watched = ReturnType<typeof watch>;

const tellers: Record<string, (watched: Watched) => void> = {
  "its own message": ({ client }) => { client.send(client.progress({ run_id: RUN, phase: "failed" })); },
  "its replay": ({ client }) => { client.replay(client.progress({ run_id: RUN, phase: "completed" })); },
  "a snapshot": ({ client }) => { client.send(client.snapshot([run({ id: RUN, status: "completed" })])); },
  "the API": ({ rerender }) => { rerender({ isRunning: false, runId: RUN }); },
};

/** Each order of each choice of at least one. */
function orders<T>(values: T[]): T[][] {
  return values.flatMap((value, index) => {
    const others = [...values.slice(0, index), ...values.slice(index + 1)];
    return [[value], ...orders(others).map((rest) => [value, ...rest])];
  });
}

describe("the end of a run is told once", () => {
  for (const strict of [false, true]) {
    it.each(orders(Object.keys(tellers)))(strict ? "by %s, %s, %s, %s in StrictMode" : "by %s, %s, %s, %s", (...names) => {
      const watched = watch({ strict });
      for (const name of names.filter(Boolean)) tellers[name]?.(watched);
      expect(watched.onComplete).toHaveBeenCalledTimes(1);
      expect(watched.onComplete).toHaveBeenCalledWith(RUN);
      expect(watched.invalidated()).toBe(1);
    });
  }

  it("also when it was told while the connection was lost", () => {
    const watched = watch();
    watched.client.setStatus({ phase: "reconnecting" });
    watched.rerender({ isRunning: false, runId: RUN });
    watched.client.setStatus({ phase: "connected", transport: "sse" });
    watched.client.replay(watched.client.progress({ run_id: RUN, phase: "completed" }));
    expect(watched.onComplete).toHaveBeenCalledTimes(1);
    expect(watched.invalidated()).toBe(1);
  });

  it("not for a run that was over from the beginning", () => {
    const watched = watch({ isRunning: false });
    watched.client.send(watched.client.snapshot([run({ id: RUN, status: "completed" })]));
    watched.rerender({ isRunning: false, runId: RUN });
    expect(watched.onComplete).not.toHaveBeenCalled();
    expect(watched.invalidated()).toBe(0);
  });

  it("not because the page has turned to another run", () => {
    const watched = watch();
    watched.rerender({ isRunning: false, runId: 13 });
    expect(watched.onComplete).not.toHaveBeenCalled();
  });

  it("not for one platform, nor for another run, nor for an interruption", () => {
    const watched = watch();
    const { client } = watched;
    client.send(client.progress({ run_id: RUN, platform: "bookshop", phase: "completed" }));
    client.send(client.progress({ run_id: 13, phase: "completed" }));
    client.send(client.progress({ run_id: RUN, phase: "interrupted" }));
    expect(watched.onComplete).not.toHaveBeenCalled();
  });

  it("invalidates once for two hooks that watch the same run", () => {
    const onComplete = vi.fn();
    const hook = renderInApp(
      () => [
        useScrapeProgress({ runId: RUN, isRunning: true, onComplete }),
        useScrapeProgress({ runId: RUN, isRunning: true, onComplete }),
      ],
      null,
    );
    const invalidated = countInvalidations(hook.queryClient);
    expect(hook.client.followers.size).toBe(1);
    hook.client.send(hook.client.progress({ run_id: RUN, phase: "completed" }));
    expect(onComplete).toHaveBeenCalledTimes(2);
    expect(invalidated()).toBe(1);
  });
});

describe("nothing is left behind", () => {
  it.each([false, true])("after unmounting (StrictMode: %s)", (strict) => {
    const { client, unmount } = watch({ strict });
    expect(client.followers.size).toBe(1);
    unmount();
    expect(client.registered).toBe(0);
  });

  it("when the run is over", () => {
    const { client, rerender } = watch();
    rerender({ isRunning: false, runId: RUN });
    expect(client.followers.size).toBe(0);
    expect(client.listeners.size).toBe(0);
  });
});
