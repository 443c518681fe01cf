import type { KnownDifference } from './known-difference.ts';
import type { Difference } from './run.ts';

/** What the known differences say of those that were seen. */
export interface Judgement {
  /** Seen, and nowhere written down. */
  readonly unknown: readonly Difference[];
  /** Written down, and not seen. */
  readonly idle: readonly KnownDifference[];
  /** How many of those that were seen an entry explains; each is explained by the first that fits. */
  readonly counts: ReadonlyMap<KnownDifference, number>;
}

export function judge(seen: readonly Difference[], known: readonly KnownDifference[]): Judgement {
  const counts = new Map<KnownDifference, number>();
  const unknown: Difference[] = [];
  for (const difference of seen) {
    const entry = known.find((candidate) => fits(candidate, difference));
    if (entry === undefined) unknown.push(difference);
    else counts.set(entry, (counts.get(entry) ?? 0) + 1);
  }
  return { unknown, idle: known.filter((entry) => !counts.has(entry)), counts };
}

function fits(entry: KnownDifference, { id, aspect, ours = 'nothing', theirs = 'nothing' }: Difference): boolean {
  const named = typeof entry.requests === 'string' ? entry.requests === id : entry.requests.test(id);
  return named && entry.aspect === aspect && entry.ours === ours && entry.theirs === theirs;
}
