/** A stored hash of a password, read: what it takes to check a password against it. */
export type PasswordHash = Argon2Hash | BcryptHash | ScryptHash | Pbkdf2Hash;

export interface Argon2Hash {
  readonly kind: 'argon2';
  /** PHC string, with its version. */
  readonly phc: string;
}

export interface BcryptHash {
  readonly kind: 'bcrypt';
  /** `$2a$`, `$2b$` or `$2y$`, which differ in nothing that a sound implementation does. */
  readonly text: string;
}

export interface ScryptHash {
  readonly kind: 'scrypt';
  /** The cost parameter N of RFC 7914. */
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
  readonly salt: Uint8Array;
  readonly digest: Uint8Array;
}

export interface Pbkdf2Hash {
  readonly kind: 'pbkdf2';
  readonly hash: 'sha1' | 'sha256' | 'sha512';
  readonly iterations: number;
  readonly salt: Uint8Array;
  readonly digest: Uint8Array;
}

/** One kind of hash, in the spellings that are usual. */
export interface HashFormat {
  readonly name: string;
  /** How it begins: what begins so is of this format or nothing. */
  readonly begins: RegExp;
  /** A text is what is wrong with it: a word that is missing, or more work than a sign-in may cost. */
  read(text: string): PasswordHash | string;
}

/** Shorter ones are no hash: an empty one would be every password's. */
export const LEAST_DIGEST = 16;
export const MAX_DIGEST = 64;
export const LEAST_SALT = 4;
export const MAX_SALT = 64;

/** Bytes of base64 in the standard alphabet or with `.` for `+` (as passlib writes it), padded or not; undefined for any other text. */
export function readBase64(text: string): Uint8Array | undefined {
  const plain = text.replaceAll('.', '+').replace(/={1,2}$/, '');
  const bytes = Buffer.from(plain, 'base64');
  return /^[A-Za-z0-9+/]+$/.test(plain) && bytes.toString('base64').replaceAll('=', '') === plain ? bytes : undefined;
}

/** Bytes of hexadecimal in small letters; undefined for any other text. */
export function readHex(text: string): Uint8Array | undefined {
  return /^(?:[0-9a-f]{2})+$/.test(text) ? Buffer.from(text, 'hex') : undefined;
}

/** Salt and digest of a length that is one; undefined for others. */
export function readParts(
  salt: Uint8Array | undefined,
  digest: Uint8Array | undefined,
): { readonly salt: Uint8Array; readonly digest: Uint8Array } | undefined {
  if (salt === undefined || salt.length < LEAST_SALT || salt.length > MAX_SALT) return undefined;
  if (digest === undefined || digest.length < LEAST_DIGEST || digest.length > MAX_DIGEST) return undefined;
  return { salt, digest };
}
