import { fieldsOf } from "./diff";
import { isObject, toText, type Json } from "./json";

const NAMES = ["title", "name", "headline", "label", "subject", "product"];

/** What a person would call the item: its title or name, if it has one. */
export function itemTitle(item: Json, key: string): string {
  if (!isObject(item)) return key;
  for (const name of NAMES) {
    const value = item[name];
    if (typeof value === "string" && value.trim() !== "") return value;
  }
  return key;
}

/** Fields worth a column: short values, met in the items shown, the commonest first and then as they come. */
export function commonFields(items: readonly Json[], limit: number): string[] {
  const seen = new Map<string, number>();
  for (const item of items) {
    for (const [field, value] of fieldsOf(item)) {
      if (NAMES.includes(field) || Array.isArray(value) || toText(value).length > 60) continue;
      seen.set(field, (seen.get(field) ?? 0) + 1);
    }
  }
  const often = [...seen].filter(([, times]) => times * 2 >= items.length);
  return often
    .sort(([, a], [, b]) => b - a)
    .slice(0, limit)
    .map(([field]) => field);
}

/** A few of an item's fields on one line. */
export function itemPreview(item: Json, key: string, limit = 4): { field: string; value: string }[] {
  return commonFields([item], limit + 1)
    .map((field) => ({ field, value: toText(fieldsOf(item).get(field)) }))
    .filter(({ value }) => value !== "" && value !== key)
    .slice(0, limit);
}

/** A link that may be followed: item URLs come from the sites, and `javascript:` is a URL too. */
export function safeUrl(url: string): string | null {
  return /^https?:\/\//i.test(url) ? url : null;
}
