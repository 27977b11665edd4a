import type { Run } from "@/api/runs";
import { Stat, StatStrip } from "@/components/stat";
import { bytes, count, rate, timeLeft } from "@/lib/format";
import { isEnd } from "@/lib/phases";
import type { RunView } from "@/lib/run-view";

export function RunFigures({ run, view }: { run: Run; view: RunView }) {
  const over = isEnd(view.status);
  return (
    <StatStrip label="Figures">
      <Stat label="Pages" value={count(view.current)} hint={over ? bytes(view.bytes) : `of ${count(view.total)}`} />
      <Stat label="Items" value={count(view.items)} />
      <Stat label="New" value={count(view.new)} tone={view.new > 0 ? "good" : undefined} />
      <Stat label="Changed" value={count(view.changed)} tone={view.changed > 0 ? "warn" : undefined} />
      {over && <Stat label="Unchanged" value={count(run.unchanged)} />}
      <Stat label="Failed pages" value={count(view.failed)} tone={view.failed > 0 ? "bad" : undefined} />
      <Stat
        label="Rate"
        value={view.rate === null ? "–" : rate(view.rate)}
        hint={view.itemRate === null ? "pages" : `pages, ${rate(view.itemRate)} items`}
      />
      {!over && <Stat label="Time left" value={view.msLeft === null ? "–" : `≈ ${timeLeft(view.msLeft)}`} />}
    </StatStrip>
  );
}
