import { nameAssertion } from '../assertions/assertion-mark.ts';
import { bareType, judgeClaims } from '../assertions/judge-claims.ts';
import { verifyClientJwt } from '../client-keys/verify-client-jwt.ts';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import type { Attempt } from './auth-method.ts';

/** RFC 7523 §2.2. */
export const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Kinds that a client assertion may say it is; every other JWT says another (RFC 8725 §3.11). */
const TYPES: ReadonlySet<unknown> = new Set([undefined, 'jwt', 'client-authentication+jwt']);

/**
 * Why an assertion does not prove that its client has sent it (RFC 7521 §4.2, RFC 7523 §3, OpenID Connect Core §9); undefined where it does. It is
 * used up by that, and by nothing less: of any number of racers on any number of nodes one gets through (attacks TOK-12).
 *
 * @param algs those of the method; `token_endpoint_auth_signing_alg` leaves one of them.
 */
export async function findAssertionFault(
  ctx: Context,
  client: Client,
  { proof, request, trail, now }: Attempt,
  algs: readonly string[],
): Promise<string | undefined> {
  const { tokenEndpointAuthSigningAlg: only, rules } = client.metadata;
  trail.at('assertion_key');
  const jwt = await verifyClientJwt(ctx, client, proof, {
    algs: algs.filter((alg) => (only === undefined || alg === only) && rules.signatureAlgs?.includes(alg) !== false),
    now,
  });
  if (jwt.kind === 'refused') return jwt.reason;
  trail.at('assertion_claims');
  // A client that is the same at every server says which one it means: an endpoint may be claimed by any of them.
  const issuerAlone = rules.assertionAudience === 'issuer';
  if (issuerAlone && Array.isArray(jwt.payload['aud']))
    return 'its aud is a list, and the profile of the client wants our issuer as one text';
  const ours =
    issuerAlone || client.record.source === 'document'
      ? [ctx.issuer]
      : [ctx.issuer, `${ctx.issuer}/oauth/token`, ctx.issuer + request.path];
  const { aud } = jwt.payload;
  const payload = rules.assertionAudience === 'among' ? { ...jwt.payload, aud: ownAmong(aud, ours) } : jwt.payload;
  const claims = readClaims({ header: jwt.header, payload }, client.id, ours, now);
  if (typeof claims === 'string') return claims;
  trail.at('assertion_unused');
  const name = nameAssertion(client.id, claims.jti);
  if (!(await ctx.store.takeOnce(ctx.tenant, 'client_assertion', name, claims.expiresAt, now))) return 'its jti has been used before';
  trail.at('client_authentication');
  return undefined;
}

const MAX_AUDIENCES = 5;

/** The name of ours in a list of texts, or what was there. */
function ownAmong(aud: unknown, ours: readonly string[]): unknown {
  if (!Array.isArray(aud) || aud.length > MAX_AUDIENCES || !aud.every((name) => typeof name === 'string')) return aud;
  return ours.find((name) => aud.includes(name)) ?? aud;
}

interface Claims {
  readonly jti: string;
  /** In whole seconds. */
  readonly expiresAt: number;
}

/** The claims that make it be used once, or what is wrong with those of RFC 7523 §3. */
function readClaims(
  { header, payload }: { readonly header: Readonly<Record<string, unknown>>; readonly payload: Readonly<Record<string, unknown>> },
  clientId: string,
  ours: readonly string[],
  now: number,
): Claims | string {
  const { iss, sub, jti } = payload;
  if (!TYPES.has(bareType(header['typ']))) return 'its typ is another kind of JWT';
  if (iss !== clientId) return 'its iss is not the client';
  if (sub !== clientId) return 'its sub is not the client';
  const expiresAt = judgeClaims(payload, ours, now);
  if (typeof expiresAt === 'string') return expiresAt;
  if (typeof jti !== 'string' || jti === '') return 'it has no jti';
  return { jti, expiresAt };
}
