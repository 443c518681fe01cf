import { randomInt } from 'node:crypto';

/** Set by `npm run test:long`. */
export const LONG: boolean = process.env['HUFU_LONG'] === '1';

/** How often something is done: in a normal run, and in a long one. */
export function rounds(normal: number, long: number): number {
  return LONG ? long : normal;
}

/** The first seed of this run: HUFU_SEED, or chance. Every failure names its seed, and HUFU_SEED brings it back. */
export function firstSeed(): number {
  const given = process.env['HUFU_SEED'];
  return given === undefined ? randomInt(2 ** 31) : Number(given);
}

/** Does it once with each seed. What fails says with which. */
export async function withSeeds(count: number, act: (seed: number) => Promise<void>): Promise<void> {
  const first = firstSeed();
  for (let seed = first; seed < first + count; seed += 1) {
    try {
      await act(seed);
    } catch (cause) {
      throw new Error(`HUFU_SEED=${seed}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
