import type { ReactNode } from "react";
import classes from "./stat.module.css";

interface StatProps {
  label: string;
  value: ReactNode;
  hint?: ReactNode;
  tone?: "good" | "bad" | "warn" | undefined;
}

export function Stat({ label, value, hint, tone }: StatProps) {
  return (
    <div className={classes.stat}>
      <dt className={classes.label}>{label}</dt>
      <dd className={classes.value} data-tone={tone}>
        {value}
        {hint && <span className={classes.hint}>{hint}</span>}
      </dd>
    </div>
  );
}

/** Figures in one frame; as many in a row as there is room for. */
export function StatStrip({ children, label }: { children: ReactNode; label: string }) {
  return (
    <section aria-label={label}>
      <dl className={classes.strip}>{children}</dl>
    </section>
  );
}
