/** One line of the table. */
export interface Figure {
  what: string;
  measured: string;
  aim?: string;
  how: string;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) throw new Error("nothing was measured");
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** "61.2 s (60.1, 62.3)": the median, and every run. */
export function seconds(values: readonly number[]): string {
  const all = values.length > 1 ? ` (${values.map((value) => digits(value)).join(", ")})` : "";
  return `${digits(median(values))} s${all}`;
}

/** Of two medians; 1.00 is as fast, less is faster. */
export function ratio(ours: readonly number[], theirs: readonly number[]): string {
  return (median(ours) / median(theirs)).toFixed(2);
}

export function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}

export function table(figures: readonly Figure[]): string {
  const lines = figures.map(
    ({ what, measured, aim, how }) => `| ${[what, measured, aim ?? "", how].join(" | ")} |`,
  );
  return ["| what | measured | aim | how |", "|---|---|---|---|", ...lines].join("\n");
}

export async function timed<T>(work: () => Promise<T>): Promise<{ result: T; seconds: number }> {
  const start = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - start) / 1000 };
}

function digits(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1);
}
