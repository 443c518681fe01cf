import { argon2 } from './argon2.ts';
import { bcrypt } from './bcrypt.ts';
import type { HashFormat, PasswordHash } from './hash.ts';
import { pbkdf2 } from './pbkdf2.ts';
import { scrypt } from './scrypt.ts';

/** The formats that are read: a new one is a file and a line here. */
const FORMATS: readonly HashFormat[] = [argon2, bcrypt, scrypt, pbkdf2];

/** What has a name and no reader, so that an error can say what it is. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/^\$[156]\$|^\$y\$|^\$7\$/, 'a hash of crypt(3)'],
  [/^\{[A-Za-z0-9-]+\}/, 'a hash of an LDAP scheme'],
  [/^[0-9a-f]{32}$|^[0-9a-f]{40}$|^[0-9a-f]{64}$|^[0-9a-f]{128}$/i, 'a digest without salt'],
];

/** The longest text that any format has. */
export const MAX_HASH = 255;

/**
 * Reads a stored hash of a password: Argon2, bcrypt, scrypt or PBKDF2 with parameters that a sign-in can afford. Asked when a hash comes in and again before a password is checked
 * against it, so that nothing in the database makes a guess expensive. A text is what is wrong.
 */
export function readHash(text: string): PasswordHash | string {
  if (text.length > MAX_HASH) return `has more than ${MAX_HASH} characters`;
  const format = FORMATS.find(({ begins }) => begins.test(text));
  if (format !== undefined) return format.read(text);
  const known = FORMATS.map(({ name }) => name).join(', ');
  const other = OTHERS.find(([pattern]) => pattern.test(text));
  return other === undefined ? `is none of ${known}` : `is ${other[1]}; read are ${known}`;
}
