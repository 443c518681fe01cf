import { type ReadJwt, readJwt } from '@hufu/protocol/jwt';
import { findIssuerFault } from '@hufu/protocol/server-metadata';
import { ALGORITHMS, type Algorithm } from './algorithms.ts';
import { systemNowMs } from './clock.ts';
import { findJwksUriFault } from './discover.ts';
import type { Fetch } from './fetch-document.ts';
import { KeySource } from './key-source.ts';
import type { Nonces } from './nonces.ts';
import { type Expected, isExpired, readClaims } from './read-claims.ts';
import { memoryReplays, type Replays } from './replays.ts';
import { findSenderFault, type ProofRules, type Sender } from './sender.ts';
import { TokenCache } from './token-cache.ts';
import { type RefusedToken, refuse, type Verification } from './verification.ts';

export interface VerifierOptions {
  /** The authorization server, byte for byte its `iss`: https, or http on this very machine; no slash at the end. */
  readonly issuer: string;
  /** Who you are: the identifier that clients name in `resource` (RFC 8707 §2) and that has to be in `aud`. */
  readonly audience: string;
  /** Where the issuer's keys are. Left out, its metadata says (RFC 8414 §3). */
  readonly jwksUri?: string;
  /** The algorithms that are accepted; by default all that we know and the runtime has. */
  readonly algorithms?: readonly Algorithm[];
  /** Seconds by which the two clocks may differ: 0 to 300, by default 10. */
  readonly clockToleranceSeconds?: number;
  /** Which DPoP proofs were used: in the memory of this process by default. */
  readonly replays?: Replays;
  /** Demands a nonce in each DPoP proof (RFC 9449 §9). By default none is needed. */
  readonly nonces?: Nonces;
  /** Instead of the global `fetch`. */
  readonly fetch?: Fetch;
  /** Milliseconds since 1970, instead of the machine's clock. */
  readonly nowMs?: () => number;
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
 * A verifier of JWT access tokens (RFC 9068 §4): `typ`, `alg` from the allow-list, `kid`, signature, `iss`, `aud`, `exp`, `nbf`, `iat`,
 * `sub`, `client_id`, `jti`, and the key that it is bound to (RFC 9449 §7, RFC 8705 §3). Local: only the issuer's keys are fetched, and they are kept.
 *
 * @throws {TypeError} when an option is not what it says it is.
 */
export function verifier(options: VerifierOptions): Verifier {
  const settings = readOptions(options);
  const { expected, algorithms, nowMs } = settings;
  const { issuer, audience } = expected;
  const keys = new KeySource({ issuer, jwksUri: options.jwksUri, fetch: settings.fetch, nowMs });
  const cache = new TokenCache();
  const proofs: ProofRules = { replays: options.replays ?? memoryReplays(), nonces: options.nonces };

  const verifyAnew = async (token: string, name: string): Promise<Verification> => {
    const jwt = readJwt(token);
    if (jwt === undefined) return refuse('malformed');
    const header = readHeader(jwt, algorithms);
    if (header.kind === 'refused') return header;
    // Not trusted yet; only so that other issuers' tokens do not make us ask ours for their keys.
    if (jwt.payload['iss'] !== issuer) return refuse('wrong_issuer');
    const found = await keys.find(header.kid);
    if (found.kind === 'unavailable') return refuse('keys_unavailable', { cause: found.cause });
    if (found.kind === 'unknown') return refuse('unknown_key', { detail: header.kid });
    const { key } = found;
    const scheme = ALGORITHMS.get(header.alg);
    // RFC 8725 §3.1: the key says what it is for; the token only says what it pretends.
    if (scheme === undefined || (key.alg !== undefined && key.alg !== header.alg) || !scheme.fits(key.key)) {
      return refuse('wrong_algorithm', { detail: `${header.alg} with the key ${key.kid}` });
    }
    if (!scheme.verify(jwt.signingInput, jwt.signature, key.key)) return refuse('wrong_signature', { detail: key.kid });
    const result = readClaims(jwt.payload, expected, nowMs() / 1000);
    if (result.kind === 'live') cache.keep(name, { token: result, key });
    return result;
  };

  const verifyToken = (token: string): Verification | Promise<Verification> => {
    const name = cache.nameOf(token);
    const known = cache.find(name);
    if (known !== undefined) {
      // It holds as long as its time is not over and its key is still published.
      const isLive = !isExpired(known.token, expected.clockTolerance, nowMs() / 1000);
      if (isLive && keys.peek(known.key.kid) === known.key) return known.token;
      cache.drop(name);
    }
    return verifyAnew(token, name);
  };

  return {
    issuer,
    audience,
    async verify(token, sender) {
      if (typeof token !== 'string') throw new TypeError('a token is a text');
      const result = await verifyToken(token);
      if (result.kind === 'refused' || (result.confirmation === undefined && sender?.scheme !== 'DPoP')) return result;
      return (await findSenderFault(result, token, sender, proofs, Math.floor(nowMs() / 1000))) ?? result;
    },
    nowSeconds: () => nowMs() / 1000,
    nonce: () => proofs.nonces?.issue(Math.floor(nowMs() / 1000)),
  };
}

interface Settings {
  readonly expected: Expected;
  readonly algorithms: ReadonlySet<string>;
  readonly fetch: Fetch;
  readonly nowMs: () => number;
}

const MAX_KID = 255;

function readHeader(
  jwt: ReadJwt,
  algorithms: ReadonlySet<string>,
): RefusedToken | { readonly kind: 'header'; readonly alg: string; readonly kid: string } {
  const { alg, typ, kid } = jwt.header;
  // RFC 9068 §4, RFC 7515 §4.1.9: a media type, in any case, with or without its first half.
  if (typeof typ !== 'string' || !/^(?:application\/)?at\+jwt$/i.test(typ)) return refuse('wrong_type');
  if (!algorithms.has(alg)) return refuse('wrong_algorithm', { detail: alg.slice(0, 50) });
  if (typeof kid !== 'string' || kid === '' || kid.length > MAX_KID) return refuse('unknown_key', { detail: 'no kid' });
  return { kind: 'header', alg, kid };
}

function readOptions(options: VerifierOptions): Settings {
  const { issuer, audience, jwksUri, algorithms = [...ALGORITHMS.keys()], clockToleranceSeconds = 10 } = options;
  const { fetch = globalThis.fetch, nowMs = systemNowMs } = options;
  const fault = typeof issuer === 'string' ? findIssuerFault(issuer) : 'is not a text';
  if (fault !== undefined) throw new TypeError(`issuer ${fault}`);
  if (typeof audience !== 'string' || audience === '') throw new TypeError('audience is not a text');
  const jwksFault = jwksUri === undefined ? undefined : typeof jwksUri === 'string' ? findJwksUriFault(jwksUri, issuer) : 'is not a text';
  if (jwksFault !== undefined) throw new TypeError(`jwksUri ${jwksFault}`);
  if (!Array.isArray(algorithms) || algorithms.length === 0) throw new TypeError('algorithms is not a list of at least one');
  for (const alg of algorithms) {
    if (!ALGORITHMS.has(alg)) throw new TypeError(`algorithms: ${String(alg)} is not one of ${[...ALGORITHMS.keys()].join(', ')}`);
  }
  const isTolerable = typeof clockToleranceSeconds === 'number' && clockToleranceSeconds >= 0 && clockToleranceSeconds <= 300;
  if (!isTolerable) throw new TypeError('clockToleranceSeconds is not a number from 0 to 300');
  if (typeof fetch !== 'function' || typeof nowMs !== 'function') throw new TypeError('fetch and nowMs are functions');
  return { expected: { issuer, audience, clockTolerance: clockToleranceSeconds }, algorithms: new Set(algorithms), fetch, nowMs };
}
