import { queryOptions } from "@tanstack/react-query";
import { api } from "./http";

export interface Transport {
  name: string;
  kind: string | null;
  paths: string[];
  ok: boolean;
  reason: string | null;
}

export interface CountedMove {
  from: string;
  to: string;
  reason: string;
  count: number;
}

export interface Transports {
  /** The best first. */
  transports: Transport[];
  failures: number;
  retry_after_ms: number;
  moves?: CountedMove[];
}

export const transportsQuery = () =>
  queryOptions({
    queryKey: ["transports"],
    queryFn: ({ signal }) => api.get<Transports>("/api/transports", { signal }),
    refetchInterval: 10_000,
  });
