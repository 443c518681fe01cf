import { createHash } from 'node:crypto';
import { type DecryptionKey, decryptionKeyTypes } from './decryption-key.ts';
import { findCurrent, isAlive, type KeyState } from './key-state.ts';
import type { Signer } from './signer.ts';

/** The JWKS document, ready to send. */
export interface JwksDocument {
  readonly body: Buffer;
  readonly etag: string;
}

/**
 * The JWKS at a time: every key that signs, will sign or still verifies, and of each kind that clients encrypt to the one in use. Made
 * anew only where something comes or goes in between.
 *
 * @returns a function of seconds since 1970
 */
export function jwksCache(state: KeyState): (now: number) => JwksDocument {
  const times = [...state.signers, ...state.decryptionKeys]
    .flatMap(({ record }) => [record.activeAt, record.retiredAt, record.expiresAt])
    .toSorted((a, b) => a - b);
  let made: (JwksDocument & { readonly from: number; readonly until: number }) | undefined;
  return (now) => {
    if (made === undefined || now < made.from || now >= made.until) {
      made = {
        from: times.findLast((time) => time <= now) ?? -Infinity,
        until: times.find((time) => time > now) ?? Infinity,
        ...writeJwks(
          state.signers.filter((key) => isAlive(key.record, now)),
          [...decryptionKeyTypes.keys()].flatMap((kty) => findCurrent(state.decryptionKeys, kty, now) ?? []),
        ),
      };
    }
    return made;
  };
}

/** RFC 7517 §5: public members, `kid`, `use`, and `alg` where the key is for one alone. */
function writeJwks(signers: readonly Signer[], decryptionKeys: readonly DecryptionKey[]): JwksDocument {
  const keys = [
    ...signers.map((key) => ({ ...readMembers(key.record.publicJwk), kid: key.kid, use: 'sig', alg: key.alg })),
    ...decryptionKeys.map((key) => ({ ...readMembers(key.record.publicJwk), kid: key.kid, use: 'enc' })),
  ];
  const body = Buffer.from(JSON.stringify({ keys }));
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}

function readMembers(publicJwk: string): object {
  return Object(JSON.parse(publicJwk));
}
