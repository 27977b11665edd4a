import { queryOptions, useQuery } from "@tanstack/react-query";
import { api } from "./http";
import { platformsQuery } from "./platforms";

export interface Schedule {
  platform: string;
  schedule?: string;
  next_at?: string | null;
  paused?: boolean;
}

const schedulesQuery = () =>
  queryOptions({
    queryKey: ["schedules"],
    queryFn: async ({ signal }) => (await api.get<{ schedules: Schedule[] }>("/api/schedules", { signal })).schedules,
    staleTime: 30_000,
  });

/** Asked for only where a platform has a schedule; else there are none. */
export function useSchedules(): Schedule[] {
  const scheduled = useQuery(platformsQuery()).data?.some(({ schedule }) => schedule) ?? false;
  return useQuery({ ...schedulesQuery(), enabled: scheduled }).data ?? [];
}
