/** Requests in the shapes that tell algorithms apart. */

export const SHAPES = ['steady', 'bursts', 'on_off', 'ramp', 'poisson', 'two_clients'] as const;
export type Shape = (typeof SHAPES)[number];

export interface Request {
  /** Whole milliseconds since the start. */
  readonly atMs: number;
  readonly client: 0 | 1;
}

export interface Traffic {
  readonly shape: Shape;
  /** Requests a second, on average. */
  readonly rate: number;
  readonly seconds: number;
  /** Of chance. */
  readonly seed: number;
  /** Bursts come around the ends of its windows. */
  readonly periodMs: number;
}

/** First to last. */
export function requestsOf({ shape, rate, seconds, seed, periodMs }: Traffic): readonly Request[] {
  const endMs = seconds * 1000;
  switch (shape) {
    case 'steady':
      return ofClient(0, evenly(rate, 0, endMs));
    case 'bursts':
      return ofClient(0, bursts(rate, endMs, periodMs));
    case 'on_off':
      return ofClient(0, onAndOff(rate, endMs));
    case 'ramp':
      return ofClient(0, ramp(rate, seconds));
    case 'poisson':
      return ofClient(0, byChance(rate, endMs, seed));
    case 'two_clients': {
      // One comes evenly all the time; the other one floods the half in the middle.
      const calm = ofClient(0, evenly(rate * 0.2, 0, endMs));
      const flood = ofClient(1, evenly(rate * 1.6, endMs / 4, (endMs * 3) / 4));
      return [...calm, ...flood].toSorted((a, b) => a.atMs - b.atMs || a.client - b.client);
    }
  }
}

const PHASE_MS = 2_000;

function ofClient(client: 0 | 1, times: readonly number[]): readonly Request[] {
  return times.map((atMs) => ({ atMs, client }));
}

function evenly(rate: number, fromMs: number, toMs: number): number[] {
  const count = Math.ceil(((toMs - fromMs) * rate) / 1000);
  return Array.from({ length: count }, (_, index) => Math.floor(fromMs + (index * 1000) / rate)).filter((atMs) => atMs < toMs);
}

/** What comes in two periods, within a third of one: half of it before the end of a window, half after. */
function bursts(rate: number, endMs: number, periodMs: number): readonly number[] {
  const size = Math.max(2, Math.round((2 * periodMs * rate) / 1000));
  const times: number[] = [];
  for (let middleMs = periodMs; middleMs < endMs; middleMs += 2 * periodMs) {
    for (let index = 0; index < size; index++) times.push(Math.floor(middleMs + (periodMs / 3) * (index / size - 0.5)));
  }
  return times.filter((atMs) => atMs < endMs);
}

function onAndOff(rate: number, endMs: number): readonly number[] {
  const times: number[] = [];
  for (let fromMs = 0; fromMs < endMs; fromMs += 2 * PHASE_MS) times.push(...evenly(2 * rate, fromMs, Math.min(endMs, fromMs + PHASE_MS)));
  return times;
}

/** From nothing to twice the rate. */
function ramp(rate: number, seconds: number): readonly number[] {
  const count = Math.floor(rate * seconds);
  return Array.from({ length: count }, (_, index) => Math.floor(1000 * Math.sqrt((index * seconds) / rate)));
}

/** Without memory: as many requesters do who know nothing of one another. */
function byChance(rate: number, endMs: number, seed: number): readonly number[] {
  const draw = chance(seed);
  const times: number[] = [];
  for (let atMs = 0; times.length < MOST; ) {
    atMs += (-Math.log(1 - draw()) * 1000) / rate;
    if (atMs >= endMs) break;
    times.push(Math.floor(atMs));
  }
  return times;
}

const MOST = 10_000;

/** Numbers from 0 to below 1, the same for the same seed. */
function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
