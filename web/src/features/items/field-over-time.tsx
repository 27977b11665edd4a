import { SegmentedControl } from "@mantine/core";
import { lazy } from "react";
import type { Item, ItemVersion } from "@/api/items";
import { ChartFrame } from "@/components/charts/chart-frame";
import { Panel } from "@/components/panel";
import { useUrlParams } from "@/hooks/use-url-params";
import { fieldsOf, numericFields } from "@/lib/diff";

const FieldChart = lazy(() => import("@/components/charts/field-chart"));
const HEIGHT = 190;
const FIELDS = 6;

/** A field that is a number, over time. Nothing where no number ever changed. */
export function FieldOverTime({ item, versions }: { item: Item; versions: ItemVersion[] }) {
  const [params, change] = useUrlParams();
  const fields = changingFields(versions).slice(0, FIELDS);
  const wanted = params.get("field");
  const field = fields.find((name) => name === wanted) ?? fields[0];
  if (field === undefined) return null;

  const points = versions.flatMap((version) => {
    const value = fieldsOf(version.item).get(field);
    return typeof value === "number" ? [{ at: Date.parse(version.seen_at), value }] : [];
  });
  // The last value holds to this day.
  const last = points.at(-1);
  if (last) points.push({ at: Math.max(last.at, Date.parse(item.last_seen)), value: last.value });
  const values = points.map(({ value }) => value);
  const label = `${field} over time: from ${Math.min(...values).toString()} to ${Math.max(...values).toString()}, now ${values.at(-1)?.toString() ?? ""}`;

  return (
    <Panel
      title="Over time"
      actions={
        fields.length > 1 && (
          <SegmentedControl aria-label="Field" size="xs" data={fields} value={field} onChange={(name) => { change({ field: name }); }} />
        )
      }
      hint={fields.length === 1 ? field : undefined}
    >
      <ChartFrame label={label} height={HEIGHT}>
        <FieldChart field={field} points={points} height={HEIGHT} />
      </ChartFrame>
    </Panel>
  );
}

function changingFields(versions: ItemVersion[]): string[] {
  const items = versions.map(({ item }) => item);
  return numericFields(items).filter((field) => new Set(items.map((item) => fieldsOf(item).get(field))).size > 1);
}
