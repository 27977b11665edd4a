import { IconAlertCircle, IconInfoCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./notice.module.css";

interface Props {
  /** As a run's phase of that name: something failed, or needs a decision. */
  tone: "failed" | "partial";
  title: ReactNode;
  action?: ReactNode;
  children?: ReactNode;
}

export function Notice({ tone, title, action, children }: Props) {
  const Icon = tone === "failed" ? IconAlertCircle : IconInfoCircle;
  return (
    <div className={classes.notice} data-phase={tone} role="alert">
      <Icon size={18} aria-hidden className={classes.icon} />
      <div className={classes.text}>
        <strong>{title}</strong>
        {children}
      </div>
      {action}
    </div>
  );
}
