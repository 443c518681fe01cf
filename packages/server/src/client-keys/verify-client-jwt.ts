import { MAC_ALGS, SIGNATURE_ALGS } from '@hufu/protocol/jose-algorithms';
import { type ReadJwt, readJwt } from '@hufu/protocol/jwt';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { type MacAlgorithm, macAlgorithms } from '../keys/algorithms.ts';
import { readableSecrets } from './client-secret.ts';
import { findSignatureFault } from './find-signature-fault.ts';

/** Every algorithm that a client may sign with. */
export const VERIFICATION_ALGS: readonly string[] = [...SIGNATURE_ALGS, ...MAC_ALGS];

export type ClientJwt =
  | {
      readonly kind: 'verified';
      readonly header: Readonly<Record<string, unknown>>;
      readonly payload: Readonly<Record<string, unknown>>;
    }
  /** The reason is for the decision record. */
  | { readonly kind: 'refused'; readonly reason: string };

/** RFC 7518 §3.2 asks for as many bytes as the hash has; 32 keep a secret from being guessed with any of the three. */
const MIN_MAC_SECRET = 32;

/**
 * Verifies a JWT that a client has signed with its own key or secret (RFC 7515 §5.2, OpenID Connect Core §10.1). Only the keys that the client
 * registered count: what the header brings or points to (`jwk`, `jku`, `x5c`, `x5u`) is never looked at (attacks JWT-08, JWT-09). What the JWT says
 * is not judged here.
 *
 * @param algs those that it may have; what is not in `VERIFICATION_ALGS`, `none` above all, never counts.
 * @param now seconds since 1970.
 */
export async function verifyClientJwt(
  ctx: Context,
  client: Client,
  text: string,
  { algs, now }: { readonly algs: readonly string[]; readonly now: number },
): Promise<ClientJwt> {
  const jwt = readJwt(text);
  if (jwt === undefined) return refused('it does not read as a signed JWT');
  const { alg } = jwt.header;
  if (!algs.includes(alg)) return refused(`its alg ${JSON.stringify(alg.slice(0, 20))} is not one of ${algs.join(', ')}`);
  const mac = macAlgorithms.get(alg);
  const fault =
    mac === undefined ? await findSignatureFault(ctx, client.metadata, 'the client', jwt, now) : findMacFault(ctx, client, jwt, mac, now);
  return fault === undefined ? { kind: 'verified', header: jwt.header, payload: jwt.payload } : refused(fault);
}

function findMacFault(
  ctx: Context,
  client: Client,
  { signingInput, signature }: ReadJwt,
  algorithm: MacAlgorithm,
  now: number,
): string | undefined {
  const secrets = readableSecrets(ctx, client, now);
  if (secrets.length === 0) return 'the client has no secret that can be read';
  const long = secrets.filter((secret) => Buffer.byteLength(secret) >= MIN_MAC_SECRET);
  if (long.length === 0) return `the client’s secret is shorter than ${MIN_MAC_SECRET} bytes`;
  return long.some((secret) => algorithm.verify(signingInput, signature, secret)) ? undefined : 'its signature is wrong';
}

function refused(reason: string): ClientJwt {
  return { kind: 'refused', reason };
}
