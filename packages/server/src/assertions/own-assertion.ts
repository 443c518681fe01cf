import { hash } from 'node:crypto';
import { SIGNATURE_ALGS } from '@hufu/protocol/jose-algorithms';
import { readJwt } from '@hufu/protocol/jwt';
import { verifyClientJwt } from '../client-keys/verify-client-jwt.ts';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import { type AssertionMark, nameAssertion, type RefusedAssertion } from './assertion-mark.ts';
import { bareType, judgeClaims } from './judge-claims.ts';

/** What a client has signed about itself, to get a token for itself. */
export interface OwnAssertion {
  readonly kind: 'verified';
  /** What it asks for, where it says so itself; undefined where it does not. */
  readonly scope: string | undefined;
  /** Shared with client authentication: one assertion is not good for both. */
  readonly mark: AssertionMark;
}

/**
 * Verifies the assertion of a service account: a client that has a key pair and speaks for itself (RFC 7523 §2.1, §3). `sub` may be missing, and
 * `jti` too, as in those that Google's libraries make: then it is about its `iss`, and is known by all that it says. Nothing is used up by it.
 */
export async function verifyOwnAssertion(
  ctx: Context,
  client: Client,
  text: string,
  trail: Trail,
  now: number,
): Promise<OwnAssertion | RefusedAssertion> {
  trail.at('grant_assertion_key');
  const { tokenEndpointAuthMethod, tokenEndpointAuthSigningAlg: only } = client.metadata;
  if (tokenEndpointAuthMethod !== 'private_key_jwt') return refused('the client does not prove itself with a key pair');
  const jwt = await verifyClientJwt(ctx, client, text, { algs: SIGNATURE_ALGS.filter((alg) => only === undefined || alg === only), now });
  if (jwt.kind === 'refused') return jwt;
  trail.at('grant_assertion_claims');
  const { iss, sub, jti, scope } = jwt.payload;
  const typ = bareType(jwt.header['typ']);
  if (typ !== undefined && typ !== 'jwt') return refused('its typ is another kind of JWT');
  if (iss !== client.id) return refused('its iss is not the client');
  if (sub !== undefined && sub !== client.id) return refused('its sub is not the client');
  const expiresAt = judgeClaims(jwt.payload, namesOf(ctx), now);
  if (typeof expiresAt === 'string') return refused(expiresAt);
  if (jti !== undefined && (typeof jti !== 'string' || jti === '')) return refused('its jti is not a text');
  if (scope !== undefined && typeof scope !== 'string') return refused('its scope is not a text');
  // What is signed, not the signature: of an ECDSA signature anybody can make a second one.
  const id = jti ?? hash('sha256', readJwt(text)?.signingInput ?? '', 'base64url');
  return { kind: 'verified', scope, mark: { kind: 'client_assertion', value: nameAssertion(client.id, id), expiresAt } };
}

/** What this server is called in an assertion for a grant (RFC 7523 §3): the issuer, or the token endpoint. */
export function namesOf(ctx: Context): readonly string[] {
  return [ctx.issuer, `${ctx.issuer}/oauth/token`];
}

function refused(reason: string): RefusedAssertion {
  return { kind: 'refused', reason };
}
