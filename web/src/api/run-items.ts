import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { parseExact } from "@/lib/json";
import { request, toQuery } from "./http";
import type { Item } from "./items";
import { runKeys } from "./runs";

export type Change = "new" | "changed" | "unchanged" | "gone";

export interface RunItem extends Item {
  change: Change;
}

export interface RunItemFilters {
  change?: string | null;
  platform?: string | null;
}

export const runItemsPath = (id: number, format: "json" | "jsonl" | "csv", filters: RunItemFilters = {}) =>
  `/api/scrape/runs/${id.toString()}/items${toQuery({ format, ...filters })}`;

/** The first `limit` items of a run. The answer is a stream of all of them, so it is let go of when there are enough. */
export const runItemsQuery = (id: number, filters: RunItemFilters, limit: number) =>
  queryOptions({
    queryKey: [...runKeys.one(id), "items", filters, limit],
    queryFn: async ({ signal }) => {
      const response = await request("GET", runItemsPath(id, "jsonl", filters), { signal, headers: { Accept: "application/x-ndjson" } });
      const lines = await firstLines(response, limit + 1);
      return {
        items: lines.slice(0, limit).map((line) => parseExact(line) as RunItem),
        more: lines.length > limit,
      };
    },
    placeholderData: keepPreviousData,
  });

export async function firstLines(response: Response, limit: number): Promise<string[]> {
  const lines: string[] = [];
  const reader = response.body?.getReader();
  if (!reader) return lines;

  const decoder = new TextDecoder();
  let rest = "";
  let finished = false;
  while (!finished && lines.length < limit) {
    const { done, value } = await reader.read();
    finished = done;
    const parts = (rest + decoder.decode(value, { stream: !done })).split("\n");
    rest = done ? "" : (parts.pop() ?? "");
    lines.push(...parts.filter((line) => line !== ""));
  }
  await reader.cancel();
  return lines.slice(0, limit);
}
