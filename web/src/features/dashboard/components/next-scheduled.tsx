import { Link } from "react-router-dom";
import type { Schedule } from "@/api/schedules";
import { Panel } from "@/components/panel";
import { TimeUntil } from "@/components/time";
import classes from "./dashboard.module.css";

const SHOWN = 6;

/** Those that are due at no time come last. */
function dueAt({ next_at, paused }: Schedule): number {
  return next_at && !paused ? Date.parse(next_at) : Infinity;
}

/** What comes next by schedule, the soonest first. */
export function NextScheduled({ schedules }: { schedules: Schedule[] }) {
  // Infinity less Infinity is no number.
  const coming = [...schedules].sort((a, b) => dueAt(a) - dueAt(b) || 0).slice(0, SHOWN);
  return (
    <Panel title="Next by schedule" actions={<Link to="/platforms">All</Link>}>
      <ul className={classes.schedule}>
        {coming.map(({ platform, schedule, next_at, paused }) => (
          <li key={platform}>
            <span>
              <strong>{platform}</strong>
              {schedule && <small className="mono">{schedule}</small>}
            </span>
            <span className={paused ? "dimmed" : undefined}>{paused ? "paused" : next_at ? <TimeUntil at={next_at} /> : "–"}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
