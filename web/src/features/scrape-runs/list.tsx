import { Button, Group, Select } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "react-router-dom";
import { platformsQuery } from "@/api/platforms";
import { runsQuery } from "@/api/runs";
import { Empty } from "@/components/empty";
import { PageHeader } from "@/components/page-header";
import { Pager } from "@/components/pager";
import { Panel } from "@/components/panel";
import { QueryView } from "@/components/query-view";
import { RunTable } from "@/components/run-table";
import { StartScrapeButton } from "@/components/start-scrape";
import { useUrlParams } from "@/hooks/use-url-params";
import { PHASES } from "@/lib/phases";

const PAGE_SIZE = 25;

export default function ScrapeRuns() {
  const navigate = useNavigate();
  return (
    <>
      <PageHeader
        title="Scrape Runs"
        subtitle="Every run, the newest first"
        actions={<StartScrapeButton onStarted={(id) => void navigate(`/runs/${id.toString()}`)} />}
      />
      <Panel title="Runs" actions={<Filters />} flush>
        <RunList />
      </Panel>
    </>
  );
}

function Filters() {
  const [params, change] = useUrlParams();
  const platforms = useQuery(platformsQuery()).data ?? [];
  return (
    <Group gap="xs" role="search" aria-label="Filter runs">
      <Select
        aria-label="Status"
        placeholder="Any status"
        data={[...PHASES]}
        value={params.get("status")}
        onChange={(status) => { change({ status }); }}
        clearable
        size="xs"
        w={150}
      />
      <Select
        aria-label="Platform"
        placeholder="Any platform"
        data={platforms.map(({ name }) => name)}
        value={params.get("platform")}
        onChange={(platform) => { change({ platform }); }}
        clearable
        searchable
        size="xs"
        w={170}
      />
    </Group>
  );
}

function RunList() {
  const [params, change] = useUrlParams();
  const status = params.get("status");
  const platform = params.get("platform");
  const runs = useQuery(runsQuery({ status, platform, cursor: params.get("cursor"), limit: PAGE_SIZE }));
  const filtered = status !== null || platform !== null;
  return (
    <QueryView query={runs} padded what="The runs could not be read">
      {(list) =>
        list.runs.length > 0 ? (
          <>
            <RunTable label="Runs" runs={list.runs} stale={runs.isPlaceholderData} />
            <Pager next={list.next} label="Pages of runs" />
          </>
        ) : filtered ? (
          <Empty
            icon={<IconHistory size={22} />}
            title="No run is like that"
            action={
              <Button size="xs" variant="default" onClick={() => { change({ status: null, platform: null }); }}>
                Clear the filters
              </Button>
            }
          >
            Runs of another status or platform may be there.
          </Empty>
        ) : (
          <Empty icon={<IconHistory size={22} />} title="There has been no run yet">
            Start one with the button above: its progress can be watched live, and what it found stays here.
          </Empty>
        )
      }
    </QueryView>
  );
}
