/** The same colour for the same thing, wherever it is drawn. */
export const DAY_SERIES = [
  { name: "new", label: "New", color: "var(--change-new-fill)" },
  { name: "changed", label: "Changed", color: "var(--change-changed-fill)" },
  { name: "unchanged", label: "Unchanged", color: "var(--change-unchanged-fill)" },
];

export const RATE_SERIES = [
  { name: "items", label: "Items per second", color: "var(--chart-items)" },
  { name: "pages", label: "Pages per second", color: "var(--chart-pages)" },
];
