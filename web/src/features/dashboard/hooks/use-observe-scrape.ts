import type { Run } from "@/api/runs";
import { useConnectionStatus } from "@/hooks/chain-client";
import { useActiveRuns } from "@/hooks/use-active-runs";
import { useScrapeProgressOver, useWebSocketScrapeProgress, type ScrapeProgressState } from "@/hooks/use-websocket-scrape-progress";
import type { TransportKind } from "@/lib/chain-client/types";

/** A run as it comes where there is no WebSocket: by server-sent events, or what else the chain falls back to. */
export function useObserveScrape(runId: number | null): ScrapeProgressState {
  return useScrapeProgressOver(runId, (kind) => kind !== "websocket");
}

export interface ActiveScrapes extends ScrapeProgressState {
  /** All runs that have not ended, the newest first; undefined until that is known. */
  runs: Run[] | undefined;
  /** The one that the progress is of: the newest that is not waiting for another. */
  run: Run | null;
  transport: TransportKind | null;
}

/** Finds the active runs and observes one: by WebSocket where there is one, else by what the chain fell back to. */
export function useActiveScrapesObserver(): ActiveScrapes {
  const transport = useConnectionStatus((status) => status.transport);
  const { data: runs } = useActiveRuns();
  const run = runs?.find(({ status }) => status !== "queued") ?? runs?.[0] ?? null;
  const webSocket = useWebSocketScrapeProgress(run?.id ?? null);
  const fallback = useObserveScrape(run?.id ?? null);
  return { ...(fallback.isConnected ? fallback : webSocket), runs, run, transport };
}
