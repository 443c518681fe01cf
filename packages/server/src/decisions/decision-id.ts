import type { Random } from '../random.ts';

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** 10 characters of time, 8 of randomness, in Crockford's base 32: sorts by time, can be read aloud. */
export function decisionId(nowMs: number, random: Random): string {
  let tail = '';
  for (const character of random.text(8)) tail += CROCKFORD.charAt(character.charCodeAt(0) & 31);
  return firstDecisionId(nowMs) + tail;
}

/** What no id of that millisecond or later is smaller than. */
export function firstDecisionId(nowMs: number): string {
  let time = '';
  for (let rest = nowMs, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = CROCKFORD.charAt(rest % 32) + time;
  return time;
}
