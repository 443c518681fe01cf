import { OAuthError } from '@hufu/protocol/errors';
import { SIGNATURE_ALGS } from '@hufu/protocol/jose-algorithms';
import { MAX_JWT, readJwt } from '@hufu/protocol/jwt';
import type { JSONWebKeySet } from 'jose';
import type { StatementIssuer } from '../config/config.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import { fetchOutbound } from '../outbound/fetch-outbound.ts';

const MAX_KEYS = 20;
const MAX_KEYS_BYTES = 65_536;
const TIMEOUT_MS = 3_000;
/** Of the statement itself (RFC 7519 §4.1), and what no statement gives: metadata is the rest. */
const NOT_METADATA: ReadonlySet<string> = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'software_statement']);

/**
 * What is registered when a software statement stands in the request (RFC 7591 §2.3, §3.1.1): its claims in place of the request's own
 * members. Without trusted issuers no statement is understood, and each is ignored. Throws `invalid_software_statement` for one that does
 * not hold, `unapproved_software_statement` for an issuer that nobody trusts (attacks REG-09).
 */
export async function withStatement(
  ctx: Context,
  body: Readonly<Record<string, unknown>>,
  trail: Trail,
  now: number,
): Promise<Readonly<Record<string, unknown>>> {
  const statement = Object.hasOwn(body, 'software_statement') ? (body['software_statement'] ?? undefined) : undefined;
  const trusted = ctx.config.policies.softwareStatements;
  if (statement === undefined || trusted.length === 0) return body;
  trail.at('software_statement');
  const read = typeof statement === 'string' && statement.length <= MAX_JWT ? readJwt(statement) : undefined;
  if (typeof statement !== 'string' || read === undefined) throw invalid('it is no JWT');
  const issuer = trusted.find((candidate) => candidate.issuer === read.payload['iss']);
  if (issuer === undefined)
    throw new OAuthError('unapproved_software_statement', 'the issuer of the software statement is not trusted here', {
      detail: String(read.payload['iss']).slice(0, 200),
    });
  await requireSignature(statement, read.header['kid'], await keysOf(ctx, issuer));
  requireTimely(read.payload, now);
  const claims = Object.entries(read.payload).filter(([name]) => !NOT_METADATA.has(name));
  // Pairs, so that no name means anything on the way.
  return Object.fromEntries([...Object.entries(body), ...claims]);
}

/** By one of the issuer's keys: the one that `kid` names, or else any of them. */
async function requireSignature(statement: string, kid: unknown, { keys }: JSONWebKeySet): Promise<void> {
  let reason = 'no key of its issuer fits';
  // Few need it: not loaded at the start.
  const { compactVerify, createLocalJWKSet } = await import('jose');
  for (const key of keys.filter((candidate) => kid === undefined || candidate.kid === kid).slice(0, MAX_KEYS)) {
    try {
      await compactVerify(statement, createLocalJWKSet({ keys: [key] }), { algorithms: [...SIGNATURE_ALGS] });
      return;
    } catch (error) {
      reason = error instanceof Error ? error.message.slice(0, 200) : '';
    }
  }
  throw invalid(reason);
}

/** RFC 7519 §4.1.4, §4.1.5. */
function requireTimely(payload: Readonly<Record<string, unknown>>, now: number): void {
  const { exp, nbf } = payload;
  if (exp !== undefined && !(typeof exp === 'number' && now < exp)) throw invalid('it has expired');
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf <= now)) throw invalid('it is not valid yet');
}

/** Asked each time: registrations are few, and their number is limited. */
async function keysOf(ctx: Context, { keys }: StatementIssuer): Promise<JSONWebKeySet> {
  if (keys.kind === 'jwks') return { keys: keys.jwks.keys.map((key) => ({ ...key, x5c: [...(key.x5c ?? [])] })) };
  try {
    const limits = { maxBytes: MAX_KEYS_BYTES, timeoutMs: TIMEOUT_MS, allow: ctx.config.policies.outboundAllowHosts };
    const reply = await fetchOutbound(keys.uri, limits);
    const set: unknown = reply.status === 200 ? JSON.parse(reply.body.toString()) : undefined;
    if (isKeySet(set)) return set;
    throw new TypeError(`no JWK Set came, and the status ${reply.status}`);
  } catch (cause) {
    // Nobody's fault who asks.
    ctx.log.warn('outbound.refused', { purpose: 'software_statement', reason: cause instanceof Error ? cause.message.slice(0, 200) : '' });
    throw new OAuthError('temporarily_unavailable', 'the keys of the issuer of the software statement cannot be had now', {
      retryAfterSeconds: 60,
    });
  }
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  return typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys);
}

function invalid(detail: string): OAuthError {
  return new OAuthError('invalid_software_statement', 'the software statement does not hold', { detail });
}
