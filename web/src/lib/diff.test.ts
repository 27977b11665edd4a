import { describe, expect, it } from "vitest";
import { diff, fieldsOf, numericFields } from "./diff";
import type { Json } from "./json";
import { commonFields, itemPreview, itemTitle, safeUrl } from "./item-summary";

describe("diff", () => {
  it("tells field by field, also within objects", () => {
    const before = { title: "Tide", price: 35.49, stock: { shop: 1, store: 2 }, tags: ["a"], old: true };
    const after = { title: "Tide", price: 31.95, stock: { shop: 1, store: 3 }, tags: ["a", "b"], fresh: null };
    expect(diff(before, after)).toEqual([
      { field: "price", before: 35.49, after: 31.95 },
      { field: "stock.store", before: 2, after: 3 },
      { field: "tags", before: ["a"], after: ["a", "b"] },
      { field: "fresh", before: undefined, after: null },
      { field: "old", before: true, after: undefined },
    ]);
  });

  it("does not take 1 for \"1\", and sees large integers", () => {
    expect(diff({ a: 1 }, { a: "1" })).toHaveLength(1);
    expect(diff({ a: 9007199254740992n }, { a: 9007199254740993n })).toHaveLength(1);
    expect(diff({ a: {} }, { a: {} })).toEqual([]);
  });

  it("takes an item that is no object for one value", () => {
    expect([...fieldsOf(3)]).toEqual([["value", 3]]);
  });
});

describe("numericFields", () => {
  it("are numbers in more than one version", () => {
    expect(numericFields([{ price: 1, name: "x", once: 1 }, { price: 2, name: "y", deep: { n: 1 } }, { price: 3, deep: { n: 2 } }])).toEqual([
      "price",
      "deep.n",
    ]);
  });
});

describe("an item in short", () => {
  it("is called by its title or name, else by its key", () => {
    expect(itemTitle({ name: "Lamp", price: 3 }, "1001")).toBe("Lamp");
    expect(itemTitle({ title: "  ", price: 3 }, "1001")).toBe("1001");
    expect(itemTitle([1], "1001")).toBe("1001");
  });

  it("shows fields that most items have, and no long texts", () => {
    const items: Json[] = [
      { title: "a", price: 1, text: "long ".repeat(30), author: "x" },
      { title: "b", price: 2, author: "y", rare: 1 },
      { title: "c", price: 3 },
    ];
    expect(commonFields(items, 5)).toEqual(["price", "author"]);
    expect(itemPreview({ title: "a", number: "BK-1", price: 2, none: "" }, "BK-1")).toEqual([{ field: "price", value: "2" }]);
  });

  it("links only to web pages", () => {
    expect(safeUrl("https://example.org/a")).toBe("https://example.org/a");
    expect(safeUrl("javascript:alert(1)")).toBeNull();
    expect(safeUrl("data:text/html,x")).toBeNull();
  });
});
