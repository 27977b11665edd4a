import { Button, SegmentedControl } from "@mantine/core";
import { IconTerminal2 } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { runLogsQuery, type LogLevel, type Run } from "@/api/runs";
import { Empty } from "@/components/empty";
import { ProblemAlert } from "@/components/problem-alert";
import { LoadingLines } from "@/components/query-view";
import { useUrlParams } from "@/hooks/use-url-params";
import { clock, plural } from "@/lib/format";
import { isEnd } from "@/lib/phases";
import type { FeedLine } from "@/lib/run-feed";
import classes from "./run-tabs.module.css";

interface Line {
  row: number;
  platform: string | null;
  level: LogLevel;
  message: string;
  at: string;
}

const LEVELS = ["debug", "info", "warning", "error"];

/** What the scrapers say: as it comes while the run is active, and from the store when it is over. */
export function RunLog({ run, lines }: { run: Run; lines: FeedLine[] }) {
  return isEnd(run.status) ? <StoredLog runId={run.id} /> : <LiveLog lines={lines} />;
}

function LiveLog({ lines }: { lines: FeedLine[] }) {
  return <LogView lines={lines} live />;
}

function StoredLog({ runId }: { runId: number }) {
  const logs = useInfiniteQuery(runLogsQuery(runId));
  if (logs.isPending) {
    return (
      <div className={classes.bar}>
        <LoadingLines />
      </div>
    );
  }
  if (logs.error) {
    return (
      <div className={classes.bar}>
        <ProblemAlert error={logs.error} what="The log could not be read" onRetry={() => void logs.refetch()} />
      </div>
    );
  }
  return (
    <LogView
      lines={logs.data.pages.flatMap((page) => page.logs)}
      more={
        logs.hasNextPage && (
          <Button size="xs" variant="default" loading={logs.isFetchingNextPage} onClick={() => void logs.fetchNextPage()}>
            Show more
          </Button>
        )
      }
    />
  );
}

function LogView({ lines, live = false, more }: { lines: Line[]; live?: boolean; more?: React.ReactNode }) {
  const [params, change] = useUrlParams();
  const wanted = params.get("level") ?? "";
  const least = LEVELS.includes(wanted) ? LEVELS.indexOf(wanted) : 0;
  const shown = lines.filter(({ level }) => LEVELS.indexOf(level) >= least);
  const tail = useTail(shown.at(-1)?.row, live);

  if (lines.length === 0) {
    return (
      <Empty icon={<IconTerminal2 size={22} />} title={live ? "Nothing has been said so far" : "The scrapers had nothing to say"}>
        What a scraper logs about its pages appears here.
      </Empty>
    );
  }
  return (
    <>
      <div className={classes.bar}>
        <SegmentedControl
          aria-label="Least level"
          size="xs"
          value={LEVELS[least] ?? "debug"}
          data={LEVELS}
          onChange={(level) => { change({ level: level === "debug" ? null : level }); }}
        />
        <span className="dimmed">{plural(shown.length, "line")}</span>
      </div>
      <div className={classes.log} ref={tail} role="log" aria-live="off" aria-label="Log of the run" tabIndex={0}>
        {shown.map(({ row, at, level, platform, message }) => (
          <div key={row} className={classes.line} data-level={level}>
            <time dateTime={at} className="dimmed">
              {clock(at)}
            </time>
            <span className={classes.level}>{level}</span>
            <span className="dimmed">{platform}</span>
            <span>{message}</span>
          </div>
        ))}
      </div>
      <div className={classes.foot}>
        <span />
        {more}
      </div>
    </>
  );
}

/** Keeps the end in sight, unless someone has scrolled up to read. */
function useTail(last: number | undefined, follow: boolean) {
  const box = useRef<HTMLDivElement>(null);
  const stuck = useRef(true);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const onScroll = () => {
      stuck.current = element.scrollHeight - element.scrollTop - element.clientHeight < 24;
    };
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => { element.removeEventListener("scroll", onScroll); };
  });

  useEffect(() => {
    if (follow && stuck.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [follow, last]);

  return box;
}
