import type { LeakyBucketRule } from '../../algorithms/leaky-bucket.ts';
import { ticksOf } from '../../rate.ts';
import { type LuaKind, NO_REFUND } from './lua-kind.ts';
import { LEVEL } from './pieces.ts';

export const leakyBucketLua: LuaKind<LeakyBucketRule> = {
  kind: 'leaky_bucket',
  parameters(rule) {
    const { perUnit, perMs } = ticksOf(rule);
    return [perUnit, perMs, rule.limit, rule.maxQueueMs, rule.maxQueueMs + rule.periodMs];
  },
  common: [LEVEL],
  decide: `
function(s, now, cost, p)
  local per_unit, per_ms, limit, queue = p[1], p[2], p[3], p[4]
  local ticks, at, moved = level_at(s, now, per_ms, p[5])
  if moved then s = {ticks, at} end
  local wait = at - now + ceil(ticks / per_ms)
  local allowed, retry, delay = false, -1, 0
  if cost <= limit then
    if wait <= queue then
      allowed, retry, delay = true, 0, wait
      if cost > 0 then
        ticks = ticks + cost * per_unit
        s = {ticks, at}
      end
    else
      retry = wait - queue
    end
  end
  local room = (queue - (at - now)) * per_ms - ticks
  local remaining = 0
  if room >= 0 then remaining = floor(room / per_unit) + 1 end
  return s, allowed, remaining, retry, empty_in(ticks, at, now, per_ms), delay
end`,
  refund: NO_REFUND,
};
