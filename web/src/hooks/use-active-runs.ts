import { useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { activeRunsQuery, type Run } from "@/api/runs";
import { endedRuns, isProgress } from "@/lib/messages";
import { isEnd } from "@/lib/phases";
import { useChain, useConnectionStatus } from "./chain-client";
import { runEnded, runStarted } from "./run-news";

/** While no message can tell of new runs, ask. */
const ASK_MS = 5_000;

/** The runs that have not ended, the newest first; kept fresh by messages, and by asking while there is no connection. */
export function useActiveRuns(): UseQueryResult<Run[]> {
  const { listen } = useChain();
  const queryClient = useQueryClient();
  const connected = useConnectionStatus(({ phase }) => phase === "connected");
  const query = useQuery({ ...activeRunsQuery(), refetchInterval: connected ? false : ASK_MS });
  const known = useRef<number[]>([]);

  useEffect(
    () =>
      listen((message) => {
        for (const id of endedRuns(message)) runEnded(queryClient, id);
        if (isProgress(message) && message.data.platform === null && !isEnd(message.data.phase)) {
          runStarted(queryClient, message.data.run_id);
        }
        if (message.type === "snapshot") void queryClient.invalidateQueries({ queryKey: activeRunsQuery().queryKey });
      }),
    [listen, queryClient],
  );

  // A run that is gone from the list has ended while nothing could tell.
  useEffect(() => {
    if (!query.data) return;
    const ids = query.data.map(({ id }) => id);
    for (const id of known.current) if (!ids.includes(id)) runEnded(queryClient, id);
    known.current = ids;
  }, [query.data, queryClient]);

  return query;
}
