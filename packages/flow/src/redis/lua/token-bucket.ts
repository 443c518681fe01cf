import type { TokenBucketRule } from '../../algorithms/token-bucket.ts';
import type { LuaKind } from './lua-kind.ts';

export const tokenBucketLua: LuaKind<TokenBucketRule> = {
  kind: 'token_bucket',
  parameters: ({ capacity, unit, intervalMs }) => [capacity, unit, intervalMs],
  common: [
    `
local function bucket_at(s, now, p)
  local capacity, unit, interval = p[1], p[2], p[3]
  if not s then return capacity, now, false end
  local tokens, grid = s[1], s[2]
  if grid > now then
    if grid - now > ceil((2 * capacity) / unit) * interval then return tokens, now, true end
    return tokens, grid, false
  end
  local refills = floor((now - grid) / interval)
  if refills >= ceil((capacity - tokens) / unit) then return capacity, now, false end
  return tokens + refills * unit, grid + refills * interval, false
end
local function bucket_state(tokens, grid, p)
  if tokens == p[1] then return nil end
  return {tokens, grid}
end`,
  ],
  decide: `
function(s, now, cost, p)
  local capacity, unit, interval = p[1], p[2], p[3]
  local tokens, grid, moved = bucket_at(s, now, p)
  if moved then s = {tokens, grid} end
  local allowed, retry = cost <= tokens, 0
  if allowed then
    tokens = tokens - cost
    if cost > 0 then s = bucket_state(tokens, grid, p) end
  elseif cost > capacity then
    retry = -1
  else
    retry = grid + ceil((cost - tokens) / unit) * interval - now
  end
  local missing, reset = capacity - tokens, 0
  if missing ~= 0 then reset = grid + ceil(missing / unit) * interval - now end
  return s, allowed, max(0, tokens), retry, reset, 0
end`,
  refund: `
function(s, now, cost, taken_at, p)
  local capacity, unit, interval = p[1], p[2], p[3]
  local tokens, grid, moved = bucket_at(s, now, p)
  local back = 0
  if taken_at <= max(now, grid) then
    local refills = max(0, ceil((grid - taken_at) / interval))
    back = max(0, cost - min(refills, ceil(cost / unit)) * unit)
  end
  if back > 0 then return bucket_state(min(capacity, tokens + back), grid, p) end
  if moved then return {tokens, grid} end
  return s
end`,
  charge: `
function(s, now, cost, p)
  local tokens, grid, moved = bucket_at(s, now, p)
  if cost > 0 then return bucket_state(max(-p[1], tokens - cost), grid, p) end
  if moved then return {tokens, grid} end
  return s
end`,
};
