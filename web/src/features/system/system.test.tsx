import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import Platforms from "@/features/platforms/platforms";
import { PLATFORMS, run, runPlatform, schedule } from "@/testing/data";
import { fakeServer, problem, type FakeServer } from "@/testing/fake-server";
import { renderApp } from "@/testing/render";
import System from "./system";

const PLUGINS = {
  plugins: [
    { name: "sse", version: "1.0.0", kind: "transport", abi: "1.0", options: [{ name: "retry", type: "duration", default: "2s", help: "how long a browser waits" }] },
    {
      name: "json",
      version: "1.2.0",
      kind: "scraper",
      summary: "asks HTTP APIs",
      options: [
        { name: "start", type: "list", required: true, fields: [{ type: "string" }], help: "where to begin" },
        { name: "pause", type: "duration", default: "1s" },
      ],
    },
  ],
};

const TRANSPORTS = {
  transports: [
    { name: "websocket", kind: "websocket", paths: ["/api/ws"], ok: false, state: null, reason: "its plugin is missing" },
    { name: "sse", kind: "stream", paths: ["/api/scrape/stream"], ok: true, state: "closed", reason: null },
  ],
  failures: 3,
  retry_after_ms: 30_000,
  moves: [{ from: "websocket", to: "sse", reason: "refused", count: 4 }],
};

let server: FakeServer;

beforeEach(() => {
  server = fakeServer({
    "GET /api/platforms": PLATFORMS,
    "GET /api/plugins": PLUGINS,
    "GET /api/transports": TRANSPORTS,
    "GET /api/scrape/runs": { runs: [run({ status: "completed", platforms: [runPlatform({ platform: "prices", phase: "completed" })] })], next: null },
    "GET /ready": { status: "ready" },
  });
});

describe("System", () => {
  it("shows the chain in its order, and what of it works", async () => {
    renderApp(<System />);
    const chain = await screen.findByRole("region", { name: "Live chain" });
    expect(within(chain).getAllByRole("listitem").map((entry) => entry.textContent)).toEqual([
      "websocketout of serviceits plugin is missing/api/ws",
      "sseserves/api/scrape/stream",
    ]);
    expect(within(screen.getByRole("region", { name: "Changes of transport" })).getByText("websocket → sse")).toBeTruthy();
  });

  it("lists plugins with their options", async () => {
    renderApp(<System />);
    const options = await screen.findByRole("list", { name: "Options of json", hidden: true });
    expect(options.textContent).toContain("startlist of stringrequiredwhere to begin");
    expect(options.textContent).toContain("pausedurationdefault 1s");
  });

  it("says when the server is not ready, and shows watchers only where there are any", async () => {
    server.on("GET /ready", problem(503, "Shutting down"));
    server.on("GET /api/watchers", { transports: { websocket: 3 }, snapshots: 0, watchers: [] });
    renderApp(<System />);
    const state = await screen.findByRole("region", { name: "State" });
    expect(await within(state).findByText("not ready")).toBeTruthy();
    expect((await within(state).findByText("websocket")).nextSibling?.textContent).toBe("3");
  });

  it("lists who watches, and how far they are", async () => {
    const watcher = {
      connection_id: "a",
      transport: "sse",
      address: "192.0.2.7",
      connected_at: "2026-01-31T12:00:00Z",
      topics: ["scrape_progress", "items"],
      run_id: 12,
      sent_id: "5f3a9c01-40",
      shown_id: null,
      lag: 2,
      snapshots: 1,
      blocked: false,
      moves: [{ from: "websocket", to: "sse", reason: "refused", count: 3, at: "2026-01-31T12:00:00Z" }],
    };
    server.on("GET /api/watchers?limit=100", { transports: { sse: 7 }, snapshots: 1, watchers: [watcher] });
    renderApp(<System />);
    const panel = await screen.findByRole("region", { name: "Watchers" });
    expect(panel.textContent).toContain("1 of 7");
    const cells = within(panel).getAllByRole("cell").map((cell) => cell.textContent);
    expect(cells.filter((_, i) => i !== 3)).toEqual([
      "sse",
      "websocket: refused (3 times)",
      "192.0.2.7",
      "scrape_progress, items of run 12",
      "5f3a9c01-40",
      "–",
      "2 events behind, 1 snapshot",
    ]);
  });

  it("shows chains that push, and enables a transport again", async () => {
    const asked: string[] = [];
    const hook = { name: "hook", ok: true, reason: null, state: "disabled", failures: 0, delivered: 5, retry_at: null, error: { at: null, message: "answered 410" } };
    const spool = { ...hook, name: "spool", state: "closed", delivered: 12, error: null };
    server.on("GET /api/transports", {
      ...TRANSPORTS,
      chains: [{ name: "archive", failures: 3, retry_after_ms: 30_000, sent_id: "5f3a9c01-40", lag: 3, lost: 2, delivered: 17, transports: [hook, spool] }],
    });
    server.on("POST /api/transports/hook/enable", () => {
      asked.push("hook");
      return { transport: "hook" };
    });
    renderApp(<System />);
    const panel = await screen.findByRole("region", { name: "Chain archive" });
    expect(panel.textContent).toContain("17 events sent, 3 events behind, 2 events lost to retention");
    expect(within(panel).getByText("answered 410")).toBeTruthy();
    await userEvent.click(within(panel).getByRole("button", { name: "Enable hook" }));
    expect(asked).toEqual(["hook"]);
  });
});

describe("Platforms", () => {
  it("shows each with its plugin, its last run and what may be set", async () => {
    server.on("GET /api/platforms", {
      platforms: [{ ...PLATFORMS.platforms[1], options: { start: ["http://api/prices"], pause: 90_000 } }],
    });
    renderApp(<Platforms />);
    const card = await screen.findByRole("region", { name: "prices" });
    expect(await within(card).findByText("asks HTTP APIs")).toBeTruthy();
    expect(await within(card).findByRole("link", { name: "Run 12" })).toBeTruthy();
    expect(within(card).getByRole("link", { name: "Items" }).getAttribute("href")).toBe("/items?platform=prices");
    const options = within(card).getByRole("list", { name: "Options of prices", hidden: true });
    expect(options.textContent).toContain("may be set at the start");
    expect(options.textContent).toContain("1 min 30 s");
  });

  it("pauses and resumes a schedule, and says when it is due", async () => {
    const paths: string[] = [];
    let paused = false;
    const change = (verb: string, to: boolean) => () => {
      paths.push(verb);
      paused = to;
      return { platform: "prices", paused };
    };
    server.on("GET /api/platforms", { platforms: [{ ...PLATFORMS.platforms[1], schedule: { cron: "30 4 * * *" } }] });
    server.on("GET /api/schedules", () => ({
      schedules: [
        schedule({
          platform: "prices",
          cron: "30 4 * * *",
          timezone: "Europe/Berlin",
          jitter_ms: 600_000,
          overlap: "queue",
          paused,
          reason: paused ? "run 12 is suspect: 3 items, 300 in the last 5 runs" : null,
          last: { due_at: "2026-01-30T03:30:00.000Z", run_id: 12, status: "completed", ended_at: "2026-01-30T03:31:00.000Z" },
          last_skipped: { due_at: "2026-01-29T03:30:00.000Z", reason: "it was missed" },
          next: [new Date(Date.now() + 7_200_500).toISOString(), "2099-02-01T03:30:00.000Z"],
        }),
      ],
    }));
    server.on("POST /api/schedules/prices/pause", change("pause", true));
    server.on("POST /api/schedules/prices/resume", change("resume", false));
    renderApp(<Platforms />);
    const card = await screen.findByRole("region", { name: "prices" });
    expect(await within(card).findByText("in 2 h")).toBeTruthy();
    expect(card.textContent).toContain("Europe/Berlin");
    expect(card.textContent).toContain("was skipped: it was missed");
    expect(card.textContent).toContain("Put off by up to 10 min 00 s. What is due waits while the platform runs; due times that were missed make one run.");
    expect(within(within(card).getByRole("list", { name: "Next times of prices", hidden: true })).getAllByRole("listitem", { hidden: true })).toHaveLength(2);

    await userEvent.click(within(card).getByRole("button", { name: "Pause the schedule of prices" }));
    expect(await within(card).findByText("paused: run 12 is suspect: 3 items, 300 in the last 5 runs")).toBeTruthy();
    expect(within(card).getByText("To resume it takes what that run found for normal.")).toBeTruthy();
    expect(within(card).queryByText("in 2 h")).toBeNull();
    await userEvent.click(within(card).getByRole("button", { name: "Resume the schedule of prices" }));
    expect(await within(card).findByText("in 2 h")).toBeTruthy();
    expect(within(card).queryByText(/for normal/)).toBeNull();
    expect(paths).toEqual(["pause", "resume"]);
  });

  it("says why a schedule could not be paused", async () => {
    server.on("GET /api/platforms", { platforms: [{ ...PLATFORMS.platforms[1], schedule: { cron: "@daily" } }] });
    server.on("GET /api/schedules", { schedules: [schedule({ platform: "prices" })] });
    server.on("POST /api/schedules/prices/pause", problem(503, "Not stored"));
    renderApp(<Platforms />);
    await userEvent.click(await screen.findByRole("button", { name: "Pause the schedule of prices" }));
    expect(await screen.findByText("Not stored")).toBeTruthy();
    expect(screen.getByText("never again")).toBeTruthy();
  });

  it("says how to add one when there is none", async () => {
    server.on("GET /api/platforms", { platforms: [] });
    renderApp(<Platforms />);
    expect(await screen.findByText("No platform is configured")).toBeTruthy();
  });
});
