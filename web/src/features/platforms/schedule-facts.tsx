import { Button, Group, Text } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "react-router-dom";
import { api } from "@/api/http";
import { nextDue, schedulesQuery, type Schedule } from "@/api/schedules";
import { ProblemAlert } from "@/components/problem-alert";
import { TimeUntil } from "@/components/time";
import { useNow } from "@/hooks/use-now";
import { dateTime, duration } from "@/lib/format";
import classes from "./platforms.module.css";

const SECOND = 1000;

const OVERLAPS = {
  skip: "is left out while the platform runs",
  queue: "waits while the platform runs",
  replace: "cancels a run that is going on",
  allow: "runs beside one that is going on",
};

const MISFIRES = {
  skip: "are left out",
  coalesce: "make one run",
  all: "are all made up for",
};

/** When a platform runs by itself, and the button that stops that. */
export function ScheduleFacts({ schedule }: { schedule: Schedule }) {
  const { cron, timezone, paused, reason, last_skipped: skipped } = schedule;
  return (
    <>
      <Group gap="xs" justify="space-between" wrap="nowrap" align="flex-start">
        <span>
          <span className="mono">{cron}</span> {timezone !== "UTC" && <span className="dimmed">{timezone} </span>}
          {paused ? <strong>paused{reason && `: ${reason}`}</strong> : <NextDue schedule={schedule} />}
        </span>
        <PauseButton schedule={schedule} />
      </Group>
      {paused && reason && (
        <Text size="sm" className="dimmed">
          To resume it takes what that run found for normal.
        </Text>
      )}
      {skipped && (
        <Text size="sm" className="dimmed">
          {dateTime(skipped.due_at)} was skipped: {skipped.reason}
        </Text>
      )}
      <details className={classes.options}>
        <summary>Next times</summary>
        <Times schedule={schedule} />
      </details>
    </>
  );
}

function NextDue({ schedule }: { schedule: Schedule }) {
  const at = nextDue(schedule, useNow(SECOND));
  return at ? <TimeUntil at={at} /> : <span className="dimmed">never again</span>;
}

function Times({ schedule: { platform, next, jitter_ms, misfire, overlap, last } }: { schedule: Schedule }) {
  return (
    <>
      <ul aria-label={`Next times of ${platform}`} className={classes.times}>
        {next.map((at) => (
          <li key={at}>
            <time dateTime={at}>{dateTime(at)}</time>
          </li>
        ))}
      </ul>
      <Text size="sm" className="dimmed">
        {jitter_ms > 0 && `Put off by up to ${duration(jitter_ms)}. `}
        What is due {OVERLAPS[overlap]}; due times that were missed {MISFIRES[misfire]}.
        {last && (
          <>
            {" "}
            It has started <Link to={`/runs/${last.run_id.toString()}`}>run {last.run_id}</Link> last, which is {last.status}.
          </>
        )}
      </Text>
    </>
  );
}

function PauseButton({ schedule: { platform, paused } }: { schedule: Schedule }) {
  const queryClient = useQueryClient();
  const verb = paused ? "resume" : "pause";
  const change = useMutation({
    mutationFn: () => api.post<{ paused: boolean }>(`/api/schedules/${encodeURIComponent(platform)}/${verb}`),
    onSettled: () => queryClient.invalidateQueries(schedulesQuery()),
  });
  return (
    <div>
      <Button
        size="compact-xs"
        variant="default"
        leftSection={paused ? <IconPlayerPlay size={14} /> : <IconPlayerPause size={14} />}
        aria-label={`${paused ? "Resume" : "Pause"} the schedule of ${platform}`}
        loading={change.isPending}
        onClick={() => { change.mutate(); }}
      >
        {paused ? "Resume" : "Pause"}
      </Button>
      {change.error && <ProblemAlert error={change.error} />}
    </div>
  );
}
