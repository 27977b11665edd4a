/** What a run, or one platform of it, is doing or how it ended; docs/wire-protocol.md. */
export const PHASES = [
  "queued",
  "starting",
  "scraping",
  "storing",
  "interrupted",
  "completed",
  "partial",
  "failed",
  "cancelled",
  "suspect",
] as const;

export type Phase = (typeof PHASES)[number];

const ENDS: ReadonlySet<string> = new Set<Phase>(["completed", "partial", "failed", "cancelled", "suspect"]);

/** Nothing comes after it. An interrupted run has not ended: it will be resumed. */
export function isEnd(phase: string | null | undefined): boolean {
  return phase != null && ENDS.has(phase);
}

const MEANINGS: Record<Phase, string> = {
  queued: "waits for its turn",
  starting: "workers are being started",
  scraping: "fetches pages",
  storing: "writes the last pages",
  interrupted: "was broken off and can be resumed",
  completed: "all pages were read",
  partial: "some pages could not be read",
  failed: "could not be done",
  cancelled: "was cancelled; what it had found stays",
  suspect: "ended, but is quite unlike the last runs",
};

export function phaseMeaning(phase: Phase): string {
  return MEANINGS[phase];
}
