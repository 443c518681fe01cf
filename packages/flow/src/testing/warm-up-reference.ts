import type { WarmUpRule } from '../algorithms/warm-up.ts';

/** The warm-up as one would reckon it on paper: in fractions, with the time that each unit takes read off the line. */
export interface WarmUpReference {
  /** How far the request is from the edge: above 0 it passes. */
  ask(nowMs: number, cost: number): { readonly spareMs: number; take(): void };
}

export function warmUpReference(rule: WarmUpRule): WarmUpReference {
  const factor = ofDouble(rule.coldFactor);
  const interval = fraction(BigInt(rule.periodMs), BigInt(rule.limit));
  const full = fraction(BigInt(rule.warmUpMs) * BigInt(rule.limit), BigInt(rule.periodMs));
  const ramp = divided(times(whole(2), full), plus(whole(1), factor));
  const most = plus(ramp, divided(full, minus(factor, whole(1))));
  const lostPerMs = divided(most, whole(rule.warmUpMs));
  const msAt = (warmth: Fraction): Fraction => {
    const share = least(whole(1), divided(warmth, ramp));
    return times(interval, minus(factor, times(minus(factor, whole(1)), share)));
  };
  /** The mean of the first and the last on the slope, and the full rate for the rest. */
  const msOf = (warmth: Fraction, cost: number): Fraction => {
    const sloping = least(whole(cost), greatest(whole(0), minus(ramp, warmth)));
    const mean = divided(plus(msAt(warmth), msAt(plus(warmth, sloping))), whole(2));
    return plus(times(sloping, mean), times(minus(whole(cost), sloping), interval));
  };
  let [level, warmth, atMs] = [whole(0), whole(0), 0];
  return {
    ask(nowMs, cost) {
      const since = whole(nowMs - atMs);
      const idle = greatest(whole(0), minus(since, level));
      level = greatest(whole(0), minus(level, since));
      warmth = greatest(whole(0), minus(warmth, times(idle, lostPerMs)));
      atMs = nowMs;
      if (cost === 0) return { spareMs: 1, take: () => undefined };
      if (cost > rule.burst) return { spareMs: -1, take: () => undefined };
      const cleared = msOf(warmth, cost);
      const depth = times(divided(cleared, whole(cost)), whole(rule.burst));
      return {
        // What a reading of the clock may lack.
        spareMs: toNumber(minus(plus(depth, whole(1)), plus(level, cleared))),
        take() {
          level = plus(level, cleared);
          warmth = least(most, plus(warmth, whole(cost)));
        },
      };
    },
  };
}

interface Fraction {
  readonly over: bigint;
  readonly under: bigint;
}

function fraction(over: bigint, under: bigint): Fraction {
  let [a, b] = [over < 0n ? -over : over, under];
  while (b > 0n) [a, b] = [b, a % b];
  return a === 0n ? { over: 0n, under: 1n } : { over: over / a, under: under / a };
}

function whole(value: number): Fraction {
  return { over: BigInt(value), under: 1n };
}

function ofDouble(value: number): Fraction {
  return fraction(BigInt(Math.round(value * 2 ** 20)), 2n ** 20n);
}

function plus(a: Fraction, b: Fraction): Fraction {
  return fraction(a.over * b.under + b.over * a.under, a.under * b.under);
}

function minus(a: Fraction, b: Fraction): Fraction {
  return plus(a, { over: -b.over, under: b.under });
}

function times(a: Fraction, b: Fraction): Fraction {
  return fraction(a.over * b.over, a.under * b.under);
}

/** By what is above 0. */
function divided(a: Fraction, b: Fraction): Fraction {
  return fraction(a.over * b.under, a.under * b.over);
}

function least(a: Fraction, b: Fraction): Fraction {
  return a.over * b.under <= b.over * a.under ? a : b;
}

function greatest(a: Fraction, b: Fraction): Fraction {
  return least(a, b) === a ? b : a;
}

function toNumber({ over, under }: Fraction): number {
  return Number((over * 10n ** 9n) / under) / 1e9;
}
