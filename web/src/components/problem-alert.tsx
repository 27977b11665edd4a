import { Button } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { ApiError } from "@/api/http";
import { Notice } from "./notice";

interface Props {
  error: unknown;
  /** What could not be done, where the server's title does not say. */
  what?: string;
  onRetry?: () => void;
  children?: ReactNode;
}

/** What happened, in the server's words, and what can be done about it. */
export function ProblemAlert({ error, what, onRetry, children }: Props) {
  const title = error instanceof ApiError ? error.problem.title : "Something went wrong";
  const detail = error instanceof ApiError ? error.problem.detail : error instanceof Error ? error.message : String(error);
  return (
    <Notice
      tone="failed"
      title={what ? `${what}: ${title}` : title}
      action={
        onRetry && (
          <Button size="xs" variant="default" leftSection={<IconRefresh size={14} />} onClick={onRetry}>
            Try again
          </Button>
        )
      }
    >
      {detail && <p style={{ margin: "2px 0 0" }}>{detail}</p>}
      {children}
    </Notice>
  );
}
