import { queryOptions, useQuery } from "@tanstack/react-query";
import type { Phase } from "@/lib/phases";
import { api } from "./http";
import { platformsQuery } from "./platforms";

export interface Schedule {
  platform: string;
  cron: string;
  timezone: string;
  jitter_ms: number;
  misfire: "skip" | "coalesce" | "all";
  overlap: "skip" | "queue" | "replace" | "allow";
  paused: boolean;
  paused_at: string | null;
  /** Why the server has paused it; null when a person did. */
  reason: string | null;
  last: { due_at: string; run_id: number; status: Phase; ended_at: string | null } | null;
  last_skipped: { due_at: string; reason: string } | null;
  /** The next due times, those of a paused one too. */
  next: string[];
}

export const schedulesQuery = () =>
  queryOptions({
    queryKey: ["schedules"],
    queryFn: async ({ signal }) => (await api.get<{ schedules: Schedule[] }>("/api/schedules", { signal })).schedules,
    staleTime: 10_000,
    refetchInterval: 30_000,
  });

/** Asked for only where a platform has a schedule; else there are none. */
export function useSchedules(): Schedule[] {
  const scheduled = useQuery(platformsQuery()).data?.some(({ schedule }) => schedule) ?? false;
  return useQuery({ ...schedulesQuery(), enabled: scheduled }).data ?? [];
}

/** When it is due next; several times are known, so this holds until the server is asked again. */
export function nextDue({ paused, next }: Schedule, now: number): string | undefined {
  return paused ? undefined : (next.find((at) => Date.parse(at) > now) ?? next.at(-1));
}
