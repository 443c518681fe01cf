import { LUA_KINDS } from './kinds.ts';

/** The server's own time, in whole milliseconds: the same for every process, whatever their clocks say. */
export const CLOCK: string = `
local time = redis.call('TIME')
local now = time[1] * 1000 + floor(time[2] / 1000)`;

/** A state goes a second after the moment from which it is as good as none. */
export const SAVE: string = `
local function save(key, text, reset) redis.call('SET', key, text, 'PX', format('%.0f', reset + 1000)) end`;

export const HEAD: string = `
local floor, ceil, min, max, sqrt, format = math.floor, math.ceil, math.min, math.max, math.sqrt, string.format`;

const READ_AND_WRITE = `
local function read(text)
  if not text then return nil end
  local s, n = {}, 0
  for word in string.gmatch(text, '%S+') do
    n = n + 1
    s[n] = tonumber(word)
  end
  return s
end
local function write(s)
  local words = {}
  for i = 1, #s do words[i] = format('%.17g', s[i]) end
  return table.concat(words, ' ')
end`;

const CALLS = `
local function load()
  if #KEYS == 1 then return {redis.call('GET', KEYS[1])} end
  return redis.call('MGET', unpack(KEYS))
end
local function numbers(from, count)
  local p = {}
  for i = 1, count do p[i] = tonumber(ARGV[from + i - 1]) end
  return p
end`;

/**
 * ARGV: 1 to take, 0 to look; then for each key: kind, 1 for a shadow, the place of the rule that spares it (0: none), cost, how much it may
 * be beyond that, number of parameters, parameters.
 * Answers: now; then for each key: 0 refused, 1 allowed, 2 spared · remaining · retry (−1: never) · reset · delay · units taken.
 */
const TAKE = `
local taking = ARGV[1] == '1'
local texts = load()
local asks, at, all = {}, 2, true
for i = 1, #KEYS do
  local count = tonumber(ARGV[at + 5])
  local kind, cost, most, p = DECIDE[ARGV[at]], tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), numbers(at + 6, count)
  local s = read(texts[i])
  if most > cost then
    local remaining = (select(3, kind(s, now, 0, p)))
    cost = max(cost, min(most, remaining))
  end
  local after, allowed, remaining, retry, reset, delay = kind(s, now, cost, p)
  asks[i] = {kind, p, s, after, ARGV[at + 1] == '1', tonumber(ARGV[at + 2]), cost, allowed and 1 or 0, remaining, retry, reset, delay}
  at = at + 6 + count
end
for i = 1, #asks do
  local a = asks[i]
  if a[8] == 0 then
    local other = asks[a[6]]
    if other then
      if select(5, other[1](other[3], now, 0, other[2])) == 0 then a[8] = 2 end
    end
    if a[8] == 0 and not a[5] then all = false end
  end
end
local take = taking and all
local answer = {now}
for i = 1, #asks do
  local a = asks[i]
  local taken = 0
  if a[8] == 1 then
    if take then
      taken = a[7]
      if taken > 0 then save(KEYS[i], write(a[4]), a[11]) end
    else
      local after, _, remaining, _, reset = a[1](a[3], now, 0, a[2])
      a[4], a[9], a[11] = after, remaining, reset
    end
  end
  -- A clock that was set back too far: what there is, is counted from now on.
  if taking and taken == 0 and a[4] and a[4] ~= a[3] then save(KEYS[i], write(a[4]), a[11]) end
  local n = #answer
  answer[n + 1], answer[n + 2], answer[n + 3], answer[n + 4], answer[n + 5], answer[n + 6] = a[8], a[9], a[10], a[11], a[12], taken
end
return answer`;

/**
 * Requests of one rule each, that know nothing of each other: whatever was asked at the same time, in one call. KEYS may hold one several
 * times. ARGV: costs; then the parameters, where they do not stand in the script. Answers as above.
 */
const TAKE_APART = `
local texts = load()
local answer, states, resets, n = {now}, {}, {}, 1
for i = 1, #KEYS do
  local key, cost, text = KEYS[i], tonumber(ARGV[i]), texts[i]
  local s = states[key]
  if s == nil and text then
    local first, second = string.match(text, '^(%S+) (%S+)$')
    if first then s = {tonumber(first), tonumber(second)} else s = read(text) end
  end
  local after, allowed, remaining, retry, reset, delay = decide(s, now, cost, p)
  if after ~= s then states[key], resets[key] = after, reset end
  answer[n + 1], answer[n + 2], answer[n + 3], answer[n + 4], answer[n + 5], answer[n + 6] = allowed and 1 or 0, remaining, retry, reset, delay, allowed and cost or 0
  n = n + 6
end
for key, s in pairs(states) do
  local text
  if #s == 2 then text = format('%.17g %.17g', s[1], s[2]) else text = write(s) end
  save(key, text, resets[key])
end
return answer`;

/** ARGV for each key: kind, cost, when it was taken, number of parameters, parameters. Answers: now. */
const REFUND = `
local texts = load()
local at, all = 1, {}
for i = 1, #KEYS do
  local count = tonumber(ARGV[at + 3])
  local kind, p = ARGV[at], numbers(at + 4, count)
  local s = read(texts[i])
  if s then
    local after = REFUND[kind](s, now, tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), p)
    if after ~= s then
      local reset = 0
      if after then reset = (select(5, DECIDE[kind](after, now, 0, p))) end
      all[#all + 1] = {KEYS[i], after, reset}
    end
  end
  at = at + 4 + count
end
for i = 1, #all do
  local key, after, reset = all[i][1], all[i][2], all[i][3]
  if after then save(key, write(after), reset) else redis.call('DEL', key) end
end
return {now}`;

/** ARGV as of a refund, with when it was spent, −1: now. Answers: now, and the state of each key as text. */
const CHARGE = `
local texts = load()
local at, all, answer = 1, {}, {now}
for i = 1, #KEYS do
  local count = tonumber(ARGV[at + 3])
  local kind, cost, spent_at, p = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), numbers(at + 4, count)
  local s = read(texts[i])
  local text = texts[i] or ''
  local counts = COUNTS[kind]
  if cost > 0 and (spent_at < 0 or not counts or counts(spent_at, now, p)) then
    -- What cannot be owed is taken where it is there.
    local after = (CHARGE[kind] or DECIDE[kind])(s, now, cost, p)
    if after and after ~= s then
      text = write(after)
      all[#all + 1] = {KEYS[i], text, (select(5, DECIDE[kind](after, now, 0, p)))}
    end
  end
  answer[i + 1] = text
  at = at + 4 + count
end
for i = 1, #all do save(all[i][1], all[i][2], all[i][3]) end
return answer`;

/** What a script does with the states of its keys. */
export type ScriptAct = 'take' | 'refund' | 'charge';

/**
 * The script that does this for rules of these kinds, each named once: short ones run faster. Everything is read and decided before the
 * first write, so an error leaves nothing half done.
 */
export function scriptFor(act: ScriptAct, kinds: readonly string[]): string {
  const parts = kinds.flatMap((name) => LUA_KINDS.get(name) ?? []);
  const table = (name: string, of: 'decide' | 'refund' | 'charge' | 'counts'): string =>
    `\nlocal ${name} = {}${parts.map((part) => (part[of] === undefined ? '' : `\n${name}.${part.kind} = ${part[of].trim()}`)).join('')}`;
  const common = [HEAD, CLOCK, SAVE, READ_AND_WRITE, CALLS, ...new Set(parts.flatMap((part) => part.common)), table('DECIDE', 'decide')];
  if (act === 'take') return [...common, TAKE].join('\n');
  if (act === 'refund') return [...common, table('REFUND', 'refund'), REFUND].join('\n');
  return [...common, table('CHARGE', 'charge'), table('COUNTS', 'counts'), CHARGE].join('\n');
}

/**
 * The script for requests of one rule each, all of a kind.
 *
 * @param parameters stand in the script: what is sent each time is shorter; undefined: they are sent, and are the same for all
 */
export function scriptApart(kind: string, parameters: readonly number[] | undefined): string {
  const part = LUA_KINDS.get(kind);
  if (part === undefined) throw new TypeError(`${kind} does not live in Redis`);
  const numbers = parameters === undefined ? 'local p = numbers(#KEYS + 1, #ARGV - #KEYS)' : `local p = {${parameters.join(', ')}}`;
  const decide = `local decide = ${part.decide.trim()}`;
  return [HEAD, CLOCK, SAVE, READ_AND_WRITE, CALLS, ...part.common, decide, numbers, TAKE_APART].join('\n');
}
