import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { run } from "@/testing/data";
import { fakeServer, type FakeServer } from "@/testing/fake-server";
import { address, renderApp } from "@/testing/render";
import { AppRoutes } from "./routes";
import { Shell } from "./shell";

let server: FakeServer;

beforeEach(() => {
  server = fakeServer({
    "GET /api/scrape/runs/active": [],
    "GET /api/scrape/runs": { runs: [], next: null },
    "GET /api/platforms": { platforms: [] },
  });
});

const app = (
  <Shell>
    <AppRoutes />
  </Shell>
);

describe("the way about", () => {
  it("leads to each page, and says where one is", async () => {
    renderApp(app);
    const user = userEvent.setup();
    await screen.findByRole("heading", { name: "Dashboard" });
    const navigation = screen.getByRole("navigation", { name: "Main" });
    expect(within(navigation).getByRole("link", { name: "Dashboard" }).getAttribute("aria-current")).toBe("page");

    await user.click(within(navigation).getByRole("link", { name: "Scrape Runs" }));
    expect(await screen.findByRole("heading", { name: "Scrape Runs" })).toBeTruthy();
    expect(within(navigation).getByRole("link", { name: "Scrape Runs" }).getAttribute("aria-current")).toBe("page");
    expect(address()).toBe("/runs");
    await waitFor(() => {
      expect(document.title).toBe("Scrape Runs · Trawl");
      expect(document.activeElement).toBe(screen.getByRole("main"));
    });
  });

  it("tells how many runs are active", async () => {
    server.on("GET /api/scrape/runs/active", [run({ id: 12 }), run({ id: 11 })]);
    renderApp(app);
    expect(await screen.findByRole("link", { name: "Scrape Runs 2 active" })).toBeTruthy();
  });

  it("has an answer for addresses that are no page", async () => {
    renderApp(app, { at: "/nowhere" });
    expect(await screen.findByRole("heading", { name: "No such page" })).toBeTruthy();
  });

  it("survives a page that breaks", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    let broken = true;
    const Page = () => {
      if (broken) throw new Error("a field was missing");
      return <h1>Whole again</h1>;
    };
    renderApp(
      <Shell>
        <Page />
      </Shell>,
    );
    expect((await screen.findByRole("alert")).textContent).toContain("a field was missing");
    expect(screen.getByRole("navigation", { name: "Main" })).toBeTruthy();
    broken = false;
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(screen.getByRole("heading", { name: "Whole again" })).toBeTruthy();
    vi.restoreAllMocks();
  });
});

describe("the connection indicator", () => {
  const indicator = () => screen.getByRole("button", { name: /^Connection:/ });

  it("follows the connection, and says it to those who do not see it", () => {
    const { client } = renderApp(app);
    expect(indicator().textContent).toBe("Live by WebSocket");
    client.setStatus({ transport: "sse", fallbackReason: "refused" });
    expect(indicator().textContent).toBe("Live by SSE");
    expect(screen.getAllByRole("status").map((status) => status.textContent)).toContain(
      "Connected by SSE, because the better way fails: refused.",
    );
    client.setStatus({ phase: "reconnecting", attempt: 2, nextAttemptAt: Date.now() + 30_400 });
    expect(indicator().textContent).toMatch(/^Reconnecting in (29|30|31) s$/);
    client.setStatus({ phase: "offline", nextAttemptAt: null });
    expect(indicator().textContent).toBe("Offline");
  });

  it("tells more on a click, and reconnects", async () => {
    const { client } = renderApp(app);
    client.setStatus({
      transport: "sse",
      fallbackReason: "refused",
      leader: false,
      received: 139,
      latencyMs: 23.4,
      runs: { 12: { first: 1, last: 139, gaps: 0, repeats: 2 } },
      moves: [{ at: Date.now(), from: "websocket", to: "sse", reason: "refused", count: 3 }],
    });
    await userEvent.click(indicator());
    const panel = await screen.findByRole("dialog", { name: "Connection: Live by SSE" });
    const text = panel.textContent;
    for (const part of ["follows another tab", "139 messages", "23 ms", "1..139, no gaps, 2 repeats", "WebSocket → SSE: refused (3 times)"]) {
      expect(text).toContain(part);
    }
    await userEvent.click(within(panel).getByRole("button", { name: "Reconnect" }));
    expect(client.reconnects).toBe(1);
  });
});

describe("colours", () => {
  it("are chosen and remembered", async () => {
    renderApp(app);
    await userEvent.click(screen.getByRole("button", { name: "Colours" }));
    await userEvent.click(await screen.findByRole("menuitem", { name: "Dark" }));
    await waitFor(() => { expect(localStorage.getItem("mantine-color-scheme-value")).toBe("dark"); });
    expect(document.documentElement.getAttribute("data-mantine-color-scheme")).toBe("dark");
  });
});
