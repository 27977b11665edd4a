import { Link } from "react-router-dom";
import { nextDue, type Schedule } from "@/api/schedules";
import { Panel } from "@/components/panel";
import { TimeUntil } from "@/components/time";
import { useNow } from "@/hooks/use-now";
import classes from "./dashboard.module.css";

const SHOWN = 6;
const SECOND = 1000;

/** Those that are due at no time come last. */
const order = (at: string | undefined) => (at ? Date.parse(at) : Number.MAX_VALUE);

/** What comes next by schedule, the soonest first. */
export function NextScheduled({ schedules }: { schedules: Schedule[] }) {
  const now = useNow(SECOND);
  const coming = schedules
    .map((schedule) => ({ ...schedule, at: nextDue(schedule, now) }))
    .sort((a, b) => order(a.at) - order(b.at))
    .slice(0, SHOWN);
  return (
    <Panel title="Next by schedule" actions={<Link to="/platforms">All</Link>}>
      <ul className={classes.schedule}>
        {coming.map(({ platform, cron, at, paused, reason }) => (
          <li key={platform}>
            <span>
              <strong>{platform}</strong>
              <small className="mono">{cron}</small>
            </span>
            <span className={paused ? "dimmed" : undefined} title={reason ?? undefined}>{paused ? "paused" : at ? <TimeUntil at={at} /> : "–"}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
