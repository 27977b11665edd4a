/** Bounds of the pauses between attempts. The first are short: most losses are over at once. */
const FIRST_MS = [100, 300, 500];
const MOST_MS = 30_000;

/**
 * The pause before attempt 1, 2, 3 … in a row, below a bound: 100 ms, 300 ms, 500 ms, then one that doubles from 2 s on. All of
 * it is jitter, so that those whom one server lost do not come back to it at once.
 */
export function pauseMs(attempt: number, random: number): number {
  const most = FIRST_MS[attempt - 1] ?? Math.min(MOST_MS, 1_000 * 2 ** (attempt - FIRST_MS.length));
  return Math.round(random * most);
}
