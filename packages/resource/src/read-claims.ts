import type { AuthorizationDetails } from '@hufu/protocol/authorization-details';
import { type Confirmation, readConfirmation } from '@hufu/protocol/confirmation';
import { readScope } from '@hufu/protocol/scope';
import { type LiveToken, type RefusalReason, type RefusedToken, refuse } from './verification.ts';

/** What the claims are measured by. */
export interface Expected {
  readonly issuer: string;
  readonly audience: string;
  /** Seconds. */
  readonly clockTolerance: number;
  /** Seconds since it was issued, at most. */
  readonly maxTokenAge: number;
}

/**
 * Reads the payload of an access token whose signature has been verified (RFC 9068 §2.2, §4): `iss`, `aud`, `exp`, `iat`, `sub`,
 * `client_id` and `jti` have to be there.
 *
 * @param now seconds since 1970; a fraction counts.
 */
export function readClaims(claims: Readonly<Record<string, unknown>>, expected: Expected, now: number): LiveToken | RefusedToken {
  const { iss, aud, exp, iat, nbf, sub, client_id: clientId, jti } = claims;
  if (iss !== expected.issuer) return refuse('wrong_issuer', { detail: shown(iss) });
  const audience = readAudience(aud);
  if (!audience?.includes(expected.audience)) return refuse('wrong_audience', { detail: shown(aud) });
  if (!isDate(exp)) return wrong('exp', exp);
  if (!isDate(iat)) return wrong('iat', iat);
  if (nbf !== undefined && !isDate(nbf)) return wrong('nbf', nbf);
  if (!isName(sub)) return wrong('sub', sub);
  if (!isName(clientId)) return wrong('client_id', clientId);
  if (!isName(jti)) return wrong('jti', jti);
  const read = { issuer: iss, audience, subject: sub, clientId, tokenId: jti, issuedAt: iat, expiresAt: exp };
  return finish(claims, read, nbf, expected, now);
}

/** What an introspection answer is measured by beside that. */
export interface ExpectedAnswer extends Expected {
  /** Whether an answer may leave out `aud`. */
  readonly audienceMayLack: boolean;
}

/**
 * Reads an introspection answer that says `active` (RFC 7662 §2.2): all its other members may be missing, but one that is there has to fit.
 *
 * @param name for a token without `jti`.
 * @param now seconds since 1970; a fraction counts.
 */
export function readAnswer(
  claims: Readonly<Record<string, unknown>>,
  name: string,
  expected: ExpectedAnswer,
  now: number,
): LiveToken | RefusedToken {
  const { iss, aud, exp, iat, nbf, sub, client_id: clientId, jti, token_type: type, token_use: use } = claims;
  if (iss !== undefined && iss !== expected.issuer) return refuse('wrong_issuer', { detail: shown(iss) });
  // RFC 7662 §2.2 lets servers answer for refresh tokens too: those are for nobody's API.
  const isAccessToken = type === undefined || (typeof type === 'string' && /^(?:bearer|dpop|pop|access_token)$/i.test(type));
  if (!isAccessToken || (use !== undefined && use !== 'access_token')) return refuse('wrong_type', { detail: shown([type, use]) });
  const audience = aud === undefined && expected.audienceMayLack ? [] : readAudience(aud);
  if (audience === undefined || (aud !== undefined && !audience.includes(expected.audience)))
    return refuse('wrong_audience', { detail: shown(aud) });
  if (exp !== undefined && !isDate(exp)) return wrong('exp', exp);
  if (iat !== undefined && !isDate(iat)) return wrong('iat', iat);
  if (nbf !== undefined && !isDate(nbf)) return wrong('nbf', nbf);
  if (clientId !== undefined && !isName(clientId)) return wrong('client_id', clientId);
  const subject = sub ?? clientId;
  if (!isName(subject)) return wrong('sub', sub);
  if (jti !== undefined && !isName(jti)) return wrong('jti', jti);
  const read = {
    issuer: expected.issuer,
    audience,
    subject,
    clientId: clientId ?? '',
    tokenId: jti ?? name,
    issuedAt: iat ?? 0,
    expiresAt: exp ?? Number.POSITIVE_INFINITY,
  };
  return finish(claims, read, nbf, expected, now);
}

type ReadToken = Pick<LiveToken, 'issuer' | 'audience' | 'subject' | 'clientId' | 'tokenId' | 'issuedAt' | 'expiresAt'>;

function finish(
  claims: Readonly<Record<string, unknown>>,
  read: ReadToken,
  nbf: number | undefined,
  { clockTolerance, maxTokenAge }: Expected,
  now: number,
): LiveToken | RefusedToken {
  const scopes = readScopes(claims['scope']);
  if (scopes === undefined) return wrong('scope', claims['scope']);
  const authorizationDetails = readDetails(claims['authorization_details']);
  if (authorizationDetails === undefined) return wrong('authorization_details', claims['authorization_details']);
  const confirmation = readCnf(claims['cnf']);
  // A key that we cannot look at is one that nobody has shown (RFC 7800 §3.1).
  if (confirmation === 'unknown') return refuse('unknown_binding', { detail: shown(claims['cnf']) });
  const { issuedAt, expiresAt } = read;
  const fault = findFault(Math.max(issuedAt, nbf ?? issuedAt), expiresAt, clockTolerance, now);
  if (fault !== undefined) return refuse(fault, { detail: `iat ${issuedAt}, nbf ${String(nbf)}, exp ${expiresAt}, now ${now}` });
  if (now - issuedAt > maxTokenAge + clockTolerance) return refuse('too_old', { detail: `iat ${issuedAt}, now ${now}` });
  return freezeAll({ kind: 'live', ...read, scopes, confirmation, authorizationDetails, claims });
}

/** Whether a token that held once does not hold now: its time is over since (RFC 7519 §4.1.4), or our clock was set back since to before it (§4.1.5). */
export function isOver({ issuedAt, expiresAt, claims }: LiveToken, { clockTolerance, maxTokenAge }: Expected, now: number): boolean {
  if (now >= expiresAt + clockTolerance || now - issuedAt > maxTokenAge + clockTolerance || now < issuedAt - clockTolerance) return true;
  const { nbf } = claims;
  return typeof nbf === 'number' && now < nbf - clockTolerance;
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

const NO_SCOPES: readonly string[] = Object.freeze([]);
/** Those that were read last: an API sees few combinations. */
const knownScopes = new Map<string, readonly string[]>();
const MAX_KNOWN = 256;
const MAX_KNOWN_LENGTH = 1_024;

/** RFC 6749 §3.3. A token without the claim has no scope. */
function readScopes(scope: unknown): readonly string[] | undefined {
  if (scope === undefined) return NO_SCOPES;
  if (typeof scope !== 'string') return undefined;
  const known = knownScopes.get(scope);
  if (known !== undefined) return known;
  try {
    const scopes = Object.freeze(readScope(scope));
    if (knownScopes.size >= MAX_KNOWN) knownScopes.clear();
    if (scope.length <= MAX_KNOWN_LENGTH) knownScopes.set(scope, scopes);
    return scopes;
  } catch {
    return undefined;
  }
}

const NO_DETAILS: AuthorizationDetails = Object.freeze([]);

/** RFC 9396 §2: a list of objects, each with a `type`. What is in them is for whoever knows the type. */
function readDetails(details: unknown): AuthorizationDetails | undefined {
  if (details === undefined) return NO_DETAILS;
  if (!Array.isArray(details)) return undefined;
  return details.every((detail) => typeof detail === 'object' && detail !== null && isName(detail.type)) ? details : undefined;
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

/** Freezes a token and all of its claims. A list of what is left instead of recursion: a stranger chose how deep it goes. */
function freezeAll(token: LiveToken): LiveToken {
  Object.freeze(token.audience);
  Object.freeze(token.confirmation);
  const left: object[] = [token.claims];
  for (let value = left.pop(); value !== undefined; value = left.pop()) {
    Object.freeze(value);
    for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) left.push(member);
  }
  return Object.freeze(token);
}
