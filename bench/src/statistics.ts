/** The middle value, or the mean of the two in the middle. @throws TypeError where there is none */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) throw new TypeError('the median of nothing');
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

/** To so many significant digits: a figure of a benchmark has three or four. */
export function roundTo(digits: number, value: number): number {
  return Number(value.toPrecision(digits));
}
