import type { SlidingCounterRule } from '../../algorithms/sliding-counter.ts';
import type { LuaKind } from './lua-kind.ts';

export const slidingCounterLua: LuaKind<SlidingCounterRule> = {
  kind: 'sliding_counter',
  parameters: ({ limit, periodMs }) => [limit, periodMs],
  common: [
    `
local function counts_at(s, now, period)
  local window = floor(now / period) * period
  local since = now - window
  if not s then return window, 0, 0, since, false end
  local start, used, previous = s[1], s[2], s[3]
  if start > window then
    if start - now <= 2 * period then return start, used, previous, 0, false end
    return window, used, previous, since, true
  end
  if start == window then return start, used, previous, since, false end
  if start + period == window then return window, 0, used, since, false end
  return window, 0, 0, since, false
end
local function counts_state(start, used, previous)
  if used == 0 and previous == 0 then return nil end
  return {start, used, previous}
end
local function passes_at(start, used, previous, cost, limit, period)
  local room = limit - used - cost
  if room >= 0 then
    local counted = floor((room * period) / previous)
    if counted >= 1 then return start + period - counted end
  end
  local counted = period
  if used > 0 then counted = min(period, floor(((limit - cost) * period) / used)) end
  return start + 2 * period - counted
end`,
  ],
  decide: `
function(s, now, cost, p)
  local limit, period = p[1], p[2]
  local start, used, previous, since, moved = counts_at(s, now, period)
  if moved then s = counts_state(start, used, previous) end
  local allowed, retry = false, -1
  if cost <= limit then
    if previous * (period - since) + (used + cost) * period <= limit * period then
      allowed, retry, used = true, 0, used + cost
      if cost > 0 then s = counts_state(start, used, previous) end
    else
      retry = passes_at(start, used, previous, cost, limit, period) - now
    end
  end
  local reset = 0
  if used > 0 then reset = start + 2 * period - now elseif previous > 0 then reset = start + period - now end
  local remaining = max(0, floor((limit * period - previous * (period - since) - used * period) / period))
  return s, allowed, remaining, retry, reset, 0
end`,
  refund: `
function(s, now, cost, taken_at, p)
  local period = p[2]
  local start, used, previous, since, moved = counts_at(s, now, period)
  local taken_in = floor(taken_at / period) * period
  if taken_in == start then return counts_state(start, max(0, used - cost), previous) end
  if taken_in + period == start then return counts_state(start, used, max(0, previous - cost)) end
  if moved then return counts_state(start, used, previous) end
  return s
end`,
  charge: `
function(s, now, cost, p)
  local start, used, previous, since, moved = counts_at(s, now, p[2])
  if cost > 0 then return counts_state(start, min(used + cost, 2 * p[1]), previous) end
  if moved then return counts_state(start, used, previous) end
  return s
end`,
};
