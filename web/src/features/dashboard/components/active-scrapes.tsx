import { Button, Group } from "@mantine/core";
import { IconPlugConnectedX, IconRefresh, IconRipple } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router-dom";
import { activeRunsQuery, runsQuery, type Run } from "@/api/runs";
import { Panel } from "@/components/panel";
import { PhaseBadge } from "@/components/phase-badge";
import { PlatformProgressList } from "@/components/platform-progress";
import { LoadingLines } from "@/components/query-view";
import { ProblemAlert } from "@/components/problem-alert";
import { RunCommands } from "@/components/run-commands";
import { Elapsed, TimeAgo } from "@/components/time";
import { useNow } from "@/hooks/use-now";
import { useRunFeed } from "@/hooks/use-run-feed";
import { count, plural, rate, timeLeft } from "@/lib/format";
import { phaseMeaning } from "@/lib/phases";
import { viewRun, type RunView } from "@/lib/run-view";
import { useActiveScrapesObserver } from "../hooks/use-observe-scrape";
import classes from "./dashboard.module.css";

/** What runs now, live. */
export function ActiveScrapes() {
  const { runs, connectionState, error, reconnect } = useActiveScrapesObserver();
  const { error: unread, refetch } = useQuery(activeRunsQuery());
  if (!runs) {
    return (
      <Panel title="Running now">
        {unread ? <ProblemAlert error={unread} onRetry={() => void refetch()} /> : <LoadingLines lines={3} />}
      </Panel>
    );
  }
  if (runs.length === 0) return <NothingRuns />;
  // Those that wait for their turn come last.
  const ordered = [...runs].sort((a, b) => Number(a.status === "queued") - Number(b.status === "queued"));
  return (
    <>
      {ordered.map((run) => (
        <ActiveRun key={run.id} run={run} />
      ))}
      {connectionState === "disconnected" && error && (
        <Group gap="xs" className="dimmed" fz="sm">
          <IconPlugConnectedX size={16} aria-hidden />
          {error} The figures stand as they were last seen.
          <Button size="compact-xs" variant="default" leftSection={<IconRefresh size={12} />} onClick={reconnect}>
            Reconnect
          </Button>
        </Group>
      )}
    </>
  );
}

function ActiveRun({ run }: { run: Run }) {
  const progress = useRunFeed(run.id);
  const now = useNow(1000);
  const view = viewRun(run, progress, now);
  return (
    <Panel
      title={
        <span className={classes.runTitle}>
          <Link to={`/runs/${run.id.toString()}`}>Run {run.id}</Link>
          <PhaseBadge phase={view.status} />
        </span>
      }
      hint={view.status === "queued" ? phaseMeaning("queued") : <Figures view={view} />}
      actions={
        <Group gap="xs">
          <RunCommands runId={run.id} status={view.status} size="xs" />
          <Button component={Link} to={`/runs/${run.id.toString()}`} size="xs" variant="default">
            Details
          </Button>
        </Group>
      }
    >
      <PlatformProgressList platforms={view.platforms} />
    </Panel>
  );
}

function Figures({ view }: { view: RunView }) {
  return (
    <>
      <Elapsed from={view.startedAt} to={view.endedAt} />
      {` · ${count(view.current)} of ${plural(view.total, "page")} · ${plural(view.items, "item")}`}
      {view.itemRate !== null && ` · ${rate(view.itemRate)} items`}
      {view.msLeft !== null && ` · about ${timeLeft(view.msLeft)} left`}
    </>
  );
}

function NothingRuns() {
  const last = useQuery(runsQuery({ limit: 1 })).data?.runs[0];
  return (
    <section className={classes.idle} aria-label="Running now">
      <span className={classes.idleIcon} aria-hidden>
        <IconRipple size={22} />
      </span>
      <div>
        <h2>Nothing runs at the moment</h2>
        {last ? (
          <p>
            The last one was <Link to={`/runs/${last.id.toString()}`}>run {last.id}</Link>: {last.status}{" "}
            <TimeAgo at={last.ended_at} />, {plural(last.items, "item")}, {count(last.new)} new and {count(last.changed)} changed.
          </p>
        ) : (
          <p>There has been no run yet. Start one and watch it here, page by page.</p>
        )}
      </div>
    </section>
  );
}
