import { queryOptions } from "@tanstack/react-query";
import type { Json } from "@/lib/json";
import { api } from "./http";

export interface Platform {
  name: string;
  plugin: string;
  enabled?: boolean;
  /** When it runs by itself, if it does. `/api/schedules` says more. */
  schedule?: { cron: string } | null;
  overridable?: string[] | null;
  /** With the plugin's defaults; durations in milliseconds, sizes in bytes. */
  options?: { [name: string]: Json };
  fetch?: { [name: string]: Json };
}

export const platformsQuery = () =>
  queryOptions({
    queryKey: ["platforms"],
    queryFn: async ({ signal }) => (await api.get<{ platforms: Platform[] }>("/api/platforms", { signal })).platforms,
    // They change only when the server starts again.
    staleTime: 60_000,
  });
