/** Round numbers along an axis. */

/** From 0 to the first that holds `most`, in about so many steps. */
export function ticks(most: number, steps: number): readonly number[] {
  const rough = Math.max(1, most) / steps;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power);
  const count = Math.ceil(Math.max(1, most) / step);
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}

/** A place in a picture: thousandths of a pixel are enough to read a millisecond from it. */
export function at(value: number): number {
  return Math.round(value * 1000) / 1000;
}
