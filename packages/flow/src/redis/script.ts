import { createHash } from 'node:crypto';
import type { RedisCalls } from './calls.ts';

/** A script by its text, and by the name that Redis knows it by. */
export interface Script {
  readonly text: string;
  /** SHA-1, in hex. */
  readonly name: string;
}

export function nameOfScript(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

/**
 * Runs a script by its name; where Redis does not know it, nothing ran, and it is sent again as a text.
 *
 * @param rest how many keys, the keys, and what else there is
 */
export function callScript(redis: RedisCalls, { name, text }: Script, rest: readonly (string | number)[]): Promise<unknown> {
  return redis.call('EVALSHA', name, ...rest).catch((error: unknown) => {
    if (messageOf(error).startsWith('NOSCRIPT')) return redis.call('EVAL', text, ...rest);
    throw error;
  });
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
