/** Local functions of Lua that several algorithms use. */

/** `algorithms/level.ts`. */
export const LEVEL: string = `
local function level_at(s, now, per_ms, horizon)
  if not s then return 0, now, false end
  local ticks, at = s[1], s[2]
  local since = now - at
  if since >= 0 then return max(0, ticks - min(since, ceil(ticks / per_ms)) * per_ms), now, false end
  if -since <= horizon then return ticks, at, false end
  return ticks, now, true
end
local function empty_in(ticks, at, now, per_ms)
  if ticks == 0 then return 0 end
  return at - now + ceil(ticks / per_ms)
end`;

/** `algorithms/window.ts`. */
export const WINDOW: string = `
local function count_at(s, now, limit, windows)
  local before, start, finish, after = windows(now)
  if not s then return start, finish, after, 0, false end
  local at, used = s[1], s[2]
  if at >= finish then
    if at > after then return start, finish, after, used, true end
    local _, later_start, later_finish, later_after = windows(at)
    return later_start, later_finish, later_after, used, false
  end
  if at >= start then return start, finish, after, used, false end
  if at >= before then return start, finish, after, max(0, used - limit), false end
  return start, finish, after, 0, false
end
local function decide_in_window(s, now, cost, limit, windows)
  local start, finish, after, used, moved = count_at(s, now, limit, windows)
  if moved then s = {start, used} end
  local allowed, retry = used + cost <= limit, 0
  if allowed then
    used = used + cost
    if cost > 0 then s = {start, used} end
  elseif cost > limit then retry = -1
  elseif max(0, used - limit) + cost > limit then retry = after - now
  else retry = finish - now end
  local reset = 0
  if used > limit then reset = after - now elseif used > 0 then reset = finish - now end
  return s, allowed, max(0, limit - used), retry, reset, 0
end
local function refund_in_window(s, now, cost, taken_at, limit, windows)
  local start, finish, after, used, moved = count_at(s, now, limit, windows)
  if taken_at < start or taken_at >= finish then
    if moved then return {start, used} end
    return s
  end
  if used <= cost then return nil end
  return {start, used - cost}
end
local function charge_in_window(s, now, cost, limit, windows)
  local start, finish, after, used, moved = count_at(s, now, limit, windows)
  if cost > 0 then return {start, min(used + cost, 2 * limit)} end
  if moved then return {start, used} end
  return s
end`;

/** `algorithms/warm-up-curve.ts`; `p` begins with perUnit, perMs, ramp, most, slope, cooling and the horizon. */
export const WARM_UP: string = `
local function interval_of(p, warmth, units)
  local left = max(0, p[3] - warmth)
  local cold = min(units, left)
  return p[1] + ceil((cold * p[5] * (left - cold / 2)) / units)
end
local function cold_after(p, level, warmth)
  if warmth == 0 then return 0 end
  return ceil((level + warmth / p[6]) / p[2]) + 1
end
local function warmth_at(s, now, p)
  if not s then return 0, now, 0, false end
  local level, at, warmth = s[1], s[2], s[3]
  local since = now - at
  if since < -p[7] then return level, now, warmth, true end
  if since < 0 then return level, at, warmth, false end
  local elapsed = min(since, cold_after(p, level, warmth)) * p[2]
  local idle = max(0, elapsed - level)
  return max(0, level - elapsed), now, max(0, warmth - idle * p[6]), false
end
local function cold_in(p, level, at, warmth, now)
  if warmth == 0 then return 0 end
  return at - now + cold_after(p, level, warmth)
end`;
