import { useQuery } from "@tanstack/react-query";
import { activeRunsQuery } from "@/api/runs";
import type { TransportKind } from "@/lib/chain-client/types";
import type { ScrapeProgress } from "@/lib/messages";
import type { Phase } from "@/lib/phases";
import type { PlatformProgress } from "@/lib/run-feed";
import { useChain, useConnectionStatus } from "./chain-client";
import { useRunFeed } from "./use-run-feed";
import { connectionStateOf, isWebSocket, type ConnectionState } from "./use-websocket";

export interface ScrapeProgressState {
  isConnected: boolean;
  connectionState: ConnectionState;
  /** The last message, of whichever platform. */
  currentProgress: ScrapeProgress | null;
  /** The last message of each platform. */
  platformProgress: Record<string, PlatformProgress>;
  overallPhase: Phase | null;
  error: string | null;
  reconnect: () => void;
}

/** One run as the transports of `mine` show it. What was seen already stays when the connection is lost. */
export function useScrapeProgressOver(runId: number | null, mine: (kind: TransportKind) => boolean): ScrapeProgressState {
  const { reconnect } = useChain();
  const { current, platforms, overallPhase, status } = useRunFeed(runId);
  const connectionState = useConnectionStatus((whole) => connectionStateOf(whole, mine));
  const connectionError = useConnectionStatus((whole) => whole.error);
  const failed = status === "failed" ? "This run cannot be followed." : null;
  return {
    isConnected: connectionState === "connected",
    connectionState,
    currentProgress: current,
    platformProgress: platforms,
    overallPhase,
    error: connectionState === "connected" ? failed : (connectionError ?? failed),
    reconnect,
  };
}

/** A run as it comes over WebSocket; without an id, the one that is active. */
export function useWebSocketScrapeProgress(runId?: number | null): ScrapeProgressState {
  const active = useQuery({ ...activeRunsQuery(), enabled: runId === undefined });
  return useScrapeProgressOver(runId === undefined ? (active.data?.[0]?.id ?? null) : runId, isWebSocket);
}
