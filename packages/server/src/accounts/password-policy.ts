import { foldUsername } from '@hufu/store/username';

/** Why a password is not taken. */
export type PasswordFault = 'too_short' | 'too_long' | 'common' | 'same_as_account';

/** Characters (code points, as NIST SP 800-63B-4 §3.1.1.2 counts them): in UTF-8 4 KiB at most. */
export const MAX_NEW_PASSWORD = 1024;

/**
 * Whether a password may be chosen: long enough, and none of those that are tried first. What it is made of is nobody's business.
 *
 * @param password normalised (`normalizePassword`).
 * @param words what everybody knows of the person: user name, email address, name.
 */
export async function judgePassword(password: string, words: readonly string[], minLength: number): Promise<PasswordFault | undefined> {
  // A bound on the work: a code point is at most two units.
  if (password.length > MAX_NEW_PASSWORD * 2) return 'too_long';
  const characters = Array.from(password).length;
  if (characters < minLength) return 'too_short';
  if (characters > MAX_NEW_PASSWORD) return 'too_long';
  const folded = foldUsername(password);
  if (words.some((word) => folded === foldUsername(word))) return 'same_as_account';
  if (isSequence(folded) || (await isCommon(folded)) || (await isCommon(withoutTail(folded)))) return 'common';
  return undefined;
}

/** Units of a repetition below this are no password of their own, whatever the list says. */
const SHORT_UNIT = 8;

async function isCommon(text: string): Promise<boolean> {
  const { unit, times } = repeatedUnit(text);
  if (times >= 2 && unit.length < SHORT_UNIT) return true;
  return (await commonPasswords()).has(unit);
}

let loaded: Promise<ReadonlySet<string>> | undefined;

/** Loaded with the first password that somebody chooses: a server without sign-up never holds it. */
function commonPasswords(): Promise<ReadonlySet<string>> {
  loaded ??= import('./common-passwords.ts').then(({ COMMON_PASSWORDS }) => new Set(COMMON_PASSWORDS.split(/\s+/)));
  return loaded;
}

interface Repetition {
  /** The shortest text that makes the whole when it is written again and again; the whole itself where nothing is repeated. */
  readonly unit: string;
  /** How often it stands there whole. */
  readonly times: number;
}

/** `passwordpass` is `password` and no more. By the longest border (Knuth, Morris and Pratt), in one pass. */
function repeatedUnit(text: string): Repetition {
  const borders: number[] = [0];
  let border = 0;
  for (let i = 1; i < text.length; i++) {
    while (border > 0 && text[i] !== text[border]) border = borders[border - 1] ?? 0;
    if (text[i] === text[border]) border++;
    borders.push(border);
  }
  const length = text.length - border;
  return { unit: text.slice(0, length), times: Math.floor(text.length / length) };
}

const COUNTING = '12345678901234567890';

/** Without what makes a password longer and no better: `…1234567`, `…!!!!!!!`. */
function withoutTail(text: string): string {
  for (let length = COUNTING.length; length > 0; length--) {
    if (text.endsWith(COUNTING.slice(0, length))) return text.slice(0, -length);
  }
  const characters = Array.from(text);
  const last = characters.at(-1);
  const repeated = characters.length - 1 - characters.findLastIndex((character) => character !== last);
  return repeated < 2 ? text : characters.slice(0, -repeated).join('');
}

/** `abcdefgh…`, `9876…`: each character the next one after the one before, or the one before it. */
function isSequence(text: string): boolean {
  const step = text.charCodeAt(1) - text.charCodeAt(0);
  if (Math.abs(step) !== 1) return false;
  for (let i = 2; i < text.length; i++) if (text.charCodeAt(i) - text.charCodeAt(i - 1) !== step) return false;
  return true;
}
