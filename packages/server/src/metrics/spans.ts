import type { MetricRow } from '@hufu/store/port';
import { MAX_METRIC_ROW, METRIC_SPANS } from '@hufu/store/retention';
import { type LimitCounts, type Limits, type RowCounts, writeRow } from './row.ts';

/** Rows that wait for a store that is away; the oldest fall. */
const MAX_WAITING = 120;

/** What is told of a process at a moment: counters that only grow. */
export interface Reading {
  readonly totals: Float64Array;
  readonly limits: Limits;
}

interface Open {
  readonly span: number;
  at: number;
  before: Float64Array;
  limitsBefore: Limits;
}

/**
 * Cuts counters that only grow into spans of time: what a process has counted in each minute and each quarter of an hour, as rows for the store. Of fixed size but for the
 * rows that wait, which are bounded.
 */
export class Spans {
  readonly #instance: string;
  readonly #open: Open[] = [];
  readonly #waiting = new Map<string, MetricRow>();

  constructor(instance: string, { totals, limits }: Reading, now: number) {
    this.#instance = instance;
    for (const span of METRIC_SPANS) this.#open.push({ span, at: beginning(now, span), before: totals.slice(), limitsBefore: limits });
  }

  /** Ends the spans that are over, and puts rows of all that has changed among those that wait. Answers whether any span has ended. */
  roll(reading: Reading, now: number): boolean {
    let ended = false;
    for (const open of this.#open) {
      const at = beginning(now, open.span);
      if (at === open.at) continue;
      ended = true;
      this.#wait(this.#rowOf(open, reading));
      open.at = at;
      open.before = reading.totals.slice();
      open.limitsBefore = reading.limits;
    }
    // A quarter of an hour is told of each minute.
    if (ended) for (const open of this.#open) if (open.span !== METRIC_SPANS[0]) this.#wait(this.#rowOf(open, reading));
    return ended;
  }

  /** Puts a row of each span that is under way among those that wait: the process ends. */
  end(reading: Reading): void {
    for (const open of this.#open) this.#wait(this.#rowOf(open, reading));
  }

  /** What is to be written, the oldest first. */
  waiting(): readonly MetricRow[] {
    return [...this.#waiting.values()];
  }

  /** They are in the store. What has been counted since of the same span goes on waiting. */
  written(rows: readonly MetricRow[]): void {
    for (const row of rows) if (this.#waiting.get(keyOf(row)) === row) this.#waiting.delete(keyOf(row));
  }

  /** What a store does not have yet of the spans of that length: those that wait, and the one under way. */
  unwritten(span: number, reading: Reading): readonly MetricRow[] {
    const rows = new Map([...this.#waiting].filter(([, row]) => row.span === span));
    for (const open of this.#open) {
      if (open.span !== span) continue;
      const row = this.#rowOf(open, reading);
      rows.set(keyOf(row), row);
    }
    return [...rows.values()];
  }

  #rowOf({ span, at, before, limitsBefore }: Open, { totals, limits }: Reading): MetricRow {
    const counts: RowCounts = { counters: totals.map((total, slot) => total - (before[slot] ?? 0)), limits: since(limits, limitsBefore) };
    return { instance: this.#instance, span, at, counts: writeRow(counts, MAX_METRIC_ROW) };
  }

  #wait(row: MetricRow): void {
    const key = keyOf(row);
    this.#waiting.delete(key);
    this.#waiting.set(key, row);
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size > MAX_WAITING && oldest !== undefined) this.#waiting.delete(oldest);
  }
}

function keyOf({ span, at }: MetricRow): string {
  return `${span} ${at}`;
}

function beginning(now: number, span: number): number {
  return Math.floor(now / span) * span;
}

function since(limits: Limits, before: Limits): Limits {
  const grown = new Map<string, LimitCounts>();
  for (const [name, { refused, shadow }] of limits) {
    const earlier = before.get(name);
    // A rule that was changed counts from the beginning.
    const counts = { refused: difference(refused, earlier?.refused), shadow: difference(shadow, earlier?.shadow) };
    if (counts.refused > 0 || counts.shadow > 0) grown.set(name, counts);
  }
  return grown;
}

function difference(now: number, before = 0): number {
  return now < before ? now : now - before;
}
