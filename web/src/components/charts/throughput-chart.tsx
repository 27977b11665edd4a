import { AreaChart } from "@mantine/charts";
import "@mantine/charts/styles.css";
import { clock, duration, rate } from "@/lib/format";
import type { RatePoint } from "@/lib/throughput";
import { RATE_SERIES } from "./series";
import { tooltipTime } from "./tooltip-time";

export default function ThroughputChart({ points, height }: { points: RatePoint[]; height: number }) {
  const start = points[0]?.at ?? 0;
  return (
    <AreaChart
      h={height}
      data={points.map(({ at, items, pages }) => ({ at, items, pages }))}
      dataKey="at"
      series={RATE_SERIES}
      curveType="monotone"
      withLegend={false}
      withDots={false}
      fillOpacity={0.18}
      strokeWidth={1.8}
      gridAxis="x"
      tickLine="none"
      strokeDasharray="2 4"
      valueFormatter={(value) => rate(value)}
      yAxisProps={{ width: 42, tickFormatter: (value: number) => (value === 0 ? "0" : rate(value)) }}
      xAxisProps={{ minTickGap: 48, tickFormatter: (at: number) => duration(at - start) }}
      tooltipProps={{ labelFormatter: (at: unknown) => tooltipTime(at, clock), isAnimationActive: false }}
      areaProps={{ isAnimationActive: false }}
    />
  );
}
