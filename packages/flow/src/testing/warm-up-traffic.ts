import fc from 'fast-check';
import { type WarmUpRule, warmUp } from '../algorithms/warm-up.ts';

/** Some milliseconds later, somebody asks for so much. */
export type WarmUpScene = readonly { readonly gapMs: number; readonly cost: number }[];

/** Rules that can be kept, with even and uneven rates, above one a millisecond and below one a minute. */
export const warmUpRules: fc.Arbitrary<WarmUpRule> = fc
  .record({
    kind: fc.constant('warm_up'),
    limit: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 5_000 })),
    periodMs: fc.oneof(fc.constantFrom(1_000, 60_000), fc.integer({ min: 1, max: 100_000 })),
    burst: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 50 })),
    warmUpMs: fc.oneof(fc.constantFrom(10_000, 60_000), fc.integer({ min: 1, max: 600_000 })),
    coldFactor: fc.constantFrom(1.5, 2, 3, 3, 3, 10),
  })
  .filter((rule) => warmUp.check(rule) === undefined);

/** Crowds, trickles and silence. */
export const asks: fc.Arbitrary<WarmUpScene> = fc.array(
  fc.record({
    gapMs: fc.oneof(
      { weight: 5, arbitrary: fc.constant(0) },
      { weight: 5, arbitrary: fc.integer({ min: 0, max: 20 }) },
      { weight: 4, arbitrary: fc.integer({ min: 0, max: 2_000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 700_000 }) },
    ),
    cost: fc.oneof(
      { weight: 8, arbitrary: fc.constant(1) },
      { weight: 3, arbitrary: fc.integer({ min: 1, max: 50 }) },
      { weight: 1, arbitrary: fc.constantFrom(0, 2 ** 31) },
    ),
  }),
  { minLength: 1, maxLength: 150, size: 'max' },
);
