import type { DayStats } from "@/api/stats";
import { Stat, StatStrip } from "@/components/stat";
import { count } from "@/lib/format";

/** Today's figures beside those of an ordinary day. */
export function TodayStrip({ days }: { days: DayStats[] }) {
  const today = days.at(-1);
  if (!today) return null;
  const before = days.slice(0, -1).filter(({ runs }) => runs > 0);
  const usual = (what: "runs" | "items" | "new" | "changed" | "failed") =>
    before.length === 0 ? undefined : `usually ${count(Math.round(before.reduce((sum, one) => sum + one[what], 0) / before.length))}`;

  return (
    <StatStrip label="Today">
      <Stat label="Runs today" value={count(today.runs)} hint={usual("runs")} />
      <Stat label="Items today" value={count(today.items)} hint={usual("items")} />
      <Stat label="New" value={count(today.new)} hint={usual("new")} tone={today.new > 0 ? "good" : undefined} />
      <Stat label="Changed" value={count(today.changed)} hint={usual("changed")} tone={today.changed > 0 ? "warn" : undefined} />
      <Stat label="Failed pages" value={count(today.failed)} hint={usual("failed")} tone={today.failed > 0 ? "bad" : undefined} />
    </StatStrip>
  );
}
