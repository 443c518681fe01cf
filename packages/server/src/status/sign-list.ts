import type { Context } from '../context.ts';
import { usualSigner } from '../keys/require-signer.ts';
import type { Signer } from '../keys/signer.ts';
import { statusUri } from './place.ts';
import { STATUS_BITS, type StatusBits } from './status-bits.ts';

/** Seconds that whoever has a list may go on with it; it ends after twice as long. */
export const LIST_TTL_SECONDS = 15;

/** `application/statuslist+jwt` or `application/statuslist+cwt`. */
export type ListForm = 'jwt' | 'cwt';

/** What is said of a list, whatever it is written in. */
export interface ListClaims {
  readonly issuer: string;
  readonly uri: string;
  /** Seconds since 1970: everything that had ended then is in it. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly ttlSeconds: number;
  readonly bits: number;
  /** Compressed. */
  readonly list: Uint8Array;
}

export async function claimsOfList(ctx: Context, list: number, bits: StatusBits, issuedAt: number): Promise<ListClaims> {
  return {
    issuer: ctx.issuer,
    uri: statusUri(ctx.issuer, list),
    issuedAt,
    expiresAt: issuedAt + 2 * LIST_TTL_SECONDS,
    ttlSeconds: LIST_TTL_SECONDS,
    bits: STATUS_BITS,
    list: await bits.compressed(),
  };
}

/** A Status List Token (Token Status List §5.1, §5.2), signed with the algorithm that the issuer signs with by default. */
export async function signList(ctx: Context, claims: ListClaims, form: ListForm, now: number): Promise<string | Uint8Array> {
  const signer = usualSigner(ctx, now);
  // Few ask for it: what writes CBOR is loaded with the first.
  return form === 'jwt' ? signJwt(signer, claims) : (await import('./sign-cwt.ts')).signCwt(signer, claims);
}

function signJwt(signer: Signer, { issuer, uri, issuedAt, expiresAt, ttlSeconds, bits, list }: ListClaims): string {
  return signer.sign('statuslist+jwt', {
    iss: issuer,
    sub: uri,
    iat: issuedAt,
    exp: expiresAt,
    ttl: ttlSeconds,
    status_list: { bits, lst: Buffer.from(list).toString('base64url') },
  });
}
