import { Button } from "@mantine/core";
import { IconAlertCircle, IconRefresh } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { ApiError } from "@/api/http";
import classes from "./problem-alert.module.css";

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
    <div className={classes.alert} role="alert">
      <IconAlertCircle size={18} aria-hidden className={classes.icon} />
      <div className={classes.text}>
        <strong>{what ? `${what}: ${title}` : title}</strong>
        {detail && <p className={classes.detail}>{detail}</p>}
        {children}
      </div>
      {onRetry && (
        <Button size="xs" variant="default" leftSection={<IconRefresh size={14} />} onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}
