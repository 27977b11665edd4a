import { describe, expect, it } from "vitest";
import { rateOf, Throughput, withSample, type Sample } from "./throughput";

const totals = (pages: number) => ({ pages, items: 2 * pages, failed: 0 });

describe("Throughput", () => {
  it("is nothing before the first message", () => {
    expect(new Throughput().rates(true)).toEqual([]);
  });

  it("tells the rate of each interval, and waits for the last one to fill", () => {
    const series = new Throughput();
    series.add(0, totals(0));
    series.add(400, totals(4));
    series.add(900, totals(5));
    series.add(1_200, totals(8));
    expect(series.rates(true)).toEqual([
      { at: 0, pages: 8, items: 16, failed: 0 },
      { at: 500, pages: 2, items: 4, failed: 0 },
      { at: 1_000, pages: 6, items: 12, failed: 0 },
    ]);
    expect(series.rates(false)).toHaveLength(2);
  });

  it("has noughts where nothing was done", () => {
    const series = new Throughput();
    series.add(0, totals(5));
    series.add(2_000, totals(6));
    expect(series.rates(true).map(({ pages }) => pages)).toEqual([10, 0, 0, 0, 2]);
  });

  it("stays bounded however long it lasts, and loses no page", () => {
    const series = new Throughput();
    for (let second = 0; second <= 100_000; second += 7) series.add(second * 1000, totals(second));
    const rates = series.rates(true);
    expect(rates.length).toBeLessThanOrEqual(240);
    expect(rates.length).toBeGreaterThan(100);
    const width = ((rates[1]?.at ?? 0) - (rates[0]?.at ?? 0)) / 1000;
    expect(rates.reduce((sum, { pages }) => sum + pages * width, 0)).toBeCloseTo(99_995, 3);
  });

  it("bears messages that are a little out of order", () => {
    const series = new Throughput();
    series.add(1_000, totals(1));
    series.add(990, totals(2));
    expect(series.rates(true)).toEqual([{ at: 1_000, pages: 4, items: 8, failed: 0 }]);
  });
});

describe("rateOf", () => {
  const sample = (at: number, pages: number): Sample => ({ at, pages, items: 3 * pages });
  const collect = (samples: Sample[]) => samples.reduce<Sample[]>(withSample, []);

  it("needs two messages some time apart", () => {
    expect(rateOf([], "pages")).toBeNull();
    expect(rateOf([sample(0, 1)], "pages")).toBeNull();
    expect(rateOf([sample(0, 1), sample(100, 2)], "pages")).toBeNull();
  });

  it("is that of the last ten seconds", () => {
    const samples = collect([sample(0, 0), sample(1_000, 500), sample(20_000, 500), sample(25_000, 550)]);
    expect(rateOf(samples, "pages")).toBe(10);
    expect(rateOf(samples, "items")).toBe(30);
  });

  it("falls while nothing comes", () => {
    const samples = collect([sample(0, 0), sample(1_000, 100)]);
    expect(rateOf(samples, "pages", 500)).toBe(100);
    expect(rateOf(samples, "pages", 10_000)).toBe(10);
  });

  it("keeps a bounded number of samples", () => {
    const samples = collect(Array.from({ length: 1_000 }, (_, index) => sample(index, index)));
    expect(samples.length).toBeLessThanOrEqual(200);
    expect(samples.at(-1)).toEqual(sample(999, 999));
  });
});
