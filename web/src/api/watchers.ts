import { queryOptions } from "@tanstack/react-query";
import { api } from "./http";

/** From one transport to another, as the client told. */
export interface WatcherMove {
  from: string;
  to: string;
  reason: string;
  count: number;
  at: string;
}

export interface Watcher {
  connection_id: string;
  transport: string;
  address: string;
  connected_at: string;
  topics: string[];
  run_id: number | null;
  sent_id: string | null;
  shown_id: string | null;
  lag: number;
  snapshots: number;
  blocked: boolean;
  /** The latest that led to this connection. */
  moves: WatcherMove[];
}

export interface Watchers {
  /** How many, by transport. */
  transports: Record<string, number>;
  snapshots: number;
  watchers: Watcher[];
}

/** As many as the page shows. */
export const WATCHERS_SHOWN = 100;

export const watchersQuery = () =>
  queryOptions({
    queryKey: ["watchers"],
    queryFn: ({ signal }) => api.get<Watchers>(`/api/watchers?limit=${WATCHERS_SHOWN}`, { signal }),
    refetchInterval: 3_000,
  });
