import { describe, expect, it } from "vitest";
import { parseExact, toText } from "./json";

/** Node.js since 21 hands out the source of a number, as browsers do. */
const exact = (() => {
  let source: unknown;
  const reviver = (_key: string, value: unknown, context?: { source?: string }) => {
    source = context?.source;
    return value;
  };
  JSON.parse("1", reviver as (key: string, value: unknown) => unknown);
  return source === "1";
})();

describe("parseExact", () => {
  it("reads JSON", () => {
    const text = '{"a": [1, 2.5, -0.25, 1e300, "x", null, true], "b": {"c": 9007199254740991}}';
    expect(parseExact(text)).toEqual(JSON.parse(text));
    expect(() => parseExact("{")).toThrow(SyntaxError);
  });

  it.runIf(exact)("keeps all digits of integers beyond 2^53", () => {
    expect(parseExact('{"id": 9007199254740993, "ids": [-12345678901234567890]}')).toEqual({
      id: 9007199254740993n,
      ids: [-12345678901234567890n],
    });
  });
});

describe("toText", () => {
  it.each([
    [undefined, ""],
    [null, "null"],
    ["plain", "plain"],
    [19.99, "19.99"],
    [9007199254740993n, "9007199254740993"],
    [[], "[]"],
    [{}, "{}"],
    [[1, "two"], '[1, "two"]'],
    [{ a: { b: 3n } }, '{"a": {"b": 3}}'],
  ])("%s", (value, text) => { expect(toText(value)).toBe(text); });

  it("indents", () => {
    expect(toText({ a: [1, { b: 2 }], c: [] }, "  ")).toBe('{\n  "a": [\n    1,\n    {\n      "b": 2\n    }\n  ],\n  "c": []\n}');
  });
});
