import { useCallback, useSyncExternalStore } from "react";
import { NO_PROGRESS, type RunProgress } from "@/lib/run-feed";
import { useChain } from "./chain-client";

const nothing = () => () => undefined;

/** All that the messages of a run have said, from its first to now; null: of no run. */
export function useRunFeed(runId: number | null): RunProgress {
  const { feeds } = useChain();
  const subscribe = useCallback(
    (listener: () => void) => (runId === null ? nothing() : feeds.subscribe(runId, listener)),
    [feeds, runId],
  );
  return useSyncExternalStore(subscribe, () => (runId === null ? NO_PROGRESS : feeds.get(runId)));
}
