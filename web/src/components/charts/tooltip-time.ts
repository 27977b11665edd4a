/** For a tooltip's heading: the charting library also asks when there is no point under the pointer. */
export function tooltipTime(label: unknown, format: (at: number) => string): string {
  return typeof label === "number" ? format(label) : "";
}
