import { IconArrowRight } from "@tabler/icons-react";
import type { CountedMove, Transports } from "@/api/transports";
import { DataTable, type Column } from "@/components/data-table";
import { Empty } from "@/components/empty";
import { Panel } from "@/components/panel";
import { count, duration, plural } from "@/lib/format";
import classes from "./system.module.css";

/** The chain that serves who watches, the best first, and which of it works. */
export function TransportsPanel({ transports: { transports, failures, retry_after_ms } }: { transports: Transports }) {
  return (
    <Panel
      title="Live chain"
      hint={`the next one after ${plural(failures, "failure")} in a row, back after ${duration(retry_after_ms)}`}
    >
      <ol className={classes.chain}>
        {transports.map(({ name, ok, state, paths, reason }, index) => (
          <li key={name} className={classes.transport}>
            {index > 0 && <IconArrowRight size={16} aria-hidden className={classes.arrow} />}
            <div className={classes.card} data-phase={ok ? "completed" : "failed"}>
              <span className={classes.name}>
                <i aria-hidden />
                {name}
                <small>{state === "half-open" ? "is tried again" : ok ? "serves" : "out of service"}</small>
              </span>
              {reason && <span className={classes.reason}>{reason}</span>}
              {paths.map((path) => (
                <span key={path} className={classes.path}>
                  {path}
                </span>
              ))}
            </div>
          </li>
        ))}
      </ol>
    </Panel>
  );
}

const COLUMNS: Column<CountedMove>[] = [
  { key: "move", header: "Move", cell: ({ from, to }) => `${from} → ${to}` },
  { key: "reason", header: "Reason", cell: ({ reason }) => reason },
  { key: "count", header: "Times", numeric: true, cell: (move) => count(move.count) },
];

/** How often clients had to change the transport, and why: a proxy in the way shows here. */
export function MovesPanel({ moves }: { moves: CountedMove[] }) {
  return (
    <Panel title="Changes of transport" hint="as clients told" flush>
      {moves.length > 0 ? (
        <DataTable label="Changes of transport" columns={COLUMNS} rows={moves} rowKey={({ from, to, reason }) => `${from} ${to} ${reason}`} />
      ) : (
        <Empty title="No client had to change">All that came were served by the first transport that they tried.</Empty>
      )}
    </Panel>
  );
}
