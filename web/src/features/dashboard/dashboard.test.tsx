import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { PLATFORMS, run, runPlatform, schedule } from "@/testing/data";
import { fakeServer, problem, type FakeServer } from "@/testing/fake-server";
import { renderApp } from "@/testing/render";
import Dashboard from "./dashboard";

const START = "POST /api/scrape/runs";
let server: FakeServer;

beforeEach(() => {
  server = fakeServer({
    "GET /api/scrape/runs/active": [],
    "GET /api/scrape/runs": { runs: [], next: null },
    "GET /api/platforms": PLATFORMS,
    [START]: { run_id: 12, existed: false },
  });
});

async function openStart(user = userEvent.setup()) {
  await user.click(screen.getByRole("button", { name: "Start New Scrape" }));
  const dialog = await screen.findByRole("dialog", { name: "Start a scrape" });
  await within(dialog).findByRole("checkbox", { name: /bookshop/ });
  return { user, dialog };
}

const soon = (ms: number) => new Date(Date.now() + ms).toISOString();

const startRequests = () => server.requests.filter(({ method }) => method === "POST");

describe("starting a scrape", () => {
  it("starts all enabled platforms, and shows the run as soon as it is there", async () => {
    const { client } = renderApp(<Dashboard />);
    const { user, dialog } = await openStart();
    server.on("GET /api/scrape/runs/active", [run({ id: 12, status: "queued" })]);
    await user.click(within(dialog).getByRole("button", { name: "Start all" }));

    expect(await screen.findByRole("link", { name: "Run 12" })).toBeTruthy();
    expect(startRequests()[0]?.body).toEqual({});
    expect(startRequests()[0]?.headers.get("idempotency-key")).toMatch(/^[0-9a-f]{32}$/);
    expect(screen.getByText("Run 12 has started")).toBeTruthy();

    client.send(client.progress({ run_id: 12, phase: "scraping", n: 50 }));
    client.send(client.progress({ run_id: 12, platform: "bookshop", current: 40, total: 160, n: 51 }));
    const bar = await screen.findByRole("progressbar", { name: "Pages of bookshop" });
    await waitFor(() => { expect(bar.getAttribute("aria-valuenow")).toBe("40"); });
    expect(bar.getAttribute("aria-valuemax")).toBe("160");
  });

  it("starts those that are chosen", async () => {
    renderApp(<Dashboard />);
    const { user, dialog } = await openStart();
    await user.click(within(dialog).getByRole("checkbox", { name: /prices/ }));
    await user.click(within(dialog).getByRole("button", { name: "Start 1 platform" }));
    await waitFor(() => { expect(startRequests()).toHaveLength(1); });
    expect(startRequests()[0]?.body).toEqual({ platforms: ["bookshop"] });
  });

  it("starts nothing when nothing is chosen", async () => {
    renderApp(<Dashboard />);
    const { user, dialog } = await openStart();
    await user.click(within(dialog).getByRole("checkbox", { name: /All 2 enabled platforms/ }));
    expect(within(dialog).getByRole("button", { name: "Start all" })).toHaveProperty("disabled", true);
  });

  it("asks what shall happen when a platform is running already", async () => {
    server.on(START, problem(409, "Already running", { platform: "bookshop", run_id: 7 }));
    renderApp(<Dashboard />);
    const { user, dialog } = await openStart();
    await user.click(within(dialog).getByRole("button", { name: "Start all" }));

    const alert = await within(dialog).findByRole("alert");
    expect(alert.textContent).toContain("bookshop is running already");
    expect(within(alert).getByRole("link", { name: "run 7" }).getAttribute("href")).toBe("/runs/7");

    server.on(START, { run_id: 13, existed: false });
    await user.click(within(alert).getByRole("radio", { name: "Replace" }));
    await user.click(within(dialog).getByRole("button", { name: "Replace the running one" }));
    await waitFor(() => { expect(screen.queryByRole("dialog")).toBeNull(); });

    const [first, second] = startRequests();
    expect(second?.body).toEqual({ overlap: "replace" });
    expect(second?.headers.get("idempotency-key")).not.toBe(first?.headers.get("idempotency-key"));
  });

  it("keeps the key when the answer was lost, so that asking again makes no second run", async () => {
    server.on(START, () => { throw new TypeError("Failed to fetch"); });
    renderApp(<Dashboard />);
    const { user, dialog } = await openStart();
    await user.click(within(dialog).getByRole("button", { name: "Start all" }));
    expect((await within(dialog).findByRole("alert")).textContent).toContain("The server cannot be reached");
    await user.click(within(dialog).getByRole("button", { name: "Start all" }));
    await waitFor(() => { expect(startRequests()).toHaveLength(2); });
    const [first, second] = startRequests();
    expect(second?.headers.get("idempotency-key")).toBe(first?.headers.get("idempotency-key"));
  });

  it("says what to do when no platform is configured", async () => {
    server.on("GET /api/platforms", { platforms: [] });
    renderApp(<Dashboard />);
    const user = userEvent.setup();
    await user.click(screen.getByRole("button", { name: "Start New Scrape" }));
    expect(await screen.findByText(/No platform is configured yet/)).toBeTruthy();
  });
});

describe("what runs now", () => {
  it("says that nothing does, and how the last one went", async () => {
    server.on("GET /api/scrape/runs", { runs: [run({ id: 11, status: "completed", items: 560 })], next: null });
    renderApp(<Dashboard />);
    expect(await screen.findByRole("heading", { name: "Nothing runs at the moment" })).toBeTruthy();
    expect(await screen.findByText(/560 items, 3 new and 5 changed/)).toBeTruthy();
  });

  it("shows each platform, and makes way when the run has ended", async () => {
    const platforms = [runPlatform(), runPlatform({ platform: "news", phase: "queued", current: 0, total: 0 })];
    server.on("GET /api/scrape/runs/active", [run({ platforms })]);
    const { client, unmount } = renderApp(<Dashboard />);
    expect(await screen.findByRole("progressbar", { name: "Pages of news" })).toBeTruthy();

    server.on("GET /api/scrape/runs/active", []);
    server.on("GET /api/scrape/runs", { runs: [run({ status: "partial" })], next: null });
    client.send(client.progress({ run_id: 12, phase: "partial" }));
    expect(await screen.findByRole("heading", { name: "Nothing runs at the moment" })).toBeTruthy();
    expect(await within(await screen.findByRole("table")).findAllByText("partial")).toBeTruthy();
    unmount();
    expect(client.registered).toBe(0);
  });

  it("says what went wrong, and tries again", async () => {
    server.on("GET /api/scrape/runs/active", problem(503, "Shutting down", { detail: "the server goes away" }));
    renderApp(<Dashboard />);
    const panel = await screen.findByRole("region", { name: "Running now" });
    const alert = await within(panel).findByRole("alert");
    expect(alert.textContent).toContain("Shutting down");
    expect(alert.textContent).toContain("the server goes away");
    server.on("GET /api/scrape/runs/active", [run()]);
    await userEvent.click(within(alert).getByRole("button", { name: "Try again" }));
    expect(await screen.findByRole("progressbar", { name: "Pages of bookshop" })).toBeTruthy();
  });
});

describe("what not every server has", () => {
  it("is not shown where it is missing", async () => {
    renderApp(<Dashboard />);
    await waitFor(() => { expect(server.asked("GET /api/platforms") + server.asked("GET /api/stats/days")).toBe(2); });
    expect(server.asked("GET /api/schedules")).toBe(0);
    expect(screen.queryByText("Items by day")).toBeNull();
    expect(screen.queryByText("Next by schedule")).toBeNull();
  });

  it("is shown where it is there", async () => {
    server.on("GET /api/stats/days", {
      days: [
        { date: "2026-01-30", runs: 2, items: 1120, new: 4, changed: 90, failed: 0 },
        { date: "2026-01-31", runs: 1, items: 562, new: 2, changed: 40, failed: 3 },
      ],
    });
    server.on("GET /api/platforms", { platforms: [{ name: "news", plugin: "html", schedule: { cron: "0 * * * *" } }] });
    server.on("GET /api/schedules", {
      schedules: [
        schedule({ platform: "news", cron: "0 * * * *", next: [soon(10_000)], paused: true, reason: "run 12 is suspect: 0 items" }),
        schedule({ platform: "prices", cron: "@daily", next: [soon(7_200_500)] }),
        schedule({ platform: "bookshop", cron: "*/5 * * * *", next: [soon(-1000), soon(240_500), soon(540_500)] }),
      ],
    });
    renderApp(<Dashboard />);
    const today = await screen.findByRole("region", { name: "Today" });
    expect(today.textContent).toContain("562usually 1,120");
    expect(screen.getByRole("img", { name: /Items of the last 2 days: 1,682, of them 6 new and 130 changed/ })).toBeTruthy();
    const next = await screen.findByRole("region", { name: "Next by schedule" });
    expect(within(next).getAllByRole("listitem").map((entry) => entry.textContent)).toEqual([
      "bookshop*/5 * * * *in 4 min",
      "prices@dailyin 2 h",
      "news0 * * * *paused",
    ]);
    expect(within(next).getByTitle("run 12 is suspect: 0 items").textContent).toBe("paused");
  });
});
