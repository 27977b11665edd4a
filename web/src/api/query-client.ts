import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./http";

/** What cannot be reached may be back in a moment; what was refused will be refused again. */
function isPassing(error: Error): boolean {
  return !(error instanceof ApiError) || error.status === 0 || error.status >= 500;
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (failures, error) => failures < 2 && isPassing(error),
        // Trawl often runs on this very machine, which needs no network for it.
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
  });
}
