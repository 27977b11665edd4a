import type { QueryClient } from "@tanstack/react-query";
import { itemKeys } from "@/api/items";
import { activeRunsQuery, runKeys } from "@/api/runs";
import { statsKeys } from "@/api/stats";

interface News {
  started: Set<number>;
  ended: Set<number>;
}

const told = new WeakMap<QueryClient, News>();

function newsOf(queryClient: QueryClient): News {
  const news = told.get(queryClient) ?? { started: new Set(), ended: new Set() };
  told.set(queryClient, news);
  return news;
}

function invalidate(queryClient: QueryClient, keys: readonly (readonly unknown[])[]): void {
  for (const queryKey of keys) void queryClient.invalidateQueries({ queryKey });
}

/** There is a run that the list of active ones lacks: asked for once, however many notice. */
export function runStarted(queryClient: QueryClient, runId: number): void {
  const { started, ended } = newsOf(queryClient);
  if (started.has(runId) || ended.has(runId)) return;
  started.add(runId);
  const active = queryClient.getQueryData(activeRunsQuery().queryKey);
  if (!active?.some(({ id }) => id === runId)) invalidate(queryClient, [runKeys.active, runKeys.lists]);
}

/**
 * A run has ended, so what was read about it is out of date. Many may notice (each hook that follows it, a snapshot, an answer
 * of the API), but it ends once, and the queries are asked again once.
 */
export function runEnded(queryClient: QueryClient, runId: number): void {
  const { ended } = newsOf(queryClient);
  if (ended.has(runId)) return;
  ended.add(runId);
  invalidate(queryClient, [runKeys.active, runKeys.lists, runKeys.one(runId), itemKeys.all, statsKeys.all]);
}
