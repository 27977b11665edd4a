import { Button, Group } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { enableTransport, transportsQuery, type Chain, type ChainTransport } from "@/api/transports";
import { DataTable, type Column } from "@/components/data-table";
import { Panel } from "@/components/panel";
import { ProblemAlert } from "@/components/problem-alert";
import { TimeUntil } from "@/components/time";
import { count, duration, plural } from "@/lib/format";

function Enable({ name }: { name: string }) {
  const client = useQueryClient();
  const enable = useMutation({
    mutationFn: () => enableTransport(name),
    onSettled: () => client.invalidateQueries({ queryKey: transportsQuery().queryKey }),
  });
  return (
    <>
      <Button size="compact-xs" variant="default" loading={enable.isPending} onClick={() => enable.mutate()}>
        Enable {name}
      </Button>
      {enable.error && <ProblemAlert error={enable.error} what={`${name} was not enabled`} />}
    </>
  );
}

const COLUMNS: Column<ChainTransport>[] = [
  { key: "name", header: "Transport", cell: ({ name }) => name },
  { key: "state", header: "State", cell: ({ ok, state, reason }) => (ok ? state : (reason ?? "left out")) },
  { key: "delivered", header: "Delivered", numeric: true, cell: ({ delivered }) => count(delivered) },
  { key: "retry", header: "Tried again", cell: ({ retry_at }) => (retry_at === null ? "–" : <TimeUntil at={retry_at} />) },
  {
    key: "error",
    header: "Last error",
    cell: ({ name, state, error }) => (
      <Group gap="xs">
        {error?.message ?? "–"}
        {state === "disabled" && <Enable name={name} />}
      </Group>
    ),
  },
];

function facts({ lag, lost, delivered, failures, retry_after_ms }: Chain): string {
  return [
    `${plural(delivered, "event")} sent`,
    lag > 0 ? `${plural(lag, "event")} behind` : "has sent everything",
    ...(lost > 0 ? [`${plural(lost, "event")} lost to retention`] : []),
    `the next one after ${plural(failures, "failure")} in a row, back after ${duration(retry_after_ms)}`,
  ].join(", ");
}

/** The chains that push events to webhooks, files and programs: how far each has come, and which of it works. */
export function ChainsPanel({ chains }: { chains: Chain[] }) {
  return chains.map((chain) => (
    <Panel key={chain.name} title={`Chain ${chain.name}`} hint={facts(chain)} flush>
      <DataTable label={`Transports of ${chain.name}`} columns={COLUMNS} rows={chain.transports} rowKey={({ name }) => name} />
    </Panel>
  ));
}
