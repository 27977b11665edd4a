/** JSON as items hold it. An integer beyond 2^53 is a bigint, so that all its digits are shown. */
export type Json = null | boolean | number | bigint | string | Json[] | { [key: string]: Json };

type Reviver = (this: unknown, key: string, value: unknown) => unknown;

/**
 * Browsers that hand a reviver the source text of a number (since 2023 to 2025) give integers of any size exactly; others round,
 * as JSON.parse always does.
 */
export function parseExact(text: string): unknown {
  const exact = (_key: string, value: unknown, context?: { source?: string }): unknown => {
    const source = context?.source;
    if (typeof value !== "number" || source === undefined || Number.isSafeInteger(value)) return value;
    return /^-?\d+$/.test(source) ? BigInt(source) : value;
  };
  return JSON.parse(text, exact as Reviver);
}

export function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Texts as they are, all else as JSON, on one line or indented. */
export function toText(value: Json | undefined, indent = ""): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : stringify(value, indent, "\n");
}

function stringify(value: Json, indent: string, newline: string): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return JSON.stringify(value);

  const deeper = newline + indent;
  const parts = Array.isArray(value)
    ? value.map((entry) => stringify(entry, indent, deeper))
    : Object.entries(value).map(([key, entry]) => `${JSON.stringify(key)}: ${stringify(entry, indent, deeper)}`);
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  if (parts.length === 0) return open + close;
  return indent
    ? `${open}${deeper}${parts.join(`,${deeper}`)}${newline}${close}`
    : `${open}${parts.join(", ")}${close}`;
}
