import { queryOptions } from "@tanstack/react-query";
import type { Json } from "@/lib/json";
import { api } from "./http";

export interface Watchers {
  [name: string]: Json;
}

/** How many watch, by transport. */
export const watchersQuery = () =>
  queryOptions({
    queryKey: ["watchers"],
    queryFn: ({ signal }) => api.get<Watchers>("/api/watchers", { signal }),
    refetchInterval: 10_000,
  });
