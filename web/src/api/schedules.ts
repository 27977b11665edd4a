import { queryOptions } from "@tanstack/react-query";
import { api } from "./http";

export interface Schedule {
  platform: string;
  schedule?: string;
  next_at?: string | null;
  paused?: boolean;
}

/** Null where the server has no schedules. */
export const schedulesQuery = () =>
  queryOptions({
    queryKey: ["schedules"],
    queryFn: async ({ signal }) => {
      const answer = await api.getIfThere<{ schedules: Schedule[] }>("/api/schedules", { signal });
      return answer?.schedules ?? null;
    },
    staleTime: 30_000,
  });
