import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { item, PLATFORMS } from "@/testing/data";
import { fakeServer, type FakeServer } from "@/testing/fake-server";
import { address, renderApp } from "@/testing/render";
import ItemPage from "./item";
import Items from "./list";

let server: FakeServer;

beforeEach(() => {
  server = fakeServer({
    "GET /api/items": { items: [item(), item({ platform: "prices", key: "1001", item: { name: "Fjell Lamp", price: 182.26 } })], next: "7" },
    "GET /api/items?platform=bookshop&limit=50": { items: [item()], next: null },
    "GET /api/items?search=nothing&limit=50": { items: [], next: null },
    "GET /api/platforms": PLATFORMS,
  });
});

describe("the list of items", () => {
  it("searches once the typing pauses, with the words in the address", async () => {
    renderApp(<Items />, { at: "/items" });
    expect(await screen.findByRole("link", { name: "Fjell Lamp" })).toBeTruthy();
    // Without a pause between the keys, however busy the machine is.
    await userEvent.setup({ delay: null }).type(screen.getByRole("searchbox", { name: "Search items" }), "nothing");
    expect(await screen.findByText("Nothing was found")).toBeTruthy();
    expect(address()).toBe("/items?search=nothing");
    expect(server.asked("GET /api/items")).toBe(2);
    await userEvent.click(screen.getByRole("button", { name: "Clear the search" }));
    expect(await screen.findByRole("link", { name: "Fjell Lamp" })).toBeTruthy();
    expect(screen.getByRole("searchbox")).toHaveProperty("value", "");
  });

  it("makes columns of the fields when all are of one platform", async () => {
    renderApp(<Items />, { at: "/items?platform=bookshop" });
    const table = await screen.findByRole("table");
    expect(within(table).getAllByRole("columnheader").map((cell) => cell.textContent)).toEqual([
      "Item", "author", "price", "stock", "Last changed",
    ]);
    expect(within(table).getAllByText("35.49").length).toBeGreaterThan(0);
  });

  it("goes on by cursor", async () => {
    renderApp(<Items />, { at: "/items" });
    await userEvent.click(await screen.findByRole("button", { name: "Next page" }));
    await waitFor(() => { expect(address()).toBe("/items?cursor=7"); });
    expect(server.asked("GET /api/items?cursor=7&limit=50")).toBe(1);
  });

  it("says where items come from when there are none", async () => {
    server.on("GET /api/items", { items: [], next: null });
    renderApp(<Items />, { at: "/items" });
    expect(await screen.findByText("There are no items yet")).toBeTruthy();
  });
});

describe("one item", () => {
  const AT = "/items/one?platform=bookshop&key=BK%2F1%3F%26";
  const QUERY = "?platform=bookshop&key=BK%2F1%3F%26";

  beforeEach(() => {
    server.on(`GET /api/items/one${QUERY}`, item({ key: "BK/1?&", item: { title: "The Borrowed Tide", price: 31.95, tags: ["sea"] } }));
    server.on(`GET /api/items/history${QUERY}`, {
      versions: [
        { run_id: 1, seen_at: "2026-01-29T12:00:00Z", url: "http://shop/1", item: { title: "The Borrowed Tide", price: 35.5, tags: ["sea"] } },
        { run_id: 2, seen_at: "2026-01-30T12:00:00Z", url: "http://shop/1", item: { title: "The Borrowed Tide", price: 31.95, tags: ["sea"] } },
      ],
    });
  });

  it("shows its fields, and what each version changed", async () => {
    renderApp(<ItemPage />, { at: AT });
    expect(await screen.findByRole("heading", { name: "The Borrowed Tide" })).toBeTruthy();
    const changes = await screen.findByRole("table", { name: /What changed/ });
    expect(within(changes).getAllByRole("row")[1]?.textContent).toBe("price35.531.95−3.55 (−10 %)");
    expect(screen.getByRole("link", { name: "Run 2" }).getAttribute("href")).toBe("/runs/2");
    expect(screen.getByText("first seen with 3 fields")).toBeTruthy();
    expect(screen.getByRole("img", { name: /price over time: from 31.95 to 35.5, now 31.95/ })).toBeTruthy();
  });

  it("has no link to what is no web page", async () => {
    server.on(`GET /api/items/one${QUERY}`, item({ url: "javascript:alert(1)" }));
    renderApp(<ItemPage />, { at: AT });
    await screen.findByRole("heading", { name: "The Borrowed Tide" });
    expect(screen.queryByRole("link", { name: /its page/ })).toBeNull();
  });

  it("says so when there is no such item", async () => {
    renderApp(<ItemPage />, { at: "/items/one?platform=bookshop&key=none" });
    expect(await screen.findByRole("heading", { name: "No such item" })).toBeTruthy();
  });
});
