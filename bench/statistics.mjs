/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median, the least and the most. */
export function summarise(values) {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values), count: values.length };
}

/** Ratios, run by run: what disturbed a run disturbed both. */
export function ratios(ours, theirs) {
  const both = Math.min(ours.length, theirs.length);
  return Array.from({ length: both }, (_, run) => ours[run] / theirs[run]);
}
