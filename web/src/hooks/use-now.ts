import { useCallback, useSyncExternalStore } from "react";

interface Clock {
  now: number;
  listeners: Set<() => void>;
  timer: ReturnType<typeof setInterval>;
}

/** One timer for all that show time at the same pace: a table of ages needs no timer for each row. */
const clocks = new Map<number, Clock>();

function subscribe(everyMs: number, listener: () => void): () => void {
  const clock = clocks.get(everyMs) ?? startClock(everyMs);
  clock.listeners.add(listener);
  return () => {
    clock.listeners.delete(listener);
    if (clock.listeners.size > 0) return;
    clearInterval(clock.timer);
    clocks.delete(everyMs);
  };
}

function startClock(everyMs: number): Clock {
  const clock: Clock = {
    now: Date.now(),
    listeners: new Set(),
    timer: setInterval(() => {
      clock.now = Date.now();
      for (const listener of clock.listeners) listener();
    }, everyMs),
  };
  clocks.set(everyMs, clock);
  return clock;
}

/** The time, told anew every `everyMs`; 0: it stands still. */
export function useNow(everyMs: number): number {
  const listen = useCallback(
    (listener: () => void) => (everyMs > 0 ? subscribe(everyMs, listener) : () => undefined),
    [everyMs],
  );
  return useSyncExternalStore(listen, () => clocks.get(everyMs)?.now ?? coarseNow());
}

/** Before the clock runs: to the second, so that two looks during one drawing agree. */
function coarseNow(): number {
  return Math.floor(Date.now() / 1000) * 1000;
}
