import type { SlidingLogRule } from '../../algorithms/sliding-log.ts';
import type { LuaKind } from './lua-kind.ts';

export const slidingLogLua: LuaKind<SlidingLogRule> = {
  kind: 'sliding_log',
  parameters: ({ limit, periodMs }) => [limit, periodMs],
  common: [
    `
local function log_at(s, now, period)
  if not s then return {}, now, false end
  local n = #s
  local last = s[n - 1]
  local moved, back, at = last - now > period, 0, max(last, now)
  if moved then back, at = last - now, now end
  local entries, size = {}, 0
  for i = 1, n - 1, 2 do
    local taken_at = s[i] - back
    if taken_at + period > at then
      entries[size + 1], entries[size + 2] = taken_at, s[i + 1]
      size = size + 2
    end
  end
  return entries, at, moved
end
local function log_used(entries)
  local used = 0
  for i = 2, #entries, 2 do used = used + entries[i] end
  return used
end`,
  ],
  decide: `
function(s, now, cost, p)
  local limit, period = p[1], p[2]
  local entries, at, moved = log_at(s, now, period)
  local used = log_used(entries)
  if moved then s = entries end
  local allowed, retry = used + cost <= limit, 0
  if allowed then
    if cost > 0 then
      local size = #entries
      if entries[size - 1] == at then entries[size] = entries[size] + cost
      else entries[size + 1], entries[size + 2] = at, cost end
      s = entries
      used = used + cost
    end
  elseif cost > limit then
    retry = -1
  else
    local gone, i = 0, 1
    repeat
      gone = gone + entries[i + 1]
      retry = entries[i] + period - now
      i = i + 2
    until gone >= used + cost - limit
  end
  local reset, size = 0, #entries
  if size > 0 then reset = entries[size - 1] + period - now end
  return s, allowed, limit - used, retry, reset, 0
end`,
  refund: `
function(s, now, cost, taken_at, p)
  local entries, at, moved = log_at(s, now, p[2])
  local left, size, found = {}, 0, false
  for i = 1, #entries, 2 do
    local units = entries[i + 1]
    if entries[i] == taken_at then found, units = true, units - cost end
    if units > 0 then
      left[size + 1], left[size + 2] = entries[i], units
      size = size + 2
    end
  end
  if not found then
    if moved then return entries end
    return s
  end
  if size == 0 then return nil end
  return left
end`,
};
