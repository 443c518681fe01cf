/** One of those among whom turns are shared. */
export interface Turn {
  /** What it has saved up; 0 at first. */
  credit: number;
}

/**
 * Whose turn it is, by smooth weighted round robin: each gets its weight, the one with the most gives back what all got. After as many turns as all weights together each had
 * exactly its weight, and in between nobody has its turns in a row where others wait.
 *
 * @param weightOf above 0 for who may have this turn; 0: left out of it
 */
export function nextTurn<T extends Turn>(all: readonly T[], weightOf: (one: T) => number): T | undefined {
  let total = 0;
  let best: T | undefined;
  for (const one of all) {
    const weight = weightOf(one);
    if (weight <= 0) continue;
    one.credit += weight;
    total += weight;
    if (best === undefined || one.credit > best.credit) best = one;
  }
  if (best !== undefined) best.credit -= total;
  return best;
}
