import { afterEach, expect, it, vi } from "vitest";
import { browserEnvironment } from "./environment";

const message = (type: string, more: object = {}) => ({ type, timestamp: "2026-01-31T12:00:00Z", data: {}, ...more });
const ack = message("connection_ack", { data: { heartbeat_ms: 2_000 } });

const PATIENCE = { timeout: 10_000 };

afterEach(() => vi.unstubAllGlobals());

/** Poll until `answers` are used up; what was asked for, and what was heard. */
async function poll(answers: (object[] | number)[]) {
  const asked: URL[] = [];
  const heard: string[] = [];
  vi.stubGlobal("fetch", (url: URL, { signal }: { signal: AbortSignal }) => {
    asked.push(new URL(url));
    const answer = answers.shift();
    if (answer === undefined)
      return new Promise((_, fail) => signal.addEventListener("abort", () => fail(new DOMException("", "AbortError"))));
    if (typeof answer === "number") return Promise.resolve(new Response(null, { status: answer }));
    return Promise.resolve(new Response(JSON.stringify(answer)));
  });
  const socket = browserEnvironment().openPoll("http://server.test/api/scrape/poll?topics=logs&since=e-1", {
    onOpen: () => heard.push("open"),
    onText: (text) => heard.push((JSON.parse(text) as { type: string }).type),
    onClose: (code, reason) => heard.push(`close ${code} ${reason}`),
  });
  await vi.waitFor(() => expect(answers).toEqual([]), PATIENCE);
  await vi.waitFor(() => expect(heard.length).toBeGreaterThan(0), PATIENCE);
  return { asked, heard, socket };
}

it("asks each time for what comes after the last id, and waits a heartbeat long", async () => {
  const { asked, heard, socket } = await poll([
    [ack, message("log", { id: "e-2" }), message("heartbeat", { id: "e-3" })],
    [ack, message("heartbeat")],
  ]);
  await vi.waitFor(() => expect(asked.length).toBe(3), PATIENCE);
  expect(asked.map(({ searchParams }) => searchParams.toString())).toEqual([
    "topics=logs&since=e-1&timeout=0",
    "topics=logs&since=e-3&timeout=2",
    "topics=logs&since=e-3&timeout=2",
  ]);
  expect(heard.filter((one) => one !== "open")).toEqual(["connection_ack", "log", "heartbeat", "connection_ack", "heartbeat"]);
  socket.close();
  await Promise.resolve();
  expect(heard.at(-1)).toBe("heartbeat");
});

it("ends with an answer that is none", async () => {
  const { heard } = await poll([[ack], 204]);
  await vi.waitFor(() => expect(heard.at(-1)).toBe("close 0 answered 204"), PATIENCE);
});
