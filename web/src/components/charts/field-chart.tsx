import { LineChart } from "@mantine/charts";
import "@mantine/charts/styles.css";
import { dateTime } from "@/lib/format";
import { tooltipTime } from "./tooltip-time";

interface Props {
  field: string;
  points: { at: number; value: number }[];
  height: number;
}

/** A value holds until the next one was seen, so the line has steps. */
export default function FieldChart({ field, points, height }: Props) {
  return (
    <LineChart
      h={height}
      data={points}
      dataKey="at"
      series={[{ name: "value", label: field, color: "var(--chart-items)" }]}
      curveType="stepAfter"
      withLegend={false}
      strokeWidth={2}
      gridAxis="x"
      tickLine="none"
      strokeDasharray="2 4"
      valueFormatter={(value) => value.toString()}
      yAxisProps={{ width: 56, domain: ["auto", "auto"] }}
      xAxisProps={{
        type: "number",
        scale: "time",
        domain: ["dataMin", "dataMax"],
        minTickGap: 60,
        tickFormatter: (value: number) => dateTime(value),
      }}
      tooltipProps={{ labelFormatter: (at: unknown) => tooltipTime(at, dateTime), isAnimationActive: false }}
      lineProps={{ isAnimationActive: false }}
    />
  );
}
