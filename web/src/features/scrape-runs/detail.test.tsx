import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Route, Routes } from "react-router-dom";
import { beforeEach, describe, expect, it } from "vitest";
import type { Run } from "@/api/runs";
import { item, run, runPlatform } from "@/testing/data";
import { fakeServer, problem, type FakeServer } from "@/testing/fake-server";
import { address, renderApp } from "@/testing/render";
import ScrapeRunPage from "./detail";

const RUN = "GET /api/scrape/runs/12";
let server: FakeServer;

const lines = (...values: object[]) => new Response(values.map((value) => `${JSON.stringify(value)}\n`).join(""));

beforeEach(() => {
  server = fakeServer({
    [RUN]: run(),
    "GET /api/scrape/runs/12/items": () => lines({ ...item(), change: "changed" }, { ...item({ key: "BK-2" }), change: "new" }),
    "GET /api/scrape/runs/12/items?format=jsonl&change=new": () => lines({ ...item({ key: "BK-2" }), change: "new" }),
    "GET /api/scrape/runs/12/errors": { errors: [], next: null },
    "GET /api/scrape/runs/12/logs": { logs: [], next: null },
  });
});

function open(at = "/runs/12", strict = false) {
  return renderApp(
    <Routes>
      <Route path="runs/:id" element={<ScrapeRunPage />} />
    </Routes>,
    { at, strict },
  );
}

const figures = async () => (await screen.findByRole("region", { name: "Figures" })).textContent;

describe("a run that is active", () => {
  it("lives: bars, figures and phase", async () => {
    const { client } = open();
    await screen.findByRole("heading", { name: "Run 12" });
    client.followStatus(12, "live");
    client.send(client.progress({ run_id: 12, n: 50, phase: "storing" }));
    client.send(client.progress({ run_id: 12, n: 51, platform: "bookshop", current: 60, total: 90, items: 55, new: 7, changed: 8, failed: 2 }));
    const bar = await screen.findByRole("progressbar", { name: "Pages of bookshop" });
    await waitFor(() => { expect(bar.getAttribute("aria-valuetext")).toBe("60 of 90 pages, scraping"); });
    expect(await figures()).toContain("Pages60of 90Items55New7Changed8Failed pages2");
    expect(screen.getAllByText("storing")).toHaveLength(1);
  });

  it("draws the throughput from the first message on", async () => {
    const { client } = open();
    await screen.findByText("The curve begins with the first pages.");
    const at = (seconds: number) => new Date(Date.parse("2026-01-31T12:00:00Z") + seconds * 1000).toISOString();
    for (const second of [0, 1, 2, 3]) {
      client.replay(client.progress({ run_id: 12, platform: "bookshop", current: second * 10, items: second * 40 }, at(second)));
    }
    expect(await screen.findByRole("img", { name: /at most 80\/s items and 20\/s pages/ })).toBeTruthy();
  });

  it("is cancelled only when that is confirmed", async () => {
    server.on("POST /api/scrape/runs/12/cancel", { run_id: 12 });
    open();
    const user = userEvent.setup();
    await user.click(await screen.findByRole("button", { name: "Cancel" }));
    const dialog = await screen.findByRole("dialog", { name: "Cancel run 12?" });
    await user.click(within(dialog).getByRole("button", { name: "Let it run" }));
    await waitFor(() => { expect(screen.queryByRole("dialog")).toBeNull(); });
    expect(server.asked("POST /api/scrape/runs/12/cancel")).toBe(0);

    await user.click(screen.getByRole("button", { name: "Cancel" }));
    server.on(RUN, run({ status: "cancelled" }));
    await user.click(await screen.findByRole("button", { name: "Cancel the run" }));
    expect(await screen.findByText("cancelled", { selector: "[title]" })).toBeTruthy();
    expect(server.asked("POST /api/scrape/runs/12/cancel")).toBe(1);
    expect(screen.queryByRole("button", { name: "Cancel" })).toBeNull();
  });

  it("says why it could not be cancelled", async () => {
    server.on("POST /api/scrape/runs/12/cancel", problem(503, "Shutting down"));
    open();
    await userEvent.click(await screen.findByRole("button", { name: "Cancel" }));
    await userEvent.click(await screen.findByRole("button", { name: "Cancel the run" }));
    expect((await screen.findByRole("alert")).textContent).toContain("Shutting down");
  });

  it("shows what the scrapers say as they say it", async () => {
    const { client } = open("/runs/12?tab=log");
    await screen.findByText("Nothing has been said so far");
    client.send(client.log({ run_id: 12, message: "page 7 has no price", level: "warning" }));
    client.send(client.log({ run_id: 12, message: "all is well", level: "info" }));
    const log = await screen.findByRole("log");
    expect(within(log).getByText("all is well")).toBeTruthy();
    await userEvent.click(screen.getByRole("radio", { name: "warning" }));
    expect(within(log).queryByText("all is well")).toBeNull();
    expect(within(log).getByText("page 7 has no price")).toBeTruthy();
    expect(address()).toBe("/runs/12?tab=log&level=warning");
  });
});

describe("the end of a run", () => {
  const final: Partial<Run> = { status: "completed", unchanged: 61, platforms: [runPlatform({ phase: "completed", current: 99, items: 70 })] };

  it.each([false, true])("brings the final figures, asked for once (StrictMode: %s)", async (strict) => {
    const { client } = open("/runs/12", strict);
    await screen.findByRole("heading", { name: "Run 12" });
    const before = server.asked(RUN);
    server.on(RUN, run(final));
    client.send(client.progress({ run_id: 12, n: 60, phase: "completed", current: 99 }));
    await waitFor(async () => { expect(await figures()).toContain("Unchanged61"); });
    client.replay(client.progress({ run_id: 12, n: 60, phase: "completed", current: 99 }));
    client.send(client.snapshot([run(final)]));
    expect(server.asked(RUN)).toBe(before + 1);
    expect(screen.getByText("Run 12 has ended")).toBeTruthy();
  });

  it("tells what each platform did not need to fetch, or was asked not to", async () => {
    const figures = { excluded: 1, not_modified: 1234 };
    server.on(RUN, run({ platforms: [runPlatform(figures), runPlatform({ platform: "news" })] }));
    const { client } = open();
    const bar = await screen.findByRole("progressbar", { name: "Pages of bookshop" });
    const row = bar.closest("li")?.parentElement;
    expect(row?.textContent).not.toMatch(/modified|robots/);

    server.on(RUN, run({
      status: "completed",
      platforms: [
        runPlatform({ phase: "completed", ...figures }),
        runPlatform({ platform: "news", phase: "completed", excluded: 3 }),
        runPlatform({ platform: "prices", phase: "completed" }),
      ],
    }));
    client.send(client.progress({ run_id: 12, n: 60, phase: "completed", current: 99 }));
    await screen.findByText("1,234 pages not modified since last fetched, 1 request excluded by robots.txt");
    expect(screen.getByText("3 requests excluded by robots.txt").closest("li")?.textContent).toContain("news");
    expect(screen.getByRole("progressbar", { name: "Pages of prices" }).closest("li")?.textContent).not.toMatch(/modified|robots/);
  });

  it("is also noticed while nothing is connected", async () => {
    const { client } = open();
    await screen.findByRole("heading", { name: "Run 12" });
    client.setStatus({ phase: "reconnecting", transport: "websocket" });
    server.on(RUN, run(final));
    expect(await screen.findByText("Run 12 has ended", undefined, { timeout: 30_000 })).toBeTruthy();
    expect(await figures()).toContain("Unchanged61");
  });

  it("leaves nothing behind", async () => {
    const { client, unmount } = open();
    await screen.findByRole("heading", { name: "Run 12" });
    unmount();
    expect(client.registered).toBe(0);
  });
});

describe("a run that was interrupted", () => {
  it("can be resumed", async () => {
    server.on(RUN, run({ status: "interrupted" }));
    server.on("POST /api/scrape/runs/12/resume", { run_id: 12 });
    open();
    const button = await screen.findByRole("button", { name: "Resume" });
    server.on(RUN, run({ status: "starting" }));
    await userEvent.click(button);
    expect(await screen.findByText("starting", { selector: "[title]" })).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Resume" })).toBeNull();
  });
});

describe("a run that is suspect", () => {
  it("says of which platform, why, and with which figures", async () => {
    const why = '12 items, 87 to 92 in the last 5 runs; "price" is filled in 3 %, 98 to 100 % before';
    const platforms = [runPlatform({ platform: "news", phase: "completed" }), runPlatform({ phase: "suspect", items: 12, message: why })];
    server.on(RUN, run({ status: "suspect", platforms }));
    open();
    const [, bookshop] = within(await screen.findByRole("region", { name: "Platforms" })).getAllByRole("listitem");
    expect(bookshop?.dataset.phase).toBe("suspect");
    expect(bookshop?.textContent).toContain(why);
    expect(screen.getByText("suspect", { selector: "[title]" })).toBeTruthy();
    expect(screen.getByText(/it ended, but is quite unlike the last runs\.$/)).toBeTruthy();
  });
});

describe("what came of it", () => {
  it("lists the items, by what has become of them", async () => {
    open();
    const table = await screen.findByRole("table", { name: "Items of the run" });
    expect(within(table).getAllByRole("row")).toHaveLength(3);
    expect(within(table).getAllByRole("link")[0]?.getAttribute("href")).toBe("/items/one?platform=bookshop&key=BK-0001");
    await userEvent.click(screen.getByRole("radio", { name: "New" }));
    await waitFor(() => { expect(screen.getAllByRole("row")).toHaveLength(2); });
    expect(address()).toBe("/runs/12?change=new");
  });

  it("hands the items out in each format, filtered as they are shown", async () => {
    open("/runs/12?change=new");
    await screen.findByRole("table", { name: "Items of the run" });
    await userEvent.click(screen.getByRole("button", { name: "Download" }));
    const csv = await screen.findByRole("menuitem", { name: "CSV" });
    expect(csv.getAttribute("href")).toBe("/api/scrape/runs/12/items?format=csv&change=new");
    expect(csv.getAttribute("download")).toBe("run-12.csv");
  });

  it("groups the errors by kind, and lists each", async () => {
    const error = { row: 1, platform: "bookshop", url: "http://shop/books/9", kind: "http", detail: "404 Not Found", status: 404, at: "2026-01-31T12:00:03Z" };
    server.on("GET /api/scrape/runs/12/errors?limit=50", { errors: [error], next: null });
    server.on("GET /api/scrape/runs/12/errors?group=kind", {
      groups: [{ platform: "bookshop", kind: "http", count: 17, example_url: "http://shop/books/9", example_detail: "404 Not Found" }],
    });
    open("/runs/12?tab=errors");
    const groups = await screen.findByRole("list", { name: "Errors by kind" });
    expect(groups.textContent).toContain("17http on bookshop404 Not Found");
    expect(within(screen.getByRole("table")).getByRole("link").getAttribute("href")).toBe("http://shop/books/9");
  });

  it("says that no page failed", async () => {
    server.on(RUN, run({ status: "completed" }));
    open("/runs/12?tab=errors");
    expect(await screen.findByText("No page failed")).toBeTruthy();
  });

  it("shows the stored log of a run that is over", async () => {
    server.on(RUN, run({ status: "completed" }));
    server.on("GET /api/scrape/runs/12/logs", {
      logs: [{ row: 1, platform: "bookshop", level: "error", message: "it broke", at: "2026-01-31T12:00:03Z" }],
      next: null,
    });
    open("/runs/12?tab=log");
    expect(within(await screen.findByRole("log")).getByText("it broke")).toBeTruthy();
  });
});

describe("a run that is not there", () => {
  it.each(["/runs/99", "/runs/rubbish"])("%s", async (at) => {
    open(at);
    expect(await screen.findByRole("heading", { name: "No such run" })).toBeTruthy();
  });
});
