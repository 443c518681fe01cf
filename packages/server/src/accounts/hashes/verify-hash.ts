import { pbkdf2Sync, scryptSync, timingSafeEqual } from 'node:crypto';
import { verifySync } from '@node-rs/argon2';
import { compareSync } from 'bcryptjs';
import type { PasswordHash } from './hash.ts';

/** bcrypt looks at so many bytes, and at none after a NUL: what is longer would be as good as its beginning. */
const MAX_BCRYPT = 72;

/** HMAC fills a key up with NULs (RFC 2104), so that to PBKDF2 and scrypt a password with some at its end is the same one. */
const NUL = '\0';

/** Whether a password is the one of a hash. It blocks for as long as that takes: for a worker thread alone. */
export function verifyHash(hash: PasswordHash, password: string): boolean {
  if (hash.kind !== 'argon2' && password.includes(NUL)) return false;
  switch (hash.kind) {
    case 'argon2':
      return verifySync(hash.phc, password);
    case 'bcrypt':
      if (Buffer.byteLength(password) > MAX_BCRYPT) return false;
      return compareSync(password, hash.text);
    case 'scrypt': {
      const { cost, blockSize, parallelization, salt, digest } = hash;
      const maxmem = 128 * blockSize * (cost + parallelization + 2);
      return timingSafeEqual(digest, scryptSync(password, salt, digest.length, { N: cost, r: blockSize, p: parallelization, maxmem }));
    }
    case 'pbkdf2':
      return timingSafeEqual(hash.digest, pbkdf2Sync(password, hash.salt, hash.iterations, hash.digest.length, hash.hash));
  }
}
