import { Grid, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { pluginsQuery, type Plugin } from "@/api/plugins";
import { readyQuery } from "@/api/ready";
import { transportsQuery, type Transports } from "@/api/transports";
import { watchersQuery } from "@/api/watchers";
import { PageHeader } from "@/components/page-header";
import { Panel } from "@/components/panel";
import { QueryView } from "@/components/query-view";
import { Stat, StatStrip } from "@/components/stat";
import { count, plural } from "@/lib/format";
import { PluginList } from "./plugin-list";
import { ChainsPanel } from "./chains-panel";
import { MovesPanel, TransportsPanel } from "./transports-panel";
import { WatchersPanel } from "./watchers-panel";

export default function System() {
  const transports = useQuery(transportsQuery());
  const plugins = useQuery(pluginsQuery());
  const watchers = useQuery(watchersQuery());
  return (
    <>
      <PageHeader title="System" subtitle="What the server is made of, and how it feels" />
      <Stack gap="md">
        <Overview transports={transports.data} plugins={plugins.data} />
        <Grid gutter="md">
          <Grid.Col span={{ base: 12, lg: 7 }}>
            <Stack gap="md">
              <QueryView query={transports} what="The transports could not be read">
                {(answer) => (
                  <>
                    <TransportsPanel transports={answer} />
                    {answer.chains && <ChainsPanel chains={answer.chains} />}
                    {answer.moves && <MovesPanel moves={answer.moves} />}
                  </>
                )}
              </QueryView>
            </Stack>
          </Grid.Col>
          <Grid.Col span={{ base: 12, lg: 5 }}>
            <Panel title="Plugins" hint={plugins.data && plural(plugins.data.length, "plugin")}>
              <QueryView query={plugins} what="The plugins could not be read">
                {(list) => <PluginList plugins={list} />}
              </QueryView>
            </Panel>
          </Grid.Col>
        </Grid>
        <QueryView query={watchers} what="The watchers could not be read">
          {(answer) => <WatchersPanel watchers={answer} />}
        </QueryView>
      </Stack>
    </>
  );
}

function Overview({ transports, plugins }: { transports: Transports | undefined; plugins: Plugin[] | undefined }) {
  const ready = useQuery(readyQuery());
  const watchers = useQuery(watchersQuery()).data;
  const state = ready.isPending ? "…" : ready.error ? "not ready" : ready.data.status;
  const serving = transports?.transports.filter(({ ok }) => ok).length ?? 0;
  return (
    <StatStrip label="State">
      <Stat label="Server" value={state} hint={ready.error?.message} tone={ready.error ? "bad" : ready.data ? "good" : undefined} />
      {transports && (
        <Stat
          label="Transports"
          value={count(serving)}
          hint={`of ${count(transports.transports.length)} serve`}
          tone={serving < transports.transports.length ? "bad" : undefined}
        />
      )}
      {plugins && (
        <Stat label="Scraper plugins" value={count(plugins.filter(({ kind }) => kind === "scraper").length)} />
      )}
      {Object.entries(watchers?.transports ?? {}).map(([name, value]) => (
        <Stat key={name} label={name.replaceAll("_", " ")} value={count(value)} />
      ))}
    </StatStrip>
  );
}
