/**
 * The word that was probably meant, or undefined where none is near. Knows swapped, missing and extra letters, another way to
 * write the same words (`grantTypes`), and a word that lacks its first or last part (`secret` for `client_secret`).
 */
export function findNearest(word: string, allowed: readonly string[]): string | undefined {
  if (word.length > 64) return undefined;
  const [best] = rankByNearness(word, allowed);
  if (best !== undefined && distance(fold(word), fold(best)) <= Math.max(1, Math.floor(fold(word).length / 3))) return best;
  const partial = allowed.filter((candidate) => candidate.endsWith(`_${word}`) || candidate.startsWith(`${word}_`));
  return partial.length === 1 ? partial[0] : undefined;
}

/** The allowed words, nearest first; equally near ones keep their order. */
export function rankByNearness(word: string, allowed: readonly string[]): string[] {
  const folded = fold(word.slice(0, 64));
  return allowed
    .map((candidate) => ({ candidate, score: distance(folded, fold(candidate)) }))
    .toSorted((a, b) => a.score - b.score)
    .map(({ candidate }) => candidate);
}

function fold(word: string): string {
  return word.toLowerCase().replace(/[-_\s]/g, '');
}

/** Optimal string alignment distance: insert, delete, replace, swap neighbours. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const costs = [(last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (last[column - 1] ?? 0) + (same ? 0 : 1)];
      if (swapped) costs.push((beforeLast[column - 2] ?? 0) + 1);
      current.push(Math.min(...costs));
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
