// How far apart requests arrive at a site, on a machine that may be busy.

/** Between neighbours of [{at}], in ms. */
export const gaps = (arrivals) => arrivals.slice(1).map(({ at }, i) => at - arrivals[i].at);

/** The gaps that are shorter than `delay` by more than `slack`. One request that arrives late makes the gap behind it shorter: what
 * one gap has too much, those after it may lack, and the first may have been late by a whole delay. */
export function tooShort(arrivals, delay, slack) {
  let late = delay;
  return gaps(arrivals).filter((gap) => {
    late = gap > delay - slack ? Math.max(0, gap - delay) : late + gap - delay;
    return late < -slack;
  });
}
