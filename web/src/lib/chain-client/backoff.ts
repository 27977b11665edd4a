/** Pauses between attempts. The first are short: most losses are over at once. */
const FIRST_MS = [100, 300];
const BASE_MS = 1_000;
const MOST_MS = 30_000;

/** The pause before attempt 1, 2, 3 … in a row: 100 ms, 300 ms, then full jitter below a bound that doubles. */
export function pauseMs(attempt: number, random: number): number {
  const first = FIRST_MS[attempt - 1];
  if (first !== undefined) return first;
  return Math.round(random * Math.min(MOST_MS, BASE_MS * 2 ** (attempt - FIRST_MS.length)));
}
