import { Stack, Tabs } from "@mantine/core";
import { IconAlertTriangle, IconListDetails, IconTerminal2 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "react-router-dom";
import { isStatus } from "@/api/http";
import { runQuery, type Run } from "@/api/runs";
import { useAnnounce } from "@/components/announcer";
import { Empty } from "@/components/empty";
import { PageHeader } from "@/components/page-header";
import { Panel } from "@/components/panel";
import { PhaseBadge } from "@/components/phase-badge";
import { PlatformProgressList } from "@/components/platform-progress";
import { QueryView } from "@/components/query-view";
import { RunCommands } from "@/components/run-commands";
import { Elapsed } from "@/components/time";
import { useConnectionStatus } from "@/hooks/chain-client";
import { useNow } from "@/hooks/use-now";
import { useRunFeed } from "@/hooks/use-run-feed";
import { useUrlParams } from "@/hooks/use-url-params";
import { count, dateTime, plural } from "@/lib/format";
import { isEnd, phaseMeaning } from "@/lib/phases";
import { viewRun, type RunView } from "@/lib/run-view";
import { notesOn } from "./components/platform-notes";
import { RunErrors } from "./components/run-errors";
import { RunFigures } from "./components/run-figures";
import { RunItems } from "./components/run-items";
import { RunLog } from "./components/run-log";
import { ThroughputPanel } from "./components/throughput-panel";
import { useScrapeProgress } from "./hooks/use-scrape-progress";

/** While no message tells how the run goes, ask. */
const ASK_MS = 3_000;

export default function ScrapeRunPage() {
  const id = Number(useParams().id);
  const connected = useConnectionStatus(({ phase }) => phase === "connected");
  const query = useQuery({
    ...runQuery(id),
    enabled: Number.isSafeInteger(id),
    refetchInterval: ({ state }) => (!connected && state.data && !isEnd(state.data.status) ? ASK_MS : false),
  });
  if (!Number.isSafeInteger(id) || isStatus(query.error, 404)) return <NoSuchRun />;
  return (
    <QueryView query={query} what={`Run ${id.toString()} could not be read`}>
      {(run) => <ScrapeRun key={run.id} run={run} />}
    </QueryView>
  );
}

function NoSuchRun() {
  return (
    <>
      <PageHeader title="No such run" />
      <Empty title="There is no run of this number" action={<Link to="/runs">All runs</Link>}>
        It may have been removed, as old runs are.
      </Empty>
    </>
  );
}

function ScrapeRun({ run }: { run: Run }) {
  const announce = useAnnounce();
  const isRunning = !isEnd(run.status);
  const { error } = useScrapeProgress({
    runId: run.id,
    isRunning,
    onComplete: (id) => { announce(`Run ${id.toString()} has ended`); },
  });
  // Followed also when it is over: its messages tell how it went over time.
  const progress = useRunFeed(run.id);
  const now = useNow(isRunning ? 1000 : 0);
  const view = viewRun(run, progress, now);

  return (
    <>
      <PageHeader
        title={`Run ${run.id.toString()}`}
        mark={<PhaseBadge phase={view.status} />}
        above={
          <nav aria-label="Breadcrumb" style={{ fontSize: "var(--mantine-font-size-sm)" }}>
            <Link to="/runs">Scrape Runs</Link>
          </nav>
        }
        subtitle={<Subtitle run={run} view={view} />}
        actions={<RunCommands runId={run.id} status={view.status} />}
      />
      <Stack gap="md">
        <RunFigures run={run} view={view} />
        <Panel title="Platforms" hint={isRunning && error ? error : plural(view.platforms.length, "platform")}>
          <PlatformProgressList platforms={view.platforms} notes={notesOn(run.platforms)} />
        </Panel>
        <ThroughputPanel progress={progress} isRunning={isRunning} />
        <RunTabs run={run} view={view} lines={progress.log} />
      </Stack>
    </>
  );
}

function Subtitle({ run, view }: { run: Run; view: RunView }) {
  return (
    <>
      {`Started by ${run.trigger}, ${dateTime(run.started_at ?? run.created_at)}. `}
      {isEnd(view.status) ? "It took " : "It runs for "}
      <Elapsed from={view.startedAt ?? Date.parse(run.created_at)} to={view.endedAt} />
      {view.status === "completed" ? "." : `; it ${phaseMeaning(view.status)}.`}
    </>
  );
}

const TABS = ["items", "errors", "log"];

function RunTabs({ run, view, lines }: { run: Run; view: RunView; lines: Parameters<typeof RunLog>[0]["lines"] }) {
  const [params, change] = useUrlParams();
  const wanted = params.get("tab") ?? "";
  const tab = TABS.includes(wanted) ? wanted : "items";
  return (
    <Panel title="What came of it" flush>
      <Tabs
        value={tab}
        onChange={(value) => { change({ tab: value === "items" ? null : value, change: null, level: null }); }}
        keepMounted={false}
      >
        <Tabs.List px="md">
          <Tabs.Tab value="items" leftSection={<IconListDetails size={16} aria-hidden />}>
            Items <span className="dimmed">{count(view.items)}</span>
          </Tabs.Tab>
          <Tabs.Tab value="errors" leftSection={<IconAlertTriangle size={16} aria-hidden />}>
            Errors <span className="dimmed">{count(view.failed)}</span>
          </Tabs.Tab>
          <Tabs.Tab value="log" leftSection={<IconTerminal2 size={16} aria-hidden />}>
            Log
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="items">
          <RunItems run={run} view={view} />
        </Tabs.Panel>
        <Tabs.Panel value="errors">
          <RunErrors run={run} />
        </Tabs.Panel>
        <Tabs.Panel value="log">
          <RunLog run={run} lines={lines} />
        </Tabs.Panel>
      </Tabs>
    </Panel>
  );
}
