import { queryOptions } from "@tanstack/react-query";
import { api } from "./http";

/** One UTC day. */
export interface DayStats {
  date: string;
  runs: number;
  items: number;
  new: number;
  changed: number;
  failed: number;
}

export const statsKeys = { all: ["stats"] as const };

/** Null where the server has no such figures. */
export const daysQuery = (days: number) =>
  queryOptions({
    queryKey: [...statsKeys.all, "days", days],
    queryFn: async ({ signal }) => {
      const answer = await api.getIfThere<{ days: DayStats[] }>(`/api/stats/days?days=${days.toString()}`, { signal });
      return answer?.days ?? null;
    },
    staleTime: 60_000,
  });
