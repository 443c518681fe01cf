import { CLOCK, HEAD } from './scripts.ts';

/** Leases of places: a sorted set of who holds one, by the millisecond in which it is free again. As `algorithms/concurrency.ts`. */
const HELD = `
local key, id, limit, lease = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
-- Where the clock was set back, no lease is longer than from now.
for _, late in ipairs(redis.call('ZRANGEBYSCORE', key, format('(%.0f', now + lease), '+inf')) do
  redis.call('ZADD', key, format('%.0f', now + lease), late)
end
local function hold()
  redis.call('ZADD', key, format('%.0f', now + lease), id)
  redis.call('PEXPIRE', key, format('%.0f', lease + 1000))
end`;

/** ARGV of all three: name of the holder, limit, length of a lease. Answers: 1, how many more · 0, milliseconds to the end of the first lease. */
export const ACQUIRE: string = [
  HEAD,
  CLOCK,
  HELD,
  `
local others = redis.call('ZCARD', key)
if redis.call('ZSCORE', key, id) then others = others - 1 end
if others >= limit then
  local first = redis.call('ZRANGE', key, 0, 1, 'WITHSCORES')
  local ends = first[2]
  if first[1] == id then ends = first[4] end
  return {0, tonumber(ends) - now}
end
hold()
return {1, max(0, limit - others - 1)}`,
].join('\n');

/** Answers whether it was still held. */
export const RENEW: string = [
  HEAD,
  CLOCK,
  HELD,
  `
if not redis.call('ZSCORE', key, id) then return 0 end
hold()
return 1`,
].join('\n');

export const RELEASE: string = `return redis.call('ZREM', KEYS[1], ARGV[1])`;
