import type { FixedWindowRule } from '../algorithms/fixed-window.ts';
import type { GcraRule } from '../algorithms/gcra.ts';
import type { LeakyBucketRule } from '../algorithms/leaky-bucket.ts';
import type { QuotaRule } from '../algorithms/quota.ts';
import type { SlidingCounterRule } from '../algorithms/sliding-counter.ts';
import type { SlidingLogRule } from '../algorithms/sliding-log.ts';
import type { TokenBucketRule } from '../algorithms/token-bucket.ts';

/** An algorithm as one would tell it to somebody: it remembers everything that was taken, and reckons exactly. For a clock that never steps back. */
export interface Reference {
  fits(atMs: number, cost: number): boolean;
  /** What fits. */
  take(atMs: number, cost: number): void;
  /** Whole milliseconds to wait before going on. */
  delayMs(atMs: number): number;
}

export type ReferenceRule =
  | FixedWindowRule
  | GcraRule
  | LeakyBucketRule
  | QuotaRule
  | SlidingCounterRule
  | SlidingLogRule
  | TokenBucketRule;

export function referenceOf(rule: ReferenceRule): Reference {
  switch (rule.kind) {
    case 'gcra':
      return bySpans(rule);
    case 'fixed_window':
      return byLabel(rule.limit, (atMs) => String(Math.floor(atMs / rule.periodMs)));
    case 'quota':
      return byLabel(rule.limit, dateLabels(rule));
    case 'sliding_log':
      return byLog(rule);
    case 'sliding_counter':
      return byTwoWindows(rule);
    case 'token_bucket':
      return byTicking(rule);
    case 'leaky_bucket':
      return byReleases(rule);
  }
}

interface Take {
  readonly atMs: number;
  readonly cost: number;
}

function remembering(fits: (takes: readonly Take[], atMs: number, cost: number) => boolean): Reference {
  const takes: Take[] = [];
  return {
    fits: (atMs, cost) => fits(takes, atMs, cost),
    take: (atMs, cost) => {
      takes.push({ atMs, cost });
    },
    delayMs: () => 0,
  };
}

/** Everything passes that leaves no span over its bound: what the generic cell rate algorithm is for. */
function bySpans({ burst, limit, periodMs }: GcraRule): Reference {
  const bound = (spanMs: number): bigint => BigInt(burst) + ceilDivide(BigInt(spanMs) * BigInt(limit), BigInt(periodMs)) - 1n;
  return remembering((takes, atMs, cost) => {
    let units = BigInt(cost);
    if (units > bound(1)) return false;
    for (const take of takes.toReversed()) {
      units += BigInt(take.cost);
      if (units > bound(atMs - take.atMs + 1)) return false;
    }
    return true;
  });
}

/** What was used under each label. */
function byLabel(limit: number, labelOf: (atMs: number) => string): Reference {
  const used = new Map<string, number>();
  const usedAt = (atMs: number): number => used.get(labelOf(atMs)) ?? 0;
  return {
    fits: (atMs, cost) => usedAt(atMs) + cost <= limit,
    take: (atMs, cost) => {
      used.set(labelOf(atMs), usedAt(atMs) + cost);
    },
    delayMs: () => 0,
  };
}

function byLog({ limit, periodMs }: SlidingLogRule): Reference {
  return remembering((takes, atMs, cost) => sumOf(takes.filter((take) => take.atMs > atMs - periodMs)) + cost <= limit);
}

function byTwoWindows({ limit, periodMs }: SlidingCounterRule): Reference {
  const windowOf = (atMs: number): number => Math.floor(atMs / periodMs);
  return remembering((takes, atMs, cost) => {
    const used = sumOf(takes.filter((take) => windowOf(take.atMs) === windowOf(atMs)));
    const previous = sumOf(takes.filter((take) => windowOf(take.atMs) === windowOf(atMs) - 1));
    const coveredMs = (windowOf(atMs) + 1) * periodMs - atMs;
    return BigInt(previous) * BigInt(coveredMs) <= (BigInt(limit) - BigInt(used) - BigInt(cost)) * BigInt(periodMs);
  });
}

/** Steps from moment to moment of its grid. */
function byTicking({ capacity, unit, intervalMs }: TokenBucketRule): Reference {
  let [tokens, gridMs] = [capacity, 0];
  const tokensAt = (atMs: number): number => {
    let filled = tokens;
    for (let ms = gridMs + intervalMs; ms <= atMs && filled < capacity; ms += intervalMs) filled = Math.min(capacity, filled + unit);
    return filled;
  };
  return {
    fits: (atMs, cost) => cost <= tokensAt(atMs),
    take: (atMs, cost) => {
      const filled = tokensAt(atMs);
      gridMs = filled === capacity ? atMs : gridMs + Math.floor((atMs - gridMs) / intervalMs) * intervalMs;
      tokens = filled - cost;
    },
    delayMs: () => 0,
  };
}

/** When each request goes on, in parts of a millisecond that come out even. */
function byReleases({ limit, periodMs, maxQueueMs }: LeakyBucketRule): Reference {
  const perMs = BigInt(limit);
  let freeAt = 0n;
  const waitOf = (atMs: number): bigint => (freeAt > BigInt(atMs) * perMs ? freeAt - BigInt(atMs) * perMs : 0n);
  return {
    fits: (atMs, cost) => cost <= limit && waitOf(atMs) <= BigInt(maxQueueMs) * perMs,
    take: (atMs, cost) => {
      freeAt = BigInt(atMs) * perMs + waitOf(atMs) + BigInt(cost) * BigInt(periodMs);
    },
    delayMs: (atMs) => Number(ceilDivide(waitOf(atMs), perMs)),
  };
}

/** What a calendar on the wall of the place calls the period; the clock's distance from UTC tells apart the hours that come twice. */
function dateLabels({ period, zone }: QuotaRule): (atMs: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'full' });
  return (atMs) => {
    const shown = format.format(atMs);
    const [date = ''] = shown.split(' ');
    switch (period) {
      case 'hour':
        // Without minutes and seconds.
        return shown.replace(/:\d\d:\d\d/, '');
      case 'day':
        return date;
      case 'week': {
        const day = new Date(`${date}T00:00:00Z`);
        return String(day.getTime() - ((day.getUTCDay() + 6) % 7) * 86_400_000);
      }
      case 'month':
        return date.slice(0, 7);
      case 'year':
        return date.slice(0, 4);
    }
  };
}

function sumOf(takes: readonly Take[]): number {
  return takes.reduce((sum, { cost }) => sum + cost, 0);
}

function ceilDivide(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}
