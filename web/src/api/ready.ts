import { queryOptions } from "@tanstack/react-query";
import { api } from "./http";

/** Fails with the server's own words when it is up but cannot do its work. */
export const readyQuery = () =>
  queryOptions({
    queryKey: ["ready"],
    queryFn: ({ signal }) => api.get<{ status: string }>("/ready", { signal }),
    refetchInterval: 10_000,
    retry: false,
  });
