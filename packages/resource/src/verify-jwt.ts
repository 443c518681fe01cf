import type { ReadJwt } from '@hufu/protocol/jwt';
import { ALGORITHMS } from './algorithms.ts';
import type { VerificationKey } from './key-set.ts';
import type { KeySource } from './key-source.ts';
import { readMarks } from './marks.ts';
import { type Expected, isOver, readClaims } from './read-claims.ts';
import { readToken } from './read-token.ts';
import { TokenCache, type VerifiedToken } from './token-cache.ts';
import { type RefusedToken, refuse } from './verification.ts';

export interface JwtRules {
  readonly expected: Expected;
  readonly algorithms: ReadonlySet<string>;
  readonly keys: KeySource;
  /** Seconds since 1970; a fraction counts. */
  readonly now: () => number;
  /** Whether somebody tells us of revocations: then a token has to say by what it may be revoked. */
  readonly isRevocable: boolean;
  /** Tokens that are remembered; undefined: as many as is usual. */
  readonly maxCachedTokens: number | undefined;
}

/** Verifies JWT access tokens (RFC 9068 §4), each once: all but their time and their key is remembered. */
export class JwtVerification {
  readonly #rules: JwtRules;
  readonly #cache: TokenCache;
  /** With which algorithm a key was found to fit: nothing about either changes. */
  readonly #fitting = new WeakMap<VerificationKey, string>();

  constructor(rules: JwtRules) {
    this.#rules = rules;
    this.#cache = new TokenCache(rules.maxCachedTokens);
  }

  /** A token that was verified before and holds as long as its time is not over and its key is still published. */
  recall(name: string): VerifiedToken | undefined {
    const known = this.#cache.find(name);
    if (known === undefined) return undefined;
    const { expected, keys, now } = this.#rules;
    const isTimely = !isOver(known.token, expected, now());
    const key = isTimely ? keys.peek(known.key.kid) : undefined;
    if (key === known.key) return known;
    // Where nobody can say at once that its key is still published, whoever waits to hear it may find it to be so.
    if (!isTimely || key !== undefined) this.#cache.drop(name);
    return undefined;
  }

  /**
   * In an order that a stranger's token gets through as little of as can be; `CHECKS` in explain.ts is this order. At once where the key is at hand: a promise costs
   * more than all that is not the signature.
   */
  verify(token: string, name: string): VerifiedToken | RefusedToken | Promise<VerifiedToken | RefusedToken> {
    const jwt = readToken(token);
    if (jwt === undefined) return refuse('malformed');
    const header = readHeader(jwt, this.#rules.algorithms);
    if (header.kind === 'refused') return header;
    // Not trusted yet; only so that other issuers' tokens do not make us ask ours for their keys.
    const { iss } = jwt.payload;
    if (iss !== this.#rules.expected.issuer) return refuse('wrong_issuer', { detail: (JSON.stringify(iss) ?? 'missing').slice(0, 200) });
    const key = header.kid === undefined ? undefined : this.#rules.keys.peek(header.kid);
    return key === undefined ? this.#findAndConclude(jwt, header, name) : this.#conclude(jwt, header.alg, key, name);
  }

  async #findAndConclude(jwt: ReadJwt, { alg, kid }: Header, name: string): Promise<VerifiedToken | RefusedToken> {
    const { keys } = this.#rules;
    const found = await (kid === undefined ? keys.findOnly() : keys.find(kid));
    if (found.kind === 'unavailable') return refuse('keys_unavailable', { cause: found.cause });
    if (found.kind === 'unknown') return refuse('unknown_key', { detail: kid ?? 'no kid, and not just one key' });
    // Verified by this very key: what is known of it since, such as that it held while its issuer could be heard, is known of this one object.
    const known = this.#cache.find(name);
    const { expected, now } = this.#rules;
    if (known?.key === found.key && !isOver(known.token, expected, now())) return known;
    return this.#conclude(jwt, alg, found.key, name);
  }

  #conclude({ payload, signingInput, signature }: ReadJwt, alg: string, key: VerificationKey, name: string): VerifiedToken | RefusedToken {
    const { expected, now, isRevocable } = this.#rules;
    const scheme = ALGORITHMS.get(alg);
    // RFC 8725 §3.1: the key says what it is for; the token only says what it pretends.
    const fits = scheme !== undefined && (key.alg === undefined || key.alg === alg);
    if (!fits || (this.#fitting.get(key) !== alg && !scheme.fits(key.key))) {
      return refuse('wrong_algorithm', { detail: `${alg} with the key ${key.kid}` });
    }
    this.#fitting.set(key, alg);
    if (!scheme.verify(signingInput, signature, key.key)) return refuse('wrong_signature', { detail: key.kid });
    const result = readClaims(payload, expected, now());
    if (result.kind === 'refused') return result;
    const marks = isRevocable ? readMarks(result, key.kid) : undefined;
    if (isRevocable && marks === undefined) return refuse('unmarked', { detail: 'its status or lineage is malformed' });
    const verified: VerifiedToken = { token: result, key, marks };
    this.#cache.keep(name, verified);
    return verified;
  }
}

interface Header {
  readonly kind: 'header';
  readonly alg: string;
  readonly kid: string | undefined;
}

const MAX_KID = 255;

function readHeader(jwt: ReadJwt, algorithms: ReadonlySet<string>): RefusedToken | Header {
  const { alg, typ, kid } = jwt.header;
  // RFC 9068 §4, RFC 7515 §4.1.9: a media type, in any case, with or without its first half.
  if (typeof typ !== 'string' || !/^(?:application\/)?at\+jwt$/i.test(typ)) {
    return refuse('wrong_type', { detail: typeof typ === 'string' ? typ.slice(0, 50) : 'no typ' });
  }
  if (!algorithms.has(alg)) return refuse('wrong_algorithm', { detail: alg.slice(0, 50) });
  if (kid === undefined) return { kind: 'header', alg, kid };
  if (typeof kid !== 'string' || kid === '' || kid.length > MAX_KID) return refuse('unknown_key', { detail: 'a kid that is none' });
  return { kind: 'header', alg, kid };
}
