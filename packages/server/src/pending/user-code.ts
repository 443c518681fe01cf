import type { Context } from '../context.ts';
import type { Random } from '../random.ts';

/** Consonants: no code spells a word, and none has letters that look alike (RFC 8628 §6.1). */
export const USER_CODE_ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ';
/** Letters: 2^34.6 codes, or 2^43.2 where many wait. */
export const USER_CODE_LENGTHS: { readonly usual: number; readonly long: number } = { usual: 8, long: 10 };

const LETTERS = new RegExp(`^[${USER_CODE_ALPHABET}]+$`);
/** What a hand may write beside the letters. */
const MAX_TYPED = 64;
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** A new user code, each letter as likely as any other. */
export function newUserCode(random: Random, length: number): string {
  let code = '';
  while (code.length < length) {
    for (const character of random.text(16)) {
      const value = BASE64URL.indexOf(character);
      // 60 of the 64 values are three for each letter; the others would make some letters likelier.
      if (value < 3 * USER_CODE_ALPHABET.length && code.length < length) code += USER_CODE_ALPHABET[value % USER_CODE_ALPHABET.length];
    }
  }
  return code;
}

/** What somebody typed, as the code that it can only mean: in any case and width, with spaces and dashes or without (RFC 8628 §6.1). */
export function readUserCode(text: string): string | undefined {
  if (text.length > MAX_TYPED) return undefined;
  const code = text
    .normalize('NFKC')
    .replace(/[\s\p{Pd}_.]/gu, '')
    .toUpperCase();
  const known = code.length === USER_CODE_LENGTHS.usual || code.length === USER_CODE_LENGTHS.long;
  return known && LETTERS.test(code) ? code : undefined;
}

/** As people read it: `WDJB-MJHT`. */
export function formatUserCode(code: string): string {
  return `${code.slice(0, code.length / 2)}-${code.slice(code.length / 2)}`;
}

/** What the store knows a user code by: a keyed hash, so that a copy of the store names none of the few that there are. */
export function hashUserCode(ctx: Pick<Context, 'keys'>, code: string): string {
  return ctx.keys.keyedHash('user_code', code);
}
