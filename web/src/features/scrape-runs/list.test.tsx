import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { PLATFORMS, run } from "@/testing/data";
import { fakeServer, problem, type FakeServer } from "@/testing/fake-server";
import { address, renderApp } from "@/testing/render";
import ScrapeRuns from "./list";

let server: FakeServer;

beforeEach(() => {
  server = fakeServer({
    "GET /api/scrape/runs": { runs: [run({ id: 11, status: "completed" }), run({ id: 10, status: "failed" })], next: "10" },
    "GET /api/scrape/runs?cursor=10&limit=25": { runs: [run({ id: 9, status: "cancelled" })], next: null },
    "GET /api/scrape/runs?status=failed&limit=25": { runs: [run({ id: 10, status: "failed" })], next: null },
    "GET /api/scrape/runs?status=suspect&limit=25": { runs: [], next: null },
    "GET /api/platforms": PLATFORMS,
  });
});

const shown = () => screen.getAllByRole("row").slice(1).map((row) => within(row).getByRole("link").textContent);

async function choose(user: ReturnType<typeof userEvent.setup>, filter: string, option: string) {
  await user.click(screen.getByRole("textbox", { name: filter }));
  await user.click(await screen.findByRole("option", { name: option, hidden: true }));
}

describe("the list of runs", () => {
  it("links to each run", async () => {
    renderApp(<ScrapeRuns />, { at: "/runs" });
    expect((await screen.findByRole("link", { name: "Run 11" })).getAttribute("href")).toBe("/runs/11");
    expect(shown()).toEqual(["Run 11", "Run 10"]);
  });

  it("has its filters in the address", async () => {
    renderApp(<ScrapeRuns />, { at: "/runs" });
    const user = userEvent.setup();
    await screen.findByRole("link", { name: "Run 11" });
    await choose(user, "Status", "failed");
    await waitFor(() => { expect(shown()).toEqual(["Run 10"]); });
    expect(address()).toBe("/runs?status=failed");
    await choose(user, "Platform", "prices");
    await waitFor(() => { expect(server.asked("GET /api/scrape/runs?status=failed&platform=prices&limit=25")).toBe(1); });
  });

  it("begins with the filters of the address", async () => {
    renderApp(<ScrapeRuns />, { at: "/runs?status=failed" });
    await screen.findByRole("link", { name: "Run 10" });
    expect(shown()).toEqual(["Run 10"]);
    expect(screen.getByRole("textbox", { name: "Status" })).toHaveProperty("value", "failed");
  });

  it("goes from page to page, and back to the first", async () => {
    renderApp(<ScrapeRuns />, { at: "/runs" });
    const user = userEvent.setup();
    await screen.findByRole("link", { name: "Run 11" });
    await user.click(screen.getByRole("button", { name: "Next page" }));
    await waitFor(() => { expect(shown()).toEqual(["Run 9"]); });
    expect(address()).toBe("/runs?cursor=10");
    expect(screen.getByRole("button", { name: "Next page" })).toHaveProperty("disabled", true);
    await user.click(screen.getByRole("button", { name: "First page" }));
    await waitFor(() => { expect(shown()).toEqual(["Run 11", "Run 10"]); });
  });

  it("offers to clear filters that nothing fits", async () => {
    renderApp(<ScrapeRuns />, { at: "/runs?status=suspect" });
    await userEvent.click(await screen.findByRole("button", { name: "Clear the filters" }));
    expect(await screen.findByRole("link", { name: "Run 11" })).toBeTruthy();
    expect(address()).toBe("/runs");
  });

  it("shows which is suspect", async () => {
    server.on("GET /api/scrape/runs", { runs: [run({ id: 11, status: "suspect" })], next: null });
    renderApp(<ScrapeRuns />, { at: "/runs" });
    await screen.findByRole("link", { name: "Run 11" });
    const badges = screen.getAllByTitle("ended, but is quite unlike the last runs");
    expect(badges.map((badge) => [badge.textContent, badge.dataset.phase])).toContainEqual(["suspect", "suspect"]);
  });

  it("says how to begin when there is none", async () => {
    server.on("GET /api/scrape/runs", { runs: [], next: null });
    renderApp(<ScrapeRuns />, { at: "/runs" });
    expect(await screen.findByText("There has been no run yet")).toBeTruthy();
  });

  it("says what went wrong, and tries again", async () => {
    const list = { runs: [run({ id: 11, status: "completed" })], next: null };
    server.on("GET /api/scrape/runs", problem(503, "The store cannot be read now"));
    renderApp(<ScrapeRuns />, { at: "/runs" });
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("The store cannot be read now");
    server.on("GET /api/scrape/runs", list);
    await userEvent.click(within(alert).getByRole("button", { name: "Try again" }));
    expect(await screen.findByRole("link", { name: "Run 11" })).toBeTruthy();
  });

  it("lives while a run runs, and follows no run that is over", async () => {
    server.on("GET /api/scrape/runs", { runs: [run({ id: 12 }), run({ id: 11, status: "completed" })], next: null });
    const { client } = renderApp(<ScrapeRuns />, { at: "/runs" });
    await screen.findByRole("link", { name: "Run 12" });
    expect([...client.followers].map(({ runId }) => runId)).toEqual([12]);
    client.send(client.progress({ run_id: 12, n: 20, platform: "bookshop", current: 77, total: 90, items: 1234 }));
    expect(await screen.findByText("1,234")).toBeTruthy();
  });
});
