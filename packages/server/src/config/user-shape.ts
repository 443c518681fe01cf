import { foldUsername } from '@hufu/store/username';
import { MAX_HASH } from '../accounts/hashes/read-hash.ts';
import { claimsShape } from './claims-shape.ts';
import { list, object, optional, required } from './collection-shapes.ts';
import type { UserConfig } from './config.ts';
import { findValue, type MapNode } from './node.ts';
import { readPasswordHash } from './password-hash.ts';
import { hidden, text, textAs } from './scalar-shapes.ts';
import type { Secret } from './secret.ts';
import { type Failed, Refused, type Shape, type Spot } from './shape.ts';

const MAX_NAME = 255;

/** Whether a text may be the name of a user. */
export function isUsername(value: string): boolean {
  return value !== '' && value.length <= MAX_NAME && !/^\s|\s$|[\p{C}\p{Zl}\p{Zp}]/u.test(value);
}

/** As foldUsername compares them; what people cannot see or type is refused. */
const username: Shape<string> = textAs({
  allowed: ['1 to 255 characters, none of them invisible'],
  maxLength: MAX_NAME,
  read: (value) => (isUsername(value) ? value : new Refused('has a space at an end or an invisible character')),
});

const password: Shape<Secret<string>> = hidden(text(1024));
const passwordHash: Shape<Secret<string>> = hidden(
  textAs({
    allowed: ['a hash of Argon2, bcrypt, scrypt or PBKDF2, as $argon2id$v=19$m=…,t=…,p=…$salt$hash'],
    maxLength: MAX_HASH,
    read: readPasswordHash,
  }),
);

const user: Shape<UserConfig> = object({
  keys: {
    username: required(username, 'Name to sign in with. Compared without regard to letter case and width.'),
    password: optional(
      password,
      'Password as plain text; hashed when the user is first loaded. Best as ${VARIABLE}. Instead of password_hash.',
    ),
    password_hash: optional(
      passwordHash,
      'Hash of Argon2, bcrypt, scrypt or PBKDF2, as another system has made it; Argon2id from the next sign-in on. Instead of password.',
    ),
    claims: optional(claimsShape, 'Standard claims of OpenID Connect (Core §5.1).'),
  },
  check: requireOnePassword,
  build({ username, password, password_hash, claims = {} }) {
    const { sub, ...rest } = claims;
    return { username, sub: typeof sub === 'string' ? sub : undefined, password: choosePassword(password, password_hash), claims: rest };
  },
});

/** `users`. */
export const usersShape: Shape<readonly UserConfig[]> = list(user, {
  max: 10_000,
  unique: [{ path: ['username'], fold: foldUsername }, { path: ['claims', 'sub'] }],
});

function requireOnePassword(node: MapNode, spot: Spot): Failed | undefined {
  const plain = findValue(node, 'password');
  const hash = findValue(node, 'password_hash');
  if (plain === undefined && hash === undefined)
    return spot.at('password').report(node.place, 'is missing', '', ['password', 'password_hash']);
  if (plain !== undefined && hash !== undefined)
    return spot.at('password_hash').report(hash.place, 'cannot stand beside password', '[secret]', ['one of the two']);
  return undefined;
}

function choosePassword(plain: Secret<string> | undefined, phc: Secret<string> | undefined): UserConfig['password'] {
  if (phc !== undefined) return { kind: 'hash', phc };
  if (plain !== undefined) return { kind: 'plain', value: plain };
  throw new TypeError('a user without password passed requireOnePassword');
}
