import { Skeleton, Stack } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ProblemAlert } from "./problem-alert";

interface Props<T> {
  query: UseQueryResult<T>;
  /** Until the first answer; lines if left out. */
  loading?: ReactNode;
  /** What is being read, for the error. */
  what?: string;
  padded?: boolean;
  children: (data: T) => ReactNode;
}

/** A query's three faces. An answer that grew old because the next one failed is still shown, below what happened. */
export function QueryView<T>({ query, loading, what, padded = false, children }: Props<T>) {
  const { data, error, isPending, refetch } = query;
  const frame = (content: ReactNode) => (padded ? <div style={{ padding: "4px 16px 14px" }}>{content}</div> : content);
  if (isPending) return frame(loading ?? <LoadingLines />);
  return (
    <>
      {error && frame(<ProblemAlert error={error} {...(what && { what })} onRetry={() => void refetch()} />)}
      {data !== undefined && children(data)}
    </>
  );
}

export function LoadingLines({ lines = 4 }: { lines?: number }) {
  return (
    <Stack gap={10} role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => (
        <Skeleton key={index} height={18} width={`${(96 - ((index * 17) % 40)).toString()}%`} />
      ))}
    </Stack>
  );
}
