import { infiniteQueryOptions, keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { Phase } from "@/lib/phases";
import { api, toQuery } from "./http";

export interface RunPlatform {
  platform: string;
  plugin: string;
  phase: Phase;
  current: number;
  total: number;
  items: number;
  new: number;
  changed: number;
  unchanged: number;
  failed: number;
  /** Requests that robots.txt asks not to make. */
  excluded: number;
  /** Pages that are as they were when they were last fetched (304). */
  not_modified: number;
  bytes: number;
  message: string | null;
  started_at: string | null;
  ended_at: string | null;
}

export interface Run {
  id: number;
  trigger: "manual" | "schedule" | "api" | "cli";
  status: Phase;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  n: number;
  last_id: string | null;
  pages: number;
  items: number;
  new: number;
  changed: number;
  unchanged: number;
  failed: number;
  platforms: RunPlatform[];
}

export interface RunList {
  runs: Run[];
  next: string | null;
}

export interface RunFilters {
  status?: string | null;
  platform?: string | null;
  cursor?: string | null;
  limit?: number;
}

export interface PageError {
  row: number;
  platform: string;
  url: string;
  kind: string;
  detail: string;
  status: number;
  at: string;
}

export interface ErrorGroup {
  platform: string;
  kind: string;
  count: number;
  example_url: string;
  example_detail: string;
}

export type LogLevel = "debug" | "info" | "warning" | "error";

export interface LogLine {
  row: number;
  platform: string;
  level: LogLevel;
  message: string;
  at: string;
}

export const runKeys = {
  lists: ["runs", "list"] as const,
  active: ["runs", "active"] as const,
  /** The run and all that hangs on it: errors, log lines, items. */
  one: (id: number) => ["runs", "one", id] as const,
};

const path = (id: number) => `/api/scrape/runs/${id.toString()}`;

export const runsQuery = (filters: RunFilters) =>
  queryOptions({
    queryKey: [...runKeys.lists, filters],
    queryFn: ({ signal }) => api.get<RunList>(`/api/scrape/runs${toQuery({ ...filters })}`, { signal }),
    placeholderData: keepPreviousData,
  });

export const activeRunsQuery = () =>
  queryOptions({
    queryKey: runKeys.active,
    queryFn: ({ signal }) => api.get<Run[]>("/api/scrape/runs/active", { signal }),
  });

export const runQuery = (id: number) =>
  queryOptions({
    queryKey: runKeys.one(id),
    queryFn: ({ signal }) => api.get<Run>(path(id), { signal }),
  });

export const runErrorsQuery = (id: number) =>
  infiniteQueryOptions({
    queryKey: [...runKeys.one(id), "errors"],
    queryFn: ({ signal, pageParam }) =>
      api.get<{ errors: PageError[]; next: string | null }>(`${path(id)}/errors${toQuery({ cursor: pageParam, limit: 50 })}`, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
  });

/** Servers that do not group yet answer with a plain list, which has no `groups`. */
export const errorGroupsQuery = (id: number) =>
  queryOptions({
    queryKey: [...runKeys.one(id), "error-groups"],
    queryFn: async ({ signal }) => {
      const answer = await api.getIfThere<{ groups?: ErrorGroup[] }>(`${path(id)}/errors?group=kind`, { signal });
      return answer?.groups ?? [];
    },
  });

export const runLogsQuery = (id: number) =>
  infiniteQueryOptions({
    queryKey: [...runKeys.one(id), "logs"],
    queryFn: ({ signal, pageParam }) =>
      api.get<{ logs: LogLine[]; next: string | null }>(`${path(id)}/logs${toQuery({ cursor: pageParam, limit: 500 })}`, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
  });

export type Overlap = "reject" | "queue" | "replace" | "allow";

export interface StartRequest {
  /** All enabled ones when left out. */
  platforms?: string[];
  overlap?: Overlap;
}

/** `key` makes a repeated request (a second click, a lost answer) give the run that the first one made. */
export function useStartRun() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ key, ...body }: StartRequest & { key: string }) =>
      api.post<{ run_id: number; existed: boolean }>("/api/scrape/runs", body, { headers: { "Idempotency-Key": key } }),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: runKeys.active });
      void queryClient.invalidateQueries({ queryKey: runKeys.lists });
    },
  });
}

function useRunCommand(command: "cancel" | "resume") {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => api.post<{ run_id: number }>(`${path(id)}/${command}`),
    // Also after a refusal: that it has ended in the meantime is what the refusal says.
    onSettled: (_answer, _error, id) => {
      void queryClient.invalidateQueries({ queryKey: runKeys.active });
      void queryClient.invalidateQueries({ queryKey: runKeys.lists });
      void queryClient.invalidateQueries({ queryKey: runKeys.one(id) });
    },
  });
}

export const useCancelRun = () => useRunCommand("cancel");
export const useResumeRun = () => useRunCommand("resume");
