import { Button, Group, Menu, SegmentedControl, Select } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { runItemsPath, runItemsQuery, type RunItem, type RunItemFilters } from "@/api/run-items";
import type { Run } from "@/api/runs";
import { ChangeBadge } from "@/components/change-badge";
import { DataTable, type Column } from "@/components/data-table";
import { Empty } from "@/components/empty";
import { ItemCell } from "@/components/item-cell";
import { QueryView } from "@/components/query-view";
import { useUrlParams } from "@/hooks/use-url-params";
import { count, plural } from "@/lib/format";
import { isEnd } from "@/lib/phases";
import type { RunView } from "@/lib/run-view";
import classes from "./run-tabs.module.css";

const FIRST = 50;
const MORE = 200;
const CHANGES = [
  { value: "", label: "All" },
  { value: "new", label: "New" },
  { value: "changed", label: "Changed" },
  { value: "unchanged", label: "Unchanged" },
];

const COLUMNS: Column<RunItem>[] = [
  { key: "item", header: "Item", cell: (item) => <ItemCell item={item} /> },
  { key: "change", header: "Change", width: 120, cell: ({ change }) => <ChangeBadge change={change} /> },
  { key: "platform", header: "Platform", from: "sm", cell: ({ platform }) => platform },
  { key: "key", header: "Key", from: "md", cell: ({ key }) => <span className="mono">{key}</span> },
];

export function RunItems({ run, view }: { run: Run; view: RunView }) {
  const [params, change] = useUrlParams();
  const filters: RunItemFilters = { change: params.get("change"), platform: params.get("platform") };
  return (
    <>
      <div className={classes.bar}>
        <SegmentedControl
          aria-label="Which items"
          size="xs"
          data={CHANGES}
          value={filters.change ?? ""}
          onChange={(value) => { change({ change: value }); }}
        />
        <Group gap="xs">
          {run.platforms.length > 1 && (
            <Select
              aria-label="Platform"
              placeholder="Any platform"
              data={run.platforms.map(({ platform }) => platform)}
              value={filters.platform ?? null}
              onChange={(platform) => { change({ platform }); }}
              clearable
              size="xs"
              w={150}
            />
          )}
          <DownloadMenu runId={run.id} filters={filters} disabled={view.items === 0} />
        </Group>
      </div>
      <ItemList key={JSON.stringify(filters)} run={run} view={view} filters={filters} />
    </>
  );
}

function DownloadMenu({ runId, filters, disabled }: { runId: number; filters: RunItemFilters; disabled: boolean }) {
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <Button size="xs" variant="default" leftSection={<IconDownload size={14} />} disabled={disabled}>
          Download
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {(["json", "jsonl", "csv"] as const).map((format) => (
          <Menu.Item key={format} component="a" href={runItemsPath(runId, format, filters)} download={`run-${runId.toString()}.${format}`}>
            {format.toUpperCase()}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function ItemList({ run, view, filters }: { run: Run; view: RunView; filters: RunItemFilters }) {
  const [limit, setLimit] = useState(FIRST);
  const query = useQuery(runItemsQuery(run.id, filters, limit));
  const running = !isEnd(view.status);
  const found = view.items;
  return (
    <QueryView query={query} padded what="The items could not be read">
      {({ items, more }) =>
        items.length === 0 ? (
          <Empty title={filters.change || filters.platform ? "No item is like that" : running ? "No items yet" : "The run found no items"}>
            {running
              ? "They are listed as soon as pages with items have been read."
              : "Look at the errors and the log; perhaps the site has changed and the rules no longer fit."}
          </Empty>
        ) : (
          <>
            <DataTable label="Items of the run" columns={COLUMNS} rows={items} rowKey={({ platform, key }) => `${platform}/${key}`} stale={query.isPlaceholderData} />
            <div className={classes.foot}>
              <span className="dimmed">
                {more ? `The first ${count(items.length)}` : plural(items.length, "item")}
                {running && found > items.length && !more && `; ${count(found)} have been found meanwhile`}
              </span>
              <Group gap="xs">
                {running && (
                  <Button size="xs" variant="default" loading={query.isFetching} onClick={() => void query.refetch()}>
                    Refresh
                  </Button>
                )}
                {more && (
                  <Button size="xs" variant="default" loading={query.isFetching} onClick={() => { setLimit(limit + MORE); }}>
                    Show more
                  </Button>
                )}
              </Group>
            </div>
          </>
        )
      }
    </QueryView>
  );
}
