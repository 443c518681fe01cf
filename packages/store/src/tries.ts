import { requireText } from './encoding.ts';
import { NEVER } from './retention.ts';

/** What is counted and for how long: a subject has at most 64 characters, and a window that is longer than all time ends with it. */
export function requireTry(subject: string, max: number, windowSeconds: number, now: number): { readonly endsAt: number } {
  requireText('a subject', subject, MAX_SUBJECT);
  if (!(max >= 1) || !(windowSeconds >= 1)) throw new TypeError('at least one try in at least a second');
  return { endsAt: Math.min(now + windowSeconds, NEVER) };
}

const MAX_SUBJECT = 64;
