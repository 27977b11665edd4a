import { BarChart } from "@mantine/charts";
import "@mantine/charts/styles.css";
import type { DayStats } from "@/api/stats";
import { compactCount, count, day } from "@/lib/format";
import { DAY_SERIES } from "./series";

export default function DaysChart({ days, height }: { days: DayStats[]; height: number }) {
  const data = days.map((one) => ({
    date: day(one.date),
    new: one.new,
    changed: one.changed,
    unchanged: Math.max(0, one.items - one.new - one.changed),
  }));
  return (
    <BarChart
      h={height}
      data={data}
      dataKey="date"
      type="stacked"
      series={DAY_SERIES}
      withLegend={false}
      maxBarWidth={34}
      gridAxis="x"
      tickLine="none"
      strokeDasharray="2 4"
      valueFormatter={(value) => count(value)}
      yAxisProps={{ width: 42, tickFormatter: (value: number) => compactCount(value), allowDecimals: false }}
      xAxisProps={{ minTickGap: 14 }}
      barProps={{ isAnimationActive: false }}
    />
  );
}
