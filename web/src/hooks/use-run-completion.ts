import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";
import { endedRuns } from "@/lib/messages";
import { isEnd } from "@/lib/phases";
import { useChain } from "./chain-client";
import { runEnded } from "./run-news";
import { useRunFeed } from "./use-run-feed";

interface Options {
  runId: number;
  isRunning: boolean;
  onComplete?: ((runId: number) => void) | undefined;
}

/**
 * Notices the end of a run that was running, whoever tells of it: its own messages, a snapshot after the connection was lost, or
 * the API (`isRunning` becomes false). The first of them invalidates the queries and calls `onComplete`; the others change nothing.
 */
export function useRunCompletion({ runId, isRunning, onComplete }: Options): void {
  const { listen } = useChain();
  const queryClient = useQueryClient();
  const { overallPhase } = useRunFeed(isRunning ? runId : null);
  const watched = useRef<number | null>(null);
  const completed = useRef<number | null>(null);
  const latest = useRef(onComplete);

  useEffect(() => {
    latest.current = onComplete;
  }, [onComplete]);

  const complete = useCallback(() => {
    if (completed.current === runId) return;
    completed.current = runId;
    runEnded(queryClient, runId);
    latest.current?.(runId);
  }, [queryClient, runId]);

  useEffect(() => {
    if (isRunning && isEnd(overallPhase)) complete();
  }, [complete, isRunning, overallPhase]);

  useEffect(() => {
    if (!isRunning) {
      if (watched.current === runId) complete();
      return;
    }
    watched.current = runId;
    return listen((message) => {
      if (endedRuns(message).includes(runId)) complete();
    });
  }, [complete, isRunning, listen, runId]);
}
