import { useRunCompletion } from "@/hooks/use-run-completion";
import { isWebSocket } from "@/hooks/use-websocket";
import { useScrapeProgressOver, type ScrapeProgressState } from "@/hooks/use-websocket-scrape-progress";

interface Options {
  runId: number;
  isRunning: boolean;
  /** Called once, when a run that was running has ended, however that became known. */
  onComplete?: (runId: number) => void;
}

/** A run while it is active: over WebSocket, else over what the chain fell back to. The connected one's state wins. */
export function useScrapeProgress({ runId, isRunning, onComplete }: Options): ScrapeProgressState {
  const followed = isRunning ? runId : null;
  const webSocket = useScrapeProgressOver(followed, isWebSocket);
  const fallback = useScrapeProgressOver(followed, (kind) => !isWebSocket(kind));
  useRunCompletion({ runId, isRunning, onComplete });
  return fallback.isConnected ? fallback : webSocket;
}
