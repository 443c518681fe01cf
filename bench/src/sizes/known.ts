import { firstDecisionId } from '@hufu/server/decisions/decision-id';
import { placeOf } from '@hufu/server/status/place';
import type { World } from '@hufu/server/testing/world';
import type { Known } from './lists.ts';
import type { Sizes } from './sizes.ts';
import { FIRST_GRANT, PARENT_GRANT } from './skew.ts';

/** What has to be known of a seeded database for its lists to be asked. */
export function knownOf({ ctx, now }: Pick<World, 'ctx' | 'now'>, sizes: Sizes): Known {
  const place = (grant: number): string => {
    const { list, index } = placeOf(ctx, grant);
    return `${list}-${index}`;
  };
  return {
    now: now(),
    sizes,
    decision: firstDecisionId(now() * 1000 - 125 * sizes.decisions),
    grantPlace: place(FIRST_GRANT + 605),
    parentPlace: place(PARENT_GRANT),
  };
}
