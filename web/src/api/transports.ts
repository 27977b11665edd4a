import { queryOptions } from "@tanstack/react-query";
import { api } from "./http";

export interface Transport {
  name: string;
  kind: string | null;
  paths: string[];
  ok: boolean;
  /** Null where it cannot be had at all. */
  state: "closed" | "open" | "half-open" | null;
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
  chains?: Chain[];
}

/** A transport of a chain that pushes. */
export interface ChainTransport {
  name: string;
  ok: boolean;
  reason: string | null;
  state: "closed" | "open" | "half-open" | "disabled";
  failures: number;
  delivered: number;
  retry_at: string | null;
  error: { at: string | null; message: string } | null;
}

export interface Chain {
  name: string;
  failures: number;
  retry_after_ms: number;
  sent_id: string;
  lag: number;
  lost: number;
  delivered: number;
  transports: ChainTransport[];
}

export const enableTransport = (name: string) => api.post(`/api/transports/${encodeURIComponent(name)}/enable`);

export const transportsQuery = () =>
  queryOptions({
    queryKey: ["transports"],
    queryFn: ({ signal }) => api.get<Transports>("/api/transports", { signal }),
    refetchInterval: 10_000,
  });
