import type { WarmUpRule } from '../../algorithms/warm-up.ts';
import { coldest, curveOf } from '../../algorithms/warm-up-curve.ts';
import { type LuaKind, NO_REFUND } from './lua-kind.ts';
import { WARM_UP } from './pieces.ts';

export const warmUpLua: LuaKind<WarmUpRule> = {
  kind: 'warm_up',
  parameters(rule) {
    const curve = curveOf(rule);
    const { perUnit, perMs, ramp, most, slope, cooling } = curve;
    const horizonMs = Math.ceil((rule.burst * coldest(curve, rule)) / perMs) + rule.warmUpMs + 2;
    return [perUnit, perMs, ramp, most, slope, cooling, horizonMs, rule.burst];
  },
  common: [
    WARM_UP,
    `
local function warm_up_room(p, level, warmth)
  local fits, too_many = 0, p[8] + 1
  while too_many - fits > 1 do
    local units = floor((fits + too_many) / 2)
    local interval = interval_of(p, warmth, units)
    if level + units * interval <= p[8] * interval + p[2] - 1 then fits = units else too_many = units end
  end
  return fits
end`,
  ],
  decide: `
function(s, now, cost, p)
  local level, at, warmth, moved = warmth_at(s, now, p)
  if moved then s = {level, at, warmth} end
  local allowed, retry = cost == 0, 0
  if cost > p[8] then retry = -1
  elseif cost > 0 then
    local interval = interval_of(p, warmth, cost)
    local early = level + cost * interval - (p[8] * interval + p[2] - 1)
    if early > 0 then
      retry = at - now + ceil(early / p[2])
    else
      allowed, level, warmth = true, level + cost * interval, min(p[4], warmth + cost)
      s = {level, at, warmth}
    end
  end
  return s, allowed, warm_up_room(p, level, warmth), retry, cold_in(p, level, at, warmth, now), 0
end`,
  refund: NO_REFUND,
};
