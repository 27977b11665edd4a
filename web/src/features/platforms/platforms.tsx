import { Button, Group, SimpleGrid, Skeleton } from "@mantine/core";
import { IconWorldWww } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "react-router-dom";
import { platformsQuery, type Platform } from "@/api/platforms";
import { pluginsQuery, type Plugin } from "@/api/plugins";
import { runsQuery } from "@/api/runs";
import { useSchedules, type Schedule } from "@/api/schedules";
import { Empty } from "@/components/empty";
import { OptionTable } from "@/components/option-table";
import { PageHeader } from "@/components/page-header";
import { Panel } from "@/components/panel";
import { PhaseBadge } from "@/components/phase-badge";
import { QueryView } from "@/components/query-view";
import { StartScrapeButton } from "@/components/start-scrape";
import { TimeAgo } from "@/components/time";
import { count, plural } from "@/lib/format";
import classes from "./platforms.module.css";
import { ScheduleFacts } from "./schedule-facts";

export default function Platforms() {
  const platforms = useQuery(platformsQuery());
  const plugins = useQuery(pluginsQuery()).data ?? [];
  const schedules = useSchedules();
  return (
    <>
      <PageHeader title="Platforms" subtitle="What the configuration lists: sites, APIs and feeds" />
      <QueryView query={platforms} what="The platforms could not be read">
        {(list) =>
          list.length > 0 ? (
            <SimpleGrid cols={{ base: 1, lg: 2, xl: 3 }} spacing="md">
              {list.map((platform) => (
                <PlatformCard
                  key={platform.name}
                  platform={platform}
                  plugin={plugins.find(({ name }) => name === platform.plugin)}
                  schedule={schedules.find((schedule) => schedule.platform === platform.name)}
                />
              ))}
            </SimpleGrid>
          ) : (
            <Empty icon={<IconWorldWww size={22} />} title="No platform is configured">
              Add one under “platforms” in the server&apos;s configuration file, check it with “trawl check”, and start the server again.
            </Empty>
          )
        }
      </QueryView>
    </>
  );
}

interface CardProps {
  platform: Platform;
  plugin: Plugin | undefined;
  schedule: Schedule | undefined;
}

function PlatformCard({ platform, plugin, schedule }: CardProps) {
  const navigate = useNavigate();
  const query = `?platform=${encodeURIComponent(platform.name)}`;
  const options = plugin?.options ?? [];
  return (
    <Panel
      title={platform.name}
      hint={platform.enabled === false ? "only when asked for by name" : undefined}
      actions={
        <StartScrapeButton
          platform={platform.name}
          label="Start"
          variant="light"
          size="xs"
          onStarted={(id) => void navigate(`/runs/${id.toString()}`)}
        />
      }
    >
      <dl className={classes.facts}>
        <dt>Plugin</dt>
        <dd>
          {platform.plugin}
          {plugin && <span className="dimmed"> {plugin.version}</span>}
          {plugin?.summary && <span className={classes.summary}>{plugin.summary}</span>}
        </dd>
        {schedule && (
          <>
            <dt>Schedule</dt>
            <dd>
              <ScheduleFacts schedule={schedule} />
            </dd>
          </>
        )}
        <dt>Last run</dt>
        <dd>
          <LastRun platform={platform.name} />
        </dd>
        {platform.overridable && platform.overridable.length > 0 && (
          <>
            <dt>May be set at the start</dt>
            <dd className="mono">{platform.overridable.join(", ")}</dd>
          </>
        )}
      </dl>
      {options.length > 0 && (
        <details className={classes.options}>
          <summary>{plural(options.length, "option")} of its plugin</summary>
          <OptionTable
            label={`Options of ${platform.name}`}
            options={options}
            values={platform.options}
            overridable={platform.overridable ?? []}
          />
        </details>
      )}
      <Group gap="xs" mt="sm">
        <Button component={Link} to={`/runs${query}`} size="xs" variant="default">
          Runs
        </Button>
        <Button component={Link} to={`/items${query}`} size="xs" variant="default">
          Items
        </Button>
      </Group>
    </Panel>
  );
}

function LastRun({ platform }: { platform: string }) {
  const { data, error } = useQuery(runsQuery({ platform, limit: 1 }));
  if (error) return <span className="dimmed">could not be read</span>;
  if (!data) return <Skeleton height={18} width={180} />;
  const run = data.runs[0];
  const mine = run?.platforms.find((one) => one.platform === platform);
  if (!run || !mine) return <span className="dimmed">none yet</span>;
  return (
    <span className={classes.last}>
      <Link to={`/runs/${run.id.toString()}`}>Run {run.id}</Link>
      <PhaseBadge phase={mine.phase} />
      <TimeAgo at={mine.ended_at ?? mine.started_at ?? run.created_at} />
      <span className="dimmed">
        {plural(mine.items, "item")}, {count(mine.new)} new, {count(mine.changed)} changed
      </span>
    </span>
  );
}
