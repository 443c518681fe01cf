import { MAX_JWT, readJwtPart } from '@hufu/protocol/jwt';
import { findWebUriFault } from '@hufu/protocol/web-uri';
import { ALGORITHMS, type Algorithm } from './algorithms.ts';
import { monotonicMs, systemNowMs } from './clock.ts';
import { findEndpointFault } from './discover.ts';
import type { Fetch } from './fetch-document.ts';
import { checkIntrospection, type IntrospectionOptions } from './introspection.ts';
import { KeySource } from './key-source.ts';
import type { Nonces } from './nonces.ts';
import type { Expected } from './read-claims.ts';
import { memoryReplays, type Replays } from './replays.ts';
import type { Finding, Revocations } from './revocations.ts';
import { findSenderFault, type ProofRules, type Sender } from './sender.ts';
import { type Soon, soon } from './soon.ts';
import { nameOfToken, type VerifiedToken } from './token-cache.ts';
import { type LiveToken, type RefusedToken, refuse, type Verification } from './verification.ts';
import { JwtVerification } from './verify-jwt.ts';
import { OpaqueVerification } from './verify-opaque.ts';
import { withVerifySoon } from './verify-soon.ts';

export interface VerifierOptions {
  /** The authorization server, byte for byte its `iss`: https, or http on this very machine. */
  readonly issuer: string;
  /** Who you are: the identifier that clients name in `resource` (RFC 8707 §2) and that has to be in `aud`. */
  readonly audience: string;
  /** Where the issuer's keys are. Left out, its metadata says (RFC 8414 §3). */
  readonly jwksUri?: string;
  /** The algorithms that are accepted; by default all that we know and the runtime has. */
  readonly algorithms?: readonly Algorithm[];
  /** Seconds by which the two clocks may differ: 0 to 300, by default 10. */
  readonly clockToleranceSeconds?: number;
  /** Seconds since a token was issued, at most. By default as long as it says itself. */
  readonly maxTokenAgeSeconds?: number;
  /** JWTs that were verified and are remembered: the last 2,000 that were used by default, 1,000,000 at most. One takes about 2 KiB. */
  readonly maxCachedTokens?: number;
  /** The issuer's keys, where several verifiers (one for each resource) share them: then `jwksUri` and `fetch` of the keys are theirs. */
  readonly keys?: KeySource;
  /** Characters of a token, at most: 8,192 by default, 16,384 at most. */
  readonly maxTokenLength?: number;
  /** Asks the issuer about tokens that are no JWTs (RFC 7662). Left out, those are refused. */
  readonly introspection?: IntrospectionOptions;
  /** What tokens that are no JWTs look like: the issuer is not asked about anything else. */
  readonly tokenPattern?: RegExp;
  /** Who knows what the issuer has revoked: `revocationFollower` or `statusLists`. Left out, a JWT holds until its time is over. */
  readonly revocations?: Revocations;
  /** Which DPoP proofs were used: in the memory of this process by default. */
  readonly replays?: Replays;
  /** Demands a nonce in each DPoP proof (RFC 9449 §9). By default none is needed. */
  readonly nonces?: Nonces;
  /** Instead of the global `fetch`. */
  readonly fetch?: Fetch;
  /** Milliseconds since 1970, instead of the machine's clock. */
  readonly nowMs?: () => number;
  /** Milliseconds that only grow, for the age of introspection answers. By default the machine's; `nowMs` where that is given. */
  readonly monotonicMs?: () => number;
}

/** Verifies access tokens of one issuer for one resource. Keeps its keys and what it has verified: make one and keep it. */
export interface Verifier {
  readonly issuer: string;
  readonly audience: string;
  /**
   * Whether an access token holds now, and whoever sent it has the key that it is bound to. Without a sender, one that is bound to a key does not hold.
   * Resolves whatever the token is. A sender's proof is used up.
   * @throws {TypeError} where the token is not a text.
   */
  verify(token: string, sender?: Sender): Promise<Verification>;
  /** The nonce for the next DPoP proof; undefined where none is needed. */
  nonce(): string | undefined;
  /** Seconds since 1970, by the verifier's clock. */
  nowSeconds(): number;
}

/**
 * A verifier of access tokens. JWTs (RFC 9068 §4): `typ`, `alg` from the allow-list, `kid`, signature, `iss`, `aud`, `exp`, `nbf`, `iat`,
 * `sub`, `client_id`, `jti`, and the key that it is bound to (RFC 9449 §7, RFC 8705 §3); local: only the issuer's keys are fetched, and they are kept.
 * Others, where `introspection` is set: what the issuer says of them (RFC 7662 §2.2), by the same measures. Both: what `revocations` knows.
 *
 * @throws {TypeError} when an option is not what it says it is.
 */
export function verifier(options: VerifierOptions): Verifier {
  const settings = readOptions(options);
  const { expected, algorithms, fetch, nowMs, maxTokenLength, tokenPattern } = settings;
  const { issuer, audience } = expected;
  const { introspection, revocations } = options;
  const now = (): number => nowMs() / 1000;
  const keys = options.keys ?? new KeySource({ issuer, jwksUri: options.jwksUri, fetch, nowMs });
  revocations?.onKeyGivenUp?.(() => keys.expectNew());
  const jwts = new JwtVerification({
    expected,
    algorithms,
    keys,
    now,
    isRevocable: revocations !== undefined,
    maxCachedTokens: options.maxCachedTokens,
  });
  const answers =
    introspection === undefined
      ? undefined
      : new OpaqueVerification(introspection, { ...expected, audienceMayLack: introspection.audience === 'if_present' }, revocations, {
          issuer,
          fetch,
          nowMs,
          monotonicMs: settings.monotonicMs,
        });
  const ofJwts = introspection?.jwts ?? 'never';
  const proofs: ProofRules = { replays: options.replays ?? memoryReplays(), nonces: options.nonces };

  /** A JWT that holds by itself: what the issuer has said of it since. */
  const judge = (found: VerifiedToken | RefusedToken, token: string, name: string): Soon<Verification> => {
    if ('kind' in found) return found;
    const { token: live, marks } = found;
    if (revocations === undefined || marks === undefined) return live;
    const conclude = (finding: Finding): Soon<Verification> => {
      if (finding.kind === 'fine') return live;
      if (finding.kind === 'revoked') return refuse('revoked', { detail: finding.reason ?? 'no reason is given' });
      if (answers !== undefined && ofJwts !== 'never') return confirm(answers, live, token, name);
      return finding.kind === 'unknown' ? refuse('revocations_unknown', { detail: finding.cause }) : refuse('unmarked');
    };
    return soon(revocations.look(marks), conclude);
  };

  const verifyToken = (token: string): Soon<Verification> => {
    if (token.length > maxTokenLength) return refuse('malformed', { detail: `longer than ${maxTokenLength} characters` });
    const name = nameOfToken(token);
    const known = ofJwts === 'always' ? undefined : jwts.recall(name);
    if (known !== undefined) return judge(known, token, name);
    const isAsked = answers !== undefined && (ofJwts === 'always' || !isJwt(token));
    if (!isAsked) return soon(jwts.verify(token, name), (found) => judge(found, token, name));
    const isPlausible = tokenPattern === undefined || isJwt(token) || tokenPattern.test(token);
    return isPlausible ? answers.verify(token, name, 'kept') : refuse('malformed', { detail: 'not as tokens of the issuer look' });
  };

  const verifySoon = (token: string, sender?: Sender): Soon<Verification> => {
    if (typeof token !== 'string') throw new TypeError('a token is a text');
    return soon(verifyToken(token), (found): Soon<Verification> => {
      if (found.kind === 'refused' || (found.confirmation === undefined && sender?.scheme !== 'DPoP')) return found;
      return soon(findSenderFault(found, token, sender, proofs, Math.floor(now())), (fault) => fault ?? found);
    });
  };

  const nonce = (): string | undefined => proofs.nonces?.issue(Math.floor(now()));
  return withVerifySoon({ issuer, audience, nonce, nowSeconds: now }, verifySoon);
}

/** Whether the issuer still says that a JWT is active. What it says beside that is not signed, and takes nothing from what the token says of itself. */
async function confirm(answers: OpaqueVerification, live: LiveToken, token: string, name: string): Promise<Verification> {
  const said = await answers.verify(token, name, 'asked');
  return said.kind === 'live' ? live : said;
}

/** Three parts, the first a JSON object: a JWT, good or bad. Nobody is asked about one unless that is wanted. */
function isJwt(token: string): boolean {
  const first = token.indexOf('.');
  const last = token.lastIndexOf('.');
  return first > 0 && last > first && token.indexOf('.', first + 1) === last && readJwtPart(token.slice(0, first)) !== undefined;
}

interface Settings {
  readonly expected: Expected;
  readonly algorithms: ReadonlySet<string>;
  readonly fetch: Fetch;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  readonly maxTokenLength: number;
  readonly tokenPattern: RegExp | undefined;
}

function readOptions(options: VerifierOptions): Settings {
  const { issuer, audience, jwksUri, algorithms = [...ALGORITHMS.keys()], clockToleranceSeconds = 10 } = options;
  const { maxTokenAgeSeconds = Number.POSITIVE_INFINITY, maxTokenLength = 8_192, introspection, tokenPattern, revocations } = options;
  const { fetch = globalThis.fetch, nowMs = systemNowMs } = options;
  const { monotonicMs: progress = options.nowMs ?? monotonicMs } = options;
  const fault = typeof issuer === 'string' ? findIssuerFault(issuer) : 'is not a text';
  if (fault !== undefined) throw new TypeError(`issuer ${fault}`);
  if (typeof audience !== 'string' || audience === '') throw new TypeError('audience is not a text');
  const jwksFault = jwksUri === undefined ? undefined : typeof jwksUri === 'string' ? findEndpointFault(jwksUri, issuer) : 'is not a text';
  if (jwksFault !== undefined) throw new TypeError(`jwksUri ${jwksFault}`);
  if (!Array.isArray(algorithms) || algorithms.length === 0) throw new TypeError('algorithms is not a list of at least one');
  for (const alg of algorithms) {
    if (!ALGORITHMS.has(alg)) throw new TypeError(`algorithms: ${String(alg)} is not one of ${[...ALGORITHMS.keys()].join(', ')}`);
  }
  const isTolerable = typeof clockToleranceSeconds === 'number' && clockToleranceSeconds >= 0 && clockToleranceSeconds <= 300;
  if (!isTolerable) throw new TypeError('clockToleranceSeconds is not a number from 0 to 300');
  if (!(typeof maxTokenAgeSeconds === 'number' && maxTokenAgeSeconds > 0))
    throw new TypeError('maxTokenAgeSeconds is not a number above 0');
  if (!(Number.isInteger(maxTokenLength) && maxTokenLength > 0 && maxTokenLength <= MAX_JWT))
    throw new TypeError(`maxTokenLength is not a whole number up to ${MAX_JWT}`);
  const { maxCachedTokens = 1, keys } = options;
  if (!(Number.isInteger(maxCachedTokens) && maxCachedTokens > 0 && maxCachedTokens <= 1_000_000))
    throw new TypeError('maxCachedTokens is not a whole number up to 1,000,000');
  if (keys !== undefined && keys.issuer !== issuer) throw new TypeError('keys are of another issuer');
  if (keys !== undefined && jwksUri !== undefined) throw new TypeError('jwksUri is left to whoever made the keys');
  if (tokenPattern !== undefined && !(tokenPattern instanceof RegExp)) throw new TypeError('tokenPattern is not a RegExp');
  if (introspection !== undefined) checkIntrospection(introspection, issuer);
  if (revocations !== undefined && revocations.issuer !== issuer) throw new TypeError('revocations are of another issuer');
  // The issuer names what it has revoked until 300 seconds after its end.
  if (revocations !== undefined && clockToleranceSeconds > MAX_TOLERANCE_WITH_REVOCATIONS)
    throw new TypeError(`clockToleranceSeconds is above ${MAX_TOLERANCE_WITH_REVOCATIONS}, which revocations do not allow`);
  if (typeof fetch !== 'function' || typeof nowMs !== 'function' || typeof progress !== 'function')
    throw new TypeError('fetch, nowMs and monotonicMs are functions');
  return {
    expected: { issuer, audience, clockTolerance: clockToleranceSeconds, maxTokenAge: maxTokenAgeSeconds },
    algorithms: new Set(algorithms),
    fetch,
    nowMs,
    monotonicMs: progress,
    maxTokenLength,
    // A pattern with a memory would take every other token.
    tokenPattern: tokenPattern === undefined ? undefined : new RegExp(tokenPattern.source, tokenPattern.flags.replace(/[gy]/g, '')),
  };
}

const MAX_TOLERANCE_WITH_REVOCATIONS = 290;

/** An issuer as others write it too: with a slash at the end, which is part of its name. */
function findIssuerFault(issuer: string): string | undefined {
  return findWebUriFault(issuer, { fragment: 'refused' }) ?? (issuer.includes('?') ? 'has a query' : undefined);
}
