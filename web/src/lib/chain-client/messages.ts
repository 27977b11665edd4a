/** Reading what comes over the wire. Nothing here throws, whatever came. */
import type { Message, TransportInfo, TransportKind } from "./types";

export type Fields = Record<string, unknown>;

export function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** Null if it is no message. */
export function parseMessage(raw: string): Message | null {
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch {
    return null;
  }
  const { id, type, timestamp, data } = fields(value);
  if (typeof type !== "string") return null;
  const message: Message = { type, timestamp: text(timestamp) ?? "", data: data ?? {} };
  if (typeof id === "string" && parseId(id)) message.id = id;
  return message;
}

/** An id is `epoch-seq`: the epoch is that of the server's database, seq the place in its journal. */
export interface Id {
  epoch: string;
  seq: number;
}

export function parseId(id: string | null | undefined): Id | null {
  const match = /^([0-9a-f]{8})-(\d{1,15})$/.exec(id ?? "");
  return match ? { epoch: match[1]!, seq: Number(match[2]) } : null;
}

/** How transports are called on the wire, and here. */
const KINDS: Record<string, TransportKind> = { websocket: "websocket", stream: "sse", poll: "poll" };

/** The transports that the server advertises and that we know how to use, in its order. */
export function parseTransports(value: unknown): TransportInfo[] {
  return list(value).flatMap((one) => {
    const { name, kind, paths, ok } = fields(one);
    const known = KINDS[text(kind) ?? ""];
    if (!known || typeof name !== "string") return [];
    return [{ name, kind: known, paths: list(paths).filter((path) => typeof path === "string"), ok: ok !== false }];
  });
}
