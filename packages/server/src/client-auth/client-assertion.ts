import { hash } from 'node:crypto';
import { verifyClientJwt } from '../client-keys/verify-client-jwt.ts';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import type { Attempt } from './auth-method.ts';

/** RFC 7523 §2.2. */
export const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Longest time, in seconds, that an assertion may still live: so long its use is remembered. */
const MAX_LIFE = 3_600;
/** Seconds that the client's clock may be ahead. */
const SKEW = 10;
/** Members of `aud`: each is one of our three names. */
const MAX_AUDIENCES = 5;
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
  const claims = readClaims(jwt, client.id, ours, now);
  if (typeof claims === 'string') return claims;
  trail.at('assertion_unused');
  const name = hash('sha256', `${client.id}\n${claims.jti}`, 'base64url');
  if (!(await ctx.store.takeOnce(ctx.tenant, 'client_assertion', name, claims.expiresAt, now))) return 'its jti has been used before';
  trail.at('client_authentication');
  return undefined;
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
  const { iss, sub, aud, exp, nbf, iat, jti } = payload;
  if (!TYPES.has(bareType(header['typ']))) return 'its typ is another kind of JWT';
  if (iss !== clientId) return 'its iss is not the client';
  if (sub !== clientId) return 'its sub is not the client';
  if (!isMeantFor(ours, aud)) return 'its aud is not this server, or not this server alone';
  if (!isTime(exp)) return 'it has no exp';
  if (exp <= now) return `it has expired at ${exp}`;
  if (exp > now + MAX_LIFE + SKEW) return `its exp is more than ${MAX_LIFE} seconds ahead`;
  for (const [name, time] of [
    ['nbf', nbf],
    ['iat', iat],
  ] as const) {
    if (time === undefined) continue;
    if (!isTime(time)) return `its ${name} is not a time`;
    if (time > now + SKEW) return `its ${name} is ${time - now} seconds ahead`;
  }
  if (typeof jti !== 'string' || jti === '') return 'it has no jti';
  return { jti, expiresAt: Math.ceil(exp) };
}

/** RFC 7515 §4.1.9: in any case, and with `application/` left out or not. */
function bareType(typ: unknown): unknown {
  return typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ;
}

/** Whoever else is among the audience could show the assertion to us (attacks JWT-17, TOK-11): the issuer or an endpoint of ours, and nobody beside. */
function isMeantFor(ours: readonly string[], aud: unknown): boolean {
  const audience: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return (
    audience.length > 0 &&
    audience.length <= MAX_AUDIENCES &&
    audience.every((member) => typeof member === 'string' && ours.includes(member))
  );
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
