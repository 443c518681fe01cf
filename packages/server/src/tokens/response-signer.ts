import { OAuthError } from '@hufu/protocol/errors';
import { MAC_ALGS } from '@hufu/protocol/jose-algorithms';
import { readableSecrets } from '../client-keys/client-secret.ts';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { macAlgorithms } from '../keys/algorithms.ts';
import { requireSigner } from '../keys/require-signer.ts';
import type { JwtType } from '../keys/signer.ts';

/** What signs an answer to one client. */
export interface ResponseSigner {
  /** The hash of its algorithm, for `at_hash`. */
  readonly hash: string;
  /** A compact JWS over the claims, `typ: JWT` unless something else is said. */
  sign(claims: object, typ?: Exclude<JwtType, 'at+jwt'>): string;
}

/** The signer of ID tokens and userinfo answers for an `alg` that the client registered: a key of ours, or the client's secret (OpenID Connect Core §10.1). */
export function responseSigner(ctx: Context, client: Client, alg: string, now: number): ResponseSigner {
  if (MAC_ALGS.includes(alg)) return secretSigner(ctx, client, alg, now);
  const signer = requireSigner(ctx, alg, now);
  return { hash: signer.hash, sign: (claims, typ = 'JWT') => signer.sign(typ, claims) };
}

function secretSigner(ctx: Context, client: Client, alg: string, now: number): ResponseSigner {
  const mac = macAlgorithms.get(alg);
  const [secret] = readableSecrets(ctx, client, now);
  if (mac === undefined || secret === undefined)
    throw new OAuthError('server_error', 'no signing key', { detail: `${client.id} has no secret for ${alg}` });
  return {
    hash: mac.hash,
    sign(claims, typ = 'JWT') {
      const input = `${encode({ alg, typ })}.${encode(claims)}`;
      return `${input}.${mac.sign(input, secret)}`;
    },
  };
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
