import { ALL_FAMILIES, COUNTERS, valuesAt } from './families.ts';

/** What a limit turned away, and what it would have in shadow mode. */
export interface LimitCounts {
  readonly refused: number;
  readonly shadow: number;
}

export type Limits = ReadonlyMap<string, LimitCounts>;

/** What was counted in one span. */
export interface RowCounts {
  /** By place (`FAMILIES`). */
  readonly counters: Float64Array;
  readonly limits: Limits;
}

/** Limits that one row tells of: those that refused most. */
const MAX_LIMITS = 50;
const MAX_NAME = 100;

/** Names of counters as rows have them, so that a row reads under another version, whose places differ. */
const KEYS: readonly string[] = ALL_FAMILIES.flatMap((family) =>
  Array.from({ length: family.size }, (_, offset) => [family.name, ...valuesAt(family, family.base + offset)].join('|')),
);
const SLOTS: ReadonlyMap<string, number> = new Map(KEYS.map((key, slot) => [key, slot]));

/** As JSON, without what is 0; of what would be longer than `maxLength` the largest counts. */
export function writeRow({ counters, limits }: RowCounts, maxLength: number): string {
  const counts: [string, number][] = [];
  for (let slot = 0; slot < COUNTERS; slot += 1) {
    const count = counters[slot] ?? 0;
    if (count > 0) counts.push([KEYS[slot] ?? '', Math.round(count * 100) / 100]);
  }
  const worst = [...limits].toSorted(([, a], [, b]) => b.refused + b.shadow - a.refused - a.shadow).slice(0, MAX_LIMITS);
  const l = Object.fromEntries(worst.map(([name, { refused, shadow }]) => [name.slice(0, MAX_NAME), [refused, shadow]]));
  let text = JSON.stringify({ c: Object.fromEntries(counts), l });
  if (text.length <= maxLength) return text;
  counts.sort(([, a], [, b]) => b - a);
  while (text.length > maxLength && counts.length > 0) {
    counts.length = Math.floor(counts.length * 0.75);
    text = JSON.stringify({ c: Object.fromEntries(counts), l });
  }
  return text;
}

/** Of another version or another hand: what it does not know, or cannot be, is left out. Calls `count` for each counter by its place. */
export function readRow(
  text: string,
  count: (slot: number, amount: number) => void,
  limit: (name: string, counts: LimitCounts) => void,
): void {
  const { c, l } = parse(text);
  for (const [key, amount] of Object.entries(Object(c))) {
    const slot = SLOTS.get(key);
    if (slot !== undefined && isCount(amount)) count(slot, amount);
  }
  for (const [name, pair] of Object.entries(Object(l)).slice(0, MAX_LIMITS)) {
    const [refused, shadow]: readonly unknown[] = Array.isArray(pair) ? pair : [];
    if (isCount(refused) && isCount(shadow)) limit(name, { refused, shadow });
  }
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
