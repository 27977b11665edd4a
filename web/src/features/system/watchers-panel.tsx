import type { Watcher, WatcherMove, Watchers } from "@/api/watchers";
import { DataTable, type Column } from "@/components/data-table";
import { Empty } from "@/components/empty";
import { Panel } from "@/components/panel";
import { TimeAgo } from "@/components/time";
import { count, plural } from "@/lib/format";

function state({ blocked, lag, snapshots }: Watcher): string {
  const words = [
    blocked ? "takes nothing" : lag > 0 ? `${plural(lag, "event")} behind` : "has everything",
    ...(snapshots > 0 ? [plural(snapshots, "snapshot")] : []),
  ];
  return words.join(", ");
}

const describeMove = ({ from, reason, count: times }: WatcherMove) => `${from}: ${reason}${times > 1 ? ` (${times} times)` : ""}`;

const COLUMNS: Column<Watcher>[] = [
  { key: "transport", header: "By", cell: ({ transport }) => transport },
  { key: "moves", header: "After", cell: ({ moves }) => (moves.length > 0 ? moves.map(describeMove).join(", then ") : "–") },
  { key: "address", header: "Address", cell: ({ address }) => address },
  { key: "since", header: "Since", cell: ({ connected_at }) => <TimeAgo at={connected_at} /> },
  { key: "follows", header: "Follows", cell: ({ topics, run_id }) => `${topics.join(", ")}${run_id === null ? "" : ` of run ${run_id}`}` },
  { key: "sent", header: "Sent", cell: ({ sent_id }) => sent_id ?? "–" },
  { key: "shown", header: "Shown", cell: ({ shown_id }) => shown_id ?? "–" },
  { key: "state", header: "State", cell: state },
];

/** Who is connected, by what, and how far they are. */
export function WatchersPanel({ watchers: { transports, watchers } }: { watchers: Watchers }) {
  const total = Object.values(transports).reduce((sum, one) => sum + one, 0);
  const hint = total > watchers.length ? `${count(watchers.length)} of ${count(total)}` : plural(total, "connection");
  return (
    <Panel title="Watchers" hint={hint} flush>
      {watchers.length > 0 ? (
        <DataTable label="Watchers" columns={COLUMNS} rows={watchers} rowKey={(one) => one.connection_id} />
      ) : (
        <Empty title="Nobody watches">Who follows runs is listed here.</Empty>
      )}
    </Panel>
  );
}
