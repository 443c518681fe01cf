import { Refused } from './shape.ts';

/** What is recognised, so that the error can say what it is. */
const OTHER_HASHES: readonly (readonly [RegExp, string])[] = [
  [/^\$argon2[id]\$/, 'Argon2i or Argon2d'],
  [/^\$2[abxy]?\$/, 'bcrypt'],
  [/^\$scrypt\$|^\$7\$/, 'scrypt'],
  [/^\$pbkdf2/i, 'PBKDF2'],
  [/^\$[156]\$|^\$y\$/, 'crypt'],
  [/^\{[A-Za-z0-9-]+\}/, 'an LDAP scheme'],
];

const MAX_MEMORY_KIB = 1024 * 1024;
const MAX_PASSES = 64;
const MAX_LANES = 64;

/** Checks a PHC string of Argon2id, version 1.3 (RFC 9106 §3.1), with parameters that a sign-in can afford. */
export function readPasswordHash(text: string): string | Refused {
  const other = OTHER_HASHES.find(([pattern]) => pattern.test(text));
  if (other !== undefined) return new Refused(`is ${other[1]}; only Argon2id is supported by this version`);
  const match = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,4}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/.exec(text);
  if (match === null) return new Refused('is not a PHC string of Argon2id');
  const [memory = 0, passes = 0, lanes = 0] = match.slice(1, 4).map(Number);
  if (lanes < 1 || lanes > MAX_LANES || passes < 1 || passes > MAX_PASSES || memory < 8 * lanes || memory > MAX_MEMORY_KIB) {
    return new Refused(`must have m of 8·p to ${MAX_MEMORY_KIB}, t of 1 to ${MAX_PASSES} and p of 1 to ${MAX_LANES}`);
  }
  return text;
}
