import { isObject, toText, type Json } from "./json";

export interface FieldChange {
  field: string;
  before: Json | undefined;
  after: Json | undefined;
}

/** An item's fields by name; those of inner objects as `outer.inner`. Lists are values: their places mean nothing. */
export function fieldsOf(item: Json, prefix = ""): Map<string, Json> {
  const fields = new Map<string, Json>();
  if (!isObject(item)) return fields.set(prefix || "value", item);
  for (const [key, value] of Object.entries(item)) {
    const name = prefix ? `${prefix}.${key}` : key;
    if (isObject(value) && Object.keys(value).length > 0) {
      for (const [inner, leaf] of fieldsOf(value, name)) fields.set(inner, leaf);
    } else {
      fields.set(name, value);
    }
  }
  return fields;
}

export function diff(before: Json, after: Json): FieldChange[] {
  const old = fieldsOf(before);
  const current = fieldsOf(after);
  const names = [...new Set([...current.keys(), ...old.keys()])];
  return names
    .map((field) => ({ field, before: old.get(field), after: current.get(field) }))
    .filter((change) => !same(change.before, change.after));
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  return a === b || (typeof a === typeof b && a !== undefined && b !== undefined && toText(a) === toText(b));
}

/** The fields that are numbers in at least two versions, in the order of the newest. */
export function numericFields(versions: readonly Json[]): string[] {
  const seen = new Map<string, number>();
  for (const version of [...versions].reverse()) {
    for (const [field, value] of fieldsOf(version)) {
      if (typeof value === "number") seen.set(field, (seen.get(field) ?? 0) + 1);
    }
  }
  return [...seen].filter(([, times]) => times > 1).map(([field]) => field);
}
