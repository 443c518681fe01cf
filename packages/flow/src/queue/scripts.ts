import { nameOfScript, type Script } from '../redis/script.ts';

function scriptOf(body: string): Script {
  const text = PRELUDE + body;
  return { text, name: nameOfScript(text) };
}

/**
 * What all scripts begin with. Everything that there is of a queue:
 *
 * - `s`: the stream of ids to be taken, its group `g` with the one consumer `w`; what ended is no longer in it
 * - `d`: ids that wait for another attempt, by the time of it
 * - `x`: dead letters, by the time of death
 * - `j:<id>`: a job: state (queued, running, done, failed, dead), size, body, scope, idem, seq (how many were added before), entry (in the
 *   stream; none while it waits in `d`), n (attempts), last (the attempt that is the last), result or reason
 * - `i:<digest>`: the id behind an idempotency key, and the digest of its job
 * - `m`: level and at (GCRA of the taking), added and read (into and from the stream), bytes, seen (a worker, last), busy (since when
 *   something waits), promised (the last slot that a refusal named), cursor and turn (of what was abandoned), dropped (dead letters), and
 *   b0 to b13 (jobs that ended, in five seconds each)
 *
 * Where memory is used up, Redis refuses a script at the first write that could take more, and not later. So that a full Redis is drained,
 * taking and ending begin with writes that take none.
 */
const PRELUDE = `
local S, D, M, X = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local base, perUnit, perMs, kept, maxDead = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function whole(n) return string.format('%.0f', n) end
local function number(name) return tonumber(redis.call('HGET', M, name) or '0') end
local function jobKey(id) return base .. 'j:' .. id end

-- Milliseconds that a job takes, by what ended in the last minute; nil: nothing did, though something waited, or nobody is there.
local function pace(isIdle)
  local stated = perUnit / perMs
  if number('seen') + 60000 < now then return nil end
  if isIdle then return stated end
  local from, busy = math.floor((now - 60000) / 5000) * 5000, number('busy')
  if busy > from then from = busy end
  local span = now - from
  if span < 5000 then return stated end
  local count = 0
  for i = 0, 13 do
    local slot, ended = string.match(redis.call('HGET', M, 'b' .. i) or '', '^(%d+):(%d+)$')
    if slot and tonumber(slot) >= math.floor(from / 5000) then count = count + tonumber(ended) end
  end
  if count == 0 then
    if span < 60000 then return stated end
    return nil
  end
  return math.max(stated, span / count)
end

local function countEnd()
  local slot = math.floor(now / 5000)
  local name = 'b' .. whole(slot % 14)
  local at, ended = string.match(redis.call('HGET', M, name) or '', '^(%d+):(%d+)$')
  redis.call('HSET', M, name, whole(slot) .. ':' .. ((at == whole(slot) and tonumber(ended) or 0) + 1))
end

-- From wherever it is; what nobody has read yet counts as read, for those behind it move up.
local function unlist(id, state, entry)
  if redis.call('ZREM', D, id) == 0 and entry then
    redis.call('XACK', S, 'g', entry)
    if redis.call('XDEL', S, entry) == 1 and state == 'queued' then redis.call('HINCRBY', M, 'read', 1) end
  end
end

-- The clock of what is kept of it begins.
local function expire(id)
  local job = jobKey(id)
  redis.call('PEXPIRE', job, kept)
  local idem = redis.call('HGET', job, 'idem')
  if idem and string.sub(redis.call('GET', base .. 'i:' .. idem) or '', 1, #id + 1) == id .. ' ' then
    redis.call('PEXPIRE', base .. 'i:' .. idem, kept)
  end
end

local function forget(id)
  redis.call('HDEL', jobKey(id), 'body')
  expire(id)
end

local function kill(id, reason)
  local job = jobKey(id)
  redis.call('HINCRBY', M, 'bytes', whole(0 - tonumber(redis.call('HGET', job, 'size') or '0')))
  redis.call('HSET', job, 'state', 'dead', 'reason', reason)
  redis.call('HDEL', job, 'entry')
  countEnd()
  -- The letter itself is kept for longer, with whatever else is dead; that its key is taken is not.
  expire(id)
  redis.call('PERSIST', job)
  -- One after the other, also within a millisecond.
  redis.call('ZADD', X, whole(math.max(now, (tonumber(redis.call('ZREVRANGE', X, 0, 0, 'WITHSCORES')[2]) or 0) + 1)), id)
  while redis.call('ZCARD', X) > maxDead do
    forget(redis.call('ZPOPMIN', X)[1])
    redis.call('HINCRBY', M, 'dropped', 1)
  end
end
`;

/** id, scope, digest, body, size, maxDepth, maxBytes, maxAttempts, idem → accepted id position eta | duplicate id state | conflict | full ms draining. */
export const OFFER: Script = scriptOf(`
local id, scope, digest, body, size = ARGV[6], ARGV[7], ARGV[8], ARGV[9], tonumber(ARGV[10])
local maxDepth, maxBytes, maxAttempts, idem = tonumber(ARGV[11]), tonumber(ARGV[12]), ARGV[13], ARGV[14]
if idem ~= '' then
  local holder, held = string.match(redis.call('GET', base .. 'i:' .. idem) or '', '^(%S+) (%S+)$')
  local state = holder and redis.call('HGET', jobKey(holder), 'state')
  if state and held ~= digest then return {'conflict'} end
  if state then return {'duplicate', holder, state} end
end
local length = redis.call('XLEN', S)
local depth = length + redis.call('ZCARD', D)
local bytes = depth == 0 and 0 or number('bytes')
local added = number('added')
local position = length == 0 and 0 or math.max(0, added - number('read'))
local isFull = depth >= maxDepth or bytes + size > maxBytes
local ms = pace(position == 0 and not isFull)
if isFull then
  local most = maxDepth * (ms or perUnit / perMs)
  if not ms then return {'full', whole(math.ceil(most)), '0'} end
  local promised = math.min(math.max(number('promised'), now) + ms, now + most)
  redis.call('HSET', M, 'promised', string.format('%.3f', promised))
  return {'full', whole(math.ceil(promised - now)), '1'}
end
if redis.call('EXISTS', S) == 0 then redis.call('XGROUP', 'CREATE', S, 'g', '0', 'MKSTREAM') end
local entry = redis.call('XADD', S, '*', 'id', id)
redis.call('HSET', jobKey(id), 'state', 'queued', 'body', body, 'size', size, 'scope', scope, 'seq', whole(added), 'entry', entry, 'n', 0, 'last', maxAttempts)
if idem ~= '' then
  redis.call('HSET', jobKey(id), 'idem', idem)
  redis.call('SET', base .. 'i:' .. idem, id .. ' ' .. digest)
end
redis.call('HSET', M, 'added', whole(added + 1), 'bytes', whole(bytes + size))
if position == 0 then redis.call('HSET', M, 'read', whole(added), 'busy', whole(now)) end
return {'accepted', id, whole(position), ms and whole(math.ceil(position * ms)) or ''}
`);

/** want, depthTicks, visibilityMs → now, wait (−1: nothing is there), then id, attempt, body of each. */
export const TAKE: Script = scriptOf(`
local want, depth, visibility = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]
for _, id in ipairs(redis.call('ZRANGEBYSCORE', D, '-inf', whole(now), 'LIMIT', 0, want + 16)) do
  redis.call('ZREM', D, id)
  if redis.call('HGET', jobKey(id), 'state') == 'queued' then
    if redis.call('EXISTS', S) == 0 then redis.call('XGROUP', 'CREATE', S, 'g', '0', 'MKSTREAM') end
    local added = number('added')
    if added <= number('read') then redis.call('HSET', M, 'busy', whole(now)) end
    redis.call('HSET', jobKey(id), 'entry', redis.call('XADD', S, '*', 'id', id), 'seq', whole(added))
    redis.call('HSET', M, 'added', whole(added + 1))
  end
end

local level, at = number('level'), number('at')
local since = now - at
if since >= 0 then
  level, at = math.max(0, level - math.min(since, math.ceil(level / perMs) + 1) * perMs), now
elseif -since > math.ceil(2 * depth / perMs) then
  at = now
end
local room = math.min(want, math.floor((depth - level) / perUnit))

local function group()
  redis.call('XGROUP', 'CREATE', S, 'g', '0', 'MKSTREAM')
  redis.call('HSET', M, 'read', whole(math.max(0, number('added') - redis.call('XLEN', S))))
end
local function fresh(count)
  if count <= 0 then return {} end
  local reply = redis.pcall('XREADGROUP', 'GROUP', 'g', 'w', 'COUNT', count, 'STREAMS', S, '>')
  if reply and reply.err then
    if not string.find(reply.err, 'NOGROUP', 1, true) then error(reply.err) end
    group()
    reply = redis.call('XREADGROUP', 'GROUP', 'g', 'w', 'COUNT', count, 'STREAMS', S, '>')
  end
  local entries = reply and reply[1] and reply[1][2] or {}
  if #entries > 0 then redis.call('HINCRBY', M, 'read', #entries) end
  return entries
end
local function abandoned(count)
  if count <= 0 then return {} end
  local cursor = redis.call('HGET', M, 'cursor') or '0-0'
  local reply = redis.pcall('XAUTOCLAIM', S, 'g', 'w', visibility, cursor, 'COUNT', count)
  if reply.err then return {} end
  if reply[1] ~= cursor then redis.call('HSET', M, 'cursor', reply[1]) end
  return reply[2]
end

local jobs = {}
local function begin(entries)
  for _, entry in ipairs(entries) do
    local id = entry and entry[2] and entry[2][2]
    if id then
      local job = jobKey(id)
      local state, held, n, last, body = unpack(redis.call('HMGET', job, 'state', 'entry', 'n', 'last', 'body'))
      if (state ~= 'queued' and state ~= 'running') or held ~= entry[1] then
        redis.call('XACK', S, 'g', entry[1])
        redis.call('XDEL', S, entry[1])
      elseif tonumber(n) >= tonumber(last) then
        unlist(id, 'running', held)
        kill(id, 'abandoned')
      else
        redis.call('HSET', job, 'state', 'running', 'n', tonumber(n) + 1)
        jobs[#jobs + 1] = {id, whole(tonumber(n) + 1), body}
      end
    end
  end
end
if room > 0 then
  -- Half for what others left behind; of a single one, each other time.
  local turn = number('turn')
  local first = room == 1 and turn or math.floor(room / 2)
  begin(abandoned(first))
  begin(fresh(room - #jobs))
  if first == 0 then begin(abandoned(room - #jobs)) end
  if room == 1 then redis.call('HSET', M, 'turn', 1 - turn) end
  level = level + #jobs * perUnit
end
local wait = -1
if level + perUnit > depth then wait = at - now + math.ceil((level + perUnit - depth) / perMs)
elseif room > 0 and #jobs == room then wait = 0 end
if #jobs > 0 then redis.call('HSET', M, 'level', whole(level), 'at', whole(at)) end
redis.pcall('HSET', M, 'seen', whole(now))
local answer = {whole(now), whole(wait)}
for _, job in ipairs(jobs) do for part = 1, 3 do answer[#answer + 1] = job[part] end end
return answer
`);

/** id, attempt of each → the ids of those that somebody else has, or nobody. */
export const RENEW: Script = scriptOf(`
local lost = {}
for i = 6, #ARGV, 2 do
  local state, n, entry = unpack(redis.call('HMGET', jobKey(ARGV[i]), 'state', 'n', 'entry'))
  if state == 'running' and n == ARGV[i + 1] then redis.pcall('XCLAIM', S, 'g', 'w', 0, entry, 'JUSTID')
  else lost[#lost + 1] = ARGV[i] end
end
redis.pcall('HSET', M, 'seen', whole(now))
return lost
`);

/** id, attempt, done | failed | again, text, delayMs → done | failed | queued | dead | stale | over | unknown. */
export const FINISH: Script = scriptOf(`
local id, attempt, outcome, text, delay = ARGV[6], ARGV[7], ARGV[8], ARGV[9], tonumber(ARGV[10])
local job = jobKey(id)
local state, n, last, entry, size = unpack(redis.call('HMGET', job, 'state', 'n', 'last', 'entry', 'size'))
if not state then return 'unknown' end
if state == 'done' or state == 'failed' then return 'over' end
-- Whoever was given up, and did it all the same, has done it; that they have not says nothing about those who try now.
if outcome ~= 'done' and (state ~= 'running' or n ~= attempt) then return 'stale' end
if state == 'dead' then
  redis.call('ZREM', X, id)
else
  unlist(id, state, entry)
end
if outcome == 'again' then
  if tonumber(n) >= tonumber(last) then
    kill(id, text)
    return 'dead'
  end
  redis.call('HSET', job, 'state', 'queued', 'reason', text)
  redis.call('HDEL', job, 'entry')
  redis.call('ZADD', D, whole(now + delay), id)
  return 'queued'
end
if state ~= 'dead' then
  redis.call('HINCRBY', M, 'bytes', whole(0 - tonumber(size)))
  countEnd()
end
redis.call('HSET', job, 'state', outcome)
redis.call('HDEL', job, 'entry', 'reason')
if text ~= '' then redis.call('HSET', job, outcome == 'done' and 'result' or 'reason', text) end
forget(id)
redis.pcall('HSET', M, 'seen', whole(now))
return outcome
`);

/** id → state, scope, attempts, position, eta, result, reason, each '' where there is none; nothing: unknown. */
export const STATUS: Script = scriptOf(`
local state, scope, n, seq, entry, result, reason = unpack(redis.call('HMGET', jobKey(ARGV[6]), 'state', 'scope', 'n', 'seq', 'entry', 'result', 'reason'))
if not state then return {} end
local position, eta = '', ''
if state == 'queued' then
  local waiting = math.max(0, number('added') - number('read'))
  local ms = pace(waiting == 0)
  if entry then
    local before = math.max(0, tonumber(seq) - number('read'))
    position = whole(before)
    if ms then eta = whole(math.ceil(before * ms)) end
  else
    local due = tonumber(redis.call('ZSCORE', D, ARGV[6]) or whole(now))
    if ms then eta = whole(math.max(0, due - now) + math.ceil(waiting * ms)) end
  end
end
return {state, scope, n, position, eta, result or '', reason or ''}
`);

/** → stream, delayed, waiting, dead, dropped, bytes, milliseconds a job or ''. */
export const OVERVIEW: Script = scriptOf(`
local length = redis.call('XLEN', S)
local waiting = math.min(length, math.max(0, number('added') - number('read')))
local ms = pace(waiting == 0)
return {whole(length), whole(redis.call('ZCARD', D)), whole(waiting), whole(redis.call('ZCARD', X)), whole(number('dropped')), whole(number('bytes')), ms and string.format('%.3f', ms) or ''}
`);

/** most → id, body, attempts, reason, since of each, the latest first. */
export const LIST_DEAD: Script = scriptOf(`
local answer = {}
local found = redis.call('ZREVRANGE', X, 0, tonumber(ARGV[6]) - 1, 'WITHSCORES')
for i = 1, #found, 2 do
  local body, n, reason = unpack(redis.call('HMGET', jobKey(found[i]), 'body', 'n', 'reason'))
  for _, part in ipairs({found[i], body or '', n or '0', reason or '', found[i + 1]}) do answer[#answer + 1] = part end
end
return answer
`);

/** id, maxDepth, maxBytes, maxAttempts → queued | full | unknown. */
export const REVIVE: Script = scriptOf(`
local id, maxDepth, maxBytes, maxAttempts = ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local job = jobKey(id)
local size, n, idem = unpack(redis.call('HMGET', job, 'size', 'n', 'idem'))
if not redis.call('ZSCORE', X, id) or not size then return 'unknown' end
local length = redis.call('XLEN', S)
if length + redis.call('ZCARD', D) >= maxDepth or number('bytes') + tonumber(size) > maxBytes then return 'full' end
if redis.call('EXISTS', S) == 0 then redis.call('XGROUP', 'CREATE', S, 'g', '0', 'MKSTREAM') end
local added = number('added')
local entry = redis.call('XADD', S, '*', 'id', id)
redis.call('ZREM', X, id)
redis.call('HSET', job, 'state', 'queued', 'entry', entry, 'seq', whole(added), 'last', whole(tonumber(n) + maxAttempts))
redis.call('HDEL', job, 'reason')
redis.call('HINCRBY', M, 'bytes', size)
if added <= number('read') then redis.call('HSET', M, 'busy', whole(now)) end
redis.call('HSET', M, 'added', whole(added + 1))
if idem and string.sub(redis.call('GET', base .. 'i:' .. idem) or '', 1, #id + 1) == id .. ' ' then redis.call('PERSIST', base .. 'i:' .. idem) end
return 'queued'
`);

/** id → discarded | unknown. */
export const DISCARD: Script = scriptOf(`
if redis.call('ZREM', X, ARGV[6]) == 0 then return 'unknown' end
forget(ARGV[6])
return 'discarded'
`);
