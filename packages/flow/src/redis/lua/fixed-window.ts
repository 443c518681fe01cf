import type { FixedWindowRule } from '../../algorithms/fixed-window.ts';
import type { LuaKind } from './lua-kind.ts';
import { WINDOW } from './pieces.ts';

export const fixedWindowLua: LuaKind<FixedWindowRule> = {
  kind: 'fixed_window',
  parameters: ({ limit, periodMs }) => [limit, periodMs],
  common: [
    WINDOW,
    `
local function fixed_windows(p)
  local period = p[2]
  return function(at)
    local start = floor(at / period) * period
    return start - period, start, start + period, start + 2 * period
  end
end`,
  ],
  decide: 'function(s, now, cost, p) return decide_in_window(s, now, cost, p[1], fixed_windows(p)) end',
  refund: 'function(s, now, cost, taken_at, p) return refund_in_window(s, now, cost, taken_at, p[1], fixed_windows(p)) end',
  charge: 'function(s, now, cost, p) return charge_in_window(s, now, cost, p[1], fixed_windows(p)) end',
  counts: 'function(at, now, p) return floor(at / p[2]) == floor(now / p[2]) end',
};
