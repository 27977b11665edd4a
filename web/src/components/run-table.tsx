import type { Run } from "@/api/runs";
import { useNow } from "@/hooks/use-now";
import { useRunFeed } from "@/hooks/use-run-feed";
import { count, plural } from "@/lib/format";
import { isEnd } from "@/lib/phases";
import { viewRun, type RunView } from "@/lib/run-view";
import { DataTable, type Column } from "./data-table";
import { PhaseBadge } from "./phase-badge";
import { ProgressBar } from "./progress-bar";
import { RowLink } from "./row-link";
import classes from "./run-table.module.css";
import { Elapsed, TimeAgo } from "./time";

const NAMES_SHOWN = 3;

/** Those that run are followed, so that their rows live. */
function Live({ run, children }: { run: Run; children: (view: RunView) => React.ReactNode }) {
  const running = !isEnd(run.status);
  const progress = useRunFeed(running ? run.id : null);
  const now = useNow(running ? 1000 : 0);
  return children(viewRun(run, progress, now));
}

function platformNames({ platforms }: Run): string {
  const names = platforms.map(({ platform }) => platform);
  const more = names.length - NAMES_SHOWN;
  return more > 0 ? `${names.slice(0, NAMES_SHOWN).join(", ")} and ${count(more)} more` : names.join(", ");
}

const COLUMNS: Column<Run>[] = [
  {
    key: "id",
    header: "Run",
    cell: (run) => (
      <span className={classes.first}>
        <RowLink to={`/runs/${run.id.toString()}`}>Run {run.id}</RowLink>
        <span className={classes.under}>{platformNames(run)}</span>
        <span className={classes.phone}>
          <Live run={run}>{(view) => <Summary run={run} view={view} />}</Live>
        </span>
      </span>
    ),
  },
  {
    key: "status",
    header: "Status",
    from: "xs",
    width: 150,
    cell: (run) => (
      <Live run={run}>{(view) => <Status view={view} />}</Live>
    ),
  },
  { key: "trigger", header: "Started by", from: "lg", cell: ({ trigger }) => <span className="dimmed">{trigger}</span> },
  { key: "started", header: "Started", from: "xs", cell: (run) => <TimeAgo at={run.started_at ?? run.created_at} /> },
  {
    key: "took",
    header: "Took",
    numeric: true,
    from: "md",
    cell: (run) => <Live run={run}>{({ startedAt, endedAt }) => <Elapsed from={startedAt} to={endedAt} />}</Live>,
  },
  { key: "pages", header: "Pages", numeric: true, from: "lg", cell: (run) => <Live run={run}>{({ current }) => count(current)}</Live> },
  { key: "items", header: "Items", numeric: true, from: "xs", cell: (run) => <Live run={run}>{({ items }) => count(items)}</Live> },
  {
    key: "new",
    header: "New",
    numeric: true,
    from: "sm",
    cell: (run) => <Live run={run}>{(view) => <Figure value={view.new} tone="var(--change-new)" />}</Live>,
  },
  {
    key: "changed",
    header: "Changed",
    numeric: true,
    from: "sm",
    cell: (run) => <Live run={run}>{({ changed }) => <Figure value={changed} tone="var(--change-changed)" />}</Live>,
  },
  {
    key: "failed",
    header: "Failed",
    numeric: true,
    from: "md",
    cell: (run) => <Live run={run}>{({ failed }) => <Figure value={failed} tone="var(--bad)" />}</Live>,
  },
];

function Status({ view: { id, status, current, total } }: { view: RunView }) {
  return (
    <span className={classes.status}>
      <PhaseBadge phase={status} />
      {!isEnd(status) && total > 0 && <ProgressBar label={`Pages of run ${id.toString()}`} phase={status} current={current} total={total} />}
    </span>
  );
}

/** What the other columns say, for screens that have no place for them. */
function Summary({ run, view }: { run: Run; view: RunView }) {
  return (
    <>
      <span className={classes.line}>
        <Status view={view} />
        <TimeAgo at={run.started_at ?? run.created_at} />
      </span>
      {`${plural(view.items, "item")} · ${count(view.new)} new · ${count(view.changed)} changed · ${count(view.failed)} failed`}
    </>
  );
}

/** Noughts step back, so that what is not one is seen. */
function Figure({ value, tone }: { value: number; tone: string }) {
  return <span style={{ color: value > 0 ? tone : "var(--mantine-color-dimmed)" }}>{count(value)}</span>;
}

export function RunTable({ label, runs, stale = false }: { label: string; runs: Run[]; stale?: boolean }) {
  return <DataTable label={`${label}, ${plural(runs.length, "entry", "entries")}`} columns={COLUMNS} rows={runs} rowKey={({ id }) => id} stale={stale} />;
}
