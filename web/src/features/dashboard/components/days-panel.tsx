import { lazy } from "react";
import type { DayStats } from "@/api/stats";
import { ChartFrame } from "@/components/charts/chart-frame";
import { DAY_SERIES } from "@/components/charts/series";
import { Panel } from "@/components/panel";
import { count, plural } from "@/lib/format";

const DaysChart = lazy(() => import("@/components/charts/days-chart"));
const HEIGHT = 210;

/** Items of the last days, and what was new in them. */
export function DaysPanel({ days }: { days: DayStats[] }) {
  const sum = (what: "items" | "new" | "changed" | "runs") => days.reduce((total, one) => total + one[what], 0);
  const label = `Items of the last ${plural(days.length, "day")}: ${count(sum("items"))}, of them ${count(sum("new"))} new and ${count(sum("changed"))} changed`;
  return (
    <Panel title="Items by day" hint={`last ${plural(days.length, "day")}, ${plural(sum("runs"), "run")}`}>
      <ChartFrame label={label} height={HEIGHT} legend={DAY_SERIES.map((series) => ({ name: series.label, color: series.color }))}>
        <DaysChart days={days} height={HEIGHT} />
      </ChartFrame>
    </Panel>
  );
}
