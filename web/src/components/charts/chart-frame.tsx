import { Skeleton } from "@mantine/core";
import { Suspense, type ReactNode } from "react";
import { ErrorBoundary } from "../error-boundary";
import classes from "./charts.module.css";

interface Props {
  /** What the chart shows, in words: its text for those who do not see it. */
  label: string;
  height: number;
  legend?: { name: string; color: string }[];
  children: ReactNode;
}

/** The charting library is large and comes after the page; the place is kept meanwhile. */
export function ChartFrame({ label, height, legend = [], children }: Props) {
  return (
    <figure className={classes.figure}>
      {legend.length > 0 && (
        <figcaption className={classes.legend}>
          {legend.map(({ name, color }) => (
            <span key={name}>
              <i style={{ background: color }} aria-hidden />
              {name}
            </span>
          ))}
        </figcaption>
      )}
      <ErrorBoundary page={label} what="The chart could not be shown">
        <div role="img" aria-label={label} style={{ height }}>
          <Suspense fallback={<Skeleton height={height} radius="md" />}>{children}</Suspense>
        </div>
      </ErrorBoundary>
    </figure>
  );
}
