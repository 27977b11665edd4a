import { lazy } from "react";
import { ChartFrame } from "@/components/charts/chart-frame";
import { RATE_SERIES } from "@/components/charts/series";
import { Panel } from "@/components/panel";
import { rate } from "@/lib/format";
import type { RunProgress } from "@/lib/run-feed";
import classes from "./throughput-panel.module.css";

const ThroughputChart = lazy(() => import("@/components/charts/throughput-chart"));
const HEIGHT = 190;

/** How fast the run went, from its first message on. */
export function ThroughputPanel({ progress, isRunning }: { progress: RunProgress; isRunning: boolean }) {
  const { rates, status } = progress;
  const waiting = status === "idle" || status === "replaying";
  const highest = (what: "items" | "pages") => rate(Math.max(0, ...rates.map((point) => point[what])));
  return (
    <Panel title="Throughput" hint={rates.length > 1 && `at most ${highest("items")} items and ${highest("pages")} pages`}>
      {rates.length > 1 ? (
        <ChartFrame
          label={`Throughput over time, at most ${highest("items")} items and ${highest("pages")} pages`}
          height={HEIGHT}
          legend={RATE_SERIES.map(({ label, color }) => ({ name: label, color }))}
        >
          <ThroughputChart points={rates} height={HEIGHT} />
        </ChartFrame>
      ) : isRunning || waiting ? (
        <div className={classes.empty} style={{ height: HEIGHT }}>
          {isRunning ? "The curve begins with the first pages." : "Reading how the run went …"}
        </div>
      ) : (
        <div className={classes.empty}>The messages of this run are no longer kept, so how it went over time is not known.</div>
      )}
    </Panel>
  );
}
