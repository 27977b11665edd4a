import { count, duration, rate, timeLeft } from "@/lib/format";
import { isEnd } from "@/lib/phases";
import type { PlatformView } from "@/lib/run-view";
import { PhaseIcon } from "./phase-badge";
import classes from "./platform-progress.module.css";
import { ProgressBar } from "./progress-bar";

interface Props {
  platforms: PlatformView[];
  /** What else there is to say of a platform, by its name. */
  notes?: Record<string, string>;
}

/** A bar for each platform of a run, with what it has done and how long it may yet take. */
export function PlatformProgressList({ platforms, notes = {} }: Props) {
  return (
    <ul className={classes.list}>
      {platforms.map((platform) => (
        <PlatformProgressRow key={platform.platform} platform={platform} note={notes[platform.platform]} />
      ))}
    </ul>
  );
}

function PlatformProgressRow({ platform, note }: { platform: PlatformView; note?: string | undefined }) {
  const { current, failed, items, msLeft, phase, total } = platform;
  const over = isEnd(phase);
  return (
    <li className={classes.row} data-phase={phase}>
      <span className={classes.name}>
        <PhaseIcon phase={phase} size={16} />
        <span>{platform.platform}</span>
        <span className={classes.phase}>{phase}</span>
      </span>
      <ProgressBar label={`Pages of ${platform.platform}`} phase={phase} current={current} total={total} failed={failed} />
      <span className={classes.figures}>
        <span>
          {count(current)}
          {over ? "" : ` / ${count(total)}`} <small>pages</small>
        </span>
        <span>
          {count(items)} <small>{items === 1 ? "item" : "items"}</small>
        </span>
        <span className={failed > 0 ? classes.failed : classes.quiet}>
          {count(failed)} <small>failed</small>
        </span>
        <span className={platform.rate === null ? classes.quiet : undefined}>{platform.rate === null ? "–" : rate(platform.rate)}</span>
        <span className={classes.left}>
          {over ? <Took platform={platform} /> : msLeft !== null && `≈ ${timeLeft(msLeft)} left`}
        </span>
      </span>
      {platform.message && <span className={classes.message}>{platform.message}</span>}
      {note && <span className={classes.message}>{note}</span>}
    </li>
  );
}

function Took({ platform: { startedAt, endedAt } }: { platform: PlatformView }) {
  return startedAt !== null && endedAt !== null && `in ${duration(endedAt - startedAt)}`;
}
