import { describe, expect, it } from "vitest";
import { CONNECTED } from "@/testing/fake-chain-client";
import { describeConnection, describeMove, describeNextAttempt } from "./describe";

describe("describeConnection", () => {
  it.each([
    [{}, "good", "Live by WebSocket", "Connected by WebSocket."],
    [
      { transport: "sse", fallbackReason: "no acknowledgement in 5 s" },
      "fallback",
      "Live by SSE",
      "Connected by SSE, because the better way fails: no acknowledgement in 5 s.",
    ],
    [{ phase: "connecting", transport: null }, "waiting", "Connecting", "Connecting."],
    [{ phase: "reconnecting", attempt: 3 }, "waiting", "Reconnecting", "The connection is lost. Attempt 3 to get it back."],
    [{ phase: "offline" }, "bad", "Offline", "This device has no network. The connection comes back with it."],
    [{ phase: "closed" }, "bad", "Disconnected", "The connection is closed."],
  ] as const)("%o", (changes, tone, label, sentence) => {
    expect(describeConnection({ ...CONNECTED, ...changes })).toEqual({ tone, label, sentence });
  });
});

describe("describeNextAttempt", () => {
  it("counts down while there is an attempt to come", () => {
    const waiting = { ...CONNECTED, phase: "reconnecting", nextAttemptAt: 10_000 } as const;
    expect(describeNextAttempt(waiting, 5_000)).toBe("in 5 s");
    expect(describeNextAttempt(waiting, 9_900)).toBe("now");
    expect(describeNextAttempt({ ...waiting, phase: "connected" }, 5_000)).toBeNull();
    expect(describeNextAttempt({ ...waiting, nextAttemptAt: null }, 5_000)).toBeNull();
  });
});

describe("describeMove", () => {
  it("says from where, to where, why and how often", () => {
    const move = { at: 0, from: "websocket", to: "sse", reason: "refused", count: 3 } as const;
    expect(describeMove(move)).toBe("WebSocket → SSE: refused (3 times)");
    expect(describeMove({ ...move, count: 1 })).toBe("WebSocket → SSE: refused");
  });
});
