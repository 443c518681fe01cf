import { curveOf } from '../../algorithms/warm-up-curve.ts';
import type { WarmUpPacingRule } from '../../algorithms/warm-up-pacing.ts';
import { type LuaKind, NO_REFUND } from './lua-kind.ts';
import { WARM_UP } from './pieces.ts';

export const warmUpPacingLua: LuaKind<WarmUpPacingRule> = {
  kind: 'warm_up_pacing',
  parameters(rule) {
    const { perUnit, perMs, ramp, most, slope, cooling } = curveOf(rule);
    const horizonMs = rule.maxQueueMs + Math.ceil(rule.coldFactor * rule.periodMs) + rule.warmUpMs + 3;
    return [perUnit, perMs, ramp, most, slope, cooling, horizonMs, rule.limit, rule.maxQueueMs];
  },
  common: [
    WARM_UP,
    `
local function warm_up_places(p, level, at, warmth, now)
  local room = (p[9] - (at - now)) * p[2] - level
  if room < 0 then return 0 end
  local fits, too_many = 0, floor(room / p[1]) + 1
  while too_many - fits > 1 do
    local units = floor((fits + too_many) / 2)
    if units * interval_of(p, warmth, units) <= room then fits = units else too_many = units end
  end
  return fits + 1
end`,
  ],
  decide: `
function(s, now, cost, p)
  local level, at, warmth, moved = warmth_at(s, now, p)
  if moved then s = {level, at, warmth} end
  local wait = at - now + ceil(level / p[2])
  local allowed, retry, delay = false, 0, 0
  if cost > p[8] then retry = -1
  elseif wait > p[9] then retry = wait - p[9]
  else
    allowed, delay = true, wait
    if cost > 0 then
      level, warmth = level + cost * interval_of(p, warmth, cost), min(p[4], warmth + cost)
      s = {level, at, warmth}
    end
  end
  return s, allowed, warm_up_places(p, level, at, warmth, now), retry, cold_in(p, level, at, warmth, now), delay
end`,
  refund: NO_REFUND,
};
