import { useNow } from "@/hooks/use-now";
import { ago, dateTime, duration, until } from "@/lib/format";

const SECOND = 1000;

function iso(at: number | string) {
  return new Date(at).toISOString();
}

export function TimeAgo({ at }: { at: number | string | null }) {
  const now = useNow(5 * SECOND);
  if (at === null) return <span className="dimmed">–</span>;
  return (
    <time dateTime={iso(at)} title={dateTime(at)} style={{ whiteSpace: "nowrap" }}>
      {ago(new Date(at).getTime(), now)}
    </time>
  );
}

export function TimeUntil({ at }: { at: number | string }) {
  const now = useNow(SECOND);
  return (
    <time dateTime={iso(at)} title={dateTime(at)} style={{ whiteSpace: "nowrap" }}>
      {until(new Date(at).getTime(), now)}
    </time>
  );
}

/** From start to end, or to now. */
export function Elapsed({ from, to }: { from: number | null; to: number | null }) {
  const now = useNow(to === null ? SECOND : 0);
  return <>{from === null ? "–" : duration((to ?? now) - from)}</>;
}
