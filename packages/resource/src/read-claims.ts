import { type Confirmation, readConfirmation } from '@hufu/protocol/confirmation';
import { readScope } from '@hufu/protocol/scope';
import { type LiveToken, type RefusalReason, type RefusedToken, refuse } from './verification.ts';

/** What the claims are measured by. */
export interface Expected {
  readonly issuer: string;
  readonly audience: string;
  /** Seconds. */
  readonly clockTolerance: number;
}

/**
 * Reads the payload of an access token whose signature has been verified (RFC 9068 §2.2, §4): `iss`, `aud`, `exp`, `iat`, `sub`,
 * `client_id` and `jti` have to be there.
 *
 * @param now seconds since 1970; a fraction counts.
 */
export function readClaims(claims: Readonly<Record<string, unknown>>, expected: Expected, now: number): LiveToken | RefusedToken {
  const { iss, aud, exp, iat, nbf, sub, client_id: clientId, jti, scope } = claims;
  if (iss !== expected.issuer) return refuse('wrong_issuer', { detail: shown(iss) });
  const audience = readAudience(aud);
  if (!audience?.includes(expected.audience)) return refuse('wrong_audience', { detail: shown(aud) });
  if (!isDate(exp)) return wrong('exp', exp);
  if (!isDate(iat)) return wrong('iat', iat);
  if (nbf !== undefined && !isDate(nbf)) return wrong('nbf', nbf);
  if (!isName(sub)) return wrong('sub', sub);
  if (!isName(clientId)) return wrong('client_id', clientId);
  if (!isName(jti)) return wrong('jti', jti);
  const scopes = readScopes(scope);
  if (scopes === undefined) return wrong('scope', scope);
  const confirmation = readCnf(claims['cnf']);
  // A key that we cannot look at is one that nobody has shown (RFC 7800 §3.1).
  if (confirmation === 'unknown') return refuse('sender_constrained', { detail: shown(claims['cnf']) });
  const fault = findFault(Math.max(iat, nbf ?? iat), exp, expected.clockTolerance, now);
  if (fault !== undefined) return refuse(fault, { detail: `iat ${iat}, nbf ${String(nbf)}, exp ${exp}, now ${now}` });
  return freezeAll({
    kind: 'live',
    issuer: iss,
    subject: sub,
    clientId,
    scopes,
    audience,
    tokenId: jti,
    issuedAt: iat,
    expiresAt: exp,
    confirmation,
    claims,
  });
}

/** Whether a token that held once has expired since (RFC 7519 §4.1.4). */
export function isExpired(token: LiveToken, clockTolerance: number, now: number): boolean {
  return now >= token.expiresAt + clockTolerance;
}

/** RFC 7519 §4.1.4, §4.1.5. A token from the future is not ours to use yet. */
function findFault(from: number, until: number, tolerance: number, now: number): RefusalReason | undefined {
  if (now >= until + tolerance) return 'expired';
  return now < from - tolerance ? 'not_yet_valid' : undefined;
}

/** One key of a kind that we know, or none (RFC 9449 §6.1, RFC 8705 §3.1). */
function readCnf(cnf: unknown): Confirmation | undefined | 'unknown' {
  if (cnf === undefined) return undefined;
  if (typeof cnf !== 'object' || cnf === null || Array.isArray(cnf)) return 'unknown';
  const [first, ...more] = Object.entries(cnf);
  if (first === undefined || more.length > 0 || typeof first[1] !== 'string') return 'unknown';
  return readConfirmation(`${first[0]}:${first[1]}`) ?? 'unknown';
}

/** RFC 7519 §4.1.3: a text, or a list of nothing but texts. */
function readAudience(aud: unknown): readonly string[] | undefined {
  if (typeof aud === 'string') return [aud];
  return Array.isArray(aud) && aud.every((member) => typeof member === 'string') ? aud : undefined;
}

/** RFC 6749 §3.3. A token without the claim has no scope. */
function readScopes(scope: unknown): readonly string[] | undefined {
  if (scope === undefined) return [];
  if (typeof scope !== 'string') return undefined;
  try {
    return readScope(scope);
  } catch {
    return undefined;
  }
}

/** RFC 7519 §2: seconds since 1970, a fraction allowed. */
function isDate(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function wrong(claim: string, value: unknown): RefusedToken {
  return refuse('wrong_claims', { detail: `${claim}: ${shown(value)}` });
}

/** For the log: bounded. */
function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'missing').slice(0, 200);
}

/** Freezes a value made of JSON. A list of what is left instead of recursion: a stranger chose how deep it goes. */
function freezeAll(token: LiveToken): LiveToken {
  const left: unknown[] = [token];
  for (let value = left.pop(); value !== undefined; value = left.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    Object.freeze(value);
    for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) left.push(member);
  }
  return token;
}
