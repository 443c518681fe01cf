import type { GcraRule } from '../../algorithms/gcra.ts';
import { ticksOf } from '../../rate.ts';
import type { LuaKind } from './lua-kind.ts';
import { LEVEL } from './pieces.ts';

export const gcraLua: LuaKind<GcraRule> = {
  kind: 'gcra',
  parameters(rule) {
    const { perUnit, perMs } = ticksOf(rule);
    return [perUnit, perMs, rule.burst * perUnit + perMs - 1];
  },
  common: [LEVEL],
  decide: `
function(s, now, cost, p)
  local per_unit, per_ms, depth = p[1], p[2], p[3]
  local ticks, at, moved = level_at(s, now, per_ms, ceil((2 * depth) / per_ms))
  if moved then s = {ticks, at} end
  local allowed, retry = false, -1
  if cost <= floor(depth / per_unit) then
    local after = ticks + cost * per_unit
    if after <= depth then
      allowed, retry, ticks = true, 0, after
      if cost > 0 then s = {ticks, at} end
    else
      retry = at - now + ceil((after - depth) / per_ms)
    end
  end
  return s, allowed, max(0, floor((depth - ticks) / per_unit)), retry, empty_in(ticks, at, now, per_ms), 0
end`,
  refund: `
function(s, now, cost, taken_at, p)
  local per_unit, per_ms, depth = p[1], p[2], p[3]
  local ticks, at, moved = level_at(s, now, per_ms, ceil((2 * depth) / per_ms))
  local back = 0
  if taken_at <= at then back = cost * per_unit - (at - taken_at) * per_ms end
  if back <= 0 then
    if moved then return {ticks, at} end
    return s
  end
  if ticks <= back then return nil end
  return {ticks - back, at}
end`,
  charge: `
function(s, now, cost, p)
  local per_unit, per_ms, depth = p[1], p[2], p[3]
  local ticks, at, moved = level_at(s, now, per_ms, ceil((2 * depth) / per_ms))
  if cost > 0 then return {min(ticks + cost * per_unit, 2 * depth), at} end
  if moved then return {ticks, at} end
  return s
end`,
};
