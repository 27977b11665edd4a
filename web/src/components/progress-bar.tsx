import { plural } from "@/lib/format";
import { isEnd, type Phase } from "@/lib/phases";
import classes from "./progress-bar.module.css";

interface Props {
  label: string;
  phase: Phase;
  current: number;
  total: number;
  failed?: number;
}

/** Pages done of pages known. The total grows while links are found, so the bar may step back; that is how it is. */
export function ProgressBar({ label, phase, current, total, failed = 0 }: Props) {
  const known = total > 0;
  const percent = known ? Math.min(100, (current / total) * 100) : isEnd(phase) ? 100 : 0;
  const failedPercent = known ? Math.min(percent, (failed / total) * 100) : 0;
  return (
    <div
      className={classes.track}
      data-phase={phase}
      data-waiting={(!known && (phase === "starting" || phase === "scraping")) || undefined}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={known ? total : 100}
      aria-valuenow={known ? current : Math.round(percent)}
      aria-valuetext={known ? `${current.toString()} of ${plural(total, "page")}, ${phase}` : phase}
    >
      <div className={classes.done} style={{ width: `${(percent - failedPercent).toString()}%` }} />
      <div className={classes.failed} style={{ width: `${failedPercent.toString()}%` }} />
    </div>
  );
}
