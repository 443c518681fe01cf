import { type PublicJwks, readFetchedJwks } from '@hufu/protocol/client-jwks';
import { OAuthError } from '@hufu/protocol/errors';
import { type ReadJwt, readJwt } from '@hufu/protocol/jwt';
import { importKeys, selectVerificationKeys } from '../client-keys/client-key.ts';
import type { StatementIssuer } from '../config/config.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import { signingAlgorithms } from '../keys/algorithms.ts';
import { fetchOutbound } from '../outbound/fetch-outbound.ts';

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
  const read = typeof statement === 'string' ? readJwt(statement) : undefined;
  if (read === undefined) throw invalid('it is no JWT');
  const issuer = trusted.find((candidate) => candidate.issuer === read.payload['iss']);
  if (issuer === undefined)
    throw new OAuthError('unapproved_software_statement', 'the issuer of the software statement is not trusted here', {
      detail: String(read.payload['iss']).slice(0, 200),
    });
  requireSignature(read, await keysOf(ctx, issuer));
  requireTimely(read.payload, now);
  const claims = Object.entries(read.payload).filter(([name]) => !NOT_METADATA.has(name));
  // Pairs, so that no name means anything on the way.
  return Object.fromEntries([...Object.entries(body), ...claims]);
}

/** By one of the issuer's keys: the one that `kid` names, or else any of them that fits; and no JWT of another kind (RFC 8725 §3.11). */
function requireSignature({ header, signingInput, signature }: ReadJwt, jwks: PublicJwks): void {
  const { alg, kid, typ } = header;
  if (typ !== undefined && (typeof typ !== 'string' || typ.toUpperCase() !== 'JWT')) throw invalid('its typ is another kind of JWT');
  if (kid !== undefined && typeof kid !== 'string') throw invalid('its kid is not a text');
  const algorithm = signingAlgorithms.get(alg);
  const keys = selectVerificationKeys(importKeys(jwks), kid, alg);
  if (algorithm === undefined || keys.length === 0) throw invalid('no key of its issuer fits');
  if (!keys.some(({ key }) => algorithm.verify(signingInput, signature, key))) throw invalid('its signature is wrong');
}

/** RFC 7519 §4.1.4, §4.1.5. */
function requireTimely(payload: Readonly<Record<string, unknown>>, now: number): void {
  const { exp, nbf } = payload;
  if (exp !== undefined && !(typeof exp === 'number' && now < exp)) throw invalid('it has expired');
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf <= now)) throw invalid('it is not valid yet');
}

/** Asked each time: registrations are few, and their number is limited. */
async function keysOf(ctx: Context, { keys }: StatementIssuer): Promise<PublicJwks> {
  if (keys.kind === 'jwks') return keys.jwks;
  try {
    const limits = { maxBytes: MAX_KEYS_BYTES, timeoutMs: TIMEOUT_MS, allow: ctx.config.policies.outboundAllowHosts };
    const reply = await fetchOutbound(keys.uri, limits);
    if (reply.status !== 200) throw new TypeError(`its host answered ${reply.status}`);
    const read = readFetchedJwks(JSON.parse(reply.body.toString()));
    if (read.kind === 'read') return read.jwks;
    throw new TypeError(read.reason);
  } catch (cause) {
    // Nobody's fault who asks.
    ctx.log.warn('outbound.refused', { purpose: 'software_statement', reason: cause instanceof Error ? cause.message.slice(0, 200) : '' });
    throw new OAuthError('temporarily_unavailable', 'the keys of the issuer of the software statement cannot be had now', {
      retryAfterSeconds: 60,
    });
  }
}

function invalid(detail: string): OAuthError {
  return new OAuthError('invalid_software_statement', 'the software statement does not hold', { detail });
}
