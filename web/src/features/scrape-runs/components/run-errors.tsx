import { Button } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { errorGroupsQuery, runErrorsQuery, type PageError, type Run } from "@/api/runs";
import { DataTable, type Column } from "@/components/data-table";
import { Empty } from "@/components/empty";
import { ExternalLink } from "@/components/external-link";
import { LoadingLines } from "@/components/query-view";
import { ProblemAlert } from "@/components/problem-alert";
import { clock, count } from "@/lib/format";
import { isEnd } from "@/lib/phases";
import classes from "./run-tabs.module.css";

const COLUMNS: Column<PageError>[] = [
  {
    key: "page",
    header: "Page",
    cell: ({ url, detail, kind }) => (
      <span className={classes.wrap}>
        <ExternalLink url={url} />
        <br />
        <span className="dimmed">
          {kind}: {detail}
        </span>
      </span>
    ),
  },
  { key: "status", header: "Status", numeric: true, from: "sm", cell: ({ status }) => (status === 0 ? "–" : status) },
  { key: "platform", header: "Platform", from: "sm", cell: ({ platform }) => platform },
  { key: "at", header: "At", cell: ({ at }) => <time dateTime={at}>{clock(at)}</time> },
];

/** The pages that failed: by kind with an example, and each. */
export function RunErrors({ run }: { run: Run }) {
  const errors = useInfiniteQuery(runErrorsQuery(run.id));
  if (errors.isPending) return <Padded><LoadingLines /></Padded>;
  if (errors.error) return <Padded><ProblemAlert error={errors.error} what="The errors could not be read" onRetry={() => void errors.refetch()} /></Padded>;

  const rows = errors.data.pages.flatMap((page) => page.errors);
  if (rows.length === 0) {
    return (
      <Empty icon={<IconCircleCheck size={22} />} title={isEnd(run.status) ? "No page failed" : "No page has failed so far"}>
        Pages that cannot be read, after all retries, are listed here with the reason.
      </Empty>
    );
  }
  return (
    <>
      <Groups run={run} />
      <DataTable label="Pages that failed" columns={COLUMNS} rows={rows} rowKey={({ row }) => row} />
      <div className={classes.foot}>
        <span className="dimmed">{errors.hasNextPage ? `The first ${count(rows.length)}` : "That is all"}</span>
        {errors.hasNextPage && (
          <Button size="xs" variant="default" loading={errors.isFetchingNextPage} onClick={() => void errors.fetchNextPage()}>
            Show more
          </Button>
        )}
      </div>
    </>
  );
}

function Groups({ run }: { run: Run }) {
  const groups = useQuery(errorGroupsQuery(run.id)).data ?? [];
  if (groups.length === 0) return null;
  return (
    <ul className={classes.groups} aria-label="Errors by kind">
      {groups.map((group) => (
        <li key={`${group.platform}/${group.kind}`} className={classes.group}>
          <span className={classes.times}>{count(group.count)}</span>
          <span>
            <strong>{group.kind}</strong> <span className="dimmed">on {group.platform}</span>
          </span>
          <span className={classes.example}>
            {group.example_detail && `${group.example_detail} · `}
            <ExternalLink url={group.example_url} />
          </span>
        </li>
      ))}
    </ul>
  );
}

function Padded({ children }: { children: React.ReactNode }) {
  return <div style={{ padding: "14px 16px" }}>{children}</div>;
}
