import { type QuotaRule, quotaStarts } from '../../algorithms/quota.ts';
import type { LuaKind } from './lua-kind.ts';
import { WINDOW } from './pieces.ts';

/** The calendar stays in JavaScript: a script is handed when the periods around now begin. */
export const quotaLua: LuaKind<QuotaRule> = {
  kind: 'quota',
  parameters: (rule, nowMs) => [rule.limit, ...quotaStarts(rule, nowMs)],
  common: [
    WINDOW,
    `
local function quota_windows(p)
  return function(at)
    local i = #p
    while i > 1 and p[i] > at do i = i - 1 end
    if i < 3 or i + 2 > #p then error('the periods do not reach so far') end
    return p[i - 1], p[i], p[i + 1], p[i + 2]
  end
end`,
  ],
  decide: 'function(s, now, cost, p) return decide_in_window(s, now, cost, p[1], quota_windows(p)) end',
  refund: 'function(s, now, cost, taken_at, p) return refund_in_window(s, now, cost, taken_at, p[1], quota_windows(p)) end',
  charge: 'function(s, now, cost, p) return charge_in_window(s, now, cost, p[1], quota_windows(p)) end',
  counts: `
function(at, now, p)
  local _, start, finish = quota_windows(p)(now)
  return at >= start and at < finish
end`,
};
